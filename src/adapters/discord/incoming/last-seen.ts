/**
 * Where the bot is in use, and up to which message it has seen everything: what was said while it was down is
 * looked for there. Kept in the adapter's memory, spread over small records, so that a message costs one small
 * write and several processes can write at once.
 */
import { z } from "zod";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { idBefore, laterId } from "../snowflakes.ts";

/** Together 512 places; the latest stay. */
const RECORDS = 32;
const PLACES_A_RECORD = 16;
/** A place where nobody has spoken to the bot for so long is forgotten. */
const LIVES_MS = 7 * 86_400_000;
/** Messages that are none of the bot's business are written down by so many. */
const PASSED_A_WRITE = 50;
/** A place that was met again is written down once a day. */
const MET_AGAIN_MS = 86_400_000;
/** What was sent shortly before an interaction may still be on its way here. */
const MAY_BE_LATE_MS = 60_000;

const placeSchema = z.object({
  id: z.string().regex(/^\d+$/),
  /** Null: direct messages. */
  guildId: z.string().regex(/^\d+$/).nullable(),
  /** Up to here everything is owned, or none of the bot's business. */
  lastId: z.string().regex(/^\d+$/),
  /** When somebody last spoke to the bot here, epoch ms. */
  usedAt: z.number(),
});
export type Place = z.infer<typeof placeSchema>;

interface KnownPlace extends Place {
  /** Messages that are none of the bot's business, since the last try to write. */
  passed: number;
  /** Grows with each change. */
  revision: number;
  /** The last revision that is known to be written down. */
  written: number;
}

const recordSchema = z.object({ version: z.literal(1), places: z.array(placeSchema) });

export class ServedPlaces {
  readonly #memory: AdapterMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Last used last. */
  readonly #places = new Map<string, KnownPlace>();
  #isLoaded = false;

  constructor(options: { memory: AdapterMemory; clock: Clock; log: Log }) {
    this.#memory = options.memory;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Reads what earlier processes wrote. Throws while the store is in trouble. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    const records = Array.from({ length: RECORDS }, (_, number) => this.#memory.get(recordKey(number)));
    const places = (await Promise.all(records)).flatMap((text) => this.#parse(text));
    for (const place of places.sort((one, other) => one.usedAt - other.usedAt)) {
      if (this.#places.has(place.id)) continue;
      this.#places.set(place.id, { ...place, passed: 0, revision: 0, written: 0 });
    }
    this.#isLoaded = true;
  }

  /** All of them, the last used first. */
  list(): Place[] {
    const oldest = this.#clock.now() - LIVES_MS;
    return [...this.#places.values()].filter((place) => place.usedAt > oldest).reverse();
  }

  find(id: string): Place | null {
    return this.#places.get(id) ?? null;
  }

  /** Somebody is about to speak to the bot: from `lastId` on, nothing will be missed here. Never throws. */
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

  /** A message that is none of the bot's business. Never throws. */
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

  /** Writes down what is not written yet: what has only passed by, and what the store did not take. Never throws. */
  async flush(): Promise<void> {
    const unwritten = [...this.#places.values()].filter((place) => place.written < place.revision);
    await Promise.all(unwritten.map((place) => this.#write(place.id)));
  }

  #keep(place: Place): void {
    const known = this.#places.get(place.id) ?? { revision: 0, written: 0 };
    this.#places.delete(place.id);
    this.#places.set(
      place.id,
      // The same object: a write under way tells it how it ended.
      Object.assign(known, { ...place, passed: 0, revision: known.revision + 1 }),
    );
    const [oldest] = this.#places.keys();
    if (this.#places.size > RECORDS * PLACES_A_RECORD && oldest !== undefined) this.#places.delete(oldest);
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
  async #change(id: string, change: (places: Place[]) => Place[]): Promise<boolean> {
    const oldest = this.#clock.now() - LIVES_MS;
    try {
      await this.#memory.update(
        recordKey(Number((BigInt(id) >> 22n) % BigInt(RECORDS))),
        (text) => {
          const places = change(this.#parse(text)).filter((place) => place.usedAt > oldest);
          places.sort((one, other) => other.usedAt - one.usedAt);
          return JSON.stringify({ version: 1, places: places.slice(0, PLACES_A_RECORD) });
        },
        LIVES_MS,
      );
      return true;
    } catch (error) {
      // Whoever is spoken to answers all the same, and the next write brings it along.
      this.#log.debug({ err: error, channel: id }, "a served channel could not be written down");
      return false;
    }
  }

  #parse(text: string | null): Place[] {
    if (text === null) return [];
    try {
      return recordSchema.parse(JSON.parse(text)).places;
    } catch (error) {
      this.#log.warn({ err: error }, "a record of served channels cannot be read; it starts anew");
      return [];
    }
  }
}

function recordKey(number: number): string {
  return `served:${number}`;
}
