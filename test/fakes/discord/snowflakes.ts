/**
 * Ids as Discord makes them: milliseconds since 2015 in the upper bits, so that later is greater.
 * Source: Discord docs, "Reference: Snowflakes".
 */

const EPOCH_MS = 1_420_070_400_000n;

/** Makes ids that only grow. */
export class Snowflakes {
  #last = 0n;

  /** The next id. */
  next(): string {
    return this.#atLeast(this.#last + 1n);
  }

  /** An id of a later millisecond than all before, so that guilds made at once fall to different shards. */
  nextOfLaterMs(): string {
    return this.#atLeast(((this.#last >> 22n) + 1n) << 22n);
  }

  #atLeast(least: bigint): string {
    const fromClock = (BigInt(Date.now()) - EPOCH_MS) << 22n;
    this.#last = fromClock > least ? fromClock : least;
    return this.#last.toString();
  }
}

/** The shard of `count` that serves a guild. */
export function shardOf(guildId: string, count: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(count));
}
