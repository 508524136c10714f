/**
 * Follows one turn's stream up to its end, its break, or its deadline. A deadline does not hang up: the
 * backend may cancel a run whose client leaves. Source: nemo-api.md, "The SSE stream", rules 2 and 5.
 */
import { BackendError } from "../../model/backend-error.ts";
import type { Context } from "../../ports/context.ts";
import type { TurnEvent } from "../../ports/video-backend.ts";

export type StreamEnd =
  | { kind: "closed" }
  /** The connection broke after the request had left. */
  | { kind: "lost"; error: BackendError }
  /** `heartbeats`: nothing but signs of life for too long. `deadline`: the hard limit. */
  | { kind: "timed-out"; why: "heartbeats" | "deadline" };

export interface StreamWatch {
  /** The first end that comes about. Throws `BackendError` when the backend refused, and the signal's reason. */
  end: Promise<StreamEnd>;
  /** Resolves only if the stream closes cleanly, also long after a deadline. */
  closed: Promise<void>;
  /** Leaves the stream and clears the timers. */
  hangUp(): void;
}

/** One for all turns: an exception takes its stack along, and this one is never read. */
const TURN_IS_OVER = new DOMException("the turn is over", "AbortError");

/**
 * Opens the stream with `open` and hands each event to `onEvent`. The caller must call `hangUp` in the
 * end, whatever happens.
 */
export function watchStream(
  context: Pick<Context, "clock" | "limits">,
  open: (signal: AbortSignal) => AsyncIterable<TurnEvent>,
  onEvent: (event: TurnEvent) => void,
  signal: AbortSignal,
): StreamWatch {
  const { clock, limits } = context;
  // By hand: `AbortSignal.any` and timers that take a signal weigh several times as much, for minutes, in each turn.
  const over = new AbortController();
  const follow = () => over.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  let lastSubstanceAt = clock.now();
  let deadline: NodeJS.Timeout | undefined;
  let onHeartbeatsOnly: () => void = () => {};

  async function pump(): Promise<void> {
    for await (const event of open(over.signal)) {
      if (event.type !== "keep-alive") lastSubstanceAt = clock.now();
      else if (clock.now() - lastSubstanceAt >= limits.heartbeatOnlyTimeoutMs) onHeartbeatsOnly();
      onEvent(event);
    }
  }

  const pumped = pump();
  const end = new Promise<StreamEnd>((resolve, reject) => {
    onHeartbeatsOnly = () => resolve({ kind: "timed-out", why: "heartbeats" });
    deadline = setTimeout(() => {
      // Once it is aborted the pump has the last word.
      if (!over.signal.aborted) resolve({ kind: "timed-out", why: "deadline" });
    }, limits.turnTimeoutMs);
    pumped.then(
      () => resolve({ kind: "closed" }),
      (error: unknown) => {
        if (signal.aborted) reject(signal.reason);
        else if (error instanceof BackendError && error.isOutcomeUnknown) resolve({ kind: "lost", error });
        else reject(error);
      },
    );
  });
  const closed = new Promise<void>((resolve) => {
    // A break is told through `end`; here it only means that no clean close will come.
    pumped.then(resolve, () => {});
  });
  // `end` may settle while the caller still does something else; it is looked at soon after.
  end.catch(() => {});
  return {
    end,
    closed,
    hangUp() {
      clearTimeout(deadline);
      signal.removeEventListener("abort", follow);
      over.abort(TURN_IS_OVER);
    },
  };
}
