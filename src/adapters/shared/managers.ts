/**
 * Who may manage a place, as its platform said a moment ago: it is asked once a minute for each person. A failure is
 * not remembered. Source: the `ChatPlatform` port.
 */
import { BoundedMap } from "../../lib/bounded-map.ts";

const KNOWN_FOR_MS = 60_000;
const MAX_KNOWN = 5_000;

export class KnownManagers {
  readonly #known: BoundedMap<string, boolean>;

  constructor(clock: { now(): number }) {
    this.#known = new BoundedMap(MAX_KNOWN, { maxAgeMs: KNOWN_FOR_MS, clock });
  }

  /** Whether the person may manage the place; `ask` asks the platform. Rejects as `ask` does. */
  async has(placeId: string, userId: string, ask: () => Promise<boolean>): Promise<boolean> {
    const key = `${placeId} ${userId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const isManager = await ask();
    this.#known.set(key, isManager);
    return isManager;
  }
}
