/**
 * Keys and values over Keyv, with changes as one step: within this process by waiting
 * for one's turn, between processes by the storage's `Swap`. Source: DESIGN.md, `src/store`.
 */
import type { Keyv, KeyvOptions } from "keyv";
import { createKeyedQueue } from "../lib/keyed-queue.ts";

/**
 * How values become text. Plain JSON: Keyv's own way, which also knows how to keep bytes, takes six times as long,
 * and nothing but plain JSON is ever kept here.
 */
export const PLAIN_JSON = {
  serialize: (data) => JSON.stringify(data),
  deserialize: parseEntry,
} as const satisfies KeyvOptions;

/** A value as Keyv wraps it. Throws `SyntaxError` when the text is anything else. */
function parseEntry(text: string) {
  const entry = JSON.parse(text);
  if (typeof entry !== "object" || entry === null || !("value" in entry)) {
    throw new SyntaxError("a stored text is no record");
  }
  return entry;
}

export interface Records {
  /** Undefined when there is nothing, or no longer. Throws `SyntaxError` when the stored text is damaged. */
  get(key: string): Promise<unknown>;
  /** Like `get`, with the moment it runs out (epoch ms; null: never). */
  getWithExpiry(key: string): Promise<{ value: unknown; expiresAt: number | null } | undefined>;
  /** The text that is stored, for a record that `get` cannot read; undefined when there is none. */
  getText(key: string): Promise<string | undefined>;
  /** Without `ttlMs` it is kept for good. Throws when the storage did not take it. */
  set(key: string, value: unknown, ttlMs?: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Reads, changes and writes as one step; undefined stands for absence both ways. `change` may be called again. */
  update<T>(key: string, change: (current: unknown) => T | undefined, ttlMs?: number): Promise<T | undefined>;
}

/**
 * For a storage that several processes share: reads the record, and writes what `change` makes of it if no other process
 * has written since. False: one has.
 */
export type Swap = (
  key: string,
  change: (current: unknown) => unknown,
  ttlMs: number | undefined,
) => Promise<boolean>;

/** Tries against other processes before it counts as a fault; each of them means that another process got through. */
const MAX_SWAPS = 200;

/** `swap` is null where this process alone writes. */
export function createRecords(keyv: Keyv, swap: Swap | null = null): Records {
  const inTurn = createKeyedQueue();

  async function set(key: string, value: unknown, ttlMs?: number): Promise<void> {
    if (!(await keyv.set(key, value, ttlMs))) throw new Error(`the store did not take ${key}`);
  }

  async function change<T>(
    key: string,
    make: (current: unknown) => T | undefined,
    ttlMs: number | undefined,
  ): Promise<T | undefined> {
    let next: T | undefined;
    if (!swap) {
      next = make(await keyv.get(key));
      if (next === undefined) await keyv.delete(key);
      else await set(key, next, ttlMs);
      return next;
    }
    for (let tries = 0; tries < MAX_SWAPS; tries++) {
      const isDone = await swap(
        key,
        (current) => {
          next = make(current);
          return next;
        },
        ttlMs,
      );
      if (isDone) return next;
    }
    throw new Error(`the store could not change ${key}: others were always faster`);
  }

  return {
    get: (key) => keyv.get(key),
    async getWithExpiry(key) {
      const raw = await keyv.getRaw(key);
      return raw && { value: raw.value, expiresAt: raw.expires ?? null };
    },
    async getText(key) {
      // Keyv itself hands out nothing it cannot read; the storage has the text, under the key as Keyv writes it.
      const text: unknown = await keyv.store.get(keyv._getKeyPrefix(key));
      return typeof text === "string" ? text : undefined;
    },
    set,
    async delete(key) {
      await keyv.delete(key);
    },
    update: (key, make, ttlMs) => inTurn(key, () => change(key, make, ttlMs)),
  };
}
