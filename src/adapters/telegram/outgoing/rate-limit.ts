/**
 * How fast calls may leave for Telegram: some a chat, a group and a second, and nothing to a chat while a
 * `retry_after` lasts. Source: platforms.md, "Rates"; Bot API FAQ, "My bot is hitting limits".
 */
import type { Clock } from "../../../core/ports/runtime.ts";

export interface RateLimits {
  /** Calls of one chat within `chatWindowMs`. */
  perChat: number;
  chatWindowMs: number;
  /** Calls of one group within `groupWindowMs`; Telegram allows 20. */
  perGroup: number;
  groupWindowMs: number;
  /** Calls of all chats within a second, spread evenly over it; Telegram allows about 30. */
  perSecond: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  perChat: 3,
  chatWindowMs: 3_300,
  perGroup: 18,
  groupWindowMs: 60_000,
  perSecond: 25,
};

/** Who may call when. */
export interface RateLimit {
  /** Resolves when a call to the chat may leave; the place is taken by then. Rejects with the signal's reason. */
  take(chatId: string, signal: AbortSignal): Promise<void>;
  /** A place for what may just as well be left out; false when all places are needed for answers. Never waits for one. */
  takeSpare(chatId: string): Promise<boolean>;
  /** Telegram wants nothing in this chat for so long. */
  block(chatId: string, waitMs: number): Promise<void>;
}

/** What is remembered of one chat: when the last calls left, oldest first, and until when Telegram wants none. */
export interface ChatCalls {
  at: number[];
  blockedUntil: number;
}

/** A second's calls go out in fifths: in bursts, delays on the way could press those of two seconds into one. */
const SLICE_MS = 200;
/** How long a call counts towards all chats together. */
export const SECOND_MS = 1_000;
/** Chats remembered before the quiet ones are looked for. */
const MANY_CHATS = 1_000;

/** Ms until a call to the chat may leave, given what left before; 0 or less: now. `all` are the calls of all chats. */
export function waitBefore(
  chatId: string,
  chat: ChatCalls,
  all: readonly number[],
  now: number,
  options: RateLimits,
): number {
  const { perChat, chatWindowMs, perGroup, groupWindowMs, perSecond } = options;
  return Math.max(
    chat.blockedUntil - now,
    windowWait(chat.at, perChat, chatWindowMs, now),
    isGroup(chatId) ? windowWait(chat.at, perGroup, groupWindowMs, now) : 0,
    windowWait(all, sliceOf(perSecond), SLICE_MS, now),
  );
}

/**
 * Whether a call that may be left out can go to the chat now: half of a second's calls and the last of each slice
 * are for answers alone.
 */
export function isSpare(chat: ChatCalls, all: readonly number[], now: number, options: RateLimits): boolean {
  return (
    chat.blockedUntil <= now &&
    windowWait(all, Math.max(1, sliceOf(options.perSecond) - 1), SLICE_MS, now) <= 0 &&
    windowWait(all, Math.ceil(options.perSecond / 2), SECOND_MS, now) <= 0
  );
}

/** Calls that still count for a chat. */
export function recentOf(chatId: string, at: readonly number[], now: number, options: RateLimits): number[] {
  const windowMs = isGroup(chatId)
    ? Math.max(options.groupWindowMs, options.chatWindowMs)
    : options.chatWindowMs;
  return at.filter((time) => now - time < windowMs);
}

function isGroup(chatId: string): boolean {
  return chatId.startsWith("-");
}

function sliceOf(perSecond: number): number {
  return Math.max(1, Math.floor((perSecond * SLICE_MS) / SECOND_MS));
}

/** Ms until one more call fits into a window of `limit` calls. */
function windowWait(at: readonly number[], limit: number, windowMs: number, now: number): number {
  const leaving = at.length < limit ? undefined : at[at.length - limit];
  return leaving === undefined ? 0 : leaving + windowMs - now;
}

/** The rate limit of this process alone. */
export class LocalRateLimit implements RateLimit {
  readonly #clock: Clock;
  readonly #options: RateLimits;
  readonly #chats = new Map<string, ChatCalls>();
  #all: number[] = [];

  constructor(clock: Clock, options: RateLimits = DEFAULT_RATE_LIMITS) {
    this.#clock = clock;
    this.#options = options;
  }

  async take(chatId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      // Looked at again after every wait: many chats may be waiting for the same place.
      const now = this.#clock.now();
      const waitMs = waitBefore(chatId, this.#look(chatId, now), this.#all, now, this.#options);
      if (waitMs <= 0) return this.count(chatId);
      await this.#clock.sleep(waitMs, signal);
    }
  }

  async takeSpare(chatId: string): Promise<boolean> {
    const now = this.#clock.now();
    if (!isSpare(this.#look(chatId, now), this.#all, now, this.#options)) return false;
    this.#all.push(now);
    return true;
  }

  async block(chatId: string, waitMs: number): Promise<void> {
    this.#remember(chatId).blockedUntil = this.#clock.now() + waitMs;
  }

  /** Counts a call that leaves now. */
  count(chatId: string): void {
    const now = this.#clock.now();
    this.#remember(chatId).at.push(now);
    this.#all.push(now);
  }

  #look(chatId: string, now: number): ChatCalls {
    this.#all = this.#all.filter((at) => now - at < SECOND_MS);
    const chat = this.#chats.get(chatId);
    if (!chat) return { at: [], blockedUntil: 0 };
    chat.at = recentOf(chatId, chat.at, now, this.#options);
    return chat;
  }

  #remember(chatId: string): ChatCalls {
    const known = this.#chats.get(chatId);
    if (known) return known;
    if (this.#chats.size >= MANY_CHATS) this.#forgetQuiet();
    const chat = { at: [], blockedUntil: 0 };
    this.#chats.set(chatId, chat);
    return chat;
  }

  #forgetQuiet(): void {
    const now = this.#clock.now();
    for (const [chatId, chat] of this.#chats) {
      const isQuiet = recentOf(chatId, chat.at, now, this.#options).length === 0;
      if (isQuiet && chat.blockedUntil <= now) this.#chats.delete(chatId);
    }
  }
}
