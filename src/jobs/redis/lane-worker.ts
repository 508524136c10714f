/**
 * The part of the queue on Redis that works: it claims lanes, hands their items to the handler one by one, renews
 * the lease on all of them at once, and looks for lanes without an owner. The lease is the process's, so nothing
 * runs out while an item takes its time. Source: the `WorkQueue` port; DESIGN.md, rules 2 and 4.
 */

import { StopError } from "../../core/model/stop.ts";
import type { WorkItem } from "../../core/model/work-item.ts";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";
import { Interval } from "../../lib/interval.ts";
import { endsWithin } from "../../lib/timeout.ts";
import type { SealedItems, Stored } from "../sealed-items.ts";
import type { Next, QueueCommands } from "./commands.ts";
import type { RedisQueueOptions } from "./options.ts";

/** Lanes that one script looks at: Redis does nothing else until it ends. */
const BATCH = 500;
/** Lanes that one wake-up claims at most, and one look. Each process takes only some, so that all get their share. */
const WOKEN_BATCH = 32;
const OVERDUE_BATCH = 100;
/** Ours in Redis and ours in memory are compared at least at every so many heartbeats. */
const COMPARE_EVERY = 20;

const TAKEN_OVER = "this process was taken for dead; another one has gone on with its work";

export type Handler = (item: WorkItem, signal: AbortSignal) => Promise<void>;

/** A lane that is ours. */
interface Lane {
  name: string;
  /** `id` is its name in Redis. */
  running: { id: string; controller: AbortController } | null;
  /** Claimed while we were still at it: it had been let go, or taken from us, and given up again. */
  isClaimedAgain: boolean;
  /** Another process works on it by now; ours was told to stop. */
  isLost: boolean;
}

export class LaneWorker {
  readonly #commands: QueueCommands;
  readonly #options: RedisQueueOptions;
  readonly #handler: Handler;
  readonly #items: SealedItems;
  readonly #log: Log;
  readonly #lanes = new Map<string, Lane>();
  readonly #work = new Set<Promise<void>>();
  readonly #heartbeat: Interval;
  readonly #look: Interval;
  #beats = 0;
  /** A call got no answer: what is ours may be another thing than we think. */
  #isInDoubt = false;
  #stop: { reason: Error; at: number } | null = null;

  constructor(
    commands: QueueCommands,
    options: RedisQueueOptions,
    context: { handler: Handler; items: SealedItems; log: Log },
  ) {
    this.#commands = commands;
    this.#options = options;
    this.#handler = context.handler;
    this.#items = context.items;
    this.#log = context.log;
    this.#heartbeat = new Interval(() => this.#quietly(() => this.#beat()), options.heartbeatMs);
    this.#look = new Interval(() => this.#quietly(() => this.#lookAround()), options.lookMs);
  }

  /** Takes the lease, or does so once Redis answers; from then on lanes can be taken. Never throws. */
  async start(): Promise<void> {
    await this.#quietly(async () => void (await this.#commands.renew()));
    this.#heartbeat.soon();
    this.#look.soon();
  }

  /** Renews the lease at once, and reads the cancellations: Redis was away, or says that there are some. */
  renewSoon(): void {
    this.#heartbeat.soon();
  }

  /** Claims lanes that wait and works on them in the background; resolves once they are claimed. Never throws. */
  claim(): Promise<void> {
    return this.#quietly(() => this.#claim(WOKEN_BATCH));
  }

  /** Aborts what runs here in a lane; false when nothing does. */
  abort(lane: string, reason: Error): boolean {
    const running = this.#lanes.get(lane)?.running;
    running?.controller.abort(reason);
    return running !== null && running !== undefined;
  }

  /**
   * Begins no item, gives those that run `graceMs`, then aborts them with `reason`, waits for them, and lets go of all
   * lanes; an item that was cut off stays at the head of its lane. From then on it waits no longer than `farewellMs` for
   * Redis, or for one answer that is due.
   */
  async stop(reason: Error, graceMs: number): Promise<void> {
    this.#stop = { reason, at: performance.now() + graceMs };
    this.#look.stop();
    if (graceMs > 0) await endsWithin(graceMs, Promise.all(this.#work));
    for (const { running } of this.#lanes.values()) running?.controller.abort(reason);
    await Promise.all(this.#work);
    this.#heartbeat.stop();
    await this.#quietly(() => this.#leave());
  }

  async #claim(most: number, waitedMs?: number): Promise<void> {
    if (this.#stop) return;
    const claimed = await this.#commands.claim(most, waitedMs);
    if (claimed === null) this.#heartbeat.soon();
    for (const { lane, next } of claimed ?? []) this.#begin(lane, next);
  }

  #begin(name: string, next: Next): void {
    const ours = this.#lanes.get(name);
    if (ours) {
      ours.isClaimedAgain = true;
      return;
    }
    const lane: Lane = { name, running: null, isClaimedAgain: false, isLost: false };
    this.#lanes.set(name, lane);
    const work = this.#workThrough(lane, next);
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #workThrough(lane: Lane, first: Next): Promise<void> {
    let next = first;
    for (;;) {
      while (next.kind === "item") next = await this.#workOn(lane, next);
      if (!lane.isClaimedAgain) break;
      lane.isClaimedAgain = false;
      lane.isLost = false;
      next = await this.#finish(lane, "", "keep");
    }
    this.#lanes.delete(lane.name);
  }

  async #workOn(lane: Lane, { stored, stop }: Next & { kind: "item" }): Promise<Next> {
    const { id } = stored;
    if (this.#stop) return this.#finish(lane, id, "keep");
    const item = this.#read(lane, stored);
    if (!item) return this.#finish(lane, id, "unreadable");
    const controller = new AbortController();
    lane.running = { id, controller };
    const ended = this.#handle(item, controller.signal);
    if (stop) controller.abort(new StopError(stop));
    const hasGivenWay = (await ended) === "gave-way";
    lane.running = null;
    if (lane.isLost) return { kind: "taken" };
    const isOwed = hasGivenWay || this.#isCutOff(controller.signal);
    const next = await this.#finish(lane, id, isOwed ? "keep" : "done");
    // The other process may have ended it, and let go of the lane, before we could ask whose it is.
    const isTaken = hasGivenWay || next.kind === "taken";
    if (isTaken && !this.#stop) this.#log.warn({ item: item.id, lane: item.lane }, TAKEN_OVER);
    return next;
  }

  /** What a stop has cut off stays owed: another process takes it up. */
  #isCutOff(signal: AbortSignal): boolean {
    return this.#stop !== null && signal.aborted && signal.reason === this.#stop.reason;
  }

  /** `gave-way`: the handler found that another process is at the item. */
  async #handle(item: WorkItem, signal: AbortSignal): Promise<"ended" | "gave-way"> {
    try {
      await this.#handler(item, signal);
    } catch (error) {
      // Stopped by us: the caller that stopped it knows.
      if (signal.aborted) return "ended";
      if (error instanceof StopError) return "gave-way";
      this.#log.error({ err: error, item: item.id }, "a work item ended in an error");
    }
    return "ended";
  }

  /** Tells Redis how an item ended, for as long as it takes: until then no process begins the next one. */
  async #finish(lane: Lane, id: string, how: "done" | "unreadable" | "keep"): Promise<Next> {
    for (;;) {
      try {
        return await this.#commands.finish(lane.name, id, how, this.#stop !== null);
      } catch (error) {
        this.#doubt(error);
        if (this.#stop && performance.now() - this.#stop.at > this.#options.farewellMs) {
          // It comes again elsewhere; what was in flight is known then and not repeated.
          if (how === "done") this.#log.warn({ item: id }, "finished work could not be crossed off");
          return { kind: "taken" };
        }
      }
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs));
    }
  }

  #read(lane: Lane, stored: Stored): WorkItem | null {
    try {
      return this.#items.unseal(stored);
    } catch (error) {
      this.#log.error(
        { err: error, item: stored.id, lane: lane.name },
        "an item of waiting work cannot be read; it was set aside",
      );
      return null;
    }
  }

  async #beat(): Promise<void> {
    const { hadLease, stops } = await this.#commands.renew();
    if (!hadLease || this.#isInDoubt || ++this.#beats % COMPARE_EVERY === 0) await this.#compare();
    if (stops > 0) {
      const all = await this.#commands.stops();
      for (const { running } of this.#lanes.values()) {
        const why = running && all.get(running.id);
        if (why) running.controller.abort(new StopError(why));
      }
    }
  }

  /** What Redis counts as ours and what we work on: an answer, or our lease, may have been lost. */
  async #compare(): Promise<void> {
    this.#isInDoubt = false;
    const running = [...this.#lanes.values()].flatMap((lane) =>
      lane.running && !lane.isLost ? [{ lane: lane.name, id: lane.running.id }] : [],
    );
    for (let i = 0; i < running.length; i += BATCH) {
      const batch = running.slice(i, i + BATCH);
      const lost = new Set(await this.#commands.lost(batch));
      for (const { lane, id } of batch) if (lost.has(lane)) this.#lose(lane, id);
    }
    for (const name of await this.#commands.owned()) {
      // Ours by a claim whose answer never came.
      if (!this.#lanes.has(name)) this.#begin(name, await this.#commands.resume(name));
    }
  }

  /** Another process has taken the item over: here it must end, unless it has ended already. */
  #lose(name: string, id: string): void {
    const lane = this.#lanes.get(name);
    if (lane?.running?.id !== id) return;
    lane.isLost = true;
    this.#log.warn({ item: id, lane: name }, TAKEN_OVER);
    lane.running.controller.abort(new StopError("shutdown"));
  }

  async #lookAround(): Promise<void> {
    for (;;) {
      const lanes = await this.#commands.reap(BATCH);
      if (lanes > 0) this.#log.warn({ lanes }, "a process has died; its lanes are taken over");
      if (lanes < BATCH) break;
    }
    await this.#claim(OVERDUE_BATCH, this.#options.lostWakeUpMs);
  }

  async #leave(): Promise<void> {
    while ((await this.#commands.leave(BATCH)) > 0);
  }

  #doubt(error: unknown): void {
    this.#isInDoubt = true;
    if (!(error instanceof StoreTroubleError))
      this.#log.error({ err: error }, "a step of the work queue failed");
  }

  async #quietly(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      // An outage is reported where the connection is.
      this.#doubt(error);
    }
  }
}
