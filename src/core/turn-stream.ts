/**
 * Follows one turn's stream up to its end, its break, or its deadline. A deadline does not hang up: the
 * backend may cancel a run whose client leaves. Source: nemo-api.md, "The SSE stream", rules 2 and 5.
 */
import { BackendError } from "./backend-error.ts";
import type { TurnEvent } from "./ports.ts";
import type { World } from "./world.ts";

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

/**
 * Opens the stream with `open` and hands each event to `onEvent`. Whoever calls must call `hangUp` in the
 * end, whatever happens.
 */
export function watchStream(
  world: Pick<World, "clock" | "limits">,
  open: (signal: AbortSignal) => AsyncIterable<TurnEvent>,
  onEvent: (event: TurnEvent) => void,
  signal: AbortSignal,
): StreamWatch {
  const { clock, limits } = world;
  const over = new AbortController();
  const streamSignal = AbortSignal.any([signal, over.signal]);
  let lastSubstanceAt = clock.now();
  let onHeartbeatsOnly: () => void = () => {};

  async function pump(): Promise<void> {
    for await (const event of open(streamSignal)) {
      if (event.type !== "keep-alive") lastSubstanceAt = clock.now();
      else if (clock.now() - lastSubstanceAt >= limits.heartbeatOnlyTimeoutMs) onHeartbeatsOnly();
      onEvent(event);
    }
  }

  const pumped = pump();
  const heartbeatsOnly = new Promise<StreamEnd>((resolve) => {
    onHeartbeatsOnly = () => resolve({ kind: "timed-out", why: "heartbeats" });
  });
  const deadline = clock.sleep(limits.turnTimeoutMs, streamSignal).then(
    (): StreamEnd => ({ kind: "timed-out", why: "deadline" }),
    // Aborted: the pump has the last word, so this must not win the race.
    () => new Promise<never>(() => {}),
  );
  const ended = pumped.then(
    (): StreamEnd => ({ kind: "closed" }),
    (error: unknown): StreamEnd => {
      signal.throwIfAborted();
      if (error instanceof BackendError && error.isOutcomeUnknown) return { kind: "lost", error };
      throw error;
    },
  );
  const end = Promise.race([ended, heartbeatsOnly, deadline]);
  const closed = new Promise<void>((resolve) => {
    // A break is told through `end`; here it only means that no clean close will come.
    pumped.then(resolve, () => {});
  });
  // `end` may settle while the caller still does something else; it is looked at soon after.
  end.catch(() => {});
  return { end, closed, hangUp: () => over.abort(new DOMException("the turn is over", "AbortError")) };
}
