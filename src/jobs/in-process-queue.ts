/**
 * The work queue of a single process: lanes in memory, one item at a time in each, in order, for as long as an
 * item takes. A journal keeps what is owed across the end of the process.
 * Source: the `WorkQueue` port; DESIGN.md, rules 2, 3 and 9.
 */
import type { Log, WorkJournal, WorkQueue } from "../core/ports.ts";
import type { WorkItem } from "../core/work-item.ts";

interface Lane {
  waiting: WorkItem[];
  running: { item: WorkItem; controller: AbortController } | null;
}

export interface QueueOptions {
  /** Most items that may wait in one lane, the running one not counted. */
  maxWaiting: number;
}

const DEFAULT_QUEUE_OPTIONS: QueueOptions = { maxWaiting: 20 };

export class InProcessQueue implements WorkQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #log: Log;
  readonly #options: QueueOptions;
  /** Null: what is owed ends with the process. */
  readonly #journal: WorkJournal | null;
  /** Ids of all items that wait or run. */
  readonly #ids = new Set<string>();
  /** How many items of a lane are on their way into the journal. */
  readonly #arriving = new Map<string, number>();
  #handler: ((item: WorkItem, signal: AbortSignal) => Promise<void>) | null = null;
  #stopReason: Error | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(log: Log, journal: WorkJournal | null = null, options: QueueOptions = DEFAULT_QUEUE_OPTIONS) {
    this.#log = log;
    this.#journal = journal;
    this.#options = options;
  }

  async push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }> {
    if (this.#stopReason) throw this.#stopReason;
    if (this.#ids.has(item.id)) return { kind: "known" };
    const arriving = this.#arriving.get(item.lane) ?? 0;
    // The first runs, or is about to.
    if (this.#sizeOf(item.lane) + arriving > this.#options.maxWaiting) {
      return { kind: "full", limit: this.#options.maxWaiting };
    }
    this.#ids.add(item.id);
    this.#arriving.set(item.lane, arriving + 1);
    try {
      if ((await this.#journal?.add(item)) === false) {
        // Left by an earlier process: it is taken up at the start.
        this.#ids.delete(item.id);
        return { kind: "known" };
      }
    } catch (error) {
      this.#ids.delete(item.id);
      throw error;
    } finally {
      this.#arrived(item.lane);
    }
    return { kind: "accepted", ahead: this.#append(item) };
  }

  async start(handler: (item: WorkItem, signal: AbortSignal) => Promise<void>): Promise<void> {
    for (const item of (await this.#journal?.all()) ?? []) {
      if (this.#ids.has(item.id)) continue;
      this.#ids.add(item.id);
      this.#append(item);
    }
    this.#handler = handler;
    for (const [name, lane] of this.#lanes) this.#next(name, lane);
  }

  async cancel(lane: string, reason: Error): Promise<boolean> {
    const running = this.#lanes.get(lane)?.running;
    running?.controller.abort(reason);
    return running !== null && running !== undefined;
  }

  async revise(item: WorkItem): Promise<boolean> {
    if (item.kind !== "message" || item.message.key === undefined) return false;
    const { key } = item.message;
    const waiting = this.#lanes.get(item.lane)?.waiting ?? [];
    const place = waiting.findIndex((one) => one.kind === "message" && one.message.key === key);
    if (place < 0) return false;
    const replaced = waiting[place];
    waiting[place] = item;
    this.#ids.add(item.id);
    if (replaced && replaced.id !== item.id) this.#ids.delete(replaced.id);
    await this.#journal?.replace(replaced?.id ?? item.id, item);
    return true;
  }

  async running(lane: string): Promise<WorkItem | null> {
    return this.#lanes.get(lane)?.running?.item ?? null;
  }

  async remove(
    lane: string,
    itemId: string,
    may: (item: WorkItem) => boolean,
  ): Promise<"removed" | "refused" | "absent"> {
    const waiting = this.#lanes.get(lane)?.waiting ?? [];
    const item = waiting.find((one) => one.id === itemId);
    if (!item) return "absent";
    if (!may(item)) return "refused";
    waiting.splice(waiting.indexOf(item), 1);
    await this.#forget(itemId);
    return "removed";
  }

  async clear(lane: string, may: (item: WorkItem) => boolean = () => true): Promise<WorkItem[]> {
    const found = this.#lanes.get(lane);
    const dropped = found?.waiting.filter(may) ?? [];
    if (found) found.waiting = found.waiting.filter((item) => !dropped.includes(item));
    for (const item of dropped) await this.#forget(item.id);
    return dropped;
  }

  async size(lane: string): Promise<number> {
    return this.#sizeOf(lane);
  }

  async depth(): Promise<number> {
    return this.#ids.size;
  }

  idle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async stop(reason: Error): Promise<void> {
    this.#stopReason = reason;
    for (const [name, lane] of this.#lanes) {
      lane.waiting = [];
      if (lane.running) lane.running.controller.abort(reason);
      else this.#lanes.delete(name);
    }
    await this.idle();
  }

  #next(name: string, lane: Lane): void {
    if (lane.running || !this.#handler || this.#stopReason) return;
    const item = lane.waiting.shift();
    if (!item) {
      this.#lanes.delete(name);
      this.#tellIdle();
      return;
    }
    const controller = new AbortController();
    lane.running = { item, controller };
    void this.#handler(item, controller.signal)
      .catch((error: unknown) => {
        // Stopped by us: whoever stopped it knows.
        if (controller.signal.aborted) return;
        this.#log.error({ err: error, item: item.id }, "a work item ended in an error");
      })
      .finally(() => {
        // What a stop has cut off stays owed: the next process takes it up.
        const isCutOff = controller.signal.aborted && controller.signal.reason === this.#stopReason;
        if (isCutOff) this.#ids.delete(item.id);
        else void this.#forget(item.id);
        lane.running = null;
        if (this.#stopReason) {
          this.#lanes.delete(name);
          this.#tellIdle();
        } else this.#next(name, lane);
      });
  }

  #sizeOf(lane: string): number {
    const found = this.#lanes.get(lane);
    return found ? found.waiting.length + (found.running ? 1 : 0) : 0;
  }

  #arrived(lane: string): void {
    const left = (this.#arriving.get(lane) ?? 1) - 1;
    if (left > 0) this.#arriving.set(lane, left);
    else this.#arriving.delete(lane);
  }

  #append(item: WorkItem): number {
    // Stopped while the journal was written: the next process takes it up.
    if (this.#stopReason) return 0;
    const lane = this.#lanes.get(item.lane) ?? { waiting: [], running: null };
    const ahead = lane.waiting.length + (lane.running ? 1 : 0);
    lane.waiting.push(item);
    this.#lanes.set(item.lane, lane);
    this.#next(item.lane, lane);
    return ahead;
  }

  async #forget(id: string): Promise<void> {
    this.#ids.delete(id);
    try {
      await this.#journal?.remove(id);
    } catch (error) {
      // It comes again after a restart; what was in flight is known then and not repeated.
      this.#log.error({ err: error, item: id }, "finished work could not be crossed off");
    }
  }

  #tellIdle(): void {
    if (this.#lanes.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
