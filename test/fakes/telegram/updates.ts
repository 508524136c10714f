/**
 * The queue of updates and long polling on it.
 * Source: core.telegram.org/bots/api#getupdates, tdlib/telegram-bot-api `do_get_updates`.
 */

import { type ApiError, conflict } from "./errors.ts";
import type { UpdateContent, WireUpdate } from "./wire.ts";

/** Longest wait the server grants. */
const MAX_POLL_TIMEOUT_S = 50;
/** Updates that come together are handed over together. */
const GATHER_MS = 2;

/** Types that come only when asked for by name. */
const NOT_BY_DEFAULT = new Set(["chat_member", "message_reaction", "message_reaction_count"]);

const POLL_CONFLICT =
  "terminated by other getUpdates request; make sure that only one bot instance is running";

/** What a poll asks for. */
export interface PollRequest {
  offset: number;
  limit: number;
  timeoutS: number;
  /** Fires when the caller went away. */
  gone: AbortSignal;
}

interface WaitingPoll {
  offset: number;
  limit: number;
  gatherTimer: NodeJS.Timeout | null;
  answer(updates: WireUpdate[]): void;
  refuse(error: ApiError, delayMs: number): void;
}

/** Options of the queue. */
export interface UpdateQueueOptions {
  /** Caps the wait of long polls, so that tests end; null for the real 50 s. */
  pollTimeoutCapMs: number | null;
  /** The first conflict is answered at once, those within this time after so long; 3000 on the real server. */
  conflictDelayMs: number;
  firstUpdateId: number;
  onParallelPolls(): void;
  onChange(): void;
}

/** An update with the id it has on the server, whatever it says itself. */
export interface QueuedUpdate {
  id: number;
  wire: WireUpdate;
}

/** All updates not yet confirmed, and the polls that wait for more. */
export class UpdateQueue {
  readonly #options: UpdateQueueOptions;
  readonly #history = new Map<number, WireUpdate>();
  #pending: QueuedUpdate[] = [];
  #repeats: QueuedUpdate[] = [];
  #allowed: ReadonlySet<string> | null = null;
  #waiting: WaitingPoll | null = null;
  #nextId: number;
  #quickConflictFrom = 0;

  constructor(options: UpdateQueueOptions) {
    this.#options = options;
    this.#nextId = options.firstUpdateId;
  }

  /** Queues an update; returns its id, or null when its type is not allowed. */
  push(content: UpdateContent): number | null {
    const type = Object.keys(content)[0] ?? "";
    const isAllowed = this.#allowed === null ? !NOT_BY_DEFAULT.has(type) : this.#allowed.has(type);
    if (!isAllowed) return null;
    return this.pushAny((id) => structuredClone({ update_id: id, ...content }));
  }

  /** Queues whatever `make` gives for its id, as a faulty server would; returns the id. */
  pushAny(make: (id: number) => unknown): number {
    const id = this.#nextId;
    // What a faulty server says need not be what the type says; nothing here looks into it.
    const wire = make(id) as WireUpdate;
    this.#nextId += 1;
    this.#history.set(id, wire);
    this.#pending.push({ id, wire });
    this.#wake();
    return id;
  }

  /** Hands an update over once more, whatever was confirmed. Throws for an id never given. */
  redeliver(updateId: number): void {
    const update = this.#history.get(updateId);
    if (update === undefined) throw new Error(`fake Telegram: there was no update ${updateId}`);
    this.#repeats.push({ id: updateId, wire: update });
    this.#wake();
  }

  /** Remembers `allowed_updates`; it holds for updates to come. An empty list means the default. */
  allow(types: readonly string[]): void {
    this.#allowed = types.length === 0 ? null : new Set(types);
  }

  get allowed(): readonly string[] | null {
    return this.#allowed === null ? null : [...this.#allowed];
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Ids of updates that are not confirmed yet. */
  pendingIds(): number[] {
    return this.#pending.map(({ id }) => id);
  }

  /** Every update ever queued. */
  all(): WireUpdate[] {
    return [...this.#history.values()];
  }

  clear(): void {
    this.#pending = [];
  }

  /** `getUpdates`: confirms what lies before `offset`, then answers or waits. */
  poll(request: PollRequest): Promise<WireUpdate[]> {
    const ready = this.#collect(request.offset, request.limit);
    const waitMs = this.#waitMs(request.timeoutS);
    // Like the real server: a poll that is answered at once disturbs no other.
    if (ready.length > 0 || waitMs === 0) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      if (this.#waiting !== null) this.#options.onParallelPolls();
      this.abortPoll(conflict(POLL_CONFLICT));
      const leave = (): void => {
        clearTimeout(timer);
        if (waiting.gatherTimer !== null) clearTimeout(waiting.gatherTimer);
        request.gone.removeEventListener("abort", onGone);
        if (this.#waiting === waiting) this.#waiting = null;
      };
      const waiting: WaitingPoll = {
        offset: request.offset,
        limit: request.limit,
        gatherTimer: null,
        answer: (updates) => {
          leave();
          resolve(updates);
        },
        refuse: (error, delayMs) => {
          leave();
          setTimeout(() => reject(error), delayMs).unref();
        },
      };
      const onGone = (): void => waiting.answer([]);
      const timer = setTimeout(() => waiting.answer(this.#collect(request.offset, request.limit)), waitMs);
      request.gone.addEventListener("abort", onGone);
      this.#waiting = waiting;
      if (request.gone.aborted) onGone();
      this.#options.onChange();
    });
  }

  /** Ends the waiting poll with an error, as `setWebhook` and a second poller do. */
  abortPoll(error: ApiError): void {
    if (this.#waiting === null) return;
    const isQuick = Date.now() >= this.#quickConflictFrom;
    if (isQuick) this.#quickConflictFrom = Date.now() + this.#options.conflictDelayMs;
    this.#waiting.refuse(error, isQuick ? 0 : this.#options.conflictDelayMs);
  }

  get hasWaitingPoll(): boolean {
    return this.#waiting !== null;
  }

  /** What a webhook has not taken yet, in order. */
  queued(): readonly QueuedUpdate[] {
    return [...this.#repeats, ...this.#pending];
  }

  /** Confirms one update that a webhook took. */
  confirm(update: QueuedUpdate): void {
    this.#repeats = this.#repeats.filter((one) => one !== update);
    this.#pending = this.#pending.filter((one) => one !== update);
    this.#options.onChange();
  }

  #waitMs(timeoutS: number): number {
    const waitMs = Math.min(Math.max(timeoutS, 0), MAX_POLL_TIMEOUT_S) * 1000;
    return Math.min(waitMs, this.#options.pollTimeoutCapMs ?? waitMs);
  }

  #collect(offset: number, limit: number): WireUpdate[] {
    if (offset < 0) this.#pending = this.#pending.slice(offset);
    // An offset beyond the end of the queue confirms nothing.
    else if (offset > 0 && offset <= this.#nextId) {
      this.#pending = this.#pending.filter(({ id }) => id >= offset);
    }
    const repeats = this.#repeats.splice(0);
    return [...repeats, ...this.#pending.slice(0, limit)].map(({ wire }) => wire);
  }

  #wake(): void {
    this.#options.onChange();
    const waiting = this.#waiting;
    if (waiting === null || waiting.gatherTimer !== null) return;
    waiting.gatherTimer = setTimeout(
      () => waiting.answer(this.#collect(waiting.offset, waiting.limit)),
      GATHER_MS,
    );
  }
}
