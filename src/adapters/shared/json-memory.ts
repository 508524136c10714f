/**
 * Records of one kind in an adapter's memory: JSON, read through a schema. One that cannot be read counts as absent.
 * Source: STYLE.md, "Configuration at the edge": stored state is parsed like everything else that arrives.
 */
import type { z } from "zod";
import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { isStoreTrouble } from "./store-trouble.ts";

/** What `text` says by `schema`; null for what is absent, is not JSON, or is not what the schema wants. */
export function readJson<T>(schema: z.ZodType<T>, text: string | null): T | null {
  if (text === null) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON.
    return null;
  }
}

export interface JsonMemoryOptions<T> {
  memory: AdapterMemory;
  /** Must read what it has read before: records are written as they are. */
  schema: z.ZodType<T>;
  /** What the records are, for the log: "a record of open albums". */
  what: string;
  log: Log;
  /** From each write; absent: kept for good. */
  ttlMs?: number;
  /**
   * The work goes on without the memory: a failure is logged, reads give null and writes are left out. Absent: it is
   * thrown, the trouble of the store most of all.
   */
  isBestEffort?: true;
}

export class JsonMemory<T> {
  readonly #options: JsonMemoryOptions<T>;
  #isUnreadableTold = false;

  constructor(options: JsonMemoryOptions<T>) {
    this.#options = options;
  }

  async get(key: string): Promise<T | null> {
    return this.#attempt(async () => this.#read(key, await this.#options.memory.get(key)));
  }

  async set(key: string, value: T): Promise<void> {
    const { memory, ttlMs } = this.#options;
    await this.#attempt(() => memory.set(key, JSON.stringify(value), ttlMs));
  }

  async delete(key: string): Promise<void> {
    await this.#attempt(() => this.#options.memory.delete(key));
  }

  /** Reads, changes and writes as one step, as `AdapterMemory.update`; returns the record as it stands afterwards. */
  async update(key: string, change: (current: T | null) => T | null): Promise<T | null> {
    const { memory, ttlMs } = this.#options;
    const write = (text: string | null) => {
      const next = change(this.#read(key, text));
      return next === null ? null : JSON.stringify(next);
    };
    return this.#attempt(async () => this.#read(key, await memory.update(key, write, ttlMs)));
  }

  #read(key: string, text: string | null): T | null {
    const { schema, what, log } = this.#options;
    const value = readJson(schema, text);
    if (value === null && text !== null && !this.#isUnreadableTold) {
      // Once: a whole kind of records may have become unreadable.
      this.#isUnreadableTold = true;
      log.warn({ key }, `${what} cannot be read and counts as absent`);
    }
    return value;
  }

  async #attempt<R>(task: () => Promise<R>): Promise<R | null> {
    try {
      return await task();
    } catch (error) {
      const { what, log, isBestEffort } = this.#options;
      if (!isBestEffort) throw error;
      const facts = { err: error };
      // An outage is told of where it is noticed; everything else is a fault.
      if (isStoreTrouble(error)) log.debug(facts, `the work goes on without ${what}`);
      else log.warn(facts, `the work goes on without ${what}`);
      return null;
    }
  }
}
