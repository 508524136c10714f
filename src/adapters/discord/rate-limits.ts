/**
 * What Discord's answers tell of its rate limits, of all requests together: whether there is room for what may be left
 * out, and how long what is owed has to wait. Source: Discord docs, "Rate Limits".
 */
import type { Clock } from "../../core/ports/runtime.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";

/** Places of a bucket that only what is owed may take. */
const RESERVED = 1;
/** Buckets, and kinds of requests, that are known. */
const MAX_KNOWN = 5_000;

interface Bucket {
  remaining: number;
  /** Epoch ms at which all places are free again. */
  resetsAt: number;
  /** Epoch ms until which nothing passes: a 429. */
  closedUntil: number;
}

export class RateLimits {
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_KNOWN);
  /** What Discord calls the bucket of a kind of request: kinds may share one. */
  readonly #names = new BoundedMap<string, string>(MAX_KNOWN);
  /** Of the whole bot; interactions are outside. */
  #closedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a place for a request that may be left out, unless what is owed may need it. `path`: without a query. */
  takeRoom(method: string, path: string): boolean {
    if (this.closedForMs(method, path) > 0) return false;
    const bucket = this.#buckets.get(this.#keyOf(method, path));
    if (!bucket || bucket.resetsAt <= this.#clock.now()) return true;
    if (bucket.remaining <= RESERVED) return false;
    bucket.remaining -= 1;
    return true;
  }

  /** How long Discord has told requests of this kind to wait; 0: not at all. */
  closedForMs(method: string, path: string): number {
    const closedUntil = this.#buckets.get(this.#keyOf(method, path))?.closedUntil ?? 0;
    const ofAll = isOfInteraction(path) ? 0 : this.#closedUntil;
    return Math.max(0, Math.max(closedUntil, ofAll) - this.#clock.now());
  }

  /** Told of each answer. */
  note(method: string, path: string, { status, headers }: { status: number; headers: Headers }): void {
    const now = this.#clock.now();
    const retryAfterMs = status === 429 ? numberOf(headers, "retry-after") * 1_000 : 0;
    if (headers.has("x-ratelimit-global")) {
      this.#closedUntil = now + retryAfterMs;
      return;
    }
    const name = headers.get("x-ratelimit-bucket");
    if (name !== null) this.#names.set(kindOf(method, path), name);
    if (name === null && retryAfterMs === 0) return;
    this.#buckets.set(this.#keyOf(method, path), {
      remaining: status === 429 ? 0 : numberOf(headers, "x-ratelimit-remaining"),
      resetsAt: now + Math.max(retryAfterMs, numberOf(headers, "x-ratelimit-reset-after") * 1_000),
      closedUntil: now + retryAfterMs,
    });
  }

  #keyOf(method: string, path: string): string {
    const kind = kindOf(method, path);
    return `${this.#names.get(kind) ?? kind} ${majorOf(path)}`;
  }
}

/** The part of a path that has buckets of its own: a channel, a guild, the token of an interaction. */
function majorOf(path: string): string {
  return /^\/(?:channels|guilds|webhooks)\/\d+(?:\/(?=[^/]{30})[^/]+)?/.exec(path)?.[0] ?? "";
}

/** A request without the ids in it. */
function kindOf(method: string, path: string): string {
  const kind = path
    .replace(/\/[^/]{30,}/g, "/:token")
    .replace(/\/(\d{16,}|@original)/g, "/:id")
    .replace(/\/reactions\/.*/, "/reactions");
  return `${method} ${kind}`;
}

function isOfInteraction(path: string): boolean {
  return /^\/(webhooks|interactions)\//.test(path);
}

function numberOf(headers: Headers, name: string): number {
  const value = Number(headers.get(name) ?? 0);
  return Number.isFinite(value) ? value : 0;
}
