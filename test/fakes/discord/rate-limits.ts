/**
 * Buckets as the real server has them, floods made to order, and who comes back too early.
 * Source: Discord docs, "Rate Limits".
 */

import { type CallFilter, type CallRecord, fits } from "./calls.ts";
import type { JsonObject } from "./wire.ts";

/** A flood: the next calls of some routes are answered with 429. */
export interface Flood {
  /** All calls without it. */
  routes?: CallFilter;
  times: number;
  retryAfterS: number;
  isGlobal?: boolean;
  scope?: "user" | "global" | "shared";
  /** Such as 20028, the write limit of a channel. */
  code?: number;
}

/** What a call is to be answered with. */
export interface Limited {
  status: 429;
  headers: Record<string, string>;
  body: JsonObject;
}

/** Requests of one bucket within a window. The numbers are those bots see in practice. */
const BUCKETS: readonly { routes: RegExp; name: string; limit: number; windowMs: number }[] = [
  { routes: /^POST \/channels\/:channel\/messages$/, name: "message-create", limit: 5, windowMs: 5000 },
  {
    routes: /^PATCH \/channels\/:channel\/messages\/:message$/,
    name: "message-edit",
    limit: 5,
    windowMs: 5000,
  },
  {
    routes: /^DELETE \/channels\/:channel\/messages\/:message$/,
    name: "message-delete",
    limit: 5,
    windowMs: 1000,
  },
  { routes: /^POST \/channels\/:channel\/typing$/, name: "typing", limit: 5, windowMs: 5000 },
  { routes: /^(POST|PATCH|DELETE|GET) \/webhooks\//, name: "webhook", limit: 5, windowMs: 2000 },
  { routes: /^PUT .*\/reactions\//, name: "reaction", limit: 1, windowMs: 250 },
  { routes: /\/threads$/, name: "thread-create", limit: 50, windowMs: 300_000 },
  { routes: /^PATCH \/channels\/:channel$/, name: "channel-edit", limit: 5, windowMs: 15_000 },
  { routes: /^PUT \/applications\/:application\/commands$/, name: "commands", limit: 2, windowMs: 60_000 },
];

const GLOBAL_LIMIT = 50;
/** On a busy machine an answer takes so long to be read. */
const IN_FLIGHT_MS = 200;

interface Bucket {
  used: number;
  resetsAt: number;
}

/** Decides whether a call may pass. */
export class RateLimits {
  readonly #isOn: boolean;
  readonly #onIgnored: (detail: string) => void;
  readonly #buckets = new Map<string, Bucket>();
  readonly #closed = new Map<string, { since: number; until: number }>();
  #global: Bucket = { used: 0, resetsAt: 0 };
  #floods: Flood[] = [];

  constructor(isOn: boolean, onIgnored: (detail: string) => void) {
    this.#isOn = isOn;
    this.#onIgnored = onIgnored;
  }

  /** Makes the next calls bounce. */
  flood(flood: Flood): void {
    this.#floods.push({ ...flood });
  }

  /** A 429, or the headers of a call that may pass. */
  check(call: CallRecord): Limited | { status: null; headers: Record<string, string> } {
    const { route } = call;
    if (route === null) return { status: null, headers: {} };
    const isInteraction = /^\w+ \/(interactions|webhooks)\//.test(route);
    const key = bucketKey(call, route);
    this.#noteEarlyCall(key, isInteraction, route);
    const flood = this.#floods.find((one) => one.times > 0 && fits(call, one.routes ?? (() => true)));
    if (flood !== undefined) {
      flood.times -= 1;
      return this.#limited(flood, key);
    }
    if (!this.#isOn) return { status: null, headers: {} };
    if (!isInteraction && take(this.#global, GLOBAL_LIMIT, 1000)) {
      const retryAfterS = (this.#global.resetsAt - Date.now()) / 1000;
      return this.#limited({ times: 1, retryAfterS, isGlobal: true }, key);
    }
    return this.#checkBucket(route, key);
  }

  #checkBucket(route: string, key: string): Limited | { status: null; headers: Record<string, string> } {
    const rule = BUCKETS.find((one) => one.routes.test(route));
    if (rule === undefined) return { status: null, headers: {} };
    const bucket = this.#buckets.get(key) ?? { used: 0, resetsAt: 0 };
    this.#buckets.set(key, bucket);
    const isFull = take(bucket, rule.limit, rule.windowMs);
    const resetAfterS = Math.max(0, bucket.resetsAt - Date.now()) / 1000;
    const headers = {
      "x-ratelimit-limit": String(rule.limit),
      "x-ratelimit-remaining": String(Math.max(0, rule.limit - bucket.used)),
      "x-ratelimit-reset": (bucket.resetsAt / 1000).toFixed(3),
      "x-ratelimit-reset-after": resetAfterS.toFixed(3),
      "x-ratelimit-bucket": Buffer.from(rule.name).toString("hex"),
    };
    if (!isFull) return { status: null, headers };
    const limited = this.#limited({ times: 1, retryAfterS: resetAfterS }, key);
    return { ...limited, headers: { ...headers, ...limited.headers } };
  }

  #limited(flood: Flood, key: string): Limited {
    const isGlobal = flood.isGlobal ?? false;
    const scope = flood.scope ?? (isGlobal ? "global" : "user");
    const now = Date.now();
    this.#closed.set(isGlobal ? "global" : key, { since: now, until: now + flood.retryAfterS * 1000 });
    return {
      status: 429,
      headers: {
        "retry-after": String(Math.ceil(flood.retryAfterS)),
        "x-ratelimit-scope": scope,
        ...(isGlobal ? { "x-ratelimit-global": "true" } : {}),
      },
      body: {
        message: scope === "shared" ? "The resource is being rate limited." : "You are being rate limited.",
        retry_after: flood.retryAfterS,
        global: isGlobal,
        ...(flood.code === undefined ? {} : { code: flood.code }),
      },
    };
  }

  #noteEarlyCall(key: string, isInteraction: boolean, route: string): void {
    const now = Date.now();
    const own = this.#closed.get(key);
    const global = isInteraction ? undefined : this.#closed.get("global");
    // Calls of other routes may have been on their way when the global limit was told.
    const until = Math.max(
      own?.until ?? 0,
      (global?.since ?? now) < now - IN_FLIGHT_MS ? (global?.until ?? 0) : 0,
    );
    // A few milliseconds of grace for clocks and timers.
    const earlyMs = until - now;
    if (earlyMs > 20) this.#onIgnored(`${route} came ${Math.round(earlyMs)} ms before its 429 was over`);
  }
}

/** One bucket per rule (or route) and major parameter. */
function bucketKey(call: CallRecord, route: string): string {
  const { channel, guild, webhook, token } = call.params;
  const rule = BUCKETS.find((one) => one.routes.test(route));
  return [rule?.name ?? route, channel ?? guild ?? webhook ?? "", token ?? ""].join(" ");
}

/** Takes one place of a bucket. True when there was none left. */
function take(bucket: Bucket, limit: number, windowMs: number): boolean {
  const now = Date.now();
  if (bucket.resetsAt <= now) {
    bucket.used = 0;
    bucket.resetsAt = now + windowMs;
  }
  if (bucket.used >= limit) return true;
  bucket.used += 1;
  return false;
}
