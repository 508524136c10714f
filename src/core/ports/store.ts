/** What the core and the adapters remember. Implemented by `src/store`. */
import type { Capture } from "../model/capture.ts";
import type { Conversation, UserSettings } from "../model/conversation.ts";
import type { History } from "../model/history.ts";
import type { ConversationId } from "../model/message.ts";

/** Conversations and people. Records are plain JSON, read through their schema. */
export interface ConversationStore {
  read(id: ConversationId): Promise<Conversation | null>;
  /** Reads, changes and writes as one step; changes of one conversation never overwrite each other. */
  update(id: ConversationId, change: (current: Conversation | null) => Conversation): Promise<Conversation>;
  readUser(userId: string): Promise<UserSettings | null>;
  updateUser(userId: string, change: (current: UserSettings | null) => UserSettings): Promise<UserSettings>;
  /** The finished edits of a project; null when there are none. */
  readHistory(sessionId: string): Promise<History | null>;
  /** As `update`. */
  updateHistory(sessionId: string, change: (current: History | null) => History): Promise<History>;
  forgetHistory(sessionId: string): Promise<void>;
  /** What an export or a version shows; null when there is nothing of that id, or no longer. */
  readCapture(id: string): Promise<Capture | null>;
  /** `keptAs`: how long at most; a version stays as long as a conversation does. */
  keepCapture(id: string, capture: Capture, keptAs: "export" | "version"): Promise<void>;
  forgetCapture(id: string): Promise<void>;
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
