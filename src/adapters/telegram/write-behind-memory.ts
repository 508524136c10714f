/**
 * The adapter's memory as the sending side sees it: a store that is away holds up no message. After a failure
 * nothing is asked of it for a moment, and what was to be set or deleted is so later. Source: the `AdapterMemory` port.
 */

import type { Clock, Log } from "../../core/ports/runtime.ts";
import { type AdapterMemory, StoreTroubleError } from "../../core/ports/store.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { isStoreTrouble } from "../shared/store-trouble.ts";

/** How long a store that has failed is left alone: one that hangs would otherwise cost its time-out with every call. */
const PAUSE_MS = 1_000;
/** Values that wait to be written. */
const MAX_PENDING = 1_000;

export class WriteBehindMemory implements AdapterMemory {
  readonly #memory: AdapterMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Null: to be deleted. */
  readonly #pending = new BoundedMap<string, { value: string | null; ttlMs: number | undefined }>(
    MAX_PENDING,
  );
  readonly #stopped = new AbortController();
  #awayUntil = 0;
  #isWriting = false;

  constructor(memory: AdapterMemory, clock: Clock, log: Log) {
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
  }

  async get(key: string): Promise<string | null> {
    const pending = this.#pending.get(key);
    return pending ? pending.value : this.#ask(() => this.#memory.get(key));
  }

  /** Never throws for a store in trouble: what it does not take now is written when it is back. */
  set(key: string, value: string, ttlMs?: number): Promise<void> {
    return this.#soonerOrLater(key, value, ttlMs);
  }

  /** Like `set`. */
  delete(key: string): Promise<void> {
    return this.#soonerOrLater(key, null, undefined);
  }

  async update(
    key: string,
    change: (current: string | null) => string | null,
    ttlMs?: number,
  ): Promise<string | null> {
    const next = await this.#ask(() => this.#memory.update(key, change, ttlMs));
    this.#pending.delete(key);
    return next;
  }

  /** What was not written by now stays unwritten. */
  stop(): void {
    this.#stopped.abort();
  }

  async #soonerOrLater(key: string, value: string | null, ttlMs: number | undefined): Promise<void> {
    this.#pending.delete(key);
    try {
      await this.#ask(() => this.#write(key, value, ttlMs));
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      this.#pending.set(key, { value, ttlMs });
      void this.#writePending();
    }
  }

  #write(key: string, value: string | null, ttlMs: number | undefined): Promise<void> {
    return value === null ? this.#memory.delete(key) : this.#memory.set(key, value, ttlMs);
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    if (this.#clock.now() < this.#awayUntil) throw new StoreTroubleError("it failed a moment ago");
    try {
      return await call();
    } catch (error) {
      if (isStoreTrouble(error)) this.#awayUntil = this.#clock.now() + PAUSE_MS;
      throw error;
    }
  }

  async #writePending(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#pending.size > 0) {
        await this.#clock.sleep(PAUSE_MS, this.#stopped.signal);
        for (const [key, entry] of [...this.#pending]) {
          // Unless it has changed since.
          if (this.#pending.get(key) !== entry) continue;
          await this.#ask(() => this.#write(key, entry.value, entry.ttlMs));
          if (this.#pending.get(key) === entry) this.#pending.delete(key);
        }
      }
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      if (!isStoreTrouble(error)) {
        this.#log.warn({ err: error }, "a memory of sending could not be written");
        this.#pending.clear();
      }
    } finally {
      this.#isWriting = false;
      if (this.#pending.size > 0 && !this.#stopped.signal.aborted) void this.#writePending();
    }
  }
}
