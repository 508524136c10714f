/**
 * Interactions that are acknowledged, or about to be, and that the core does not own yet: written down first,
 * so that "thinking..." comes to an end even when the process dies. Source: DESIGN.md, rule 3.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { interactionSchema } from "../incoming/event-schema.ts";
import type { Taken } from "./facts.ts";

/** Ids of all that are pending, of all processes. */
const LIST = "pending";
const MAX_PENDING = 1_000;
/** Whoever asked so long ago does not wait any more. */
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

const takenSchema = z.object({ receivedAt: z.number() });

export class PendingInteractions {
  readonly #memory: AdapterMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  /** This process. */
  readonly #me = randomUUID();

  constructor(options: { memory: AdapterMemory; clock: Clock; log: Log }) {
    this.#memory = options.memory;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Throws while the store is in trouble. */
  async add(interaction: Taken): Promise<void> {
    const { id, guild_id: guildId = null } = interaction;
    const fresh: Entry = { guildId, at: this.#clock.now(), by: this.#me, tries: 0 };
    await Promise.all([
      this.#memory.set(keyOf(id), JSON.stringify(interaction), LIVES_MS),
      this.#change((entries) => ({ ...entries, [id]: entries[id] ?? fresh })),
    ]);
  }

  /** Throws while the store is in trouble. */
  async remove(id: string): Promise<void> {
    await this.#change(({ [id]: _, ...others }) => others);
    await this.#memory.delete(keyOf(id));
  }

  /**
   * Those that a dead process left, oldest first; they are this process's now. Where `isOurs` says so (a
   * guild's events come here), nobody else can be at work on them. Throws while the store is in trouble.
   */
  async takeUp(isOurs: (guildId: string | null) => boolean): Promise<Taken[]> {
    let claimed: string[] = [];
    const now = this.#clock.now();
    // Looked at first: most of the time there is nothing to change.
    if (Object.keys(this.#parse(await this.#memory.get(LIST))).length === 0) return [];
    await this.#change((entries) => {
      const left = Object.entries(entries).filter(
        ([, { by, guildId, at }]) => by !== this.#me && (isOurs(guildId) || at < now - MAY_STILL_COME_MS),
      );
      claimed = left.map(([id]) => id);
      const ours = left.map(([id, entry]) => [
        id,
        { ...entry, at: now, by: this.#me, tries: entry.tries + 1 },
      ]);
      return { ...entries, ...Object.fromEntries(ours) };
    });
    const taken = await Promise.all(claimed.map((id) => this.#read(id)));
    return taken.flatMap((one) => one ?? []);
  }

  async #read(id: string): Promise<Taken | null> {
    const entry = this.#parse(await this.#memory.get(LIST))[id];
    const text = await this.#memory.get(keyOf(id));
    const kept = text === null ? null : readKept(text);
    if (entry && kept && entry.tries <= MAX_TRIES) return kept;
    this.#log.error({ interaction: id }, "an interaction of an earlier process could not be taken up");
    await this.remove(id);
    return null;
  }

  async #change(change: (entries: Record<string, Entry>) => Record<string, Entry>): Promise<void> {
    await this.#memory.update(
      LIST,
      (text) => {
        const entries = Object.entries(change(this.#parse(text)));
        if (entries.length === 0) return null;
        // The oldest give way.
        return JSON.stringify({ version: 1, entries: Object.fromEntries(entries.slice(-MAX_PENDING)) });
      },
      LIVES_MS,
    );
  }

  #parse(text: string | null): Record<string, Entry> {
    if (text === null) return {};
    try {
      return listSchema.parse(JSON.parse(text)).entries;
    } catch (error) {
      this.#log.warn({ err: error }, "the list of pending interactions cannot be read; it starts anew");
      return {};
    }
  }
}

function keyOf(id: string): string {
  return `pending:${id}`;
}

function readKept(text: string): Taken | null {
  try {
    const kept: unknown = JSON.parse(text);
    return { ...interactionSchema.parse(kept), ...takenSchema.parse(kept) };
  } catch {
    // Said by the caller, to whom it is the same as if there was nothing.
    return null;
  }
}
