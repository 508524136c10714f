/**
 * Albums whose parts come one by one, to any of the processes: kept in the memory they share until they are whole,
 * and handed over by one of them. Source: platforms.md, "Albums"; DESIGN.md, rule 3.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { untilWhole } from "./albums.ts";
import { type Message, messageSchema } from "./update-schema.ts";

export interface AlbumPart {
  updateId: number;
  message: Message;
}

/** What a process found that wanted to hand an album over. */
export type Claim =
  /** These parts are the process's to hand over, and for a while no other's. */
  | { kind: "ours"; parts: AlbumPart[] }
  /** The album may still grow, or another process is at it. */
  | { kind: "wait"; waitMs: number }
  /** Handed over by another process. */
  | { kind: "gone" };

const REGISTRY = "open-albums";
/** How long a process may take to hand an album over; then it counts as dead. */
const CLAIM_MS = 30_000;
/** An album that was not handed over within a day is forgotten. */
const KEPT_FOR_MS = 86_400_000;

const recordSchema = z.object({
  parts: z.array(z.object({ updateId: z.number(), message: messageSchema })),
  /** When the first part came, in epoch ms; an earlier version did not keep it. */
  firstAt: z.number().default(0),
  /** When the newest part came, in epoch ms. */
  newestAt: z.number(),
  /** The process that hands over these parts, and since when; later parts are not among them. */
  claim: z.object({ by: z.string(), at: z.number(), updateIds: z.array(z.number()) }).nullable(),
});
type Album = z.infer<typeof recordSchema>;
/** An earlier version kept the parts alone. */
const albumSchema = z.preprocess(
  (kept) => (Array.isArray(kept) ? { parts: kept, newestAt: 0, claim: null } : kept),
  recordSchema,
);

export class AlbumStore {
  readonly #albums: JsonMemory<Album>;
  /** Ids of the albums that are not handed over yet. */
  readonly #registry: JsonMemory<string[]>;
  readonly #me = randomUUID();

  constructor(memory: AdapterMemory, log: Log) {
    this.#albums = new JsonMemory({
      memory,
      schema: albumSchema,
      what: "an album on its way",
      log,
      ttlMs: KEPT_FOR_MS,
    });
    this.#registry = new JsonMemory({ memory, schema: z.array(z.string()), what: "the list of albums", log });
  }

  /**
   * Keeps parts that came at `at`, and gives how many there are now. With `mustExist` only where some are kept
   * already; 0 when there are none.
   */
  async add(albumId: string, parts: readonly AlbumPart[], at: number, mustExist = false): Promise<number> {
    const album = await this.#albums.update(keyOf(albumId), (current) => {
      if (!current && mustExist) return null;
      const known = new Set(current?.parts.map((part) => part.updateId));
      const fresh = parts.filter((part) => !known.has(part.updateId));
      if (current && fresh.length === 0) return current;
      return {
        parts: [...(current?.parts ?? []), ...fresh],
        firstAt: current?.firstAt ?? at,
        newestAt: Math.max(current?.newestAt ?? 0, at),
        claim: current?.claim ?? null,
      };
    });
    if (album) await this.#register(albumId);
    return album?.parts.length ?? 0;
  }

  /** Whether parts of an album are kept. */
  async has(albumId: string): Promise<boolean> {
    return (await this.#albums.get(keyOf(albumId))) !== null;
  }

  /** Takes an album that has settled, to hand it over. */
  async claim(albumId: string, now: number): Promise<Claim> {
    let claim: Claim = { kind: "gone" };
    await this.#albums.update(keyOf(albumId), (album) => {
      claim = claimOf(album, now, this.#me);
      if (!album || claim.kind !== "ours") return album;
      const updateIds = claim.parts.map((part) => part.updateId);
      return { ...album, claim: { by: this.#me, at: now, updateIds } };
    });
    if (claim.kind === "gone") await this.#unregister(albumId);
    return claim;
  }

  /** The parts are handed over. Those that came later stay. */
  async close(albumId: string, parts: readonly AlbumPart[]): Promise<void> {
    const done = new Set(parts.map((part) => part.updateId));
    const left = await this.#albums.update(keyOf(albumId), (album) => {
      const rest = album?.parts.filter((part) => !done.has(part.updateId)) ?? [];
      return album && rest.length > 0 ? { ...album, parts: rest, claim: null } : null;
    });
    if (!left) await this.#unregister(albumId);
  }

  /** Albums that are not handed over yet. */
  async list(): Promise<string[]> {
    return (await this.#registry.get(REGISTRY)) ?? [];
  }

  async #register(albumId: string): Promise<void> {
    await this.#registry.update(REGISTRY, (open) =>
      open?.includes(albumId) ? open : [...(open ?? []), albumId],
    );
  }

  async #unregister(albumId: string): Promise<void> {
    await this.#registry.update(REGISTRY, (open) => {
      const others = open?.filter((one) => one !== albumId) ?? [];
      return others.length > 0 ? others : null;
    });
    // A part that came in between was registered before it could be taken off again.
    if (await this.has(albumId)) await this.#register(albumId);
  }
}

/** A claim whose process has died is taken over as it was: its parts may be owned by the core already, as one message. */
function claimOf(album: Album | null, now: number, me: string): Claim {
  if (!album) return { kind: "gone" };
  if (album.claim) {
    const { by, at, updateIds } = album.claim;
    const waitMs = at + CLAIM_MS - now;
    if (by !== me && waitMs > 0) return { kind: "wait", waitMs: Math.min(waitMs, CLAIM_MS) };
    return { kind: "ours", parts: inOrder(album.parts.filter((part) => updateIds.includes(part.updateId))) };
  }
  const waitMs = untilWhole({ ...album, parts: album.parts.length }, now);
  if (waitMs > 0) return { kind: "wait", waitMs };
  return { kind: "ours", parts: inOrder(album.parts) };
}

function inOrder(parts: readonly AlbumPart[]): AlbumPart[] {
  return parts.toSorted((a, b) => a.updateId - b.updateId);
}

function keyOf(albumId: string): string {
  return `album:${albumId}`;
}
