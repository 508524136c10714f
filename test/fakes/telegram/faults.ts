/**
 * Trouble on order (floods, lost answers), pacing limits, and the list of what a well-behaved bot must not do.
 * Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
 */

import { type ApiError, tooManyRequests } from "./errors.ts";

/** Something a bot did that it must not do. */
export interface Violation {
  kind:
    | "call-during-retry-after"
    | "too-fast"
    | "parallel-polls"
    | "callback-unanswered"
    | "callback-answered-late"
    | "token-handed-out";
  method: string;
  /** The `chat_id` of the call; null without one. */
  chatId: string | null;
  /** Epoch ms. */
  at: number;
  detail: string;
}

/** A storm of 429: ends after `times` refusals or after `forMs`, whichever is given. */
export interface FloodOptions {
  times?: number;
  forMs?: number;
  /** Seconds, as the wire says it; default 1. */
  retryAfter?: number;
  /** Method names; default every method that sends, edits or deletes. */
  methods?: readonly string[];
  /** Only for this chat. */
  chatId?: number;
}

/** A failing server. */
export interface FailOptions {
  /** A method name; default any. */
  method?: string;
  /** `disconnect` cuts the connection without an answer. */
  status?: 500 | 502 | 503 | "disconnect";
  /** Default 1. */
  times?: number;
  /** True: the call takes effect and its answer is lost, the connection is cut. */
  afterEffect?: boolean;
}

/** Pacing limits. */
export interface RateOptions {
  /** Least time between messages of one chat, on average; real 1000. */
  perChatMs: number;
  /** Messages that may come at once in a chat before `perChatMs` holds. */
  chatBurst: number;
  /** Messages in a group within `groupWindowMs`; real 20. */
  perGroup: number;
  /** Real 60000. */
  groupWindowMs: number;
  /** Messages in all within a second; real 30. */
  perSecond: number;
}

/** The limits as they are known of the real server. */
export const REAL_RATES: RateOptions = {
  perChatMs: 1000,
  chatBurst: 3,
  perGroup: 20,
  groupWindowMs: 60_000,
  perSecond: 30,
};

interface Flood extends FloodOptions {
  left: number;
  endsAt: number;
}

interface Failure {
  method: string | null;
  status: 500 | 502 | 503 | "disconnect";
  left: number;
  isAfterEffect: boolean;
}

/** Methods that count against the limits of their chat and of all chats together. */
export function isPaced(method: string): boolean {
  return /^(send(?!chataction|messagedraft)|edit|delete(message|messages)$|copy|forward)/i.test(method);
}

const TICK_MS = 20;
/** How long a hold-up of this process is allowed for. */
const LAG_KEPT_MS = 5_000;

/** How long this very process was held up lately: calls of that time look closer together than they were sent. */
class Lag {
  #holdUps: Array<{ at: number; ms: number }> = [];
  #tickedAt = Date.now();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#tick(Date.now()), TICK_MS).unref();
  }

  /** The longest hold-up of the last seconds. */
  longestMs(now: number): number {
    this.#tick(now);
    this.#holdUps = this.#holdUps.filter(({ at }) => now - at < LAG_KEPT_MS);
    return Math.max(0, ...this.#holdUps.map(({ ms }) => ms));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(now: number): void {
    const ms = now - this.#tickedAt - TICK_MS;
    if (ms > TICK_MS) this.#holdUps.push({ at: now, ms });
    this.#tickedAt = now;
  }
}

/** Decides before each call whether it fails, and remembers violations. */
export class Faults {
  readonly violations: Violation[] = [];
  readonly #floods: Flood[] = [];
  readonly #failures: Failure[] = [];
  readonly #holds = new Set<{ method: string; left: number; released: Promise<void> }>();
  /** Ms by method in lower case. */
  readonly #delays = new Map<string, number>();
  /** By chat or method: until when the bot was told to wait. */
  readonly #closedUntil = new Map<string, number>();
  readonly #sent: Array<{ chatId: string | null; at: number }> = [];
  readonly #rates: RateOptions | null;
  readonly #lag: Lag | null;
  readonly #retryAfterScale: number;

  constructor(options: { rates: RateOptions | null; retryAfterScale: number }) {
    this.#rates = options.rates;
    this.#lag = options.rates === null ? null : new Lag();
    this.#retryAfterScale = options.retryAfterScale;
  }

  stop(): void {
    this.#lag?.stop();
  }

  flood(options: FloodOptions): void {
    const { times, forMs } = options;
    this.#floods.push({
      ...options,
      left: times ?? (forMs === undefined ? 1 : Number.POSITIVE_INFINITY),
      endsAt: forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + forMs,
    });
  }

  fail(options: FailOptions): void {
    this.#failures.push({
      method: options.method?.toLowerCase() ?? null,
      status: options.status ?? 502,
      left: options.times ?? 1,
      isAfterEffect: options.afterEffect ?? false,
    });
  }

  /** Keeps the next answers of a method back until the returned function is called. */
  hold(method: string, times: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.add({ method: method.toLowerCase(), left: times, released: promise });
    return resolve;
  }

  /** What the answer of this call has to wait for; null for nothing. */
  takeHold(method: string): Promise<void> | null {
    const hold = [...this.#holds].find((one) => one.left > 0 && one.method === method);
    if (hold === undefined) return null;
    hold.left -= 1;
    return hold.released;
  }

  /** Delays the answers of a method. */
  slow(method: string, ms: number): void {
    this.#delays.set(method.toLowerCase(), ms);
  }

  /** How long the answer of this call is delayed. */
  delayMs(method: string): number {
    return this.#delays.get(method) ?? 0;
  }

  /** Ends all ordered trouble. */
  calm(): void {
    this.#delays.clear();
    this.#floods.length = 0;
    this.#failures.length = 0;
    this.#closedUntil.clear();
  }

  /** The failure that hits this call, if any. */
  takeFailure(method: string): { status: 500 | 502 | 503 | "disconnect"; isAfterEffect: boolean } | null {
    const failure = this.#failures.find(
      (one) => one.left > 0 && (one.method === null ? method !== "getupdates" : one.method === method),
    );
    if (failure === undefined) return null;
    failure.left -= 1;
    return failure;
  }

  /** Null when the call may pass, the 429 to answer otherwise. `method` is in lower case. */
  checkPace(method: string, chatId: string | null): ApiError | null {
    const now = Date.now();
    const isReading = /^(get|answer|log|close)/.test(method);
    if (isReading && !this.#isNamedInFlood(method)) return null;
    const key = chatId ?? `method ${method}`;
    const closedUntil = this.#closedUntil.get(key) ?? 0;
    if (now < closedUntil) {
      const leftMs = closedUntil - now;
      this.note("call-during-retry-after", method, chatId, `${leftMs} ms before the time was up`);
      return tooManyRequests(leftMs / 1000 / this.#retryAfterScale);
    }
    const flood = this.#floods.find((one) => hits(one, method, chatId, now));
    if (flood !== undefined) {
      flood.left -= 1;
      return this.#close(key, flood.retryAfter ?? 1);
    }
    const waitMs = chatId !== null ? this.#rateWaitMs(method, chatId, now) : 0;
    if (waitMs > 0) {
      this.note("too-fast", method, chatId, `${waitMs} ms too early`);
      return this.#close(key, waitMs / 1000);
    }
    return null;
  }

  note(kind: Violation["kind"], method: string, chatId: string | null, detail: string): void {
    this.violations.push({ kind, method, chatId, at: Date.now(), detail });
  }

  #isNamedInFlood(method: string): boolean {
    return this.#floods.some(
      (flood) => flood.methods?.some((name) => name.toLowerCase() === method) ?? false,
    );
  }

  #close(key: string, seconds: number): ApiError {
    const error = tooManyRequests(seconds);
    // Whole seconds on the wire; a little less is forgiven, clocks and timers are not exact.
    const waitMs = (error.parameters?.retry_after ?? 1) * 1000 * this.#retryAfterScale;
    this.#closedUntil.set(key, Date.now() + waitMs - Math.min(20, waitMs / 10));
    return error;
  }

  #rateWaitMs(method: string, chatId: string, now: number): number {
    const rates = this.#rates;
    // Signs of activity show nothing in their chat, but they are calls like any other.
    const isMessage = isPaced(method);
    if (rates === null || !(isMessage || method === "sendchataction")) return 0;
    const isGroup = chatId.startsWith("-") || chatId.startsWith("@");
    const lagMs = this.#lag?.longestMs(now) ?? 0;
    const inChat = (one: { chatId: string | null }) => one.chatId === chatId;
    const waits = [
      this.#windowWaitMs(now, 1000 - lagMs, rates.perSecond, () => true),
      isMessage
        ? this.#windowWaitMs(now, rates.perChatMs * rates.chatBurst - lagMs, rates.chatBurst, inChat)
        : 0,
      isMessage && isGroup ? this.#windowWaitMs(now, rates.groupWindowMs - lagMs, rates.perGroup, inChat) : 0,
    ];
    const waitMs = Math.max(...waits);
    if (waitMs === 0) this.#sent.push({ chatId: isMessage ? chatId : null, at: now });
    return waitMs;
  }

  #windowWaitMs(
    now: number,
    windowMs: number,
    most: number,
    counts: (one: { chatId: string | null }) => boolean,
  ): number {
    const recent = this.#sent.filter((one) => one.at > now - windowMs && counts(one));
    if (recent.length < most) return 0;
    const oldest = recent[recent.length - most];
    return oldest === undefined ? 0 : oldest.at + windowMs - now;
  }
}

function hits(flood: Flood, method: string, chatId: string | null, now: number): boolean {
  if (flood.left <= 0 || now >= flood.endsAt) return false;
  if (flood.chatId !== undefined && String(flood.chatId) !== chatId) return false;
  if (flood.methods === undefined) return isPaced(method);
  return flood.methods.some((name) => name.toLowerCase() === method);
}
