/** What goes on for long is said in the log once an hour, not each time it shows. */
import type { Clock } from "../core/ports/runtime.ts";

const HOUR_MS = 3_600_000;

export class Reminders {
  readonly #clock: Pick<Clock, "now">;
  /** By what is told: a few fixed words. */
  readonly #toldAt = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** True at most once an hour for the same `what`. */
  isDue(what: string): boolean {
    const now = this.#clock.now();
    const toldAt = this.#toldAt.get(what);
    if (toldAt !== undefined && now - toldAt < HOUR_MS) return false;
    this.#toldAt.set(what, now);
    return true;
  }
}
