/**
 * Calls on their way to Telegram, as fast as it allows: one after another in a chat, answers before
 * progress edits, everything waiting out a `retry_after`. Nothing is dropped but a progress edit that a
 * newer one replaces. Source: platforms.md, "Rates"; Bot API FAQ, "My bot is hitting limits".
 */
import { GrammyError, HttpError } from "grammy";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { askedWaitMs } from "../retry-after.ts";
import { DEFAULT_RATE_LIMITS, type RateLimit, type RateLimits } from "./rate-limit.ts";

/** How to try again. */
export interface RetryOptions {
  /** Tries after a server error or a broken connection, and the wait before the first of them. */
  maxRetries: number;
  retryWaitMs: number;
}

export type SendLimits = RateLimits & RetryOptions;

export const DEFAULT_SEND_LIMITS: SendLimits = { ...DEFAULT_RATE_LIMITS, maxRetries: 8, retryWaitMs: 500 };
const MAX_RETRY_WAIT_MS = 30_000;
/** How long a stop lets requests under way come to their answer. */
const GRACE_MS = 2_000;

/** Makes the request. The signal ends it when the process does not wait for its answer any more. */
export type Run<T> = (signal: AbortSignal) => Promise<T>;

interface Call {
  run: Run<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  /** Progress of this message: a newer call with the same key takes its place. */
  progressKey: string | null;
  maxRetries: number;
}

interface Box {
  answers: Call[];
  progress: Call[];
}

export class SendQueue {
  /** The chats that something waits for. */
  readonly #boxes = new Map<string, Box>();
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #rateLimit: RateLimit;
  readonly #options: RetryOptions;
  readonly #stopped = new AbortController();
  /** Ends the requests that are under way. */
  readonly #cut = new AbortController();

  constructor(log: Log, clock: Clock, rateLimit: RateLimit, options: RetryOptions = DEFAULT_SEND_LIMITS) {
    this.#log = log;
    this.#clock = clock;
    this.#rateLimit = rateLimit;
    this.#options = options;
  }

  /**
   * Makes a call when its chat's turn comes. Rejects with Telegram's refusal, or with `stop`'s reason.
   * `maxRetries` is for calls that there is another way for; what Telegram asks to wait for does not count.
   */
  send<T>(chatId: string, run: Run<T>, maxRetries = this.#options.maxRetries): Promise<T> {
    return this.#enqueue(chatId, run, null, maxRetries);
  }

  /**
   * Makes an edit of a progress message once nothing more important waits. A newer one for the same `key`
   * replaces it; the replaced call resolves with undefined.
   */
  progress<T>(chatId: string, key: string, run: Run<T>): Promise<T | undefined> {
    return this.#enqueue<T | undefined>(chatId, run, key, this.#options.maxRetries);
  }

  /** Forgets what waits for a chat that is gone. */
  clear(chatId: string, reason: Error): void {
    const box = this.#boxes.get(chatId);
    if (box) rejectAll(box, reason);
  }

  /** Rejects everything that waits with `reason`, and what is under way if its answer does not come soon. */
  stop(reason: Error): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    for (const box of this.#boxes.values()) rejectAll(box, reason);
    setTimeout(() => this.#cut.abort(reason), GRACE_MS).unref();
  }

  #enqueue<T>(chatId: string, run: Run<T>, progressKey: string | null, maxRetries: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const known = this.#boxes.get(chatId);
      const box = known ?? { answers: [], progress: [] };
      // `run` and `resolve` belong to the same T; the box holds calls of many.
      const call: Call = {
        run,
        resolve: resolve as (value: unknown) => void,
        reject,
        progressKey,
        maxRetries,
      };
      if (progressKey === null) box.answers.push(call);
      else {
        const older = box.progress.findIndex((one) => one.progressKey === progressKey);
        if (older >= 0) box.progress.splice(older, 1, call)[0]?.resolve(undefined);
        else box.progress.push(call);
      }
      if (known) return;
      this.#boxes.set(chatId, box);
      void this.#drain(chatId, box);
    });
  }

  async #drain(chatId: string, box: Box): Promise<void> {
    try {
      while (box.answers.length + box.progress.length > 0) {
        await this.#rateLimit.take(chatId, this.#stopped.signal);
        // Looked at only now: what came while we waited may be more important.
        const call = box.answers.shift() ?? box.progress.shift();
        if (call) await this.#make(chatId, box, call).catch(call.reject);
      }
    } catch (error) {
      rejectAll(box, error);
    } finally {
      this.#boxes.delete(chatId);
    }
  }

  /** Settles the call, unless it went back into its box or this throws: then the process stops. */
  async #make(chatId: string, box: Box, call: Call): Promise<void> {
    for (let retry = 0; ; retry++) {
      try {
        call.resolve(await call.run(this.#cut.signal));
        return;
      } catch (error) {
        const waitMs = this.#retryWait(error, retry, call.maxRetries);
        if (waitMs === null) {
          call.reject(error);
          return;
        }
        this.#stopped.signal.throwIfAborted();
        if (isFlood(error)) {
          await this.#rateLimit.block(chatId, waitMs);
          this.#log.warn({ chatId, waitMs }, "Telegram asks us to wait");
        } else {
          this.#log.warn({ err: error, chatId, retry }, "a call to Telegram failed; trying again");
          await this.#clock.sleep(waitMs, this.#stopped.signal);
        }
        if (call.progressKey !== null && this.#givesWay(box, call)) return;
        await this.#rateLimit.take(chatId, this.#stopped.signal);
      }
    }
  }

  /** True when a progress edit that failed is not the next thing to try. */
  #givesWay(box: Box, call: Call): boolean {
    // A newer one is better than repeating this one.
    if (box.progress.some((one) => one.progressKey === call.progressKey)) call.resolve(undefined);
    else if (box.answers.length > 0) box.progress.unshift(call);
    else return false;
    return true;
  }

  /** How long to wait before the same call again; null when Telegram's answer is final. */
  #retryWait(error: unknown, retry: number, maxRetries: number): number | null {
    if (error instanceof GrammyError) {
      if (error.error_code === 429) return Math.max(1_000, askedWaitMs(error)) + 50;
      if (error.error_code < 500) return null;
    } else if (!(error instanceof HttpError)) return null;
    // No answer to a send: it may have arrived. A doubled answer is better than none at all.
    if (retry >= maxRetries) return null;
    return Math.min(this.#options.retryWaitMs * 2 ** retry, MAX_RETRY_WAIT_MS);
  }
}

function rejectAll(box: Box, reason: unknown): void {
  for (const call of [...box.answers.splice(0), ...box.progress.splice(0)]) call.reject(reason);
}

function isFlood(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 429;
}
