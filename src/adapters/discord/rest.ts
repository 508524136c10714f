/**
 * How requests to Discord go out: discord.js queues and repeats them, and here it learns which failures are
 * worth repeating, and when. A repeated message carries the nonce of the first try. Source: platforms.md, "Sends".
 */
import type { RESTOptions } from "discord.js";
import type { Clock, Metrics } from "../../core/ports/runtime.ts";
import { Backoff } from "../../lib/backoff.ts";

/** An upload of the largest file takes its time. */
const TIMEOUT_MS = 60_000;
/** With the growing waits below they bridge an outage of about fifteen seconds. */
const RETRIES = 8;
const WAITS = { firstMs: 100, longestMs: 5_000 };

/** The connection failed before an answer was read. */
const CUT = new Set(["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]);

/**
 * Every answer is counted, and a request that had none. `stopped` ends what is under way, and all that follows,
 * with its reason.
 */
export function restOptions(
  apiUrl: string,
  { metrics, clock }: { metrics: Metrics; clock: Clock },
  stopped: AbortSignal,
): Partial<RESTOptions> {
  const backoff = new Backoff({ ...WAITS, clock });
  const pause = (signal: AbortSignal) =>
    backoff.wait(signal).catch(() => {
      // The caller's own end is left to discord.js, which reads the signal.
    });
  return {
    api: apiUrl,
    retries: RETRIES,
    timeout: TIMEOUT_MS,
    // discord.js brings an undici of its own, which must not meet ours: forms of one are strangers to the other.
    async makeRequest(url, init) {
      stopped.throwIfAborted();
      // The types differ by the undici they come from; the fields that count are fetch's.
      const options = init as unknown as RequestInit;
      const signal = options.signal ? AbortSignal.any([options.signal, stopped]) : stopped;
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
      if (response.status >= 500) {
        await pause(signal);
        stopped.throwIfAborted();
      } else backoff.reset();
      // As above: the same class by another name.
      return response as unknown as Awaited<ReturnType<RESTOptions["makeRequest"]>>;
    },
  };
}

function isCut(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return CUT.has(code) || code.startsWith("UND_ERR_");
}
