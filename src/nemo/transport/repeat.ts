/**
 * The one place that decides whether a call is made again. A request that may have been carried out is
 * repeated only when that is harmless. Source: nemo-api.md, "Errors" and "Rules" 4.
 */
import { BackendError } from "../../core/model/backend-error.ts";
import type { Clock } from "../../core/ports/runtime.ts";

export interface RepeatOptions {
  /** True for reads and for what may happen twice: then an unknown outcome is repeated as well. */
  isIdempotent: boolean;
  /** Wait before the single repeat after 429. */
  retryWaitMs: number;
  /** Waits before the repeats after connection errors; their number is the limit. */
  backoffMs: readonly number[];
  clock: Clock;
  signal: AbortSignal;
  /**
   * Sets right what the backend refused (a token, a client id), or answers false when it cannot. Called
   * at most once a kind: a second refusal of the same kind ends the call.
   */
  remedy: (error: BackendError) => Promise<boolean>;
}

/**
 * Runs `attempt` until it succeeds or repeating cannot help. A refusal (401, 400, 429) means that nothing
 * was done, and no connection means that nothing was sent: those are repeated for every call. After
 * `connection-lost` and `unavailable` the outcome is unknown, so only idempotent calls are.
 */
export async function withRepeats<T>(attempt: () => Promise<T>, options: RepeatOptions): Promise<T> {
  const prepare = repeats(options);
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      await prepare(error);
    }
  }
}

/** For one call: resolves when it may be made again after this error, and throws the error when it may not. */
export function repeats(options: RepeatOptions): (error: unknown) => Promise<void> {
  const { clock, signal } = options;
  const remedied = new Set<string>();
  let backoffs = 0;
  return async (error) => {
    if (!(error instanceof BackendError)) throw error;
    switch (error.kind) {
      case "bad-token":
      case "missing-client-id": {
        if (remedied.has(error.kind)) throw error;
        remedied.add(error.kind);
        if (!(await options.remedy(error))) throw error;
        break;
      }
      case "rate-limited": {
        if (remedied.has(error.kind)) throw error;
        remedied.add(error.kind);
        await clock.sleep(options.retryWaitMs, signal);
        break;
      }
      case "unreachable":
      case "connection-lost":
      case "unavailable": {
        const waitMs = options.backoffMs[backoffs];
        const isHarmless = error.kind === "unreachable" || options.isIdempotent;
        if (waitMs === undefined || !isHarmless) throw error;
        backoffs += 1;
        await clock.sleep(waitMs, signal);
        break;
      }
      default:
        throw error;
    }
  };
}
