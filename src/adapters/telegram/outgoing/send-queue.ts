/**
 * Calls on their way to Telegram. What a person is owed leaves at once, one after another in each conversation, and
 * waits for nothing but a `retry_after` of its chat; decoration leaves now or not at all. A chat that has refused a
 * call is sent one after another for a while, whatever the topic. Source: platforms.md, "Rates".
 */
import { GrammyError, HttpError } from "grammy";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { backoffMs } from "../../../lib/backoff.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { askedWaitMs } from "../retry-after.ts";
import { type Allowance, type AllowanceLimits, DEFAULT_ALLOWANCE, type DecorationKind } from "./allowance.ts";

/** How to try again. */
export interface RetryOptions {
  /** Tries after a server error or a broken connection, and the wait before the first of them. */
  maxRetries: number;
  retryWaitMs: number;
}

export type SendLimits = AllowanceLimits & RetryOptions;

export const DEFAULT_SEND_LIMITS: SendLimits = { ...DEFAULT_ALLOWANCE, maxRetries: 8, retryWaitMs: 500 };
const MAX_RETRY_WAIT_MS = 30_000;
/** How long a stop lets requests under way come to their answer. */
const GRACE_MS = 2_000;
/** How long a slow call is waited for before what follows it in its conversation leaves beside it. */
const SLOW_MS = 2_000;

export interface SendQueueOptions<Call, Result> {
  /** Makes a call; the signal ends it when the process does not wait for its answer any more. */
  make: (chatId: string, call: Call, signal: AbortSignal) => Promise<Result>;
  allowance: Allowance;
  limits?: RetryOptions;
  clock: Clock;
  log: Log;
}

/** Where a call goes: a conversation of a chat, such as a topic. */
export interface Place {
  chatId: string;
  /** Calls with the same lane keep their order. */
  lane: string;
}

export interface SendOptions {
  /** Tries after a server error or a broken connection; what Telegram asks to wait for does not count. */
  maxRetries?: number | undefined;
  /** It may take as long as an upload does: what follows it may be there first. */
  isSlow?: boolean;
  /** It takes nothing from the chat's allowance; a 429 is its caller's, and blocks nothing else. */
  isOutside?: boolean;
}

/** There is no room for decoration now. */
export class NoRoomError extends Error {
  constructor() {
    super("there is no room for decoration now");
  }
}

type KeyedQueue = ReturnType<typeof createKeyedQueue>;

export class SendQueue<Call, Result> {
  readonly #options: SendQueueOptions<Call, Result>;
  readonly #limits: RetryOptions;
  readonly #lanes = createKeyedQueue();
  /** By chat: of those that have refused a call lately. */
  readonly #strained = createKeyedQueue();
  /** Rejects what waits for its turn. */
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #stopped = new AbortController();
  /** Ends the requests that are under way. */
  readonly #cut = new AbortController();

  constructor(options: SendQueueOptions<Call, Result>) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_SEND_LIMITS;
  }

  /** Makes a call when its turn comes. Rejects with Telegram's refusal, or with `stop`'s reason. */
  send({ chatId, lane }: Place, call: Call, options: SendOptions = {}): Promise<Result> {
    return this.#inTurn(this.#lanes, lane, (release) => this.#make(chatId, call, options, release));
  }

  /**
   * Makes a call of decoration, once and beside all others. Rejects with `NoRoomError` when there is no room now,
   * with Telegram's refusal, and with `stop`'s reason.
   */
  async decorate(chatId: string, call: Call, kind: DecorationKind, signal: AbortSignal): Promise<Result> {
    const { make, allowance } = this.#options;
    this.#stopped.signal.throwIfAborted();
    if (!(await allowance.take(chatId, kind))) throw new NoRoomError();
    this.#stopped.signal.throwIfAborted();
    try {
      return await make(chatId, call, AbortSignal.any([signal, this.#cut.signal]));
    } catch (error) {
      if (!isFlood(error)) throw error;
      this.#block(chatId, error);
      throw new NoRoomError();
    }
  }

  /** Rejects everything that waits with `reason`, and what is under way if its answer does not come soon. */
  stop(reason: Error): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
    setTimeout(() => this.#cut.abort(reason), GRACE_MS).unref();
  }

  /** Runs a task in its turn of `key`. Once it is released, the next one may run beside it. */
  #inTurn<T>(queue: KeyedQueue, key: string, task: (release: () => void) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    void queue(key, async () => {
      this.#waiting.delete(reject);
      if (this.#stopped.signal.aborted) return reject(this.#stopped.signal.reason);
      const released = Promise.withResolvers<void>();
      task(released.resolve).then(resolve, reject).finally(released.resolve);
      await released.promise;
    });
    return promise;
  }

  async #make(chatId: string, call: Call, options: SendOptions, release: () => void): Promise<Result> {
    const { clock, log } = this.#options;
    const { maxRetries = this.#limits.maxRetries, isOutside = false } = options;
    for (let retries = 0; ; ) {
      try {
        return await this.#attempt(chatId, call, options, release);
      } catch (error) {
        const isPutOff = isFlood(error) && !isOutside;
        // No answer to a send: it may have arrived. A doubled answer is better than none at all.
        if (!isPutOff && (!isTrouble(error) || retries >= maxRetries)) throw error;
        this.#stopped.signal.throwIfAborted();
        if (isPutOff) {
          this.#block(chatId, error);
          continue;
        }
        log.warn({ err: error, chatId, retry: retries }, "a call to Telegram failed; trying again");
        const { retryWaitMs: firstMs } = this.#limits;
        const waitMs = backoffMs(++retries, { firstMs, longestMs: MAX_RETRY_WAIT_MS });
        await clock.sleep(waitMs, this.#stopped.signal);
      }
    }
  }

  #attempt(chatId: string, call: Call, options: SendOptions, release: () => void): Promise<Result> {
    const { make, allowance } = this.#options;
    if (options.isOutside) return make(chatId, call, this.#cut.signal);
    const leave = async (releaseChat?: () => void) => {
      await this.#untilOpen(chatId);
      allowance.count(chatId);
      const overtaken = () => {
        release();
        releaseChat?.();
      };
      const timer = options.isSlow ? setTimeout(overtaken, SLOW_MS) : undefined;
      try {
        return await make(chatId, call, this.#cut.signal);
      } finally {
        clearTimeout(timer);
      }
    };
    // All that waits out a `retry_after` would else leave in one moment, and be refused again.
    return allowance.isStrained(chatId) ? this.#inTurn(this.#strained, chatId, leave) : leave();
  }

  async #untilOpen(chatId: string): Promise<void> {
    const { allowance, clock } = this.#options;
    for (;;) {
      const waitMs = allowance.blockedForMs(chatId);
      if (waitMs <= 0) return;
      await clock.sleep(waitMs, this.#stopped.signal);
    }
  }

  #block(chatId: string, error: unknown): void {
    const { allowance, log } = this.#options;
    const waitMs = Math.max(1_000, askedWaitMs(error)) + 50;
    allowance.block(chatId, waitMs);
    log.warn({ chatId, waitMs }, "Telegram asks us to wait");
  }
}

function isFlood(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 429;
}

/** The server's or the connection's: the same call may work the next time. */
function isTrouble(error: unknown): boolean {
  return error instanceof HttpError || (error instanceof GrammyError && error.error_code >= 500);
}
