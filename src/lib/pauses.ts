/** Long work in slices, so that the event loop can do everything else in between. */
import { setImmediate as nextRound } from "node:timers/promises";

/** A slice takes about so long. */
const SLICE_MS = 8;

/** Awaited at short intervals, it lets other work run whenever a slice is over. */
export class Pauses {
  #sliceEndsAt = performance.now() + SLICE_MS;

  /** Undefined while the slice lasts: nothing has to be awaited. */
  due(): Promise<void> | undefined {
    return performance.now() < this.#sliceEndsAt ? undefined : this.#rest();
  }

  async #rest(): Promise<void> {
    await nextRound();
    this.#sliceEndsAt = performance.now() + SLICE_MS;
  }
}
