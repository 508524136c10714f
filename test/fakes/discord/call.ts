/** One REST call inside the fake, and the checks many routes share. */

import type { CallRecord } from "./calls.ts";
import type { Core } from "./core.ts";
import { refusal } from "./errors.ts";
import type { Interactions } from "./interactions.ts";
import { canView, channelPermissions } from "./permissions.ts";
import type { UploadedFile } from "./request-body.ts";
import { Permission, type PermissionName } from "./wire.ts";
import type { ChannelState, GuildState, MessageState } from "./world.ts";
import { hasBot, isBotDm } from "./world.ts";

/** A call on its way through a handler. */
export interface Call {
  core: Core;
  interactions: Interactions;
  record: CallRecord;
  /** A parameter of the path. */
  param(name: string): string;
  query: URLSearchParams;
  json: unknown;
  files: UploadedFile[];
}

/** What a handler gives; a body of undefined means none. */
export interface Reply {
  status: number;
  body?: unknown;
}

/** A route: method and template, whether it needs the bot's token, and what it does. */
export interface Route {
  method: string;
  template: string;
  auth: "bot" | "none";
  handle(call: Call): Reply;
}

/** The bot's DM or visible channel of the path. Throws 10003 or 50001. */
export function visibleChannel(call: Call, name = "channel"): ChannelState {
  const { world } = call.core;
  const channel = world.channels.get(call.param(name));
  if (channel === undefined) throw refusal("unknownChannel");
  const isReachable =
    channel.guild === null
      ? isBotDm(world, channel)
      : hasBot(world, channel.guild) && canView(channel, world.bot.id);
  if (!isReachable) throw refusal("missingAccess");
  return channel;
}

/** The guild of the path, with the bot in it. Throws 10004 or 50001. */
export function ownGuild(call: Call): GuildState {
  const guild = call.core.world.guilds.get(call.param("guild"));
  if (guild === undefined) throw refusal("unknownGuild");
  if (!hasBot(call.core.world, guild)) throw refusal("missingAccess");
  return guild;
}

/** A message that the bot's token can reach: ephemeral ones are not among them. Throws 10008. */
export function plainMessage(channel: ChannelState, id: string): MessageState {
  const message = channel.messages.get(id);
  if (message === undefined || message.visibleTo !== null) throw refusal("unknownMessage");
  return message;
}

/** True when the bot has the permission; in DMs it has all it needs. */
export function botCan(core: Core, channel: ChannelState, name: PermissionName): boolean {
  if (channel.guild === null) return true;
  return (channelPermissions(channel, core.world.bot.id) & Permission[name]) !== 0n;
}

/** Throws 50013 without the permission. */
export function needs(core: Core, channel: ChannelState, name: PermissionName): void {
  if (!botCan(core, channel, name)) throw refusal("missingPermissions");
}
