/**
 * Finds out what became of a turn whose answer was lost: reads the state until it differs from the one
 * before. Never sends the request again. Source: nemo-api.md, "The SSE stream", rule 4.
 */
import { BackendError } from "./backend-error.ts";
import type { Clock, ProjectState } from "./ports.ts";
import type { Timeline } from "./timeline.ts";

export type Outcome =
  | { kind: "changed"; after: Timeline }
  /** Read as often as allowed, and it is still as before. */
  | { kind: "unchanged" }
  /** The state could not be read at all. */
  | { kind: "unreadable"; error: BackendError };

/**
 * Waits `firstWaitMs`, reads; then waits `waitMs` before each further read, `maxReads` in all. A read that
 * fails says nothing and counts as one of them. Throws `session-lost` and the signal's reason.
 */
export async function awaitOutcome(
  readState: (signal: AbortSignal) => Promise<ProjectState>,
  before: Timeline,
  options: { firstWaitMs: number; waitMs: number; maxReads: number; clock: Clock; signal: AbortSignal },
): Promise<Outcome> {
  const { clock, signal } = options;
  let failure: BackendError | null = null;
  let wasRead = false;
  for (let read = 0; read < options.maxReads; read++) {
    await clock.sleep(read === 0 ? options.firstWaitMs : options.waitMs, signal);
    try {
      const { timeline } = await readState(signal);
      wasRead = true;
      if (timeline.fingerprint !== before.fingerprint) return { kind: "changed", after: timeline };
    } catch (error) {
      if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
      failure = error;
    }
  }
  return !wasRead && failure ? { kind: "unreadable", error: failure } : { kind: "unchanged" };
}
