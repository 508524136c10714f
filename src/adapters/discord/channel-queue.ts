/**
 * The line of what came in: taken in the order of its channel, and held here while the store is in trouble,
 * since Discord says nothing twice. Source: the `MessageSink` port; DESIGN.md, rules 3 and 9.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../core/ports/runtime.ts";
import { createKeyedQueue } from "../../lib/keyed-queue.ts";
import { isStoreTrouble } from "../shared/store-trouble.ts";

/**
 * What stands in line: `sure` is for the bot, `unsure` may be, which only the store can tell, and `aside` is none of
 * its business: it takes no room, and is not worth waiting for the store.
 */
export type Standing = "sure" | "unsure" | "aside";

export interface LineLimits {
  /** Between two tries while the store is in trouble. */
  retryMs: number;
  /** What may wait for the store, of all channels together. */
  maxHeld: number;
}

const DEFAULT_LIMITS: LineLimits = { retryMs: 1_000, maxHeld: 1_000 };

const LOST = "too much waits for the store: it is lost";

export class Line {
  readonly #clock: Clock;
  readonly #limits: LineLimits;
  readonly #inTurn = createKeyedQueue();
  readonly #stopping = new AbortController();
  /** Channels with something that the store did not take yet, and how much of it. */
  readonly #held = new Map<string, number>();
  /** Everything that is not at its end, but for what is aside; first come first. */
  readonly #waiting = { sure: new Set<symbol>(), unsure: new Set<symbol>() };

  constructor(clock: Clock, limits: LineLimits = DEFAULT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Aborted when nothing more is taken. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** How much could not be stored yet. */
  get heldCount(): number {
    return this.#held.size === 0 ? 0 : this.#waiting.sure.size + this.#waiting.unsure.size;
  }

  /**
   * Runs `task` after everything of its channel that came before, as often as the store's trouble makes it
   * fail. Throws when too much waits for the store already, when the line is stopped, and what `task` throws. What
   * is unsure gives way to what is sure.
   */
  async inOrder(channelId: string, task: () => Promise<void>, standing: Standing = "sure"): Promise<void> {
    if (standing === "aside") {
      if (this.#held.has(channelId)) return;
      return this.#inTurn(channelId, () => {
        // What came before it may have been given up: nobody may think that it was taken.
        this.signal.throwIfAborted();
        return task();
      });
    }
    this.#makeRoom(standing);
    const place = Symbol(channelId);
    const waiting = this.#waiting[standing];
    waiting.add(place);
    const checkPlace = () => {
      if (!waiting.has(place)) throw new Error(LOST);
    };
    try {
      await this.#inTurn(channelId, () => this.#untilStored(channelId, task, checkPlace));
    } finally {
      waiting.delete(place);
    }
  }

  /** Runs `task` now, beside what is under way; while the store is in trouble as `inOrder` does. Throws as that. */
  async atOnce(channelId: string, task: () => Promise<void>): Promise<void> {
    this.signal.throwIfAborted();
    if (this.#held.has(channelId)) return this.inOrder(channelId, task);
    try {
      await task();
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      await this.inOrder(channelId, task);
    }
  }

  /** Gives up what waits for the store, and what has not begun. */
  stop(): void {
    this.#stopping.abort(new Error("the bot stops"));
  }

  /** Throws when there is none. */
  #makeRoom(standing: "sure" | "unsure"): void {
    if (this.heldCount < this.#limits.maxHeld) return;
    const [oldest] = this.#waiting.unsure;
    if (standing === "unsure" || oldest === undefined) throw new Error(LOST);
    this.#waiting.unsure.delete(oldest);
  }

  /** `checkPlace` throws when the place in line was lost meanwhile. */
  async #untilStored(channelId: string, task: () => Promise<void>, checkPlace: () => void): Promise<void> {
    // A store on this machine's disk answers without a pause: what others have sent is read in between.
    await setImmediate();
    this.signal.throwIfAborted();
    checkPlace();
    try {
      return await task();
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
    }
    this.#held.set(channelId, (this.#held.get(channelId) ?? 0) + 1);
    try {
      for (;;) {
        await this.#clock.sleep(this.#limits.retryMs, this.signal);
        checkPlace();
        try {
          return await task();
        } catch (error) {
          if (!isStoreTrouble(error)) throw error;
        }
      }
    } finally {
      const left = (this.#held.get(channelId) ?? 1) - 1;
      if (left > 0) this.#held.set(channelId, left);
      else this.#held.delete(channelId);
    }
  }
}
