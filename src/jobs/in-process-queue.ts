/**
 * The work queue of a single process: lanes in memory, one item at a time in each, in order, for as long as an
 * item takes. A journal keeps what is owed across the end of the process.
 * Source: the `WorkQueue` port; DESIGN.md, rules 2, 3 and 9.
 */

import type { WorkItem } from "../core/model/work-item.ts";
import type { Log } from "../core/ports/runtime.ts";
import type { WorkJournal, WorkQueue } from "../core/ports/work-queue.ts";
import { createKeyedQueue } from "../lib/keyed-queue.ts";
import { endsWithin } from "../lib/timeout.ts";

interface Lane {
  waiting: WorkItem[];
  running: { item: WorkItem; controller: AbortController } | null;
  /** While what waits is being changed in the journal, none of it begins. */
  isHeld: boolean;
}

export interface QueueOptions {
  /** Most items that may wait in one lane, the running one not counted. */
  maxWaiting: number;
}

/** How long after a failed crossing-off it is tried again. */
const CROSS_OFF_AGAIN_MS = 1_000;

const DEFAULT_QUEUE_OPTIONS: QueueOptions = { maxWaiting: 20 };

export class InProcessQueue implements WorkQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #log: Log;
  readonly #options: QueueOptions;
  /** Null: what is owed ends with the process. */
  readonly #journal: WorkJournal | null;
  /** Ids of all items that wait or run. */
  readonly #ids = new Set<string>();
  /** What has ended and is not crossed off in the journal yet, with the first try to do so. */
  readonly #ended = new Map<string, Promise<void>>();
  /** Those of `#ended` whose last try failed. */
  readonly #uncrossed = new Set<string>();
  #crossOffTimer: NodeJS.Timeout | null = null;
  /** Changes of what waits in a lane, one after another. */
  readonly #inTurn = createKeyedQueue();
  /** How many items of a lane are on their way into the journal. */
  readonly #arriving = new Map<string, number>();
  #handler: ((item: WorkItem, signal: AbortSignal) => Promise<void>) | null = null;
  #stopReason: Error | null = null;
  #isStopped = false;
  #whenIdle: (() => void)[] = [];

  constructor(log: Log, journal: WorkJournal | null = null, options: QueueOptions = DEFAULT_QUEUE_OPTIONS) {
    this.#log = log;
    this.#journal = journal;
    this.#options = options;
  }

  async push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }> {
    // What ends in the grace of a stop may have a follow-up: it is kept for the next process.
    if (this.#stopReason && (this.#isStopped || !this.#journal)) throw this.#stopReason;
    if (this.#isKnown(item.id)) return { kind: "known" };
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
      if (this.#isKnown(item.id)) continue;
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
    return this.#change(item.lane, async (lane) => {
      const replaced = lane.waiting.find((one) => one.kind === "message" && one.message.key === key);
      if (!replaced) return false;
      await this.#replace(replaced.id, item);
      // A stop may have emptied the lane: the next process reads the new words in the journal.
      const place = lane.waiting.indexOf(replaced);
      if (place >= 0) lane.waiting[place] = item;
      this.#ids.delete(replaced.id);
      this.#ids.add(item.id);
      return true;
    });
  }

  async waiting(lane: string): Promise<WorkItem[]> {
    return [...(this.#lanes.get(lane)?.waiting ?? [])];
  }

  async running(lane: string): Promise<WorkItem | null> {
    return this.#lanes.get(lane)?.running?.item ?? null;
  }

  async remove(
    lane: string,
    itemId: string,
    may: (item: WorkItem) => boolean,
  ): Promise<"removed" | "refused" | "absent"> {
    return this.#change(lane, async (found) => {
      const item = found.waiting.find((one) => one.id === itemId);
      if (!item) return "absent";
      if (!may(item)) return "refused";
      await this.#drop(found, [item]);
      return "removed";
    });
  }

  async clear(lane: string, may: (item: WorkItem) => boolean = () => true): Promise<WorkItem[]> {
    return this.#change(lane, async (found) => {
      const dropped = found.waiting.filter(may);
      await this.#drop(found, dropped);
      return dropped;
    });
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

  async stop(reason: Error, graceMs = 0): Promise<void> {
    this.#stopReason = reason;
    for (const [name, lane] of this.#lanes) {
      lane.waiting = [];
      if (!lane.running) this.#lanes.delete(name);
    }
    if (graceMs > 0) await endsWithin(graceMs, this.idle());
    for (const { running } of this.#lanes.values()) running?.controller.abort(reason);
    await this.idle();
    this.#isStopped = true;
    await Promise.all(this.#ended.values());
    await this.#crossOffAgain();
    if (this.#uncrossed.size > 0) {
      // What was in flight is known then and not repeated.
      this.#log.error(
        { items: [...this.#uncrossed] },
        "finished work comes again: it could not be crossed off",
      );
    }
  }

  #next(name: string, lane: Lane): void {
    if (lane.running || lane.isHeld || !this.#handler || this.#stopReason) return;
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
        // Stopped by us: the caller that stopped it knows.
        if (controller.signal.aborted) return;
        this.#log.error({ err: error, item: item.id }, "a work item ended in an error");
      })
      .finally(() => {
        // What a stop has cut off stays owed: the next process takes it up.
        const isCutOff = controller.signal.aborted && controller.signal.reason === this.#stopReason;
        if (isCutOff) this.#ids.delete(item.id);
        else this.#forget(item.id);
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
    const lane = this.#lanes.get(item.lane) ?? { waiting: [], running: null, isHeld: false };
    const ahead = lane.waiting.length + (lane.running ? 1 : 0);
    lane.waiting.push(item);
    this.#lanes.set(item.lane, lane);
    this.#next(item.lane, lane);
    return ahead;
  }

  #isKnown(id: string): boolean {
    return this.#ids.has(id) || this.#ended.has(id);
  }

  /**
   * Changes what waits in a lane: in the journal first, in memory once that is done, so that a disk that fails
   * changes neither. Nothing of the lane begins before that.
   */
  #change<T>(name: string, task: (lane: Lane) => Promise<T>): Promise<T> {
    return this.#inTurn(name, async () => {
      const lane = this.#lanes.get(name) ?? { waiting: [], running: null, isHeld: false };
      lane.isHeld = true;
      try {
        return await task(lane);
      } finally {
        lane.isHeld = false;
        if (this.#lanes.get(name) === lane) this.#next(name, lane);
      }
    });
  }

  async #replace(id: string, item: WorkItem): Promise<void> {
    if (!this.#journal || (await this.#journal.replace(id, item))) return;
    // It waits, so it has to be owed: a try that failed may have got through, or the row is gone.
    if (!(await this.#journal.replace(item.id, item))) await this.#journal.add(item);
  }

  async #drop(lane: Lane, items: WorkItem[]): Promise<void> {
    if (items.length === 0) return;
    const ids = items.map((item) => item.id);
    await this.#journal?.remove(...ids);
    lane.waiting = lane.waiting.filter((item) => !items.includes(item));
    for (const id of ids) this.#ids.delete(id);
  }

  /** Crosses off what has ended; until that is done its id stays known. */
  #forget(id: string): void {
    this.#ids.delete(id);
    if (this.#journal) this.#ended.set(id, this.#crossOff(id, this.#journal));
  }

  async #crossOff(id: string, journal: WorkJournal): Promise<void> {
    try {
      await journal.remove(id);
      this.#ended.delete(id);
    } catch (error) {
      this.#log.error({ err: error, item: id }, "finished work could not be crossed off; trying again");
      this.#keepUncrossed(id);
    }
  }

  #keepUncrossed(id: string): void {
    this.#uncrossed.add(id);
    if (this.#isStopped) return;
    this.#crossOffTimer ??= setInterval(() => void this.#crossOffAgain(), CROSS_OFF_AGAIN_MS).unref();
  }

  async #crossOffAgain(): Promise<void> {
    for (const id of [...this.#uncrossed]) {
      // Taken out while it is tried: a second removal could hit a later item of the same id.
      if (!this.#uncrossed.delete(id)) continue;
      try {
        await this.#journal?.remove(id);
        this.#ended.delete(id);
      } catch {
        // Said when it failed first. The disk has not recovered: the others wait too.
        this.#keepUncrossed(id);
        break;
      }
    }
    if (this.#crossOffTimer && (this.#uncrossed.size === 0 || this.#isStopped)) {
      clearInterval(this.#crossOffTimer);
      this.#crossOffTimer = null;
    }
  }

  #tellIdle(): void {
    if (this.#lanes.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
