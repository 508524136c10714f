/**
 * Parts of a group's albums of which none was for the bot so far. They are held for a moment and not stored: the
 * words for the bot may be on a part that comes later, or that another process got. Source: DESIGN.md, rule 8.
 */

import type { Clock } from "../../../core/ports/runtime.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { AlbumPart } from "./album-store.ts";

/** How long a part is held after the newest part of its album, and how often others are asked about it meanwhile. */
const HOLD_MS = 2_000;
const LOOK_EVERY_MS = 250;

/** Parts in the hands of this process alone; they are lost with it, as everything is that nobody meant for the bot. */
export class UnaddressedAlbums {
  readonly #clock: Clock;
  readonly #stopped: AbortSignal;
  readonly #held = new Map<string, { parts: AlbumPart[]; until: number }>();

  constructor(clock: Clock, stopped: AbortSignal) {
    this.#clock = clock;
    this.#stopped = stopped;
  }

  /** Parts that this process holds; they are whoever's who asks. */
  take(albumId: string): AlbumPart[] {
    const held = this.#held.get(albumId);
    this.#held.delete(albumId);
    return held?.parts ?? [];
  }

  /** Holds a part. `join` is asked from time to time: true when the parts have found their album. */
  async hold(
    albumId: string,
    part: AlbumPart,
    join: (parts: AlbumPart[]) => Promise<boolean>,
  ): Promise<void> {
    const until = this.#clock.now() + HOLD_MS;
    const held = this.#held.get(albumId);
    if (held) {
      held.parts.push(part);
      held.until = until;
      return;
    }
    const mine = { parts: [part], until };
    this.#held.set(albumId, mine);
    try {
      while (this.#held.get(albumId) === mine && this.#clock.now() < mine.until) {
        await this.#clock.sleep(LOOK_EVERY_MS, this.#stopped);
        if (this.#held.get(albumId) !== mine) return;
        const parts = [...mine.parts];
        if (!(await this.#hasJoined(parts, join))) continue;
        mine.parts = mine.parts.slice(parts.length);
        if (mine.parts.length === 0) return;
      }
    } finally {
      if (this.#held.get(albumId) === mine) this.#held.delete(albumId);
    }
  }

  async #hasJoined(parts: AlbumPart[], join: (parts: AlbumPart[]) => Promise<boolean>): Promise<boolean> {
    try {
      return await join(parts);
    } catch (error) {
      // Worth another look, as long as they are held.
      if (isStoreTrouble(error)) return false;
      throw error;
    }
  }
}
