/**
 * Servers that the bot has just come into: one message says how to talk to it. Discord tells in the same way of those
 * that it was in before, after each connection and outage.
 * Source: Discord docs, "Gateway Events: Guild Create", "Guild Object".
 */
import { ChannelType } from "discord-api-types/v10";
import type { IncomingMessage } from "../../../core/model/message.ts";
import { missingToWrite, permissionsOf } from "../permissions.ts";
import { conversationOf, targetOf } from "../place.ts";
import { byId, isOfShard, type Shard } from "../snowflakes.ts";
import type { Guild } from "./event-schema.ts";

export class JoinedGuilds {
  /** Those that the bot is in. */
  readonly #known = new Set<string>();

  /** A new connection: the bot is in these guilds, and in no others of the shard. */
  ready(shard: Shard, guildIds: readonly string[]): void {
    for (const id of this.#known) if (isOfShard(id, shard)) this.#known.delete(id);
    for (const id of guildIds) this.#known.add(id);
  }

  /** What a guild that was told of has the bot say; null: it was in there before, or may write nowhere. */
  take(guild: Guild, botId: string): IncomingMessage | null {
    const isKnown = this.#known.has(guild.id);
    this.#known.add(guild.id);
    return isKnown ? null : readJoining(guild, botId);
  }

  /** The bot is not in the guild any more. */
  gone(id: string): void {
    this.#known.delete(id);
  }
}

/** The same for every process that hears of it; null where the bot may write nowhere. */
function readJoining(guild: Guild, botId: string): IncomingMessage | null {
  const channelId = placeToWrite(guild, botId);
  if (channelId === null) return null;
  const { id: guildId, joined_at: joinedAt, preferred_locale: language } = guild;
  const conversationId = conversationOf(channelId);
  return {
    version: 1,
    id: `discord:joined:${guildId}:${joinedAt}`,
    conversationId,
    // Discord does not say who has brought it.
    user: { id: `discord:${botId}`, ...(language ? { language } : {}) },
    text: "",
    attachments: [],
    action: { kind: "introduce" },
    replyTo: targetOf(conversationId, { channelId, guildId, userId: botId }),
    receivedAt: Date.now(),
  };
}

/** The channel for the server's news, else the first one of text; null where the bot may write in none. */
function placeToWrite(guild: Guild, botId: string): string | null {
  const member = guild.members.find(({ user }) => user?.id === botId) ?? { roles: [] };
  const mayWrite = ({ type, permission_overwrites: overwrites = [] }: Guild["channels"][number]) =>
    missingToWrite(permissionsOf({ guild, member, userId: botId, overwrites }), type) === null;
  const system = guild.channels.find(({ id }) => id === guild.system_channel_id);
  const inOrder = guild.channels
    .filter(({ type }) => type === ChannelType.GuildText)
    .sort((one, other) => (one.position ?? 0) - (other.position ?? 0) || byId(one, other));
  return [...(system ? [system] : []), ...inOrder].find(mayWrite)?.id ?? null;
}
