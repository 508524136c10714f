/**
 * A damaged record costs its own memory and nothing else: it is set aside for a while, reported, and counts as absent.
 */
import type { Log } from "../core/ports/runtime.ts";
import { createKeyedQueue } from "../lib/keyed-queue.ts";
import type { Records } from "./records.ts";

export interface RepairOptions {
  /** How long a damaged record is kept under `corrupt:<key>`, in ms. */
  retentionMs: number;
  log: Pick<Log, "error">;
}

/**
 * Runs `task`, and runs it again without the record under `key` when that turns out to be damaged: it cannot be read, or
 * `check` throws `SyntaxError` for its value.
 */
export type Repair = <T>(key: string, check: (value: unknown) => void, task: () => Promise<T>) => Promise<T>;

export function createRepair(records: Records, { retentionMs, log }: RepairOptions): Repair {
  const inTurn = createKeyedQueue();

  async function setAsideDamaged(key: string, check: (value: unknown) => void): Promise<void> {
    let value: unknown;
    try {
      value = await records.get(key);
      check(value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      await records.set(`corrupt:${key}`, value ?? (await records.getText(key)), retentionMs);
      await records.delete(key);
      log.error({ err: error.cause ?? error, key }, "a stored record cannot be read; it was set aside");
    }
  }

  return async (key, check, task) => {
    try {
      return await task();
    } catch (error) {
      // A store that does not answer is another matter: what it holds may be sound.
      if (!(error instanceof SyntaxError)) throw error;
      // One at a time: of two that found the damage, the second must not take what the first has written since.
      await inTurn(key, () => setAsideDamaged(key, check));
      return task();
    }
  };
}

/** Records that set aside the texts for which `inner` throws `SyntaxError`. */
export function readableRecords(inner: Records, options: RepairOptions): Records {
  const repair = createRepair(inner, options);
  const anything = () => {};
  return {
    ...inner,
    get: (key) => repair(key, anything, () => inner.get(key)),
    getWithExpiry: (key) => repair(key, anything, () => inner.getWithExpiry(key)),
    update: (key, change, ttlMs) => repair(key, anything, () => inner.update(key, change, ttlMs)),
  };
}
