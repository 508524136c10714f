/**
 * Users, guilds and channels as the API tells them.
 * Source: Discord docs, "User", "Guild", "Channel", "Permissions: Role Object".
 */

import { canView, channelPermissions, guildPermissions } from "./permissions.ts";
import { ChannelType, type JsonObject } from "./wire.ts";
import type { ChannelState, GuildState, MemberState, RoleState, UserState, World } from "./world.ts";
import { hasBot, isBotDm } from "./world.ts";

/** An epoch in the API's form. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "000+00:00");
}

/** A user object. */
export function userWire(user: UserState): JsonObject {
  return {
    id: user.id,
    username: user.username,
    discriminator: "0",
    global_name: user.isBot ? null : user.username,
    avatar: null,
    bot: user.isBot,
    public_flags: 0,
    flags: 0,
  };
}

/** A guild member, with or without its user. */
export function memberWire(member: MemberState, hasUser: boolean): JsonObject {
  return {
    ...(hasUser ? { user: userWire(member.user) } : {}),
    nick: null,
    avatar: null,
    roles: [...member.roleIds],
    joined_at: isoTime(member.joinedAt),
    premium_since: null,
    communication_disabled_until: null,
    pending: false,
    flags: 0,
    deaf: false,
    mute: false,
  };
}

/** A member as an interaction carries it: with its permissions in the channel. */
export function interactionMemberWire(member: MemberState, channel: ChannelState): JsonObject {
  return {
    ...memberWire(member, true),
    permissions: channelPermissions(channel, member.user.id).toString(),
  };
}

/** A role. */
export function roleWire(role: RoleState): JsonObject {
  return {
    id: role.id,
    name: role.name,
    permissions: role.permissions.toString(),
    position: 0,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: role.isManaged,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  };
}

/** A channel, thread or DM as the bot sees it. */
export function channelWire(channel: ChannelState, world: World): JsonObject {
  const common = {
    id: channel.id,
    type: channel.type,
    flags: 0,
    last_message_id: [...channel.messages.keys()].at(-1) ?? null,
  };
  const { guild, thread } = channel;
  if (guild === null) {
    const others = channel.recipients.filter((user) => user.id !== world.bot.id);
    return {
      ...common,
      recipients: others.map(userWire),
      ...(channel.type === ChannelType.groupDm ? { name: null, icon: null, owner_id: others[0]?.id } : {}),
    };
  }
  if (thread !== null) {
    const joinedAt = thread.members.get(world.bot.id);
    return {
      ...common,
      guild_id: guild.id,
      name: channel.name,
      parent_id: channel.parent?.id ?? null,
      owner_id: thread.ownerId,
      rate_limit_per_user: 0,
      message_count: channel.messages.size,
      total_message_sent: channel.messages.size,
      member_count: Math.min(50, thread.members.size),
      thread_metadata: {
        archived: thread.isArchived,
        archive_timestamp: isoTime(thread.archiveChangedAt),
        auto_archive_duration: thread.autoArchiveMinutes,
        locked: thread.isLocked,
        create_timestamp: isoTime(thread.createdAt),
        ...(thread.isPrivate ? { invitable: true } : {}),
      },
      ...(joinedAt === undefined ? {} : { member: threadMemberWire(channel, world.bot.id, joinedAt) }),
    };
  }
  return {
    ...common,
    guild_id: guild.id,
    name: channel.name,
    position: 0,
    permission_overwrites: [...channel.overwrites.values()].map((one) => ({
      id: one.id,
      type: one.kind === "role" ? 0 : 1,
      allow: one.allow.toString(),
      deny: one.deny.toString(),
    })),
    nsfw: false,
    topic: null,
    parent_id: null,
    rate_limit_per_user: 0,
    ...(channel.type === ChannelType.forum
      ? {
          available_tags: [],
          default_reaction_emoji: null,
          default_sort_order: null,
          default_forum_layout: 0,
        }
      : {}),
  };
}

/** A thread member. */
export function threadMemberWire(channel: ChannelState, userId: string, joinedAt: number): JsonObject {
  return { id: channel.id, user_id: userId, join_timestamp: isoTime(joinedAt), flags: 0 };
}

/** A guild as GET gives it. */
export function guildWire(guild: GuildState): JsonObject {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    icon_hash: null,
    splash: null,
    discovery_splash: null,
    owner_id: guild.ownerId,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: [...guild.roles.values()].map(roleWire),
    emojis: [],
    stickers: [],
    features: [...guild.features],
    mfa_level: 0,
    application_id: null,
    system_channel_id: guild.systemChannel?.id ?? null,
    system_channel_flags: 0,
    rules_channel_id: null,
    max_members: 500_000,
    vanity_url_code: null,
    description: null,
    banner: null,
    premium_tier: guild.premiumTier,
    premium_subscription_count: 0,
    preferred_locale: guild.locale,
    public_updates_channel_id: null,
    nsfw_level: 0,
    premium_progress_bar_enabled: false,
    safety_alerts_channel_id: null,
    nsfw: false,
  };
}

/** A guild as GUILD_CREATE gives it: channels and threads the bot can see, and the bot as only member. */
export function guildCreateWire(guild: GuildState, world: World): JsonObject {
  const all = [...guild.channels.values()];
  const bot = guild.members.get(world.bot.id);
  const threads = all.filter(
    (one) => one.thread !== null && !one.thread.isArchived && canView(one, world.bot.id),
  );
  return {
    ...guildWire(guild),
    joined_at: isoTime(bot?.joinedAt ?? 0),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    voice_states: [],
    members: bot === undefined ? [] : [memberWire(bot, true)],
    // Hidden channels are listed too, as the real gateway does; only their messages stay hidden.
    channels: all.filter((one) => one.thread === null).map((one) => channelWire(one, world)),
    threads: threads.map((one) => channelWire(one, world)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** Permissions of a member in the guild, as `GET /users/@me/guilds` gives them. */
export function partialGuildWire(guild: GuildState, userId: string): JsonObject {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    owner: guild.ownerId === userId,
    permissions: guildPermissions(guild, userId).toString(),
    features: [...guild.features],
  };
}

/** True when the gateway tells the bot about this channel's messages. */
export function isSeenByBot(channel: ChannelState, world: World): boolean {
  if (channel.guild === null) return isBotDm(world, channel);
  return hasBot(world, channel.guild) && canView(channel, world.bot.id);
}
