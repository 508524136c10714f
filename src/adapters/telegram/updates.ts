/**
 * What each of Telegram's updates means for the bot. An update counts as handled once the core owns what it
 * asks for. Source: Bot API, Update; DESIGN.md, rule 3.
 */
import type { Api } from "grammy";
import type { CallbackQuery, ChatMemberUpdated, Message, Update } from "grammy/types";
import type { Locales } from "../../core/locales.ts";
import type { IncomingMessage } from "../../core/message.ts";
import type { AdapterMemory, Log, MessageSink } from "../../core/ports.ts";
import { decodeAction } from "../action-codes.ts";
import type { MessageGroup } from "./albums.ts";
import type { Migrations } from "./migrations.ts";
import {
  type BotIdentity,
  conversationOf,
  isAddressed,
  keyOf,
  readMessages,
  readPressedButton,
} from "./normalize.ts";

/** The kinds of updates the bot asks for. */
export const ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"] as const;
/** Telegram redelivers within a day; two days leave room. */
const PART_KEPT_FOR_MS = 172_800_000;

export interface UpdateHandlerOptions {
  api: Api;
  bot: BotIdentity;
  engine: MessageSink;
  memory: AdapterMemory;
  migrations: Migrations;
  locales: Locales;
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

  /** A message, or the parts of an album. Throws when the core could not take it: it must come again. */
  async message({ updateId, parts: all, albumId }: MessageGroup): Promise<void> {
    const { migrations, engine, memory, bot } = this.#options;
    const parts = albumId === null ? all : await this.#newParts(all);
    for (const part of parts) {
      const { migrate_to_chat_id: to, migrate_from_chat_id: from } = part;
      if (to !== undefined) await migrations.note(String(part.chat.id), String(to));
      if (from !== undefined) await migrations.note(String(from), String(part.chat.id));
    }
    const message = readMessages(parts, updateId, bot);
    if (!message) return;
    await engine.receive(await this.#settled(message, parts[0]));
    if (albumId === null) return;
    for (const part of parts) await memory.set(`album-part:${keyOf(part)}`, "1", PART_KEPT_FOR_MS);
  }

  /** An album is known by its first update, and any of its parts can come again alone. */
  async #newParts(parts: Message[]): Promise<Message[]> {
    const known = await Promise.all(
      parts.map((part) => this.#options.memory.get(`album-part:${keyOf(part)}`)),
    );
    return parts.filter((_part, index) => known[index] === null);
  }

  /** Everything that is not a message. */
  async other(update: Update): Promise<void> {
    if (update.callback_query) await this.#press(update.callback_query, update.update_id);
    else if (update.edited_message) await this.#edited(update.edited_message, update.update_id);
    else if (update.my_chat_member) await this.#membership(update.my_chat_member);
  }

  async #press(query: CallbackQuery, updateId: number): Promise<void> {
    const { api, memory, engine, locales, log } = this.#options;
    const { message } = query;
    const conversationId = message ? await this.#conversationOf(message as Message) : null;
    const action =
      message && query.data && conversationId ? await decodeAction(query.data, conversationId, memory) : null;
    const language = locales.match(query.from.language_code) ?? "en";
    // Answered before anything else: a late answer leaves the person's button spinning.
    const answered = api
      .answerCallbackQuery(query.id, action ? {} : { text: locales.plain(language, "button.too-old") })
      .catch((error: unknown) => log.debug({ err: error }, "a button press could not be confirmed"));
    if (message && action) {
      // What is inaccessible has a chat and an id, and that is all we need of it.
      const pressed = readPressedButton(query, message as Message, action, updateId);
      await engine.receive(await this.#settled(pressed, message as Message));
    }
    await answered;
  }

  async #edited(message: Message, updateId: number): Promise<void> {
    const edited = readMessages([message], updateId, this.#options.bot);
    if (edited) await this.#options.engine.revise(await this.#settled(edited, message));
  }

  async #membership(change: ChatMemberUpdated): Promise<void> {
    const { status } = change.new_chat_member;
    if (status !== "kicked" && status !== "left") return;
    const origin = await this.#options.migrations.originOf(String(change.chat.id));
    await this.#options.engine.abandon(`telegram:${origin}`);
  }

  /** Led to the conversation a migrated group began with, and with what only Telegram can tell. */
  async #settled(message: IncomingMessage, source: Message | undefined): Promise<IncomingMessage> {
    if (!source) return message;
    const conversationId = await this.#conversationOf(source);
    const canManage = await this.#canManage(message, source);
    return {
      ...message,
      conversationId,
      replyTo: { ...message.replyTo, conversationId },
      user: { ...message.user, ...(canManage ? { canManage } : {}) },
    };
  }

  async #conversationOf(message: Message): Promise<string> {
    const chatId = String(message.chat.id);
    const origin = await this.#options.migrations.originOf(chatId);
    return conversationOf(message).replace(`telegram:${chatId}`, `telegram:${origin}`);
  }

  /** Asked only where it matters: when somebody in a group wants to cancel. */
  async #canManage(message: IncomingMessage, source: Message): Promise<boolean> {
    const isCancel =
      message.action?.kind === "cancel" ||
      message.action?.kind === "drop" ||
      /^\/cancel\b|^\s*(cancel|stop|取消|停止)/i.test(message.text);
    if (!isCancel || source.chat.type === "private") return false;
    try {
      const userId = Number(message.user.id.slice("telegram:".length));
      const { status } = await this.#options.api.getChatMember(source.chat.id, userId);
      return status === "creator" || status === "administrator";
    } catch (error) {
      this.#options.log.warn({ err: error }, "Telegram did not say whether a person is an admin");
      return false;
    }
  }
}
