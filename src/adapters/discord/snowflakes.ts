/** Ids that tell their time: milliseconds since 2015 above 22 lower bits. Source: Discord docs, "Snowflakes". */

const EPOCH_MS = 1_420_070_400_000;

/** The lowest id of a moment, epoch ms. */
export function idAt(ms: number): string {
  return ms <= EPOCH_MS ? "0" : String(BigInt(Math.floor(ms - EPOCH_MS)) << 22n);
}

/** The moment of an id, epoch ms. */
export function timeOf(id: string): number {
  return Number(BigInt(id) >> 22n) + EPOCH_MS;
}

/** An id from `ms` before another one. */
export function idBefore(id: string, ms: number): string {
  const earlier = BigInt(id) - (BigInt(ms) << 22n);
  return String(earlier > 0n ? earlier : 0n);
}

/** The later of two. */
export function laterId(one: string, other: string): string {
  return BigInt(one) >= BigInt(other) ? one : other;
}

/** Earlier ones first. */
export function byId(one: { id: string }, other: { id: string }): number {
  return BigInt(one.id) < BigInt(other.id) ? -1 : 1;
}

/** A shard: its number and how many there are. */
export type Shard = readonly [id: number, count: number];

/** Whether a guild's events come to a shard; those of direct messages (null) come to the first. */
export function isOfShard(guildId: string | null, [id, count]: Shard): boolean {
  return (guildId === null ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(count))) === id;
}
