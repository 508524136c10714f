/**
 * Topics of private chats: where the operator switched them on, each project is one, and is called after it. Where
 * Telegram refuses, projects stay in the chat. Source: Bot API, createForumTopic and `has_topics_enabled`;
 * platforms.md, "Topics in private chats".
 */
import { type Api, GrammyError } from "grammy";
import { z } from "zod";
import type { Locales } from "../../core/model/locales.ts";
import type { IncomingMessage, ReplyTarget } from "../../core/model/message.ts";
import { titleFrom } from "../../core/model/project-list.ts";
import type { PlaceEdit, ProjectPlaces } from "../../core/ports/chat-platform.ts";
import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { JsonMemory } from "../shared/json-memory.ts";
import { nativeSignal } from "./abort-signals.ts";
import { addressOf, isGroup } from "./outgoing/address.ts";

/** Topics of a chat that are remembered; the oldest make room. */
const MAX_TOPICS = 50;
/** Telegram redelivers within a day; two days leave room. */
const OPENED_KEPT_FOR_MS = 172_800_000;

/** How long a new topic is waited for: intake waits with it, in all chats. */
const OPENING_MS = 2_000;

/** The topics of a chat that the bot may name: it has opened them, or Telegram did without asking for a name. */
const topicsSchema = z.array(z.object({ id: z.int(), name: z.string() }));
type KnownTopic = z.infer<typeof topicsSchema>[number];

export interface TopicOptions {
  api: Api;
  memory: AdapterMemory;
  locales: Locales;
  log: Log;
  stopped: AbortSignal;
  /** Whether the bot has topics in private chats. */
  areOn: () => Promise<boolean>;
}

export class Topics implements ProjectPlaces {
  readonly #options: TopicOptions;
  readonly #known: JsonMemory<KnownTopic[]>;

  constructor(options: TopicOptions) {
    this.#options = options;
    const { memory, log } = options;
    this.#known = new JsonMemory({
      memory,
      schema: topicsSchema,
      what: "a list of topics",
      log,
      isBestEffort: true,
    });
  }

  /** Where an edit goes on that begins outside all topics. */
  placeFor(message: IncomingMessage): PlaceEdit {
    return async () => {
      const { text, attachments, user } = message;
      const clip = attachments[0]?.name.replace(/\.\w{2,5}$/, "") ?? "";
      const untitled = this.#options.locales.plain(user.language ?? "en", "project.untitled");
      const name = titleFrom(text) || titleFrom(clip) || untitled;
      const replyTo = await this.open(message.replyTo, { key: message.key ?? message.id, name });
      return replyTo ? { ...message, conversationId: replyTo.conversationId, replyTo } : message;
    };
  }

  /** The message where it was led to before, if it was: its edits are for that place. */
  async whereOpened(message: IncomingMessage): Promise<IncomingMessage> {
    const topicId = message.key === undefined ? null : await this.#options.memory.get(openedKey(message.key));
    if (topicId === null) return message;
    const replyTo = inTopic(message.replyTo, Number(topicId));
    return { ...message, conversationId: replyTo.conversationId, replyTo };
  }

  async open(target: ReplyTarget, { key, name }: { key: string; name: string }): Promise<ReplyTarget | null> {
    const { api, memory, log, stopped, areOn } = this.#options;
    const address = addressOf(target);
    try {
      if (isGroup(address) || !(await areOn())) return null;
      const before = await memory.get(openedKey(key));
      if (before !== null) return inTopic(target, Number(before));
      const signal = nativeSignal(AbortSignal.any([stopped, AbortSignal.timeout(OPENING_MS)]));
      const { message_thread_id: id } = await api.createForumTopic(address.chatId, name, {}, signal);
      await memory.set(openedKey(key), String(id), OPENED_KEPT_FOR_MS);
      await this.#know(address.chatId, { id, name });
      return inTopic(target, id);
    } catch (error) {
      // The store's trouble is told where the message is stored.
      log[error instanceof GrammyError ? "info" : "debug"](
        { err: error },
        "no topic could be opened; going on in the chat",
      );
      return null;
    }
  }

  async rename(target: ReplyTarget, name: string): Promise<void> {
    const { api, log, stopped } = this.#options;
    const { chatId, topicId } = addressOf(target);
    if (topicId === null || name === "" || isGroup({ ...addressOf(target) })) return;
    const topic = (await this.#known.get(keyOf(chatId)))?.find(({ id }) => id === topicId);
    if (!topic || topic.name === name) return;
    try {
      await api.editForumTopic(chatId, topicId, { name }, nativeSignal(stopped));
      await this.#know(chatId, { id: topicId, name });
    } catch (error) {
      log.debug({ err: error }, "a topic could not be named");
    }
  }

  async list(target: ReplyTarget): Promise<string[]> {
    const address = addressOf(target);
    if (isGroup(address) || !(await this.#options.areOn().catch(() => false))) return [];
    const topics = (await this.#known.get(keyOf(address.chatId))) ?? [];
    return topics.flatMap(({ name }) => (name === "" ? [] : [name])).reverse();
  }

  /** Telegram opened a topic for what a person wrote, and left it to the bot to name it. */
  async openedByTelegram(chatId: number, topicId: number): Promise<void> {
    await this.#know(String(chatId), { id: topicId, name: "" });
  }

  /** A person has named a topic: that name stays. */
  async namedByPerson(chatId: number, topicId: number): Promise<void> {
    await this.#known.update(keyOf(String(chatId)), (topics) =>
      (topics ?? []).filter(({ id }) => id !== topicId),
    );
  }

  async #know(chatId: string, topic: KnownTopic): Promise<void> {
    await this.#known.update(keyOf(chatId), (topics) =>
      [...(topics ?? []).filter(({ id }) => id !== topic.id), topic].slice(-MAX_TOPICS),
    );
  }
}

function inTopic(target: ReplyTarget, topicId: number): ReplyTarget {
  const conversationId = `telegram:${addressOf(target).chatId}:${topicId}`;
  return { ...target, conversationId, details: { ...target.details, topicId } };
}

function openedKey(key: string): string {
  return `topic-of:${key}`;
}

function keyOf(chatId: string): string {
  return `topics:${chatId}`;
}
