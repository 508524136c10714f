/** The real time. Source: the `Clock` port. */
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../core/ports/runtime.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await wait(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      // Node rejects with its own AbortError; callers look at the reason they gave.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
