/**
 * Interactions that are acknowledged, or about to be, and that the core does not own yet: written down first,
 * so that "thinking..." comes to an end even when the process dies. Source: DESIGN.md, rule 3.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { interactionSchema } from "../incoming/event-schema.ts";
import type { Taken } from "./facts.ts";

/** The ids of all of them, of all processes. */
const LIST = "pending";
const MAX_PENDING = 1_000;
/** A person who asked so long ago does not wait any more. */
const LIVES_MS = 86_400_000;
/** Where another process may still be at work, it gets so long. */
const MAY_STILL_COME_MS = 60_000;
/** One that ends every process that takes it up must not go on like that. */
const MAX_TRIES = 3;

const entrySchema = z.object({
  guildId: z.string().nullable(),
  /** When it came, or was last taken up; epoch ms. */
  at: z.number(),
  /** The process that works on it. */
  by: z.string(),
  tries: z.number(),
});
type Entry = z.infer<typeof entrySchema>;
const listSchema = z.object({ version: z.literal(1), entries: z.record(z.string(), entrySchema) });

/** As Discord told of it, with when it came. */
const takenSchema = z.intersection(interactionSchema, z.object({ receivedAt: z.number() }));

export class InteractionJournal {
  readonly #list: JsonMemory<z.infer<typeof listSchema>>;
  readonly #interactions: JsonMemory<Taken>;
  readonly #clock: Clock;
  readonly #log: Log;
  /** This process. */
  readonly #me = randomUUID();

  constructor({ memory, clock, log }: { memory: AdapterMemory; clock: Clock; log: Log }) {
    const kept = { memory, log, ttlMs: LIVES_MS };
    this.#list = new JsonMemory({ ...kept, schema: listSchema, what: "the list of open interactions" });
    this.#interactions = new JsonMemory({ ...kept, schema: takenSchema, what: "an open interaction" });
    this.#clock = clock;
    this.#log = log;
  }

  /** Throws while the store is in trouble. */
  async add(interaction: Taken): Promise<void> {
    const { id, guild_id: guildId = null } = interaction;
    const fresh: Entry = { guildId, at: this.#clock.now(), by: this.#me, tries: 0 };
    await Promise.all([
      this.#interactions.set(keyOf(id), interaction),
      this.#change((entries) => ({ ...entries, [id]: entries[id] ?? fresh })),
    ]);
  }

  /** Throws while the store is in trouble. */
  async remove(id: string): Promise<void> {
    await this.#change(({ [id]: _, ...others }) => others);
    await this.#interactions.delete(keyOf(id));
  }

  /**
   * Those that a dead process left, oldest first; they are this process's now. Where `isOurs` says so (a guild's
   * events come here), no other process can be at work on them. Throws while the store is in trouble.
   */
  async takeUp(isOurs: (guildId: string | null) => boolean): Promise<Taken[]> {
    // Looked at first: most of the time there is nothing to change.
    if ((await this.#list.get(LIST)) === null) return [];
    const now = this.#clock.now();
    let claimed: [id: string, entry: Entry][] = [];
    await this.#change((entries) => {
      claimed = Object.entries(entries)
        .filter(
          ([, { by, guildId, at }]) => by !== this.#me && (isOurs(guildId) || at < now - MAY_STILL_COME_MS),
        )
        .map(([id, entry]) => [id, { ...entry, at: now, by: this.#me, tries: entry.tries + 1 }]);
      return { ...entries, ...Object.fromEntries(claimed) };
    });
    const taken = await Promise.all(claimed.map(([id, entry]) => this.#read(id, entry)));
    return taken.flatMap((one) => one ?? []);
  }

  async #read(id: string, { tries }: Entry): Promise<Taken | null> {
    const interaction = await this.#interactions.get(keyOf(id));
    if (interaction && tries <= MAX_TRIES) return interaction;
    this.#log.error({ interaction: id }, "an interaction of an earlier process could not be taken up");
    await this.remove(id);
    return null;
  }

  async #change(change: (entries: Record<string, Entry>) => Record<string, Entry>): Promise<void> {
    await this.#list.update(LIST, (list) => {
      const entries = Object.entries(change(list?.entries ?? {}));
      // The oldest give way.
      const kept = Object.fromEntries(entries.slice(-MAX_PENDING));
      return entries.length > 0 ? { version: 1, entries: kept } : null;
    });
  }
}

function keyOf(id: string): string {
  return `pending:${id}`;
}
