/**
 * Updates that cannot be taken, out of the way of all others. What cannot be read is reported once and left out.
 * What failed by a fault of ours is kept in the adapter's memory, so that Telegram can forget it, and tried again
 * from time to time by one of the processes. Source: DESIGN.md, rules 3 and 9.
 */
import { z } from "zod";
import type { Clock, Log, Metrics } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { backoffMs } from "../../../lib/backoff.ts";
import { BoundedSet } from "../../../lib/bounded-map.ts";
import type { Background } from "../../shared/background.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import { type Unreadable, type Update, updateSchema } from "./update-schema.ts";

const RECORD = "failed-updates";
/** What a day of tries has not brought is forgotten with the record. */
const KEPT_FOR_MS = 86_400_000;
/** Updates that wait for another try; the oldest is left out when there are more. */
const MAX_KEPT = 50;
/** UTF-16 units of one of them, an album being one. */
const MAX_LENGTH = 65_536;
/** Tries of one update, the first included; the waits between them double. */
const MAX_TRIES = 8;
const WAITS = { firstMs: 1_000, longestMs: 128_000 };
/** How often is looked for what has come due. */
const LOOK_EVERY_MS = 1_000;
/** Reports that are remembered, so that an update which comes again is reported once. */
const MAX_REPORTED = 1_000;

const entrySchema = z.object({
  /** One update, or the parts of an album. */
  updates: z.array(updateSchema).min(1),
  tries: z.number(),
  /** Of the next try, in epoch ms. */
  dueAt: z.number(),
});
type Entry = z.infer<typeof entrySchema>;
const recordSchema = z.object({ version: z.literal(1), entries: z.array(entrySchema) });

export interface SetAsideOptions {
  memory: AdapterMemory;
  /** Takes the updates as they are taken from Telegram. */
  take: (updates: readonly Update[]) => Promise<unknown>;
  clock: Clock;
  log: Log;
  metrics: Pick<Metrics, "eventSetAside">;
  background: Background;
}

export class SetAside {
  readonly #options: SetAsideOptions;
  readonly #kept: JsonMemory<z.infer<typeof recordSchema>>;
  readonly #stopped = new AbortController();
  readonly #reported = new BoundedSet<string>(MAX_REPORTED);

  constructor(options: SetAsideOptions) {
    const { memory, log } = options;
    this.#options = options;
    this.#kept = new JsonMemory({
      memory,
      schema: recordSchema,
      what: "updates that were set aside",
      log,
      ttlMs: KEPT_FOR_MS,
    });
  }

  /** Tries again what was kept, until the stop. */
  start(): void {
    const { background, clock } = this.#options;
    const { signal } = this.#stopped;
    const what = "updates that were set aside are not looked at for a moment";
    const look = async () => {
      for (;;) {
        await this.#tryDue();
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    };
    background.run(what, () => background.loop(what, look, signal), signal);
  }

  stop(): void {
    this.#stopped.abort(new Error("the adapter stops"));
  }

  /** An update that cannot be read, and never will be. */
  unreadable({ updateId, type, fields }: Unreadable): void {
    const key = updateId === null ? `${type} ${fields}` : String(updateId);
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const { log, metrics } = this.#options;
    metrics.eventSetAside("telegram", "unreadable");
    log.error({ updateId, type, fields }, "an update cannot be read and is left out");
  }

  /**
   * Updates that could not be taken together, by a fault of ours. Resolves when they may be confirmed to Telegram;
   * throws the trouble of the store when they cannot be kept.
   */
  async failed(updates: readonly Update[], error: unknown): Promise<void> {
    const { background, clock } = this.#options;
    const [first] = updates;
    if (!first) return;
    background.unexpected(error, "an update could not be taken; it is tried again", {
      updateId: first.update_id,
    });
    if (JSON.stringify(updates).length > MAX_LENGTH) return this.#leaveOut(first.update_id);
    const entry: Entry = { updates: [...updates], tries: 1, dueAt: clock.now() + backoffMs(1, WAITS) };
    let crowdedOut: Entry | undefined;
    await this.#change((entries) => {
      const others = entries.filter((one) => !isSame(one, entry));
      crowdedOut = others.length >= MAX_KEPT ? others[0] : undefined;
      return [...others.slice(crowdedOut ? 1 : 0), entry];
    });
    if (crowdedOut) this.#leaveOut(idOf(crowdedOut));
  }

  async #tryDue(): Promise<void> {
    try {
      for (let entry = await this.#next(); entry; entry = await this.#next()) await this.#try(entry);
    } catch (error) {
      // It passes, and they are still due then.
      if (!isStoreTrouble(error)) throw error;
    }
  }

  /** Takes what has come due. A process that does so and dies leaves it to the next try. */
  async #next(): Promise<Entry | undefined> {
    const { clock } = this.#options;
    // Most of the time there is nothing, which is no reason to write.
    if (this.#stopped.signal.aborted || (await this.#kept.get(RECORD)) === null) return undefined;
    let taken: Entry | undefined;
    await this.#change((entries) => {
      const now = clock.now();
      const due = entries.find((entry) => entry.dueAt <= now);
      const tries = (due?.tries ?? 0) + 1;
      taken = due && { ...due, tries, dueAt: now + backoffMs(tries, WAITS) };
      return entries.map((entry) => (entry === due && taken ? taken : entry));
    });
    return taken;
  }

  async #try(entry: Entry): Promise<void> {
    const { take, log } = this.#options;
    const updateId = idOf(entry);
    try {
      await take(entry.updates);
      log.info({ updateId, tries: entry.tries }, "an update that was set aside is taken");
    } catch (error) {
      if (isStoreTrouble(error) || this.#stopped.signal.aborted) throw error;
      log.warn({ err: error, updateId, tries: entry.tries }, "an update could not be taken again");
      if (entry.tries < MAX_TRIES) return;
      this.#leaveOut(updateId);
    }
    await this.#change((entries) => entries.filter((one) => !isSame(one, entry)));
  }

  #leaveOut(updateId: number): void {
    const { log, metrics } = this.#options;
    metrics.eventSetAside("telegram", "failed");
    log.error({ updateId }, "an update could not be taken and is left out");
  }

  async #change(change: (entries: Entry[]) => Entry[]): Promise<void> {
    await this.#kept.update(RECORD, (kept) => {
      const entries = change(kept?.entries ?? []);
      return entries.length > 0 ? { version: 1, entries } : null;
    });
  }
}

function idOf(entry: Entry): number {
  return entry.updates[0]?.update_id ?? 0;
}

function isSame(one: Entry, other: Entry): boolean {
  return idOf(one) === idOf(other);
}
