/** How a turn can end. What is told, kept and counted follows from the end alone. Source: DESIGN.md, rules 4 and 5. */
import { BackendError } from "../../model/backend-error.ts";
import type { GuiAction } from "../../model/gui-action.ts";
import { isHandedOver } from "../../model/stop.ts";
import type { Timeline } from "../../model/timeline.ts";
import type { TurnOutcome } from "../../ports/runtime.ts";

/** What the turn has changed is not known; `after` is the timeline as it is now, null when it cannot be read. */
export interface Doubt {
  after: Timeline | null;
}

/** `actions`: what the agent asks the bot to do, once the turn has come to a good end. */
export type TurnEnd =
  /** The agent has said, asked or instructed something. */
  | { kind: "answered"; actions: GuiAction[]; doubt: Doubt | null }
  /** It has said nothing, and the timeline is not as before. */
  | { kind: "changed"; after: Timeline; actions: GuiAction[] }
  /** Its answer was lost, and the timeline is not as before. */
  | { kind: "recovered"; after: Timeline; actions: GuiAction[] }
  | { kind: "unchanged"; key: "turn.unchanged" | "turn.temporary-problem" | "turn.not-recovered" }
  /** It has said nothing, or its answer was lost. */
  | { kind: "unknown"; doubt: Doubt }
  /** The backend refused, or the agent's run failed. `after`: what it has changed all the same; null: nothing. */
  | { kind: "failed"; error: BackendError; after: Timeline | null }
  /** The session is lost, or we have a fault: the worker tells it. */
  | { kind: "broken"; error: unknown }
  /** The person does not want to wait, or the chat is gone: nothing is left to tell. */
  | { kind: "cancelled"; error: unknown }
  /** The process ends, or another one has taken the turn over: it stays in flight, and that process tells its end. */
  | { kind: "handed-over"; error: unknown };

/** The end of a turn that threw `error`; `signal` is that of its work. */
export function endOf(error: unknown, signal: AbortSignal): TurnEnd {
  if (isHandedOver(error, signal)) return { kind: "handed-over", error };
  if (signal.aborted) return { kind: "cancelled", error };
  if (error instanceof BackendError && error.kind !== "session-lost") {
    return { kind: "failed", error, after: null };
  }
  return { kind: "broken", error };
}

/** Whether the edit has, or may have, changed the timeline. One that nobody waited for is not finished. */
export function mayHaveChanged(end: TurnEnd): boolean {
  switch (end.kind) {
    case "answered":
    case "changed":
    case "recovered":
    case "unknown":
      return true;
    case "failed":
      return end.after !== null;
    case "unchanged":
    case "broken":
    case "cancelled":
    case "handed-over":
      return false;
  }
}

/** What the operator counts. */
export function countedAs(end: Exclude<TurnEnd, { kind: "handed-over" }>): TurnOutcome {
  switch (end.kind) {
    case "answered":
    case "changed":
      return "done";
    case "recovered":
      return "recovered";
    case "unchanged":
    case "unknown":
      return "unchanged";
    case "failed":
    case "broken":
      return "failed";
    case "cancelled":
      return "cancelled";
  }
}
