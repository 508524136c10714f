/**
 * The work queue of several processes, kept on Redis: one item at a time in each lane, in order, whichever
 * process pushed it and whichever works on it. A process that dies loses its lanes to the others within seconds;
 * one that only cannot reach Redis goes on with what it runs. Source: the `WorkQueue` port; DESIGN.md, rules 2–4.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { StopError } from "../../core/model/stop.ts";
import type { WorkItem } from "../../core/model/work-item.ts";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";
import type { WorkQueue } from "../../core/ports/work-queue.ts";
import type { RedisConnection } from "../../store/redis/connection.ts";
import type { Sealing } from "../../store/sealing/sealing.ts";
import { SealedItems, type Stored } from "../sealed-items.ts";
import { QueueCommands } from "./commands.ts";
import { type Handler, LaneWorker } from "./lane-worker.ts";
import { DEFAULT_REDIS_QUEUE_OPTIONS, type RedisQueueOptions } from "./options.ts";
import { WakeUps } from "./wake-ups.ts";

/** Another process may change an item between reading and writing. */
const MAX_TRIES = 5;
const IDLE_POLL_MS = 50;

/** A waiting item, read. */
interface Waiting extends Stored {
  item: WorkItem;
}

/**
 * A queue that is never started only takes items for others. Names and items become with `sealing` what Redis gets to
 * see of them. `stop` leaves the connection open.
 */
export class RedisQueue implements WorkQueue {
  readonly #redis: RedisConnection;
  readonly #items: SealedItems;
  readonly #log: Log;
  readonly #options: RedisQueueOptions;
  readonly #commands: QueueCommands;
  #wakeUps: WakeUps | null = null;
  #worker: LaneWorker | null = null;
  #stopReason: Error | null = null;
  #isClosed = false;
  #stopped: Promise<void> | null = null;

  constructor(redis: RedisConnection, sealing: Sealing, log: Log, options: Partial<RedisQueueOptions> = {}) {
    this.#redis = redis;
    this.#items = new SealedItems(sealing);
    this.#log = log;
    this.#options = { ...DEFAULT_REDIS_QUEUE_OPTIONS, ...options };
    this.#commands = new QueueCommands(redis, randomUUID(), this.#options);
  }

  async push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }> {
    // An item that ends in the grace of a stop may have a follow-up.
    if (this.#isClosed && this.#stopReason) throw this.#stopReason;
    const { kind, ahead } = await this.#commands.push(this.#items.name(item.lane), this.#items.seal(item));
    switch (kind) {
      case "known":
        return { kind };
      case "full":
        return { kind, limit: this.#options.maxWaiting };
      case "accepted":
        return { kind, ahead };
    }
  }

  async start(handler: Handler): Promise<void> {
    const worker = new LaneWorker(this.#commands, this.#options, {
      handler,
      items: this.#items,
      log: this.#log,
    });
    await worker.start();
    this.#worker = worker;
    this.#redis.onBack(() => worker.renewSoon());
    const { inbox, wake } = this.#commands.words;
    this.#wakeUps = new WakeUps(this.#redis, {
      lists: [inbox, wake],
      hear: async (list) => (list === inbox ? worker.renewSoon() : worker.claim()),
      retryMs: this.#options.retryMs,
    });
    this.#wakeUps.start();
  }

  async cancel(laneName: string, reason: Error): Promise<boolean> {
    const lane = this.#items.name(laneName);
    if (this.#worker?.abort(lane, reason)) return true;
    const isGone = reason instanceof StopError && reason.kind === "gone";
    return this.#commands.cancel(lane, isGone ? "gone" : "cancelled");
  }

  async revise(item: WorkItem): Promise<boolean> {
    if (item.kind !== "message" || item.message.key === undefined) return false;
    const { key } = item.message;
    const lane = this.#items.name(item.lane);
    const by = this.#items.seal(item);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const waiting = await this.#waiting(lane);
      const old = waiting.find((one) => one.item.kind === "message" && one.item.message.key === key);
      if (!old) return false;
      if (await this.#commands.replace(lane, old, by)) return true;
    }
    return false;
  }

  async waiting(lane: string): Promise<WorkItem[]> {
    return (await this.#waiting(this.#items.name(lane))).map(({ item }) => item);
  }

  async running(lane: string): Promise<WorkItem | null> {
    const running = await this.#commands.running(this.#items.name(lane));
    return running && this.#read(running);
  }

  async remove(
    laneName: string,
    itemId: string,
    may: (item: WorkItem) => boolean,
  ): Promise<"removed" | "refused" | "absent"> {
    const lane = this.#items.name(laneName);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = (await this.#waiting(lane)).find(({ item }) => item.id === itemId);
      if (!found) return "absent";
      if (!may(found.item)) return "refused";
      if ((await this.#commands.remove(lane, [found])).length > 0) return "removed";
    }
    return "absent";
  }

  async clear(laneName: string, may: (item: WorkItem) => boolean = () => true): Promise<WorkItem[]> {
    const lane = this.#items.name(laneName);
    const dropped: WorkItem[] = [];
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const chosen = (await this.#waiting(lane)).filter(({ item }) => may(item));
      if (chosen.length === 0) break;
      const removed = await this.#commands.remove(lane, chosen);
      dropped.push(...chosen.filter(({ id }) => removed.includes(id)).map(({ item }) => item));
      if (removed.length === chosen.length) break;
    }
    return dropped;
  }

  size(lane: string): Promise<number> {
    return this.#commands.size(this.#items.name(lane));
  }

  depth(): Promise<number> {
    return this.#commands.depth();
  }

  /** Asks until nothing is owed by any process; after a stop nothing runs here, and nothing is asked. */
  async idle(): Promise<void> {
    while (!this.#stopReason) {
      try {
        if ((await this.depth()) === 0) return;
      } catch (error) {
        // As long as Redis is away, it cannot be known.
        if (!(error instanceof StoreTroubleError)) throw error;
      }
      await sleep(IDLE_POLL_MS);
    }
    await this.#stopped;
  }

  stop(reason: Error, graceMs = 0): Promise<void> {
    this.#stopped ??= this.#close(reason, graceMs);
    return this.#stopped;
  }

  async #close(reason: Error, graceMs: number): Promise<void> {
    this.#stopReason = reason;
    this.#wakeUps?.stop();
    await this.#worker?.stop(reason, graceMs);
    this.#isClosed = true;
  }

  /** What waits in a lane. What cannot be read stays where it is: it is set aside when its turn comes. */
  async #waiting(lane: string): Promise<Waiting[]> {
    return (await this.#commands.waiting(lane)).flatMap((stored) => {
      const item = this.#read(stored);
      return item ? [{ ...stored, item }] : [];
    });
  }

  #read(stored: Stored): WorkItem | null {
    try {
      return this.#items.unseal(stored);
    } catch {
      // Reported when its turn comes.
      return null;
    }
  }
}
