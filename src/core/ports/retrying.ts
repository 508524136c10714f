/**
 * Work that has begun waits for a store in trouble, where intake would rather say so at once: what is at stake
 * is a turn that was paid for. Source: DESIGN.md, rules 2 and 4.
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
export async function patiently<T>(task: () => Promise<T>, patience: Retrying): Promise<T> {
  const { clock, log, signal, maxWaitMs } = patience;
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

/** The same store, with patience. */
export function patientStore(store: ConversationStore, patience: Retrying): ConversationStore {
  return {
    read: (id) => patiently(() => store.read(id), patience),
    update: (id, change) => patiently(() => store.update(id, change), patience),
    readUser: (id) => patiently(() => store.readUser(id), patience),
    updateUser: (id, change) => patiently(() => store.updateUser(id, change), patience),
    readCapture: (id) => patiently(() => store.readCapture(id), patience),
    keepCapture: (id, capture) => patiently(() => store.keepCapture(id, capture), patience),
    forgetCapture: (id) => patiently(() => store.forgetCapture(id), patience),
    hasSeen: (key) => patiently(() => store.hasSeen(key), patience),
    markSeen: (key) => patiently(() => store.markSeen(key), patience),
  };
}

/** The same queue, with patience for what work asks of it. */
export function patientQueue(queue: WorkQueue, patience: Retrying): WorkQueue {
  return {
    push: (item) => patiently(() => queue.push(item), patience),
    start: (handler) => queue.start(handler),
    cancel: (lane, reason) => patiently(() => queue.cancel(lane, reason), patience),
    revise: (item) => patiently(() => queue.revise(item), patience),
    waiting: (lane) => patiently(() => queue.waiting(lane), patience),
    running: (lane) => patiently(() => queue.running(lane), patience),
    remove: (lane, itemId, may) => patiently(() => queue.remove(lane, itemId, may), patience),
    clear: (lane, may) => patiently(() => queue.clear(lane, may), patience),
    size: (lane) => patiently(() => queue.size(lane), patience),
    depth: () => patiently(() => queue.depth(), patience),
    idle: () => queue.idle(),
    stop: (reason, graceMs) => queue.stop(reason, graceMs),
  };
}
