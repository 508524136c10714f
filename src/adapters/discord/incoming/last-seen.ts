/**
 * Where the bot is in use, and up to which message it has seen everything: the look back begins there. Kept in the
 * adapter's memory, spread over small records, so that a message costs one small write and several processes can
 * write at once.
 */
import { z } from "zod";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { idBefore, laterId } from "../snowflakes.ts";

/** Together 512 places; the latest stay. */
const RECORDS = 32;
const PLACES_A_RECORD = 16;
/** A place where no person has spoken to the bot for so long is forgotten. */
const LIVES_MS = 7 * 86_400_000;
/** Messages that are not for the bot are written down by so many. */
const PASSED_A_WRITE = 50;
/** A place that was met again is written down once a day. */
const MET_AGAIN_MS = 86_400_000;
/** A message that was sent shortly before an interaction may still be on its way here. */
const MAY_BE_LATE_MS = 60_000;

const placeSchema = z.object({
  id: z.string().regex(/^\d+$/),
  /** Null: direct messages. */
  guildId: z.string().regex(/^\d+$/).nullable(),
  /** Up to here every message is owned, or was not for the bot. */
  lastId: z.string().regex(/^\d+$/),
  /** When a person last spoke to the bot here, epoch ms. */
  usedAt: z.number(),
});
export type SeenPlace = z.infer<typeof placeSchema>;

interface KnownPlace extends SeenPlace {
  /** Messages that were not for the bot, since the last try to write. */
  passed: number;
  /** Grows with each change. */
  revision: number;
  /** The last revision that is known to be written down. */
  written: number;
}

const recordSchema = z.object({ version: z.literal(1), places: z.array(placeSchema) });

export class LastSeen {
  readonly #records: JsonMemory<z.infer<typeof recordSchema>>;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Last used last. */
  readonly #places = new BoundedMap<string, KnownPlace>(RECORDS * PLACES_A_RECORD);
  #isLoaded = false;

  constructor({ memory, clock, log }: { memory: AdapterMemory; clock: Clock; log: Log }) {
    const what = "a record of the last seen messages";
    this.#records = new JsonMemory({ memory, log, schema: recordSchema, what, ttlMs: LIVES_MS });
    this.#clock = clock;
    this.#log = log;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Reads what earlier processes wrote. Throws while the store is in trouble. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    const records = Array.from({ length: RECORDS }, (_, number) => this.#records.get(recordKey(number)));
    const places = (await Promise.all(records)).flatMap((record) => record?.places ?? []);
    for (const place of places.sort((one, other) => one.usedAt - other.usedAt)) {
      if (this.#places.has(place.id)) continue;
      this.#places.set(place.id, { ...place, passed: 0, revision: 0, written: 0 });
    }
    this.#isLoaded = true;
  }

  /** All of them, the last used first. */
  list(): SeenPlace[] {
    const oldest = this.#clock.now() - LIVES_MS;
    return [...this.#places.values()].filter((place) => place.usedAt > oldest).reverse();
  }

  find(id: string): SeenPlace | null {
    return this.#places.get(id) ?? null;
  }

  /** A person is about to speak to the bot: from `lastId` on, nothing will be missed here. Never throws. */
  async meet(id: string, guildId: string | null, lastId: string): Promise<void> {
    const known = this.#places.get(id);
    const now = this.#clock.now();
    if (known && known.usedAt > now - MET_AGAIN_MS) return;
    this.#keep({ id, guildId, lastId: known?.lastId ?? lastId, usedAt: now });
    await this.#write(id);
  }

  /** As `meet`, by an interaction, whose id tells its time. */
  async meetBy(interactionId: string, id: string, guildId: string | null): Promise<void> {
    await this.meet(id, guildId, idBefore(interactionId, MAY_BE_LATE_MS));
  }

  /** A message to the bot is owned. Never throws. */
  async took(id: string, guildId: string | null, messageId: string): Promise<void> {
    const lastId = laterId(messageId, this.#places.get(id)?.lastId ?? "0");
    this.#keep({ id, guildId, lastId, usedAt: this.#clock.now() });
    await this.#write(id);
  }

  /** A message that was not for the bot. Never throws. */
  async passed(id: string, messageId: string): Promise<void> {
    const place = this.#places.get(id);
    if (!place) return;
    place.lastId = laterId(messageId, place.lastId);
    place.passed += 1;
    place.revision += 1;
    if (place.passed >= PASSED_A_WRITE) await this.#write(id);
  }

  /** The place is gone. Never throws. */
  async forget(id: string): Promise<void> {
    if (!this.#places.delete(id)) return;
    await this.#change(id, (places) => places.filter((place) => place.id !== id));
  }

  /** Writes down what is not written yet: messages that only passed by, and what the store did not take. Never throws. */
  async flush(): Promise<void> {
    const unwritten = [...this.#places.values()].filter((place) => place.written < place.revision);
    await Promise.all(unwritten.map((place) => this.#write(place.id)));
  }

  #keep(place: SeenPlace): void {
    const known = this.#places.get(place.id) ?? { revision: 0, written: 0 };
    // The same object: a write under way tells it how it ended.
    const kept = Object.assign(known, { ...place, passed: 0, revision: known.revision + 1 });
    this.#places.set(place.id, kept);
  }

  async #write(id: string): Promise<void> {
    const place = this.#places.get(id);
    if (!place) return;
    const { revision } = place;
    place.passed = 0;
    const isWritten = await this.#change(id, (places) => {
      const before = places.find((one) => one.id === id);
      const { guildId, usedAt } = place;
      const lastId = laterId(place.lastId, before?.lastId ?? "0");
      return [{ id, guildId, lastId, usedAt }, ...places.filter((one) => one.id !== id)];
    });
    if (isWritten) place.written = Math.max(place.written, revision);
  }

  /** False when the store did not take it. */
  async #change(id: string, change: (places: SeenPlace[]) => SeenPlace[]): Promise<boolean> {
    const oldest = this.#clock.now() - LIVES_MS;
    try {
      await this.#records.update(recordKey(Number((BigInt(id) >> 22n) % BigInt(RECORDS))), (record) => {
        const places = change(record?.places ?? []).filter((place) => place.usedAt > oldest);
        places.sort((one, other) => other.usedAt - one.usedAt);
        return { version: 1, places: places.slice(0, PLACES_A_RECORD) };
      });
      return true;
    } catch (error) {
      // The person is answered all the same, and the next write brings it along.
      this.#log.debug({ err: error, channel: id }, "the last seen message could not be written down");
      return false;
    }
  }
}

function recordKey(number: number): string {
  return `served:${number}`;
}
