/**
 * Albums whose parts come one by one, to any of the processes: kept in the memory they share until they are whole,
 * and handed over by one of them. Source: platforms.md, "Albums"; DESIGN.md, rule 3.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { ALBUM_SETTLE_MS } from "./albums.ts";
import { type Message, messageSchema } from "./update-schema.ts";

export interface AlbumPart {
  updateId: number;
  message: Message;
}

/** What a process found that wanted to hand an album over. */
export type Claim =
  /** These parts are the process's to hand over, and nobody else's for a while. */
  | { kind: "ours"; parts: AlbumPart[] }
  /** The album may still grow, or somebody else is at it. */
  | { kind: "wait"; waitMs: number }
  /** Handed over by somebody else. */
  | { kind: "gone" };

const REGISTRY = "open-albums";
/** How long a process may take to hand an album over; then it counts as dead. */
const CLAIM_MS = 30_000;
/** What nobody hands over within a day is forgotten. */
const KEPT_FOR_MS = 86_400_000;

const albumSchema = z.object({
  parts: z.array(
    z.object({
      updateId: z.number(),
      message: messageSchema,
    }),
  ),
  /** When the newest part came, in epoch ms. */
  newestAt: z.number(),
  /** Who hands over what since when; what comes meanwhile is not in it. */
  claim: z.object({ by: z.string(), at: z.number(), updateIds: z.array(z.number()) }).nullable(),
});
type Album = z.infer<typeof albumSchema>;

export class AlbumStore {
  readonly #memory: AdapterMemory;
  readonly #me = randomUUID();

  constructor(memory: AdapterMemory) {
    this.#memory = memory;
  }

  /** Keeps parts that came at `at`. With `mustExist` only where some are kept already; false when there are none. */
  async add(albumId: string, parts: readonly AlbumPart[], at: number, mustExist = false): Promise<boolean> {
    let isKept = false;
    await this.#change(albumId, (album) => {
      isKept = album !== null || !mustExist;
      if (!isKept) return null;
      const known = new Set(album?.parts.map((part) => part.updateId));
      const fresh = parts.filter((part) => !known.has(part.updateId));
      if (album && fresh.length === 0) return album;
      return {
        parts: [...(album?.parts ?? []), ...fresh],
        newestAt: Math.max(album?.newestAt ?? 0, at),
        claim: album?.claim ?? null,
      };
    });
    if (isKept) await this.#register(albumId);
    return isKept;
  }

  /** Whether parts of an album are kept. */
  async has(albumId: string): Promise<boolean> {
    return (await this.#memory.get(keyOf(albumId))) !== null;
  }

  /** Takes an album that has settled, to hand it over. */
  async claim(albumId: string, now: number): Promise<Claim> {
    let claim: Claim = { kind: "gone" };
    await this.#change(albumId, (album) => {
      claim = claimOf(album, now, this.#me);
      if (!album || claim.kind !== "ours") return album;
      const updateIds = claim.parts.map((part) => part.updateId);
      return { ...album, claim: { by: this.#me, at: now, updateIds } };
    });
    if (claim.kind === "gone") await this.#unregister(albumId);
    return claim;
  }

  /** The parts are handed over. What came meanwhile stays. */
  async close(albumId: string, parts: readonly AlbumPart[]): Promise<void> {
    const done = new Set(parts.map((part) => part.updateId));
    const left = await this.#change(albumId, (album) => {
      const rest = album?.parts.filter((part) => !done.has(part.updateId)) ?? [];
      return album && rest.length > 0 ? { ...album, parts: rest, claim: null } : null;
    });
    if (!left) await this.#unregister(albumId);
  }

  /** Albums that are not handed over yet. */
  async list(): Promise<string[]> {
    return readList(await this.#memory.get(REGISTRY));
  }

  async #register(albumId: string): Promise<void> {
    await this.#memory.update(REGISTRY, (text) => {
      const open = readList(text);
      return JSON.stringify(open.includes(albumId) ? open : [...open, albumId]);
    });
  }

  async #unregister(albumId: string): Promise<void> {
    await this.#memory.update(REGISTRY, (text) => {
      const open = readList(text).filter((one) => one !== albumId);
      return open.length > 0 ? JSON.stringify(open) : null;
    });
    // A part that came in between was registered before it could be taken off again.
    if (await this.has(albumId)) await this.#register(albumId);
  }

  async #change(albumId: string, change: (album: Album | null) => Album | null): Promise<boolean> {
    const text = await this.#memory.update(
      keyOf(albumId),
      (current) => {
        const next = change(readAlbum(current));
        return next ? JSON.stringify(next) : null;
      },
      KEPT_FOR_MS,
    );
    return text !== null;
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
  const waitMs = album.newestAt + ALBUM_SETTLE_MS - now;
  // The other process's clock may be ahead of ours.
  if (waitMs > 0) return { kind: "wait", waitMs: Math.min(waitMs, ALBUM_SETTLE_MS) };
  return { kind: "ours", parts: inOrder(album.parts) };
}

function inOrder(parts: readonly AlbumPart[]): AlbumPart[] {
  return parts.toSorted((a, b) => a.updateId - b.updateId);
}

function keyOf(albumId: string): string {
  return `album:${albumId}`;
}

function readAlbum(text: string | null): Album | null {
  const kept = text === null ? null : readJson(text);
  // As an earlier version kept it: the parts alone.
  const album = Array.isArray(kept) ? { parts: kept, newestAt: 0, claim: null } : kept;
  return albumSchema.safeParse(album).data ?? null;
}

function readList(text: string | null): string[] {
  return text === null ? [] : (z.array(z.string()).safeParse(readJson(text)).data ?? []);
}

/** Null for what is not JSON: it is as good as nothing. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
