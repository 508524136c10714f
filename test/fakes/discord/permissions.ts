/**
 * Who may do what where: roles first, then the channel's overwrites; a thread takes its parent's.
 * Source: Discord docs, "Permissions: Permission Hierarchy" and "Implicit Permissions".
 */

import { Permission, type PermissionName } from "./wire.ts";
import type { ChannelState, GuildState, UserState } from "./world.ts";

/** All the bits the fake knows. */
const ALL_PERMISSIONS: bigint = Object.values(Permission).reduce((all, bit) => all | bit, 0n);

/** What a fresh guild gives each member. */
export const EVERYONE_PERMISSIONS: bigint = permissionBits([
  "VIEW_CHANNEL",
  "SEND_MESSAGES",
  "SEND_MESSAGES_IN_THREADS",
  "CREATE_PUBLIC_THREADS",
  "CREATE_PRIVATE_THREADS",
  "EMBED_LINKS",
  "ATTACH_FILES",
  "READ_MESSAGE_HISTORY",
  "ADD_REACTIONS",
  "USE_EXTERNAL_EMOJIS",
  "USE_APPLICATION_COMMANDS",
  "USE_EXTERNAL_APPS",
]);

/** What an app has in a DM. Source: "Interaction Object", `app_permissions`. */
export const DM_PERMISSIONS: bigint = permissionBits([
  "ATTACH_FILES",
  "EMBED_LINKS",
  "MENTION_EVERYONE",
  "USE_EXTERNAL_EMOJIS",
]);

/** Bits of a list of names. */
export function permissionBits(names: readonly PermissionName[]): bigint {
  return names.reduce((all, name) => all | Permission[name], 0n);
}

/** What a member has in the guild as a whole; nothing when it is no member. */
export function guildPermissions(guild: GuildState, userId: string): bigint {
  const member = guild.members.get(userId);
  if (member === undefined) return 0n;
  if (guild.ownerId === userId) return ALL_PERMISSIONS;
  let bits = guild.roles.get(guild.id)?.permissions ?? 0n;
  for (const roleId of member.roleIds) bits |= guild.roles.get(roleId)?.permissions ?? 0n;
  return (bits & Permission.ADMINISTRATOR) === 0n ? bits : ALL_PERMISSIONS;
}

/** What a member has in a channel or thread of a guild. */
export function channelPermissions(channel: ChannelState, userId: string): bigint {
  const { guild } = channel;
  if (guild === null) return DM_PERMISSIONS;
  const member = guild.members.get(userId);
  let bits = guildPermissions(guild, userId);
  if (member === undefined || bits === ALL_PERMISSIONS) return bits;
  const { overwrites } = channel.parent ?? channel;
  const everyone = overwrites.get(guild.id);
  if (everyone !== undefined) bits = (bits & ~everyone.deny) | everyone.allow;
  let allow = 0n;
  let deny = 0n;
  for (const roleId of member.roleIds) {
    allow |= overwrites.get(roleId)?.allow ?? 0n;
    deny |= overwrites.get(roleId)?.deny ?? 0n;
  }
  bits = (bits & ~deny) | allow;
  const own = overwrites.get(userId);
  if (own !== undefined) bits = (bits & ~own.deny) | own.allow;
  if ((bits & Permission.VIEW_CHANNEL) === 0n) return 0n;
  const sending = channel.thread === null ? Permission.SEND_MESSAGES : Permission.SEND_MESSAGES_IN_THREADS;
  if ((bits & sending) === 0n)
    bits &= ~(Permission.MENTION_EVERYONE | Permission.ATTACH_FILES | Permission.EMBED_LINKS);
  return bits;
}

/** True when the member can see the channel; a private thread only as a member of it or a moderator. */
export function canView(channel: ChannelState, userId: string): boolean {
  if (channel.guild === null) return channel.recipients.some((user) => user.id === userId);
  const bits = channelPermissions(channel, userId);
  if ((bits & Permission.VIEW_CHANNEL) === 0n) return false;
  const { thread } = channel;
  if (thread === null || !thread.isPrivate) return true;
  return thread.members.has(userId) || (bits & Permission.MANAGE_THREADS) !== 0n;
}

/** True when a user may use the app's commands in a channel. */
export function mayUseCommands(channel: ChannelState, user: UserState): boolean {
  if (channel.guild === null) return channel.recipients.includes(user);
  const bits = channelPermissions(channel, user.id);
  return canView(channel, user.id) && (bits & Permission.USE_APPLICATION_COMMANDS) !== 0n;
}
