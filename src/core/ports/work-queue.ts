/** Work that is owed until it is done. Implemented by `src/jobs` and `src/store`. */
import type { WorkItem } from "../model/work-item.ts";

/** Ordered work: one item at a time per lane, in the order they came; lanes run side by side. */
export interface WorkQueue {
  /**
   * Resolves once the item is owned. `ahead`: how many items of the lane come before it, the running one
   * included. `known`: an item with this id is owed already, or ended so lately that the queue remembers it.
   * Throws the stop's reason when the queue was stopped.
   */
  push(
    item: WorkItem,
  ): Promise<{ kind: "accepted"; ahead: number } | { kind: "full"; limit: number } | { kind: "known" }>;
  /** Takes up what an earlier process left, then starts working; the handler's errors are logged and end the item. */
  start(handler: (item: WorkItem, signal: AbortSignal) => Promise<void>): Promise<void>;
  /**
   * Aborts the running item of a lane with `reason`; false when none runs. What runs in another process gets a
   * `StopError` of the same kind.
   */
  cancel(lane: string, reason: Error): Promise<boolean>;
  /** Puts `item` in the place of a waiting message with the same `message.key`; false when none waits. */
  revise(item: WorkItem): Promise<boolean>;
  /** What waits in a lane, the next one first; not what runs. */
  waiting(lane: string): Promise<WorkItem[]>;
  /** What runs in a lane; null when nothing does. */
  running(lane: string): Promise<WorkItem | null>;
  /** Removes one waiting item if `may` agrees; `absent` when it does not wait (any more). */
  remove(
    lane: string,
    itemId: string,
    may: (item: WorkItem) => boolean,
  ): Promise<"removed" | "refused" | "absent">;
  /** Removes what waits in a lane, not what runs; with `may` only what it agrees to. Returns the removed items. */
  clear(lane: string, may?: (item: WorkItem) => boolean): Promise<WorkItem[]>;
  /** Items of a lane, the running one included. */
  size(lane: string): Promise<number>;
  /** Items of all lanes, those that run included. */
  depth(): Promise<number>;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
  /**
   * Stops taking items from the lanes. What runs may end within `graceMs` (default 0), and may push what follows
   * from it; then it is aborted with `reason`. What is left stays owed.
   */
  stop(reason: Error, graceMs?: number): Promise<void>;
}

/** The work that is owed, kept across the end of the process. */
export interface WorkJournal {
  /** False when an item with the same id is there already. */
  add(item: WorkItem): Promise<boolean>;
  /** `item` takes the place of the item `id`; false when there is none. */
  replace(id: string, item: WorkItem): Promise<boolean>;
  /** All of them or, when it throws, none. What is not there is no error. */
  remove(...ids: string[]): Promise<void>;
  /** In the order they were added. */
  all(): Promise<WorkItem[]>;
  close(): Promise<void>;
}
