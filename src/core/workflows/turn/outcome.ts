/**
 * Finds out what became of a turn whose answer was lost: reads the state until it differs from the one
 * before. Never sends the request again. Source: nemo-api.md, "The SSE stream", rule 4.
 */
import { BackendError } from "../../model/backend-error.ts";
import type { GuiAction } from "../../model/gui-action.ts";
import type { Timeline } from "../../model/timeline.ts";
import type { Limits } from "../../ports/context.ts";
import type { Clock } from "../../ports/runtime.ts";
import type { ProjectState } from "../../ports/video-backend.ts";
import type { TurnEnd } from "./end.ts";

/** Looks at the state where nothing is said about it: the agent gave an instruction, or is long done. */
export const SHORT_READS = 2;

export type ReadState = (signal: AbortSignal) => Promise<ProjectState>;

export type Outcome =
  | { kind: "changed"; after: Timeline }
  /** Read as often as allowed, and it is still as before. */
  | { kind: "unchanged" }
  /** It could not be read often enough to say so. */
  | { kind: "unreadable" }
  /** It was read, and what it was before is not known. */
  | { kind: "incomparable"; after: Timeline };

/**
 * Waits before each read as `waitsMs` says, until all of them have shown no change. A read that fails says
 * nothing and is made again after the last of the waits; as many of them as good ones are borne. Without a
 * timeline from before, the first good read ends it. Throws `session-lost` and the signal's reason.
 */
export async function awaitOutcome(
  readState: ReadState,
  before: Timeline | null,
  options: { waitsMs: readonly number[]; clock: Clock; signal: AbortSignal },
): Promise<Outcome> {
  const { waitsMs, clock, signal } = options;
  const maxReads = waitsMs.length;
  let goodReads = 0;
  let failedReads = 0;
  while (goodReads < maxReads && failedReads < maxReads) {
    await clock.sleep(waitsMs[goodReads + failedReads] ?? waitsMs.at(-1) ?? 0, signal);
    try {
      const { timeline } = await readState(signal);
      goodReads++;
      if (!before) return { kind: "incomparable", after: timeline };
      if (timeline.fingerprint !== before.fingerprint) return { kind: "changed", after: timeline };
    } catch (error) {
      if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
      failedReads++;
    }
  }
  return { kind: goodReads >= maxReads ? "unchanged" : "unreadable" };
}

/** The end of a turn whose answer was lost; `actions` are what it asks for if it has changed something. */
export function endByOutcome(outcome: Outcome, actions: GuiAction[]): TurnEnd {
  switch (outcome.kind) {
    case "changed":
      return { kind: "recovered", after: outcome.after, actions };
    case "unchanged":
      return { kind: "unchanged", key: "turn.not-recovered" };
    case "incomparable":
    case "unreadable":
      return { kind: "unknown", doubt: { after: null } };
  }
}

/** A state that lags shows an edit seconds later; the waits are never longer than those after a broken connection. */
export function lagWaitsMs({ lagWaitsMs, recoveryFirstWaitMs }: Limits, reads?: number): number[] {
  return lagWaitsMs.slice(0, reads).map((waitMs) => Math.min(waitMs, recoveryFirstWaitMs));
}

export function recoveryWaitsMs({ recoveryWaitMs, recoveryMaxReads }: Limits, firstWaitMs: number): number[] {
  return [firstWaitMs, ...Array.from({ length: recoveryMaxReads - 1 }, () => recoveryWaitMs)];
}
