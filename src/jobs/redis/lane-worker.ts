/**
 * The part of the queue on Redis that works: it claims lanes, hands their items to the handler one by one, renews
 * the lease on all of them at once, and looks for lanes that nobody has. The lease is the process's, so nothing
 * runs out while an item takes its time. Source: the `WorkQueue` port; DESIGN.md, rules 2 and 4.
 */

import { StopError } from "../../core/model/stop.ts";
import type { WorkItem } from "../../core/model/work-item.ts";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";
import { endsWithin } from "../../lib/timeout.ts";
import type { SealedItems, Stored } from "../sealed-items.ts";
import type { CancelWord, Next, QueueCommands } from "./commands.ts";
import { Repeater } from "./interval.ts";
import type { RedisQueueOptions } from "./options.ts";

/** Lanes that one script looks at: Redis does nothing else meanwhile. */
const BATCH = 500;
/** Lost wake-ups of one look. Each process takes only some, so that they all get their share. */
const OVERDUE_BATCH = 100;
/** Ours in Redis and ours in memory are compared at least at every so many heartbeats. */
const COMPARE_EVERY = 20;

const TAKEN_OVER = "this process was taken for dead; another one has gone on with its work";

export type Handler = (item: WorkItem, signal: AbortSignal) => Promise<void>;

/** A lane that is ours, or that we are about to claim. */
interface Lane {
  name: string;
  /** `id` is its name in Redis. */
  running: { id: string; controller: AbortController } | null;
  /** Somebody wanted it woken while we had it: it may have been empty and let go in that moment. */
  isWokenAgain: boolean;
  /** Another process works on it by now; ours was told to stop. */
  isLost: boolean;
}

export class LaneWorker {
  readonly #commands: QueueCommands;
  readonly #options: RedisQueueOptions;
  readonly #handler: Handler;
  readonly #items: SealedItems;
  readonly #wake: (lanes: string[]) => void;
  readonly #log: Log;
  readonly #lanes = new Map<string, Lane>();
  readonly #work = new Set<Promise<void>>();
  readonly #heartbeat: Repeater;
  readonly #look: Repeater;
  #beats = 0;
  /** A call got no answer: what is ours may be another thing than we think. */
  #isInDoubt = false;
  #stop: { reason: Error; at: number } | null = null;

  constructor(
    commands: QueueCommands,
    options: RedisQueueOptions,
    context: { handler: Handler; items: SealedItems; wake: (lanes: string[]) => void; log: Log },
  ) {
    this.#commands = commands;
    this.#options = options;
    this.#handler = context.handler;
    this.#items = context.items;
    this.#wake = context.wake;
    this.#log = context.log;
    this.#heartbeat = new Repeater(() => this.#quietly(() => this.#beat()), options.heartbeatMs);
    this.#look = new Repeater(() => this.#quietly(() => this.#lookAround()), options.lookMs);
  }

  /** Takes the lease; from then on lanes can be taken. Throws `StoreTroubleError`. */
  async start(): Promise<void> {
    await this.#commands.renew();
    this.#heartbeat.soon();
    this.#look.soon();
  }

  /** Renews the lease at once: Redis was away. */
  renewSoon(): void {
    this.#heartbeat.soon();
  }

  /** Claims a lane and works on it in the background; resolves once it is clear whose it is. Never throws. */
  async take(name: string): Promise<void> {
    const ours = this.#lanes.get(name);
    if (ours) {
      ours.isWokenAgain = true;
      return;
    }
    // Somebody else's turn.
    if (this.#stop) return this.#wake([name]);
    const lane: Lane = { name, running: null, isWokenAgain: false, isLost: false };
    this.#lanes.set(name, lane);
    const claimed = this.#claim(lane);
    const work = claimed.then((first) => this.#workThrough(lane, first));
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
    await claimed;
  }

  /** Aborts what runs here in a lane; false when nothing does. */
  abort(lane: string, reason: Error): boolean {
    const running = this.#lanes.get(lane)?.running;
    running?.controller.abort(reason);
    return running !== null && running !== undefined;
  }

  /** Somebody elsewhere wants an item stopped. By now another one may run in its lane. */
  obey({ lane, id, why }: CancelWord): void {
    const running = this.#lanes.get(lane)?.running;
    if (running?.id === id) running.controller.abort(new StopError(why));
  }

  /**
   * Begins nothing new, gives what runs `graceMs`, then aborts it with `reason`, waits for it, and lets go of all
   * lanes; what was cut off stays at the head of its lane. From then on it waits no longer than `farewellMs` for
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

  async #workThrough(lane: Lane, first: Next): Promise<void> {
    let next = first;
    for (;;) {
      while (next.kind === "item") next = await this.#workOn(lane, next);
      if (next.kind === "released" && next.isWaiting) this.#wake([lane.name]);
      if (!lane.isWokenAgain || this.#stop) break;
      lane.isWokenAgain = false;
      lane.isLost = false;
      next = await this.#claim(lane);
    }
    this.#lanes.delete(lane.name);
  }

  async #claim(lane: Lane): Promise<Next> {
    try {
      const next = await this.#commands.claim(lane.name);
      if (next.kind === "stale") this.#heartbeat.soon();
      return next;
    } catch (error) {
      this.#doubt(error);
      return { kind: "taken" };
    }
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
      // Stopped by us: whoever stopped it knows.
      if (signal.aborted) return "ended";
      if (error instanceof StopError) return "gave-way";
      this.#log.error({ err: error, item: item.id }, "a work item ended in an error");
    }
    return "ended";
  }

  /** Tells Redis how an item ended, for as long as it takes: until then nobody begins the next one. */
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
      for (const { name, running } of this.#lanes.values()) {
        const why = running && all.get(running.id);
        if (why) this.obey({ lane: name, id: running.id, why });
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
      // Ours by a claim whose answer never came. Claiming again gives the same answer.
      if (!this.#lanes.has(name)) await this.take(name);
    }
  }

  /** Another process has taken the item over: here it must end, unless it has ended meanwhile. */
  #lose(name: string, id: string): void {
    const lane = this.#lanes.get(name);
    if (lane?.running?.id !== id) return;
    lane.isLost = true;
    this.#log.warn({ item: id, lane: name }, TAKEN_OVER);
    lane.running.controller.abort(new StopError("shutdown"));
  }

  async #lookAround(): Promise<void> {
    for (;;) {
      const freed = await this.#commands.reap(BATCH);
      if (freed.length > 0) {
        this.#log.warn({ lanes: freed.length }, "a process has died; its lanes are taken over");
        this.#wake(freed);
      }
      if (freed.length < BATCH) break;
    }
    const overdue = await this.#commands.overdue(OVERDUE_BATCH);
    await Promise.all(overdue.map((name) => this.take(name)));
  }

  async #leave(): Promise<void> {
    for (;;) {
      const { left, freed } = await this.#commands.leave(BATCH);
      this.#wake(freed);
      if (left === 0) return;
    }
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
