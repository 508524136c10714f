/**
 * Chats as the server knows them: members, topics, messages, and who may do what.
 * Source: tdlib/telegram-bot-api, `check_chat_access`, `check_message_topic`.
 */

import { ApiError, badRequest, forbidden } from "./errors.ts";
import type { StoredFile } from "./files.ts";
import type { WireChat, WireChatMember, WireEntity, WireKeyboard, WireMessage, WireUser } from "./wire.ts";

/** Id of the General topic; it exists in every forum and has no thread id on its messages. */
const GENERAL_TOPIC_ID = 1;

/** A text a message once had. */
export interface PastText {
  text: string;
  /** Epoch ms. */
  at: number;
  keyboard: WireKeyboard | undefined;
}

/** A message with what tests want to know beyond its wire form. */
export interface StoredMessage {
  wire: WireMessage;
  isFromBot: boolean;
  isDeleted: boolean;
  /** First text first; the last entry is the current one. */
  history: PastText[];
  file: StoredFile | null;
  /** Epoch ms. */
  sentAt: number;
  /** The one person who sees it; absent when everybody does. */
  onlyFor?: number;
}

/** A topic of a forum or of a private chat. */
export interface Topic {
  id: number;
  name: string;
  isClosed: boolean;
}

/** A draft as the bot sent it. */
export interface DraftFrame {
  id: number;
  threadId: number | null;
  text: string;
  entities: readonly WireEntity[];
  /** Whether the person has a button to stop it. */
  canStop: boolean;
  /** Epoch ms. */
  at: number;
}

/** How far the bot's access must go. */
export type Access = "read" | "read-members" | "edit" | "write";

/** What the bot is in a chat. */
export type BotStatus = "member" | "administrator" | "left" | "kicked";

/** A chat action the bot showed. */
export interface ShownAction {
  action: string;
  threadId: number | null;
  at: number;
}

/** One chat. */
export class ChatState {
  wire: WireChat;
  readonly members = new Map<number, { user: WireUser; status: WireChatMember["status"] }>();
  readonly messages = new Map<number, StoredMessage>();
  /** Messages that one person sees; they have ids of their own, and no `message_id`. */
  readonly ephemeral: StoredMessage[] = [];
  readonly topics = new Map<number, Topic>();
  readonly actions: ShownAction[] = [];
  /** What grows there now; a message of the bot takes it away. */
  draft: DraftFrame | null = null;
  /** All drafts there were. */
  readonly draftFrames: DraftFrame[] = [];
  /** What the bot has put on messages, by their ids. */
  readonly reactions = new Map<number, string>();
  /** Groups may forbid them. */
  hasReactions = true;
  readonly chatInstance: string;
  botStatus: BotStatus = "member";
  /** Private chats: whether the user ever started the bot. */
  isOpened = true;
  isPrivacyModeOn = true;
  migratedTo: number | null = null;
  /** In groups, general commands go to the bot that spoke last. */
  lastBotToSpeak: "ours" | "other" | null = null;
  readonly #nextMessageId: () => number;

  constructor(wire: WireChat, nextMessageId: () => number) {
    this.wire = wire;
    this.#nextMessageId = nextMessageId;
    this.chatInstance = String(BigInt(wire.id) * 1_000_003n + 7n);
  }

  get id(): number {
    return this.wire.id;
  }

  get isForum(): boolean {
    return this.wire.is_forum === true;
  }

  nextMessageId(): number {
    return this.#nextMessageId();
  }

  add(message: StoredMessage): void {
    this.messages.set(message.wire.message_id, message);
    if (!message.isFromBot) return;
    this.lastBotToSpeak = "ours";
    this.draft = null;
  }

  /** The message, unless it is unknown or deleted. */
  find(messageId: number): StoredMessage | undefined {
    const message = this.messages.get(messageId);
    return message === undefined || message.isDeleted ? undefined : message;
  }

  /** Throws when the bot may not go so far in this chat. */
  checkAccess(access: Access): void {
    switch (this.wire.type) {
      case "private":
        if (!this.isOpened) throw forbidden("bot can't initiate conversation with a user");
        if (this.botStatus === "kicked" && access !== "read") throw forbidden("bot was blocked by the user");
        return;
      case "group":
        if (this.migratedTo !== null) {
          if (access === "write" || access === "read-members") {
            throw badRequest("group chat was upgraded to a supergroup chat", {
              migrate_to_chat_id: this.migratedTo,
            });
          }
          return;
        }
        if (access === "read") return;
        if (this.botStatus === "kicked") throw forbidden("bot was kicked from the group chat");
        if (this.botStatus === "left") throw forbidden("bot is not a member of the group chat");
        return;
      case "supergroup":
        if (this.botStatus === "kicked") throw forbidden("bot was kicked from the supergroup chat");
        if (this.botStatus === "left" && (access !== "read" || this.wire.username === undefined)) {
          throw forbidden("bot is not a member of the supergroup chat");
        }
    }
  }

  /** The topic a new message of the bot goes to; null for none. Throws "message thread not found". */
  topicForSending(threadId: number): Topic | null {
    if (threadId === 0) return null;
    const mayHaveTopics = this.isForum || this.wire.type === "private";
    // In other groups the parameter is ignored in silence.
    if (!mayHaveTopics) return null;
    if (this.isForum && threadId === GENERAL_TOPIC_ID) throw badRequest("message thread not found");
    const topic = this.topics.get(threadId);
    if (topic === undefined) throw badRequest("message thread not found");
    if (topic.isClosed && this.botStatus !== "administrator")
      throw new ApiError(400, "Bad Request: TOPIC_CLOSED");
    return topic;
  }
}
