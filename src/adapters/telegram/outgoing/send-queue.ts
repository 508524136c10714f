/**
 * Calls on their way to Telegram, as fast as it allows: one after another in a chat, answers before
 * progress edits, everything waiting out a `retry_after`. Nothing is dropped but a progress edit that a
 * newer one replaces. Source: platforms.md, "Rates"; Bot API FAQ, "My bot is hitting limits".
 */
import { GrammyError, HttpError } from "grammy";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { backoffMs } from "../../../lib/backoff.ts";
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

export interface SendQueueOptions<Call, Result> {
  /** Makes a call; the signal ends it when the process does not wait for its answer any more. */
  make: (chatId: string, call: Call, signal: AbortSignal) => Promise<Result>;
  rateLimit: RateLimit;
  limits?: RetryOptions;
  clock: Clock;
  log: Log;
}

interface Waiting<Call, Result> {
  call: Call;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
  /** An edit of this progress message: `replaced` is called when a newer one takes its place. */
  progress: { key: string; replaced: () => void } | null;
  maxRetries: number;
}

interface Lane<Call, Result> {
  answers: Waiting<Call, Result>[];
  progress: Waiting<Call, Result>[];
}

export class SendQueue<Call, Result> {
  readonly #options: SendQueueOptions<Call, Result>;
  readonly #limits: RetryOptions;
  /** By chat; only of chats that something waits for. */
  readonly #lanes = new Map<string, Lane<Call, Result>>();
  readonly #stopped = new AbortController();
  /** Ends the requests that are under way. */
  readonly #cut = new AbortController();

  constructor(options: SendQueueOptions<Call, Result>) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_SEND_LIMITS;
  }

  /**
   * Makes a call when its chat's turn comes. Rejects with Telegram's refusal, or with `stop`'s reason.
   * `maxRetries` is for calls that there is another way for; what Telegram asks to wait for does not count.
   */
  send(chatId: string, call: Call, maxRetries = this.#limits.maxRetries): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#add(chatId, { call, resolve, reject, progress: null, maxRetries });
    });
  }

  /**
   * Makes an edit of a progress message once nothing more important waits. A newer one for the same `key` replaces
   * it, which resolves it too.
   */
  progress(chatId: string, key: string, call: Call): Promise<void> {
    const { maxRetries } = this.#limits;
    return new Promise((resolve, reject) => {
      const progress = { key, replaced: resolve };
      this.#add(chatId, { call, resolve: () => resolve(), reject, progress, maxRetries });
    });
  }

  /** Rejects everything that waits with `reason`, and what is under way if its answer does not come soon. */
  stop(reason: Error): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    for (const lane of this.#lanes.values()) rejectAll(lane, reason);
    setTimeout(() => this.#cut.abort(reason), GRACE_MS).unref();
  }

  #add(chatId: string, waiting: Waiting<Call, Result>): void {
    const known = this.#lanes.get(chatId);
    const lane = known ?? { answers: [], progress: [] };
    if (!waiting.progress) lane.answers.push(waiting);
    else {
      const older = sameProgress(lane, waiting);
      if (older < 0) lane.progress.push(waiting);
      else lane.progress.splice(older, 1, waiting)[0]?.progress?.replaced();
    }
    if (known) return;
    this.#lanes.set(chatId, lane);
    void this.#drain(chatId, lane);
  }

  async #drain(chatId: string, lane: Lane<Call, Result>): Promise<void> {
    try {
      while (lane.answers.length + lane.progress.length > 0) {
        await this.#options.rateLimit.take(chatId, this.#stopped.signal);
        // Looked at only now: what has been added since may be more important.
        const next = lane.answers.shift() ?? lane.progress.shift();
        if (next) await this.#make(chatId, lane, next).catch(next.reject);
      }
    } catch (error) {
      rejectAll(lane, error);
    } finally {
      this.#lanes.delete(chatId);
    }
  }

  /** Settles the call, unless it went back into its lane or this throws: then the process stops. */
  async #make(chatId: string, lane: Lane<Call, Result>, waiting: Waiting<Call, Result>): Promise<void> {
    const { make, rateLimit, clock, log } = this.#options;
    for (let retry = 0; ; retry++) {
      try {
        waiting.resolve(await make(chatId, waiting.call, this.#cut.signal));
        return;
      } catch (error) {
        const waitMs = this.#retryWait(error, retry, waiting.maxRetries);
        if (waitMs === null) {
          waiting.reject(error);
          return;
        }
        this.#stopped.signal.throwIfAborted();
        if (isFlood(error)) {
          await rateLimit.block(chatId, waitMs);
          log.warn({ chatId, waitMs }, "Telegram asks us to wait");
        } else {
          log.warn({ err: error, chatId, retry }, "a call to Telegram failed; trying again");
          await clock.sleep(waitMs, this.#stopped.signal);
        }
        if (givesWay(lane, waiting)) return;
        await rateLimit.take(chatId, this.#stopped.signal);
      }
    }
  }

  /** How long to wait before the same call again; null when Telegram's answer is final. */
  #retryWait(error: unknown, retry: number, maxRetries: number): number | null {
    if (error instanceof GrammyError) {
      if (error.error_code === 429) return Math.max(1_000, askedWaitMs(error)) + 50;
      if (error.error_code < 500) return null;
    } else if (!(error instanceof HttpError)) return null;
    // No answer to a send: it may have arrived. A doubled answer is better than none at all.
    if (retry >= maxRetries) return null;
    return backoffMs(retry + 1, { firstMs: this.#limits.retryWaitMs, longestMs: MAX_RETRY_WAIT_MS });
  }
}

/** Where an edit of the same progress message waits; below 0: nowhere. */
function sameProgress<C, R>({ progress }: Lane<C, R>, one: Waiting<C, R>): number {
  return progress.findIndex((other) => other.progress?.key === one.progress?.key);
}

/** True when a progress edit that failed is not the next thing to try. */
function givesWay<C, R>(lane: Lane<C, R>, failed: Waiting<C, R>): boolean {
  if (!failed.progress) return false;
  // A newer one is better than repeating this one.
  if (sameProgress(lane, failed) >= 0) failed.progress.replaced();
  else if (lane.answers.length > 0) lane.progress.unshift(failed);
  else return false;
  return true;
}

function rejectAll<C, R>(lane: Lane<C, R>, reason: unknown): void {
  for (const { reject } of [...lane.answers.splice(0), ...lane.progress.splice(0)]) reject(reason);
}

function isFlood(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 429;
}
