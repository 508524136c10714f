/** Ids that tell their time, above 22 lower bits. Source: Discord docs, "Snowflakes", "Sharding". */

/** A shard: its number and how many there are. */
export type Shard = readonly [id: number, count: number];

/** Whether a guild's events come to a shard; those of direct messages (null) come to the first. */
export function isOfShard(guildId: string | null, [id, count]: Shard): boolean {
  return (guildId === null ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(count))) === id;
}
