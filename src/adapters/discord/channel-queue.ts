/**
 * Events in the order of their channel, held here while the store is in trouble, since Discord says nothing twice.
 * Source: the `MessageSink` port; DESIGN.md, rules 3 and 9.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../core/ports/runtime.ts";
import { createKeyedQueue } from "../../lib/keyed-queue.ts";
import { isStoreTrouble } from "../shared/store-trouble.ts";

/**
 * Whether an event is for the bot: `sure`; `unsure` where only the store can tell; `aside` when it is not: it takes no
 * room, and does not wait for the store.
 */
export type Standing = "sure" | "unsure" | "aside";

export interface ChannelQueueLimits {
  /** Between two tries while the store is in trouble. */
  retryMs: number;
  /** Events that may wait for the store, of all channels together. */
  maxHeld: number;
}

const DEFAULT_LIMITS: ChannelQueueLimits = { retryMs: 1_000, maxHeld: 1_000 };

const LOST = "too much waits for the store: it is lost";

export class ChannelQueue {
  readonly #clock: Clock;
  readonly #limits: ChannelQueueLimits;
  readonly #inTurn = createKeyedQueue();
  readonly #stopping = new AbortController();
  /** Channels with events that the store did not take yet, and how many. */
  readonly #held = new Map<string, number>();
  /** The places of all that is not at its end, but for `aside`; oldest first. */
  readonly #waiting = { sure: new Set<symbol>(), unsure: new Set<symbol>() };

  constructor(clock: Clock, limits: ChannelQueueLimits = DEFAULT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Aborted when nothing more is taken. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** How many events could not be stored yet. */
  get heldCount(): number {
    return this.#held.size === 0 ? 0 : this.#waiting.sure.size + this.#waiting.unsure.size;
  }

  /**
   * Runs `task` after all earlier ones of its channel, as often as the store's trouble makes it fail. Throws when too
   * much waits for the store already, when the queue is stopped, and what `task` throws. `unsure` gives way to `sure`.
   */
  async inOrder(channelId: string, task: () => Promise<void>, standing: Standing = "sure"): Promise<void> {
    if (standing === "aside") {
      if (this.#held.has(channelId)) return;
      return this.#inTurn(channelId, () => {
        // An earlier one may have been given up: this one must not count as seen then.
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

  /** Runs `task` now, beside those under way; while the store is in trouble as `inOrder` does. Throws as that. */
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

  /** Gives up all that waits for the store or has not begun. */
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

  /** `checkPlace` throws once the place was given to another event. */
  async #untilStored(channelId: string, task: () => Promise<void>, checkPlace: () => void): Promise<void> {
    // A store on this machine's disk answers without a pause: events of other channels are read in between.
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
