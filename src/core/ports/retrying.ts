/**
 * Work that has begun waits for a store in trouble, where intake says so at once: a turn may be at stake that was
 * paid for. Source: DESIGN.md, rules 2 and 4.
 */
import { retried } from "../../lib/backoff.ts";
import type { Clock, Log } from "./runtime.ts";
import { type ConversationStore, StoreTroubleError } from "./store.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface Retrying {
  clock: Clock;
  log: Log;
  /** Ends all waiting: the process stops, and the work goes on elsewhere. */
  signal: AbortSignal;
  /** Longest wait of one call; then its trouble is thrown after all. */
  maxWaitMs: number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/** Repeats `task` while the store is in trouble. Throws its last trouble, any other error, and the signal's reason. */
export async function retrying<T>(task: () => Promise<T>, how: Retrying): Promise<T> {
  const { clock, log, signal, maxWaitMs } = how;
  const until = clock.now() + maxWaitMs;
  return retried(task, {
    ...{ firstMs: FIRST_WAIT_MS, longestMs: LONGEST_WAIT_MS, clock, signal },
    onFailure(error) {
      if (!(error instanceof StoreTroubleError) || clock.now() >= until) throw error;
      log.debug({ err: error }, "work waits for the store");
    },
  });
}

/** Waits for `asked`; a store that is in trouble after all retries is told to `onTrouble`, and the work goes on. */
export async function orGoOn(asked: Promise<void>, onTrouble: (error: unknown) => void): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof StoreTroubleError)) throw error;
    onTrouble(error);
  }
}

/** The same store, asked again while it is in trouble. */
export function retryingStore(store: ConversationStore, how: Retrying): ConversationStore {
  return {
    read: (id) => retrying(() => store.read(id), how),
    update: (id, change) => retrying(() => store.update(id, change), how),
    readUser: (id) => retrying(() => store.readUser(id), how),
    updateUser: (id, change) => retrying(() => store.updateUser(id, change), how),
    readHistory: (id) => retrying(() => store.readHistory(id), how),
    updateHistory: (id, change) => retrying(() => store.updateHistory(id, change), how),
    forgetHistory: (id) => retrying(() => store.forgetHistory(id), how),
    readCapture: (id) => retrying(() => store.readCapture(id), how),
    keepCapture: (id, capture, keptAs) => retrying(() => store.keepCapture(id, capture, keptAs), how),
    forgetCapture: (id) => retrying(() => store.forgetCapture(id), how),
    hasSeen: (key) => retrying(() => store.hasSeen(key), how),
    markSeen: (key) => retrying(() => store.markSeen(key), how),
  };
}

/** The same queue, asked again for what work asks of it. */
export function retryingQueue(queue: WorkQueue, how: Retrying): WorkQueue {
  return {
    push: (item) => retrying(() => queue.push(item), how),
    start: (handler) => queue.start(handler),
    cancel: (lane, reason) => retrying(() => queue.cancel(lane, reason), how),
    revise: (item) => retrying(() => queue.revise(item), how),
    waiting: (lane) => retrying(() => queue.waiting(lane), how),
    running: (lane) => retrying(() => queue.running(lane), how),
    remove: (lane, itemId, may) => retrying(() => queue.remove(lane, itemId, may), how),
    clear: (lane, may) => retrying(() => queue.clear(lane, may), how),
    size: (lane) => retrying(() => queue.size(lane), how),
    depth: () => retrying(() => queue.depth(), how),
    idle: () => queue.idle(),
    stop: (reason, graceMs) => queue.stop(reason, graceMs),
  };
}
