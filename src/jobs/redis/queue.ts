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
import type { Sealing } from "../../store/sealing.ts";
import { SealedItems, type Stored } from "../sealed-items.ts";
import { cancelChannel, QueueCommands, readCancelWord } from "./commands.ts";
import { RedisLink } from "./connection.ts";
import { type Handler, LaneWorker } from "./lane-worker.ts";
import { DEFAULT_REDIS_QUEUE_OPTIONS, type RedisQueueOptions } from "./options.ts";
import { WakeUps } from "./wake-ups.ts";

/** What is to be changed may be changed by somebody else between reading and writing. */
const MAX_TRIES = 5;
const IDLE_POLL_MS = 50;

/** What waits, read. */
interface Waiting extends Stored {
  item: WorkItem;
}

/** A queue that can say whether it can be used. */
export interface RedisQueue extends WorkQueue {
  /** Throws `StoreTroubleError` while Redis does not answer. */
  check(): Promise<void>;
}

/**
 * Connects; throws `StoreTroubleError` when Redis does not answer. A queue that is never started only takes items
 * for others. `stop` closes it. With `sealing` names and items become what Redis gets to see of them.
 */
export async function connectRedisQueue(
  url: string,
  sealing: Sealing,
  log: Log,
  options: Partial<RedisQueueOptions> = {},
): Promise<RedisQueue> {
  const all = { ...DEFAULT_REDIS_QUEUE_OPTIONS, ...options };
  return new LanesOnRedis(
    await RedisLink.connect(url, log, all.answerMs),
    new SealedItems(sealing),
    log,
    all,
  );
}

class LanesOnRedis implements RedisQueue {
  readonly #link: RedisLink;
  readonly #items: SealedItems;
  readonly #log: Log;
  readonly #options: RedisQueueOptions;
  readonly #commands: QueueCommands;
  readonly #wakeUps: WakeUps;
  #worker: LaneWorker | null = null;
  #stopReason: Error | null = null;
  #isClosed = false;
  #stopped: Promise<void> | null = null;

  constructor(link: RedisLink, items: SealedItems, log: Log, options: RedisQueueOptions) {
    this.#link = link;
    this.#items = items;
    this.#log = log;
    this.#options = options;
    this.#commands = new QueueCommands(link, randomUUID(), options);
    this.#wakeUps = new WakeUps(link, log);
  }

  async push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }> {
    // What ends in the grace of a stop may have a follow-up.
    if (this.#isClosed && this.#stopReason) throw this.#stopReason;
    const lane = this.#items.name(item.lane);
    const { kind, ahead, isAsleep } = await this.#commands.push(lane, this.#items.seal(item));
    if (isAsleep) this.#wakeUps.add([lane]);
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
      wake: (lanes) => this.#wakeUps.add(lanes),
      log: this.#log,
    });
    await worker.start();
    this.#worker = worker;
    this.#link.redis.on("ready", () => worker.renewSoon());
    this.#hearCancellations(worker);
    this.#wakeUps.listen((lane) => worker.take(lane), this.#options.concurrency);
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
        // As long as Redis is away, nobody knows.
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

  check(): Promise<void> {
    return this.#commands.check();
  }

  async #close(reason: Error, graceMs: number): Promise<void> {
    this.#stopReason = reason;
    await Promise.all([this.#wakeUps.stopListening(), this.#worker?.stop(reason, graceMs)]);
    this.#isClosed = true;
    await this.#wakeUps.close();
    this.#link.close();
  }

  /** The word is fast and may be missed; the mark in Redis is found with the next heartbeat. */
  #hearCancellations(worker: LaneWorker): void {
    const subscriber = this.#link.patientConnection();
    const channel = cancelChannel(this.#commands.process);
    subscriber.on("message", (_channel, text) => {
      const word = readCancelWord(text);
      if (word) worker.obey(word);
    });
    subscriber.on("ready", () => {
      subscriber.subscribe(channel).catch(() => {
        // The connection broke again; it subscribes when it is back.
      });
    });
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
