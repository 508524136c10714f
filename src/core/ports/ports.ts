/**
 * What the core needs of the world. Adapters, `nemo`, `store` and `jobs` implement these; `src/app/compose.ts` wires
 * them together. Source: DESIGN.md, "The house".
 */

import type { BackendError } from "../model/backend-error.ts";
import type { Capture } from "../model/capture.ts";
import type { Conversation, UserSettings } from "../model/conversation.ts";
import type {
  Attachment,
  ConversationId,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../model/message.ts";
import type { Timeline } from "../model/timeline.ts";
import type { WorkItem } from "../model/work-item.ts";
import type { Question } from "../reply/question.ts";

/**
 * Bytes that flow. `sizeBytes` is known in advance wherever the source says it. Whoever does not read them closes
 * them (`closeBytes`).
 */
export interface ByteSource {
  stream: AsyncIterable<Uint8Array>;
  sizeBytes: number | null;
  /** Where anyone may fetch the same bytes; absent when they are for us alone. */
  url?: string;
}

// --- chat -------------------------------------------------------------------------------------------

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

/** A chat platform, limits and pacing included: it splits, escapes, waits and retries by its own rules. */
export interface ChatPlatform {
  /** First part of its conversation ids, and `platform` of its attachments. */
  readonly name: string;
  /** Least time between two edits of one progress message. */
  readonly progressIntervalMs: number;
  /** Largest file the platform hands over; null: no limit of its own. */
  readonly maxAttachmentBytes: number | null;
  /** How long a typing signal lasts; it is repeated as often while work goes on. */
  readonly typingLastsMs: number;
  send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage>;
  /** Replaces a message in place; where that is impossible it sends a new one. Returns what to edit next. */
  edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage>;
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
   * Whether a person may manage the conversation: an admin, someone with the platform's right to, whoever is alone
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

/** Which links of people may go to the backend: those of the public web. */
export interface Links {
  /** By its form alone. */
  isAllowed(link: string): boolean;
  /** Also by what the name of its host stands for; one that cannot be looked up passes. Never rejects. */
  leadsOutside(link: string): Promise<boolean>;
}

// --- backend ----------------------------------------------------------------------------------------

/** Whose credits pay. Free accounts are renewed by the client; an operator's token is used as it is. */
export interface BackendAccount {
  owner: "operator" | "free";
  /** UUID, stable for the conversation: the same id gets the same free account again. */
  clientId: string;
  /** Null before the first contact. A secret. */
  token: string | null;
  /** `anon_…` for free accounts; null while unknown. */
  userId: string | null;
  /** Epoch ms; null while unknown. */
  expiresAt: number | null;
}

/** Who calls, for one call or many. The client reads `account` anew before each request. */
export interface BackendCaller {
  readonly account: BackendAccount;
  /** Reads the kept account again: another call of this conversation may have renewed it. */
  reloadAccount(): Promise<void>;
  /** Attribution of the active skill, sent with every request. */
  readonly skill: { name: string; version: string; platform: string };
  /** Keeps a renewed account; resolved before its token is used. */
  saveAccount(account: BackendAccount): Promise<void>;
}

/** A session of the backend: one project with one timeline. */
export interface SessionRef {
  sessionId: string;
  taskId: string | null;
  /** Needed for the registration link; null when the backend does not say. */
  userId: string | null;
}

/** What a running turn tells. `keep-alive` means "still working", never an end and never an error. */
export type TurnEvent =
  | { type: "text"; text: string }
  | { type: "thought"; text: string }
  | { type: "tool-call"; name: string; args: Readonly<Record<string, unknown>> }
  | { type: "tool-result"; name: string; isError: boolean }
  /** The agent wants to know something; the answer is the next message. */
  | { type: "question"; question: Question }
  | { type: "keep-alive" }
  /** The agent's run failed; what it did before may stand. `error.kind` is `refused` when nothing better is known. */
  | { type: "failure"; error: BackendError };

export interface UploadFile {
  name: string;
  mimeType: string;
  sizeBytes: number;
  /** Opens the bytes from their start; called once an attempt. */
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface UploadedMedia {
  name: string;
  /** Where the backend keeps it; null when it does not say. */
  url: string | null;
  type: "video" | "image" | "audio" | "other";
  durationS: number | null;
  width: number | null;
  height: number | null;
}

export interface Credits {
  available: number;
  /** Reserved by running work. */
  frozen: number;
  total: number;
}

/** A file that the project holds, on the timeline or not. */
export interface ProjectClip {
  name: string;
  /** Where the backend keeps it; null when it does not say. */
  url: string | null;
  type: UploadedMedia["type"];
  durationS: number | null;
}

export interface ProjectState {
  /** What the backend calls the project; absent when it does not say. */
  name?: string;
  timeline: Timeline;
  /** What was uploaded, oldest first. */
  clips: ProjectClip[];
  /** The draft as the backend gave it, to be handed back with a render; null when there is none. */
  draft: unknown;
}

export interface RenderStatus {
  /** The id to ask for next; the backend may have given one of its own. */
  renderId: string;
  phase: "pending" | "processing" | "completed" | "failed";
  /** 0–100; null when the backend does not say. */
  progress: number | null;
  url: string | null;
  durationS: number | null;
  sizeBytes: number | null;
  width: number | null;
  height: number | null;
}

/** The Nemo backend, every dialect in, one form out. All calls throw `BackendError`, or the signal's reason. */
export interface VideoBackend {
  /** Gets a free token for the caller's client id unless there is a token already. */
  signIn(caller: BackendCaller, signal: AbortSignal): Promise<void>;
  createSession(
    caller: BackendCaller,
    options: { language: string },
    signal: AbortSignal,
  ): Promise<SessionRef>;
  /**
   * Sends one message, once. Ends when the backend closes the stream; throws `connection-lost` when it
   * breaks. Leaving the iteration early hangs up, which can cancel the run on the server.
   */
  runTurn(
    caller: BackendCaller,
    turn: { sessionId: string; text: string },
    signal: AbortSignal,
  ): AsyncIterable<TurnEvent>;
  uploadFiles(
    caller: BackendCaller,
    upload: {
      sessionId: string;
      files: UploadFile[];
      onProgress?: (sentBytes: number, totalBytes: number) => void;
    },
    signal: AbortSignal,
  ): Promise<UploadedMedia[]>;
  uploadUrls(
    caller: BackendCaller,
    upload: { sessionId: string; urls: string[] },
    signal: AbortSignal,
  ): Promise<UploadedMedia[]>;
  readCredits(caller: BackendCaller, signal: AbortSignal): Promise<Credits>;
  readState(caller: BackendCaller, sessionId: string, signal: AbortSignal): Promise<ProjectState>;
  submitRender(
    caller: BackendCaller,
    render: {
      renderId: string;
      sessionId: string;
      draft: unknown;
      /** Where the project's files are: the backend's editor may name them by paths of its own. */
      files: readonly { name: string; url: string }[];
    },
    signal: AbortSignal,
  ): Promise<RenderStatus>;
  readRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<RenderStatus>;
  cancelRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<void>;
  /** The MP4 itself by the authorized download path. */
  openRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<ByteSource>;
  /** The MP4 from a render's public URL; the URL is not trusted with any token. */
  openUrl(url: string, signal: AbortSignal): Promise<ByteSource>;
  /** Address where a person opens the project in the browser. */
  createClaimLink(caller: BackendCaller, session: SessionRef, signal: AbortSignal): Promise<string>;
}

// --- memory and work --------------------------------------------------------------------------------

/** Conversations and people. Records are plain JSON, read through their schema. */
export interface ConversationStore {
  read(id: ConversationId): Promise<Conversation | null>;
  /** Reads, changes and writes as one step; changes of one conversation never overwrite each other. */
  update(id: ConversationId, change: (current: Conversation | null) => Conversation): Promise<Conversation>;
  readUser(userId: string): Promise<UserSettings | null>;
  updateUser(userId: string, change: (current: UserSettings | null) => UserSettings): Promise<UserSettings>;
  /** What an export is to show; null when there is nothing of that id, or no longer. */
  readCapture(exportId: string): Promise<Capture | null>;
  keepCapture(exportId: string, capture: Capture): Promise<void>;
  forgetCapture(exportId: string): Promise<void>;
  /** Whether `markSeen` was called for the key before: a redelivery. */
  hasSeen(key: string): Promise<boolean>;
  /** Called once what the key names is owned. */
  markSeen(key: string): Promise<void>;
}

/**
 * The store or the queue cannot be reached, or cannot write: Redis is away, the disk is full. It passes, and
 * what was asked for can be asked again. Thrown by every method of the ports of this section.
 */
export class StoreTroubleError extends Error {
  constructor(what: string, options?: { cause?: unknown }) {
    super(`the store is in trouble: ${what}`, options);
    this.name = "StoreTroubleError";
  }
}

/** A small durable memory of one adapter, shared by all processes: kept buttons, migrations, what was published. */
export interface AdapterMemory {
  get(key: string): Promise<string | null>;
  /** Without `ttlMs` it is kept for good. */
  set(key: string, value: string, ttlMs?: number): Promise<void>;
  delete(key: string): Promise<void>;
  /**
   * Reads, changes and writes as one step, whichever process asks; null stands for absence both ways. `change`
   * may be called more than once.
   */
  update(
    key: string,
    change: (current: string | null) => string | null,
    ttlMs?: number,
  ): Promise<string | null>;
}

/** Ordered work: one item at a time per lane, in the order they came; lanes run side by side. */
export interface WorkQueue {
  /**
   * Resolves once the item is owned. `ahead`: how many items of the lane come before it, the running one
   * included. `known`: an item with this id is owed already, or ended so lately that the queue remembers it.
   * Throws the stop's reason when the queue was stopped.
   */
  push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }>;
  /** Takes up what an earlier process left, then starts working; the handler's errors are logged and end the item. */
  start(handler: (item: WorkItem, signal: AbortSignal) => Promise<void>): Promise<void>;
  /**
   * Aborts the running item of a lane with `reason`; false when none runs. What runs in another process gets a
   * `StopError` of the same kind.
   */
  cancel(lane: string, reason: Error): Promise<boolean>;
  /** Puts `item` in the place of a waiting message with the same `message.key`; false when none waits. */
  revise(item: WorkItem): Promise<boolean>;
  /** What waits in a lane, the next one first; not what runs. */
  waiting(lane: string): Promise<WorkItem[]>;
  /** What runs in a lane; null when nothing does. */
  running(lane: string): Promise<WorkItem | null>;
  /** Removes one waiting item if `may` agrees; `absent` when it does not wait (any more). */
  remove(
    lane: string,
    itemId: string,
    may: (item: WorkItem) => boolean,
  ): Promise<"removed" | "refused" | "absent">;
  /** Removes what waits in a lane, not what runs; with `may` only what it agrees to. Returns the removed items. */
  clear(lane: string, may?: (item: WorkItem) => boolean): Promise<WorkItem[]>;
  /** Items of a lane, the running one included. */
  size(lane: string): Promise<number>;
  /** Items of all lanes, those that run included. */
  depth(): Promise<number>;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
  /**
   * Stops taking items from the lanes. What runs may end within `graceMs` (default 0), and may push what follows
   * from it; then it is aborted with `reason`. What is left stays owed.
   */
  stop(reason: Error, graceMs?: number): Promise<void>;
}

/** The work that is owed, kept across the end of the process. */
export interface WorkJournal {
  /** False when an item with the same id is there already. */
  add(item: WorkItem): Promise<boolean>;
  /** `item` takes the place of the item `id`; false when there is none. */
  replace(id: string, item: WorkItem): Promise<boolean>;
  /** All of them or, when it throws, none. What is not there is no error. */
  remove(...ids: string[]): Promise<void>;
  /** In the order they were added. */
  all(): Promise<WorkItem[]>;
  close(): Promise<void>;
}

/** Time, so that a test can hold it in its hand. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Rejects with the signal's reason; leaves no timer and no listener behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Structured log; pino fits. Facts first, then what happened. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What the operator counts; see `/metrics`. Times in ms. */
export interface Metrics {
  /** A person's request came to its end. */
  turnEnded(outcome: TurnOutcome): void;
  /** From the moment a message came in to the first word the person read. */
  firstReply(ms: number): void;
  exportEnded(outcome: "delivered" | "failed" | "timed-out" | "cancelled", ms: number): void;
  uploaded(bytes: number): void;
  /** A stream of the backend was opened (1) or closed (-1). */
  streams(change: 1 | -1): void;
  /** Work of a process that died was taken up. */
  recovered(what: "turn" | "export"): void;
  /** An answer of a platform's API; null: there was none. */
  apiCall(platform: string, status: number | null): void;
  /** An event of a platform led to nothing: it could not be read, or its handling failed for good. */
  eventSetAside(platform: string, reason: "unreadable" | "failed"): void;
  /** An error that nobody expected has ended what it happened in, and nothing more; `where` is a platform, or `process`. */
  unexpectedError(where: string): void;
}

/** `done`: the agent did or said something. `unchanged`: it did nothing. `recovered`: its outcome was read from the state. */
export type TurnOutcome = "done" | "unchanged" | "recovered" | "failed" | "cancelled";

/** What adapters hand messages to. */
export interface MessageSink {
  /**
   * Resolves once the message is owned: stored, answered, or known as a redelivery. Throws `StoreTroubleError`
   * when it could not be: the person has been told, and it must come again.
   */
  receive(message: IncomingMessage): Promise<void>;
  /**
   * A message that is not handed over yet, since an earlier one of its chat has to come first while the store
   * is in trouble: what can be said without the store is said. Never throws; the message must still come.
   */
  putOff(message: IncomingMessage): Promise<void>;
  /** A message was edited: while it still waits, the new words count. */
  revise(message: IncomingMessage): Promise<void>;
  /** A chat is gone: its work stops quietly. */
  abandon(conversationId: ConversationId): Promise<void>;
}
