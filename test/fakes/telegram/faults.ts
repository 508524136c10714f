/**
 * Trouble on order (floods, lost answers), the allowance of a chat, and the list of what a well-behaved bot must not do.
 * Source: platforms.md, "Rates"; core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
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
  /** The call is refused with 400 and these words instead. */
  refusal?: string;
  /** Default 1. */
  times?: number;
  /** True: the call takes effect and its answer is lost, the connection is cut. */
  afterEffect?: boolean;
}

/** What one chat takes: new messages and edits together, a forum with all its topics as one. */
export interface RateOptions {
  /** Sustained calls within `minuteMs`; real 20. */
  perMinute: number;
  /** Real 60000; shorter in tests that scale time. */
  minuteMs: number;
  /** Calls that a chat takes at once after a quiet time. */
  burst: number;
}

/** The maintainer's rule (tdlib/td#2592 and #3034); how short a "short burst" is nobody has said. */
export const REAL_RATES: RateOptions = { perMinute: 20, minuteMs: 60_000, burst: 20 };

/** The longest wait that a chat is told, in seconds; it grows with each refusal until then. */
const LONGEST_WAIT_S = 300;

interface Flood extends FloodOptions {
  left: number;
  endsAt: number;
}

interface Failure {
  method: string | null;
  status: 500 | 502 | 503 | "disconnect";
  refusal: string | null;
  left: number;
  isAfterEffect: boolean;
}

/** Methods that a flood hits unless it names others. */
export function isPaced(method: string): boolean {
  return /^(send(?!chataction|messagedraft)|edit|delete(message|messages)$|copy|forward)/i.test(method);
}

/** Methods that take from their chat's allowance: not activity, drafts, reactions, deletions, answers to presses. */
function takesAllowance(method: string): boolean {
  return /^(send(?!chataction|\w*draft)|edit|copy|forward)/i.test(method);
}

/** How long after a refusal calls still arrive that left before its answer was read. */
const ON_THE_WIRE_MS = 100;

/** A chat's allowance. */
interface Bucket {
  /** Calls that are left; between refills a fraction. */
  left: number;
  at: number;
  /** Refusals since it was full. */
  refusals: number;
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
  readonly #closed = new Map<string, { from: number; until: number }>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #rates: RateOptions | null;
  readonly #retryAfterScale: number;

  constructor(options: { rates: RateOptions | null; retryAfterScale: number }) {
    this.#rates = options.rates;
    this.#retryAfterScale = options.retryAfterScale;
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
      refusal: options.refusal ?? null,
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
    this.#closed.clear();
  }

  /** The failure that hits this call, if any. */
  takeFailure(method: string): Pick<Failure, "status" | "refusal" | "isAfterEffect"> | null {
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
    const isCounted = chatId !== null && takesAllowance(method);
    // What is outside of a chat's allowance is put off for itself.
    const key = isCounted ? chatId : `${method} ${chatId}`;
    const closed = this.#closed.get(key);
    if (closed && now < closed.until) {
      const leftMs = closed.until - now;
      if (now - closed.from > ON_THE_WIRE_MS) {
        this.note("call-during-retry-after", method, chatId, `${leftMs} ms before the time was up`);
      }
      return tooManyRequests(leftMs / 1000 / this.#retryAfterScale);
    }
    const flood = this.#floods.find((one) => hits(one, method, chatId, now));
    if (flood !== undefined) {
      flood.left -= 1;
      return this.#close(key, flood.retryAfter ?? 1);
    }
    const waitMs = isCounted ? this.#takeFrom(chatId, now) : 0;
    return waitMs > 0 ? this.#close(key, waitMs / 1000 / this.#retryAfterScale) : null;
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
    const from = Date.now();
    this.#closed.set(key, { from, until: from + waitMs - Math.min(20, waitMs / 10) });
    return error;
  }

  /** Ms to wait when nothing is left: until there is one call more, then two, four, and so on. */
  #takeFrom(chatId: string, now: number): number {
    if (this.#rates === null) return 0;
    const { perMinute, minuteMs, burst } = this.#rates;
    const bucket = this.#buckets.get(chatId) ?? { left: burst, at: now, refusals: 0 };
    this.#buckets.set(chatId, bucket);
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / minuteMs) * perMinute);
    bucket.at = now;
    if (bucket.left === burst) bucket.refusals = 0;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    const wanted = Math.min(2 ** bucket.refusals, burst);
    bucket.refusals += 1;
    const longestMs = LONGEST_WAIT_S * 1000 * this.#retryAfterScale;
    return Math.min(((wanted - bucket.left) / perMinute) * minuteMs, longestMs);
  }
}

function hits(flood: Flood, method: string, chatId: string | null, now: number): boolean {
  if (flood.left <= 0 || now >= flood.endsAt) return false;
  if (flood.chatId !== undefined && String(flood.chatId) !== chatId) return false;
  if (flood.methods === undefined) return isPaced(method);
  return flood.methods.some((name) => name.toLowerCase() === method);
}
