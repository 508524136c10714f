/** Everything the fake server knows, and the few rules that span its parts. */

import { ChatState, type StoredMessage } from "./chat-state.ts";
import { badRequest } from "./errors.ts";
import { Faults, type RateOptions } from "./faults.ts";
import { FileStore } from "./files.ts";
import { reachesBot } from "./privacy.ts";
import { ChangeSignal } from "./signal.ts";
import { UpdateQueue } from "./updates.ts";
import { WebhookSender } from "./webhook.ts";
import type { UpdateContent, WireChatMember, WireMessage, WireUpdate, WireUser } from "./wire.ts";

/** One recorded call of the bot. */
export interface RecordedCall {
  method: string;
  /** Known JSON parameters decoded, whole numbers as numbers, everything else as text. */
  params: Record<string, unknown>;
  /** Uploaded files by their field. */
  files: Record<
    string,
    { name: string; mimeType: string; sizeBytes: number; sha256: string; bytes: Buffer | null }
  >;
  /** Epoch ms. */
  at: number;
  /** Null while the call runs or when its connection was cut. */
  status: number | null;
  /** The `result` of a successful call. */
  result: unknown;
  /** The `description` of a refused one. */
  error: string | null;
}

/** A pressed button, and whether the bot answered it. */
export interface CallbackState {
  id: string;
  pressedAt: number;
  /** Where the button hangs. */
  chatId: number;
  from: WireUser;
  /** When the bot first got the update; null before. */
  deliveredAt: number | null;
  answeredAt: number | null;
  answer: { text: string; showAlert: boolean } | null;
  updateId: number | null;
}

/** What `World` is made of. */
export interface WorldOptions {
  token: string;
  mode: "cloud" | "local";
  filesDir: string | null;
  bot: WireUser;
  pollTimeoutCapMs: number | null;
  conflictDelayMs: number;
  firstUpdateId: number;
  webhookRetryMs: number;
  webhookTimeoutMs: number;
  rates: RateOptions | null;
  retryAfterScale: number;
  callbackLifetimeMs: number;
  callbackAnswerWithinMs: number;
  isVideoMessageIdZero: boolean;
  hasDrafts: boolean;
  hasPrivateTopics: boolean | "refused";
  version: "10.1" | "10.2" | "10.3";
}

/** The state of one fake server. */
export class World {
  readonly options: WorldOptions;
  readonly signal = new ChangeSignal();
  readonly files: FileStore;
  readonly updates: UpdateQueue;
  readonly webhook: WebhookSender;
  readonly faults: Faults;
  readonly chats = new Map<number, ChatState>();
  readonly users = new Map<number, WireUser>();
  readonly callbacks = new Map<string, CallbackState>();
  readonly calls: RecordedCall[] = [];
  /** Command lists by `scope language`. */
  readonly commands = new Map<string, Array<{ command: string; description: string }>>();
  /** Descriptions and names by `method language`. */
  readonly texts = new Map<string, string>();
  /** Given by the next answers of getUpdates in place of updates. */
  readonly pollAnswers: unknown[] = [];
  isLoggedOut = false;
  #sharedMessageId = 0;
  #lastId = 1000;

  constructor(options: WorldOptions) {
    this.options = options;
    this.files = new FileStore(options);
    this.faults = new Faults(options);
    this.updates = new UpdateQueue({
      pollTimeoutCapMs: options.pollTimeoutCapMs,
      conflictDelayMs: options.conflictDelayMs,
      firstUpdateId: options.firstUpdateId,
      onParallelPolls: () =>
        this.faults.note("parallel-polls", "getupdates", null, "two polls at the same time"),
      onChange: () => {
        this.webhook.kick();
        this.signal.notify();
      },
    });
    this.webhook = new WebhookSender(this.updates, {
      retryMs: options.webhookRetryMs,
      timeoutMs: options.webhookTimeoutMs,
      onDelivered: (update) => this.noteDelivered([update]),
    });
  }

  get bot(): WireUser {
    return this.options.bot;
  }

  /** Remembers when the bot first got its callback queries. */
  noteDelivered(updates: readonly WireUpdate[]): void {
    for (const update of updates) {
      // A faulty server may have sent anything.
      const callback = this.callbacks.get(Object(Object(update).callback_query).id);
      if (callback !== undefined) callback.deliveredAt ??= Date.now();
    }
  }

  /** A fresh number for ids of users, chats and callbacks. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Adds a chat; message ids are shared by private chats and groups, and start from one in each supergroup. */
  addChat(wire: ChatState["wire"]): ChatState {
    // The first message of a supergroup is the one about its creation.
    let own = 1;
    const chat = new ChatState(wire, () => {
      if (wire.type === "supergroup") {
        own += 1;
        return own;
      }
      this.#sharedMessageId += 1;
      return this.#sharedMessageId;
    });
    this.chats.set(wire.id, chat);
    return chat;
  }

  /** The chat of a `chat_id`; throws as the server does for unknown ones. */
  chatById(id: string): ChatState {
    if (id === "") throw badRequest("chat_id is empty");
    const chat = id.startsWith("@")
      ? [...this.chats.values()].find((one) => one.wire.type !== "private" && `@${one.wire.username}` === id)
      : this.chats.get(Number(id));
    if (chat === undefined) throw badRequest("chat not found");
    return chat;
  }

  /** Seconds since the epoch, as dates go over the wire. */
  now(): number {
    return Math.floor(Date.now() / 1000);
  }

  /** Queues an update; returns its id, or null when the bot does not want its kind. */
  push(content: UpdateContent): number | null {
    return this.updates.push(content);
  }

  /** Stores a message of a user and tells the bot, if it may see it. Returns the update's id. */
  deliver(
    chat: ChatState,
    message: StoredMessage,
    kind: "message" | "edited_message" = "message",
  ): number | null {
    if (kind === "message") chat.add(message);
    this.signal.notify();
    if (!reachesBot(this.bot, chat, message.wire)) return null;
    return this.push({ [kind]: message.wire });
  }

  /** Stores a service message and tells the bot; these come whatever the privacy mode. */
  deliverService(chat: ChatState, from: WireUser, fields: Partial<WireMessage>): StoredMessage {
    const wire: WireMessage = {
      message_id: chat.nextMessageId(),
      from,
      chat: { ...chat.wire },
      date: this.now(),
      ...fields,
    };
    const message = { wire, isFromBot: false, isDeleted: false, history: [], file: null, sentAt: Date.now() };
    chat.add(message);
    this.push({ message: wire });
    this.signal.notify();
    return message;
  }

  /** A member as the wire shows it. */
  member(chat: ChatState, userId: number): WireChatMember {
    if (userId === this.bot.id) {
      return chatMember(this.bot, chat.botStatus);
    }
    const member = chat.members.get(userId);
    if (member !== undefined) return chatMember(member.user, member.status);
    const user = this.users.get(userId);
    if (user === undefined) throw badRequest("user not found");
    return chatMember(user, "left");
  }
}

const ADMIN_RIGHTS = [
  "can_manage_chat",
  "can_change_info",
  "can_delete_messages",
  "can_invite_users",
  "can_restrict_members",
  "can_pin_messages",
  "can_manage_topics",
  "can_manage_video_chats",
  "can_post_stories",
  "can_edit_stories",
  "can_delete_stories",
];

/** A member with the fields its status calls for. */
export function chatMember(user: WireUser, status: WireChatMember["status"]): WireChatMember {
  const base = { status, user };
  if (status === "kicked") return { ...base, until_date: 0 };
  if (status === "creator") return { ...base, is_anonymous: false };
  if (status !== "administrator") return base;
  const rights = Object.fromEntries(ADMIN_RIGHTS.map((right) => [right, true]));
  return { ...base, can_be_edited: false, can_promote_members: false, is_anonymous: false, ...rights };
}
