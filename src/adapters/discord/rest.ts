/**
 * How requests to Discord go out. What is owed is queued and repeated by discord.js, and here it learns which failures
 * are worth repeating, and when; a repeated message carries the nonce of the first try. What may be left out goes now or
 * not at all. Source: platforms.md, "Sends"; Discord docs, "Rate Limits".
 */
import { RateLimitError, REST } from "@discordjs/rest";
import type { RESTOptions } from "discord.js";
import { z } from "zod";
import type { Clock, Metrics } from "../../core/ports/runtime.ts";
import { Backoff } from "../../lib/backoff.ts";
import { readJson } from "../shared/json-memory.ts";
import { TOO_OLD } from "./api-errors.ts";
import { RateLimits } from "./rate-limits.ts";

/** An upload of the largest file takes its time. */
const TIMEOUT_MS = 60_000;
/** What may be left out is stale after so long. */
const DECORATION_TIMEOUT_MS = 5_000;
/** With the growing waits below they bridge an outage of about fifteen seconds. */
const RETRIES = 8;
const WAITS = { firstMs: 100, longestMs: 5_000 };

/** The connection failed before an answer was read. */
const CUT = new Set(["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]);

const refusalSchema = z.object({ code: z.number() });

export interface RestOptions {
  apiUrl: string;
  token: string;
  metrics: Metrics;
  clock: Clock;
  /** Ends what is under way, and all that follows, with its reason. */
  stopped: AbortSignal;
}

/** The ways to Discord, by what a request is worth. Every answer is counted, and a request that had none. */
export interface Rests {
  /** What is owed: it waits as long as Discord says, and is repeated. */
  owed: REST;
  /** For what the caller repeats itself: each failure is known at once. */
  once: REST;
  decoration: DecorationRest;
  /** Leaves no timer behind. */
  clear(): void;
}

/**
 * Requests that go now or not at all: with queues of their own, so that nothing owed waits behind them, and only where
 * there is room that nothing owed may need.
 */
export class DecorationRest {
  readonly #rest: REST;
  readonly #limits: RateLimits;

  constructor(rest: REST, limits: RateLimits) {
    this.#rest = rest;
    this.#limits = limits;
  }

  /** How long Discord has told requests of this kind to wait; 0: not at all. */
  closedForMs(method: "PATCH", path: `/${string}`): number {
    return this.#limits.closedForMs(method, path);
  }

  /** The answer; null: there is no room now, and nothing was sent. Throws Discord's refusal. */
  async request(
    method: "POST" | "PATCH" | "PUT",
    path: `/${string}`,
    options: { body?: unknown; auth?: false } = {},
  ): Promise<{ answer: unknown } | null> {
    if (!this.#limits.takeRoom(method, path)) return null;
    try {
      // The methods' own names, as discord.js has them.
      const send = { POST: "post", PATCH: "patch", PUT: "put" } as const;
      return { answer: await this.#rest[send[method]](path, options) };
    } catch (error) {
      if (error instanceof RateLimitError) return null;
      throw error;
    }
  }
}

export function createRests({ apiUrl, token, metrics, clock, stopped }: RestOptions): Rests {
  const limits = new RateLimits(clock);
  const owed = { api: apiUrl, retries: RETRIES, timeout: TIMEOUT_MS };
  const patient = requester({ apiUrl, metrics, clock, stopped, limits, isDecoration: false });
  const decoration = new REST({
    ...owed,
    retries: 0,
    timeout: DECORATION_TIMEOUT_MS,
    rejectOnRateLimit: () => true,
    makeRequest: requester({ apiUrl, metrics, clock, stopped, limits, isDecoration: true }),
  });
  const all = [
    new REST({ ...owed, makeRequest: patient }),
    new REST({ ...owed, retries: 0, makeRequest: patient }),
    decoration,
  ] as const;
  for (const rest of all) rest.setToken(token);
  return {
    owed: all[0],
    once: all[1],
    decoration: new DecorationRest(decoration, limits),
    clear() {
      for (const rest of all) {
        rest.clearHashSweeper();
        rest.clearHandlerSweeper();
      }
    },
  };
}

function requester({
  apiUrl,
  metrics,
  clock,
  stopped,
  limits,
  isDecoration,
}: Omit<RestOptions, "token"> & { limits: RateLimits; isDecoration: boolean }): RESTOptions["makeRequest"] {
  const backoff = new Backoff({ ...WAITS, clock });
  const base = new URL(apiUrl).pathname.replace(/\/$/, "");
  // The caller's own end is left to discord.js, which reads the signal.
  const pause = (signal: AbortSignal) => (isDecoration ? undefined : backoff.wait(signal).catch(() => {}));
  // discord.js brings an undici of its own, which must not meet ours: forms of one are strangers to the other.
  return async (url, init) => {
    stopped.throwIfAborted();
    // The types differ by the undici they come from; the fields that count are fetch's.
    const options = init as unknown as RequestInit;
    const signal = options.signal ? AbortSignal.any([options.signal, stopped]) : stopped;
    const method = options.method ?? "GET";
    const path = new URL(url).pathname.slice(base.length).replace(/^\/v\d+/, "");
    const closedMs = isDecoration ? 0 : limits.closedForMs(method, path);
    // Told to another queue than the one that this request stood in.
    if (closedMs > 0) await clock.sleep(closedMs, signal);
    const response = await fetch(url, { ...options, signal }).catch(async (error: unknown) => {
      metrics.apiCall("discord", null);
      if (!isCut(error)) throw error;
      await pause(signal);
      stopped.throwIfAborted();
      // The one code that discord.js repeats a request for.
      throw Object.assign(new Error("the connection to Discord was cut", { cause: error }), {
        code: "ECONNRESET",
      });
    });
    metrics.apiCall("discord", response.status);
    const answer = await withoutEditLimit(response);
    limits.note(method, path, answer);
    if (answer.status >= 500) {
      await pause(signal);
      stopped.throwIfAborted();
    } else backoff.reset();
    // As above: the same class by another name.
    return answer as unknown as Awaited<ReturnType<RESTOptions["makeRequest"]>>;
  };
}

/** That an hour-old message takes no more edits comes as a 429, but waiting does not help: it is made a plain refusal. */
async function withoutEditLimit(response: Response): Promise<Response> {
  if (response.status !== 429) return response;
  const text = await response.text();
  const code = readJson(refusalSchema, text)?.code;
  if (code !== TOO_OLD) return new Response(text, { status: 429, headers: response.headers });
  return new Response(text, { status: 400, headers: { "content-type": "application/json" } });
}

function isCut(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return CUT.has(code) || code.startsWith("UND_ERR_");
}
