/**
 * Calls on their way to Telegram, at the pace it allows: one after another in a chat, answers before
 * progress edits, everything waiting out a `retry_after`. Nothing is dropped but a progress edit that a
 * newer one replaces. Source: platforms.md, "Rates"; Bot API FAQ, "My bot is hitting limits".
 */
import { GrammyError, HttpError } from "grammy";
import type { Clock, Log } from "../../core/ports.ts";

export interface OutboxOptions {
  /** Calls of one chat within `chatWindowMs`. */
  perChat: number;
  chatWindowMs: number;
  /** Calls of one group within `groupWindowMs`; Telegram allows 20. */
  perGroup: number;
  groupWindowMs: number;
  /** Calls of all chats within a second, spread evenly over it; Telegram allows about 30. */
  perSecond: number;
  /** Tries after a server error or a broken connection, and the wait before the first of them. */
  maxRetries: number;
  retryWaitMs: number;
}

export const DEFAULT_OUTBOX_OPTIONS: OutboxOptions = {
  perChat: 3,
  chatWindowMs: 3_300,
  perGroup: 18,
  groupWindowMs: 60_000,
  perSecond: 25,
  maxRetries: 8,
  retryWaitMs: 500,
};
const MAX_RETRY_WAIT_MS = 30_000;
/** A second's calls go out in fifths: in bursts, delays on the way could press those of two seconds into one. */
const SLICE_MS = 200;

interface Call {
  run: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  /** Progress of this message: a newer call with the same key takes its place. */
  progressKey: string | null;
  maxRetries: number;
}

interface Box {
  answers: Call[];
  progress: Call[];
  isRunning: boolean;
  /** When the last calls left, oldest first. */
  sentAt: number[];
  /** Not before: Telegram said so. */
  blockedUntil: number;
}

export class Outbox {
  readonly #boxes = new Map<string, Box>();
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: OutboxOptions;
  readonly #stopped = new AbortController();
  #sentAt: number[] = [];

  constructor(log: Log, clock: Clock, options: OutboxOptions = DEFAULT_OUTBOX_OPTIONS) {
    this.#log = log;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Makes a call when its chat's turn comes. Rejects with Telegram's refusal, or with `stop`'s reason.
   * `maxRetries` is for calls that there is another way for; what Telegram asks to wait for does not count.
   */
  send<T>(chatId: string, run: () => Promise<T>, maxRetries = this.#options.maxRetries): Promise<T> {
    return this.#enqueue(chatId, run, null, maxRetries);
  }

  /**
   * Makes an edit of a progress message once nothing more important waits. A newer one for the same `key`
   * replaces it; the replaced call resolves with undefined.
   */
  progress<T>(chatId: string, key: string, run: () => Promise<T>): Promise<T | undefined> {
    return this.#enqueue<T | undefined>(chatId, run, key, this.#options.maxRetries);
  }

  /** True while Telegram has asked us to wait: the moment to leave out what is not needed. */
  isBlocked(chatId: string): boolean {
    return (this.#boxes.get(chatId)?.blockedUntil ?? 0) > this.#clock.now();
  }

  /** Forgets what waits for a chat that is gone. */
  clear(chatId: string, reason: Error): void {
    const box = this.#boxes.get(chatId);
    for (const call of [...(box?.answers.splice(0) ?? []), ...(box?.progress.splice(0) ?? [])])
      call.reject(reason);
  }

  /** Rejects everything that waits. */
  stop(reason: Error): void {
    this.#stopped.abort(reason);
    for (const chatId of this.#boxes.keys()) this.clear(chatId, reason);
  }

  #enqueue<T>(
    chatId: string,
    run: () => Promise<T>,
    progressKey: string | null,
    maxRetries: number,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const box = this.#boxes.get(chatId) ?? newBox();
      this.#boxes.set(chatId, box);
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
      if (!box.isRunning) void this.#drain(chatId, box);
    });
  }

  async #drain(chatId: string, box: Box): Promise<void> {
    box.isRunning = true;
    try {
      while (box.answers.length + box.progress.length > 0) {
        await this.#awaitPace(chatId, box);
        // Looked at only now: what came while we waited may be more important.
        const call = box.answers.shift() ?? box.progress.shift();
        if (call) await this.#make(chatId, box, call);
      }
    } catch (error) {
      for (const call of [...box.answers.splice(0), ...box.progress.splice(0)]) call.reject(error);
    } finally {
      box.isRunning = false;
      this.#forgetIfIdle(chatId, box);
    }
  }

  async #make(chatId: string, box: Box, call: Call): Promise<void> {
    for (let retry = 0; ; retry++) {
      try {
        call.resolve(await call.run());
        return;
      } catch (error) {
        const waitMs = this.#retryWait(error, retry, call.maxRetries);
        if (waitMs === null) {
          call.reject(error);
          return;
        }
        if (isFlood(error)) {
          box.blockedUntil = this.#clock.now() + waitMs;
          this.#log.warn({ chatId, waitMs }, "Telegram asks us to wait");
        } else {
          this.#log.warn({ err: error, chatId, retry }, "a call to Telegram failed; trying again");
          await this.#clock.sleep(waitMs, this.#stopped.signal);
        }
        if (call.progressKey !== null && this.#givesWay(box, call)) return;
        await this.#awaitPace(chatId, box);
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
      if (error.error_code === 429) return Math.max(1, error.parameters.retry_after ?? 1) * 1000 + 50;
      if (error.error_code < 500) return null;
    } else if (!(error instanceof HttpError)) return null;
    // No answer to a send: it may have arrived. A doubled answer is better than none at all.
    if (retry >= maxRetries) return null;
    return Math.min(this.#options.retryWaitMs * 2 ** retry, MAX_RETRY_WAIT_MS);
  }

  /** Waits for a place in the pace, and takes it: many chats may be waiting for the same one. */
  async #awaitPace(chatId: string, box: Box): Promise<void> {
    for (;;) {
      this.#stopped.signal.throwIfAborted();
      const waitMs = this.#paceWait(chatId, box);
      if (waitMs <= 0) {
        const now = this.#clock.now();
        box.sentAt.push(now);
        this.#sentAt.push(now);
        return;
      }
      await this.#clock.sleep(waitMs, this.#stopped.signal);
    }
  }

  #paceWait(chatId: string, box: Box): number {
    const now = this.#clock.now();
    const { perChat, chatWindowMs, perGroup, groupWindowMs, perSecond } = this.#options;
    const isGroup = chatId.startsWith("-");
    box.sentAt = box.sentAt.filter((at) => now - at < (isGroup ? groupWindowMs : chatWindowMs));
    this.#sentAt = this.#sentAt.filter((at) => now - at < SLICE_MS);
    return Math.max(
      box.blockedUntil - now,
      windowWait(
        box.sentAt.filter((at) => now - at < chatWindowMs),
        perChat,
        chatWindowMs,
        now,
      ),
      isGroup ? windowWait(box.sentAt, perGroup, groupWindowMs, now) : 0,
      windowWait(this.#sentAt, Math.max(1, Math.floor((perSecond * SLICE_MS) / 1_000)), SLICE_MS, now),
    );
  }

  #forgetIfIdle(chatId: string, box: Box): void {
    const last = box.sentAt.at(-1) ?? 0;
    const now = this.#clock.now();
    // A box with a memory of recent calls stays; it is looked at again with the next call.
    if (now - last >= this.#options.groupWindowMs && box.blockedUntil <= now) this.#boxes.delete(chatId);
    if (this.#boxes.size > 1_000) this.#sweep(now);
  }

  #sweep(now: number): void {
    for (const [chatId, box] of this.#boxes) {
      const isQuiet = now - (box.sentAt.at(-1) ?? 0) >= this.#options.groupWindowMs;
      if (!box.isRunning && isQuiet && box.blockedUntil <= now) this.#boxes.delete(chatId);
    }
  }
}

/** Ms until one more call fits into a window of `limit` calls. */
function windowWait(sentAt: readonly number[], limit: number, windowMs: number, now: number): number {
  if (sentAt.length < limit) return 0;
  const leaving = sentAt[sentAt.length - limit] ?? now;
  return leaving + windowMs - now;
}

function isFlood(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 429;
}

function newBox(): Box {
  return { answers: [], progress: [], isRunning: false, sentAt: [], blockedUntil: 0 };
}
