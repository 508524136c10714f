/**
 * Albums that come by webhook: one update a part, to any of the processes. Parts for the bot are kept in the memory
 * that the processes share until the album has settled, and one process hands it over. A group's own talk is not
 * stored: its parts are held here for a moment, since the words for the bot may be on a part that comes later, or to
 * another process. Polling needs none of this: Telegram itself keeps a batch until it is confirmed.
 * Source: platforms.md, "Albums"; DESIGN.md, rules 3 and 8.
 */
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { backoffMs } from "../../../lib/backoff.ts";
import type { Background } from "../../shared/background.ts";
import { type AlbumPart, AlbumStore } from "./album-store.ts";
import { groupAlbums, MAX_ALBUM_PARTS } from "./albums.ts";
import type { UpdateHandler } from "./update-handler.ts";
import type { UpdateIntake } from "./update-intake.ts";

/** How often albums are looked for whose process has died. */
const LOOK_EVERY_MS = 3_000;
/** How long a part that is not for the bot is held after the newest of its album, and how often it is looked for one. */
const HOLD_MS = 2_000;
const HOLD_LOOK_MS = 250;
/** While the store is away. */
const STORE_RETRY_MS = 1_000;
/** Tries of one album. A store that is away does not count, a fault of ours does. */
const MAX_FAILURES = 20;
const RETRIES = { firstMs: 1_000, longestMs: 30_000 };

/** Parts of one album in the hands of this process alone; they are lost with it, like all of a group's own talk. */
interface Held {
  parts: AlbumPart[];
  until: number;
  /** Ends the wait for the next look. */
  wake: () => void;
}

export interface WebhookAlbumsOptions {
  handler: UpdateHandler;
  memory: AdapterMemory;
  intake: UpdateIntake;
  clock: Clock;
  log: Log;
  background: Background;
  stopped: AbortSignal;
}

export class WebhookAlbums {
  readonly #options: WebhookAlbumsOptions;
  readonly #store: AlbumStore;
  /** Albums that this process waits for. */
  readonly #followed = new Map<string, Held>();

  constructor(options: WebhookAlbumsOptions) {
    this.#options = options;
    this.#store = new AlbumStore(options.memory, options.log);
  }

  /** Takes up albums whose process has died, now and from time to time. */
  start(): void {
    const { clock, background, intake, stopped } = this.#options;
    const look = async () => {
      for (;;) {
        try {
          for (const albumId of await this.#store.list()) this.#follow(albumId);
        } catch (error) {
          if (!intake.isStoreAway(error)) throw error;
        }
        await clock.sleep(LOOK_EVERY_MS, stopped);
      }
    };
    const what = "albums of other processes are not looked for, for a moment";
    background.run(what, () => background.loop(what, look, stopped), stopped);
  }

  /** Takes a part; true when it was stored. Throws when it could not be: it must come again. */
  async take(albumId: string, part: AlbumPart): Promise<boolean> {
    const { handler, clock } = this.#options;
    if (handler.isForBot(part.message)) {
      const held = this.#followed.get(albumId);
      const parts = held?.parts.splice(0) ?? [];
      let count: number;
      try {
        count = await this.#store.add(albumId, [part, ...parts], clock.now());
      } catch (error) {
        held?.parts.push(...parts);
        throw error;
      }
      this.#follow(albumId);
      if (count >= MAX_ALBUM_PARTS) this.#followed.get(albumId)?.wake();
      return true;
    }
    if (await this.#joins(albumId, [part])) {
      this.#follow(albumId);
      return false;
    }
    const held = this.#followed.get(albumId) ?? nothingHeld();
    held.parts.push(part);
    held.until = clock.now() + HOLD_MS;
    this.#follow(albumId, held);
    return false;
  }

  /** Adds parts to an album that is kept; false when there is none. */
  async #joins(albumId: string, parts: AlbumPart[]): Promise<boolean> {
    if (!(await this.#store.has(albumId))) return false;
    const count = await this.#store.add(albumId, parts, this.#options.clock.now(), true);
    if (count >= MAX_ALBUM_PARTS) this.#followed.get(albumId)?.wake();
    return count > 0;
  }

  /** Waits until the album has settled, and hands it over unless another process does. */
  #follow(albumId: string, held = nothingHeld()): void {
    const { background, stopped } = this.#options;
    if (this.#followed.has(albumId) || stopped.aborted) return;
    this.#followed.set(albumId, held);
    background.run("a wait for an album ended", () => this.#settle(albumId, held), stopped);
  }

  async #settle(albumId: string, held: Held): Promise<void> {
    const { clock, intake, background, stopped } = this.#options;
    let failures = 0;
    try {
      for (;;) {
        let waitMs: number | null;
        // What comes while it looks ends the wait that follows.
        const woken = new AbortController();
        held.wake = () => woken.abort();
        try {
          waitMs = await this.#look(albumId, held, failures >= MAX_FAILURES);
          if (waitMs === null) return;
          failures = 0;
        } catch (error) {
          stopped.throwIfAborted();
          waitMs = STORE_RETRY_MS;
          if (!intake.isStoreAway(error)) {
            failures++;
            const end = failures >= MAX_FAILURES ? " and is left out" : "; trying again";
            background.unexpected(error, `an album could not be taken${end}`, { failures });
            waitMs = backoffMs(failures, RETRIES);
          }
        }
        await clock.sleep(waitMs, AbortSignal.any([stopped, woken.signal])).catch((error) => {
          if (!woken.signal.aborted) throw error;
        });
      }
    } finally {
      this.#followed.delete(albumId);
    }
  }

  /** Does what is due; returns the ms until the next look, null when the album is over. */
  async #look(albumId: string, held: Held, isGivenUp: boolean): Promise<number | null> {
    const { handler, clock, intake } = this.#options;
    if (held.parts.length > 0) {
      if (clock.now() >= held.until) return null;
      const parts = held.parts.splice(0);
      let hasJoined = false;
      try {
        hasJoined = await this.#joins(albumId, parts);
      } finally {
        if (!hasJoined) held.parts.unshift(...parts);
      }
      if (!hasJoined) return HOLD_LOOK_MS;
    }
    const claim = await this.#store.claim(albumId, clock.now());
    if (claim.kind === "gone") return held.parts.length > 0 ? HOLD_LOOK_MS : null;
    if (claim.kind === "wait") return claim.waitMs;
    // To leave it out is the last thing that can be done.
    if (!isGivenUp) for (const group of groupAlbums(claim.parts)) await handler.message(group);
    await this.#store.close(albumId, claim.parts);
    intake.stored();
    return 0;
  }
}

function nothingHeld(): Held {
  return { parts: [], until: 0, wake: () => {} };
}
