/** What the core needs of a chat platform, and what a platform hands to the core. */
import type {
  Attachment,
  ConversationId,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../model/message.ts";
import type { RichText } from "../model/rich-text.ts";

/**
 * Bytes that flow. `sizeBytes` is known in advance wherever the source says it. What is not read must be closed
 * (`closeBytes`).
 */
export interface ByteSource {
  stream: AsyncIterable<Uint8Array>;
  sizeBytes: number | null;
  /** Where anyone may fetch the same bytes; absent when they are for us alone. */
  url?: string;
}

/** An attachment made ready: streamed through us, or fetched by the backend itself. */
export type OpenedAttachment =
  | {
      kind: "stream";
      name: string;
      mimeType: string;
      sizeBytes: number;
      open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
    }
  | {
      kind: "url";
      url: string;
      /** Another way to the same file, for when the backend cannot fetch the address; null when there is none. */
      fallback: ((signal: AbortSignal) => Promise<OpenedAttachment>) | null;
    };

/** What the bot may put on a person's message instead of words. */
export type Reaction = "👍" | "❤" | "😁";

/** Places of their own for projects, such as topics. Best effort: nothing of it throws. */
export interface ProjectPlaces {
  /** Opens the place of a new project, once for each `key`. Null: here projects have none. */
  open(target: ReplyTarget, project: { key: string; name: string }): Promise<ReplyTarget | null>;
  /** Calls the project's place, if it has one, `name`. */
  rename(target: ReplyTarget, name: string): Promise<void>;
  /** What the places of a chat are called, the newest first; none where projects have no places. */
  list(target: ReplyTarget): Promise<string[]>;
}

/** A chat platform, limits and pacing included: it splits, escapes, waits and retries by its own rules. */
export interface ChatPlatform {
  /** First part of its conversation ids, and `platform` of its attachments. */
  readonly name: string;
  /** Least time between two updates of one living message. */
  readonly progressIntervalMs: number;
  /** Largest file the platform hands over; null: no limit of its own. */
  readonly maxAttachmentBytes: number | null;
  /** How long a typing signal lasts; it is repeated as often while work goes on. */
  readonly typingLastsMs: number;
  send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage>;
  /** Replaces a message in place; where that is impossible it sends a new one. Returns what to edit next. */
  edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage>;
  /**
   * Shows decoration, or updates what is `shown`: now or not at all. Null: there is no room for it at the moment, and
   * nothing was sent. Without `shown`, a message with the same `idempotencyKey` that an earlier process has shown is
   * taken up. Throws `ChatGoneError`, and the platform's refusal.
   */
  showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null>;
  /** The message that was sent or shown under a name, by whatever process; null when none is known. Never throws. */
  find(target: ReplyTarget, idempotencyKey: string): Promise<SentMessage | null>;
  /** Takes a message of ours away. Best effort: never throws. */
  remove(sent: SentMessage): Promise<void>;
  /** Puts a reaction on the person's message; false where there are none. Best effort: never throws. */
  react(target: ReplyTarget, reaction: Reaction): Promise<boolean>;
  /**
   * Shows words while they grow, as no message of their own, until the next message comes; `id` is the work
   * item that they answer. False: not here. Absent: nowhere on this platform. Best effort: never throws.
   */
  showDraft?(target: ReplyTarget, draft: { id: string; text: RichText }): Promise<boolean>;
  /** Absent: nowhere on this platform. */
  readonly places?: ProjectPlaces;
  /** Best effort: never throws. */
  showActivity(target: ReplyTarget, activity: "typing" | "uploading-video"): Promise<void>;
  /**
   * Sends `message` (with its `video`), the file too where it fits; `openVideo` opens the bytes when needed.
   * A file that cannot be had or sent is no error: the message goes out alone, and the answer says so.
   */
  deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }>;
  /** Throws `AttachmentError` when the platform cannot give the file. */
  openAttachment(attachment: Attachment, signal: AbortSignal): Promise<OpenedAttachment>;
  /** Whether others read what is sent there. */
  isShared(target: ReplyTarget): boolean;
  /** A private message that waits for the person where they can read it alone; null when there is none for them. */
  keptMessage(key: string, userId: string): Promise<OutgoingMessage | null>;
  /**
   * Whether a person may manage the conversation: an admin, a person with the platform's right to, one who is alone
   * with the bot. Rejects when the platform does not say: that is never a yes.
   */
  mayManage(target: ReplyTarget, user: IncomingMessage["user"], signal: AbortSignal): Promise<boolean>;
}

/** The platform cannot give a file: too large for its API, gone, or not readable. */
export class AttachmentError extends Error {
  readonly kind: "too-large-for-platform" | "gone";
  /** The platform's own limit in bytes, for `too-large-for-platform`. */
  readonly limitBytes: number | null;

  constructor(kind: AttachmentError["kind"], options: { limitBytes?: number; cause?: unknown } = {}) {
    super(`attachment: ${kind}`, { cause: options.cause });
    this.name = "AttachmentError";
    this.kind = kind;
    this.limitBytes = options.limitBytes ?? null;
  }
}

/** Nothing will ever arrive in this chat again: the bot was blocked or removed, or the chat is deleted. */
export class ChatGoneError extends Error {
  constructor(options?: { cause?: unknown }) {
    super("the chat is gone", options);
    this.name = "ChatGoneError";
  }
}

/** The message in the place where the edit it starts is to go on, such as a thread of its own; asked for edits alone. */
export type PlaceEdit = () => Promise<IncomingMessage>;

/** What adapters hand messages to. */
export interface MessageSink {
  /**
   * Resolves once the message is owned: stored, answered, or known as a redelivery. Throws `StoreTroubleError`
   * when it could not be: the person has been told, and it must come again.
   */
  receive(message: IncomingMessage, place?: PlaceEdit): Promise<void>;
  /**
   * A message that is not handed over yet, since an earlier one of its chat has to come first while the store
   * is in trouble: what can be said without the store is said, and not waited for. Never throws; the message must still come.
   */
  putOff(message: IncomingMessage): void;
  /** A message was edited: while it still waits, the new words count. */
  revise(message: IncomingMessage): Promise<void>;
  /** A chat is gone: its work stops quietly. */
  abandon(conversationId: ConversationId): Promise<void>;
}

/** Which links of people may go to the backend: those of the public web. */
export interface Links {
  /** By its form alone. */
  isAllowed(link: string): boolean;
  /** Also by what the name of its host stands for; one that cannot be looked up passes. Never rejects. */
  leadsOutside(link: string): Promise<boolean>;
}
