/**
 * What each of Telegram's updates means for the bot. An update counts as handled once the core owns what it
 * asks for. Source: Bot API, Update; DESIGN.md, rule 3.
 */
import type { Action, IncomingMessage } from "../../../core/model/message.ts";
import type { MessageSink, PlaceEdit } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { decodeAction } from "../../shared/action-codes.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { Migrations } from "../migrations.ts";
import type { CallbackAnswers } from "../outgoing/callback-answers.ts";
import { draftOwner } from "../outgoing/drafts.ts";
import type { Topics } from "../topics.ts";
import { groupAlbums, type MessageGroup } from "./albums.ts";
import {
  type BotIdentity,
  conversationOf,
  isAddressed,
  keyOf,
  readJoining,
  readMessages,
  readPressedButton,
  readStoppedDraft,
} from "./normalize.ts";
import type {
  CallbackQuery,
  ChatMemberUpdated,
  Message,
  Place,
  StoppedDraft,
  Update,
} from "./update-schema.ts";

/** The kinds of updates the bot asks for. */
export const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "callback_query",
  "stopped_message_generation",
  "my_chat_member",
] as const;
/** Telegram redelivers within a day; two days leave room. */
const PART_KEPT_FOR_MS = 172_800_000;

export interface UpdateHandlerOptions {
  bot: BotIdentity;
  engine: MessageSink;
  memory: AdapterMemory;
  /** Knows what buttons mean that are still to be stored. */
  buttons: AdapterMemory;
  migrations: Migrations;
  topics: Topics;
  answers: CallbackAnswers;
  log: Log;
}

export class UpdateHandler {
  readonly #options: UpdateHandlerOptions;

  constructor(options: UpdateHandlerOptions) {
    this.#options = options;
  }

  /** Whether a message is meant for the bot; a group's own talk is not, and is not stored. */
  isForBot(message: Message): boolean {
    return isAddressed(message, this.#options.bot);
  }

  /** One update, or the parts of an album; see `message` and `other`. */
  async take(updates: readonly Update[]): Promise<boolean> {
    const messages = updates.flatMap(({ update_id: updateId, message }) =>
      message ? [{ updateId, message }] : [],
    );
    let isForUs = false;
    for (const group of groupAlbums(messages)) isForUs = (await this.message(group)) || isForUs;
    for (const update of updates) if (!update.message) isForUs = (await this.other(update)) || isForUs;
    return isForUs;
  }

  /**
   * A message, or the parts of an album. Throws when the core could not take it: it must come again. While the
   * store is away it is offered to the core all the same, which tells the person. False when it is not for the bot.
   */
  async message({ updateId, parts: all, albumId }: MessageGroup): Promise<boolean> {
    const { migrations, engine, memory, bot } = this.#options;
    const parts = albumId === null ? all : await this.#newParts(all);
    for (const part of parts) {
      const { migrate_to_chat_id: to, migrate_from_chat_id: from } = part;
      if (to !== undefined) await migrations.note(String(part.chat.id), String(to));
      if (from !== undefined) await migrations.note(String(from), String(part.chat.id));
    }
    await this.#noteTopic(parts[0]);
    const message = readMessages(parts, updateId, bot);
    if (!message) return false;
    const owned = await this.#inOrigin(message, parts[0]);
    await engine.receive(owned, this.#placeFor(owned, parts[0]));
    if (albumId === null) return true;
    for (const part of parts) await memory.set(`album-part:${keyOf(part)}`, "1", PART_KEPT_FOR_MS);
    return true;
  }

  /** An album is known by its first update, and any of its parts can come again alone. */
  async #newParts(parts: Message[]): Promise<Message[]> {
    try {
      const { memory } = this.#options;
      const known = await Promise.all(parts.map((part) => memory.get(`album-part:${keyOf(part)}`)));
      return parts.filter((_part, index) => known[index] === null);
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      return parts;
    }
  }

  /** Everything that is not a message; see `message`. */
  async other(update: Update): Promise<boolean> {
    if (update.callback_query) return this.#press(update.callback_query, update.update_id);
    if (update.edited_message) return this.#edited(update.edited_message, update.update_id);
    const { stopped_message_generation: stopped } = update;
    if (stopped) return this.#stop(stopped, update.update_id);
    return update.my_chat_member ? this.#membership(update.my_chat_member, update.update_id) : false;
  }

  /** An update that has to wait for an earlier one of its chat: what cannot wait with it is done. */
  async putOff(update: Update): Promise<void> {
    const { engine, bot, answers } = this.#options;
    if (update.callback_query) answers.answer(update.callback_query, "button.later");
    const { message: source } = update;
    const message = source && readMessages([source], update.update_id, bot);
    if (message) engine.putOff(await this.#inOrigin(message, source));
  }

  async #press(query: CallbackQuery, updateId: number): Promise<boolean> {
    const { engine, buttons, answers } = this.#options;
    const { message } = query;
    let action: Action | null = null;
    try {
      const conversationId = message ? await this.#conversationOf(message) : null;
      if (query.data && conversationId) action = await decodeAction(query.data, conversationId, buttons);
    } catch (error) {
      answers.answer(query, "button.later");
      throw error;
    }
    // Answered before anything else: a late answer leaves the person's button spinning.
    answers.answer(query, action ? null : "button.too-old");
    if (message && action) {
      const pressed = readPressedButton(query, message, action, updateId);
      await engine.receive(await this.#inOrigin(pressed, message));
    }
    return action !== null;
  }

  /** Stop on a draft is the Cancel button of its request. */
  async #stop(stopped: StoppedDraft, updateId: number): Promise<boolean> {
    const { engine, buttons } = this.#options;
    const itemId = await draftOwner(buttons, String(stopped.chat.id), stopped.draft_id);
    if (itemId !== null) await engine.receive(readStoppedDraft(stopped, itemId, updateId));
    return itemId !== null;
  }

  async #edited(message: Message, updateId: number): Promise<boolean> {
    const edited = readMessages([message], updateId, this.#options.bot);
    if (edited) {
      const { engine, topics } = this.#options;
      const owned = await this.#inOrigin(edited, message);
      await engine.revise(isOutsideTopics(message) ? await topics.whereOpened(owned) : owned);
    }
    return edited !== null;
  }

  async #membership(change: ChatMemberUpdated, updateId: number): Promise<boolean> {
    const { chat, old_chat_member: before, new_chat_member: now } = change;
    if (isIn(now)) {
      // What it may do has changed, or a person has unblocked it.
      if (!before || isIn(before) || !/group$/.test(chat.type)) return false;
      const { engine, bot } = this.#options;
      await engine.receive(await this.#inOrigin(readJoining(change, bot, updateId), { message_id: 0, chat }));
      return true;
    }
    const origin = await this.#options.migrations.originOf(String(change.chat.id));
    await this.#options.engine.abandon(`telegram:${origin}`);
    return true;
  }

  /** What Telegram tells of topics in private chats. */
  async #noteTopic(message: Message | undefined): Promise<void> {
    if (message?.chat.type !== "private" || message.message_thread_id === undefined) return;
    const {
      chat,
      message_thread_id: topicId,
      forum_topic_created: created,
      forum_topic_edited: named,
    } = message;
    const { topics } = this.#options;
    if (created?.is_name_implicit) await topics.openedByTelegram(chat.id, topicId);
    if (named && message.from?.is_bot === false) await topics.namedByPerson(chat.id, topicId);
  }

  #placeFor(message: IncomingMessage, source: Message | undefined): PlaceEdit | undefined {
    return source && isOutsideTopics(source) ? this.#options.topics.placeFor(message) : undefined;
  }

  /** Led to the conversation a migrated group began with. */
  async #inOrigin(message: IncomingMessage, source: Place | undefined): Promise<IncomingMessage> {
    if (!source) return message;
    const conversationId = await this.#conversationOf(source);
    return { ...message, conversationId, replyTo: { ...message.replyTo, conversationId } };
  }

  async #conversationOf(message: Place): Promise<string> {
    const chatId = String(message.chat.id);
    const origin = await this.#options.migrations.originOf(chatId);
    return conversationOf(message).replace(`telegram:${chatId}`, `telegram:${origin}`);
  }
}

/** Whether the bot is in the chat. */
function isIn({ status, is_member: isMember }: ChatMemberUpdated["new_chat_member"]): boolean {
  return status === "restricted" ? isMember === true : status !== "left" && status !== "kicked";
}

/** Of a private chat, which may have topics. */
function isOutsideTopics({ chat, is_topic_message: isInTopic }: Place): boolean {
  return chat.type === "private" && isInTopic !== true;
}
