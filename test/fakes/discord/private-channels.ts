/** DMs and group DMs. */

import type { Core } from "./core.ts";
import { ChannelType } from "./wire.ts";
import type { ChannelState, UserState } from "./world.ts";

/** The DM between the bot and a user, made when there is none. Writing to it may still be refused. */
export function dmWith(core: Core, user: UserState): ChannelState {
  const { world } = core;
  for (const channel of world.channels.values()) {
    if (channel.type !== ChannelType.dm || !channel.recipients.includes(user)) continue;
    if (channel.recipients.includes(world.bot)) return channel;
  }
  return addPrivateChannel(core, ChannelType.dm, [world.bot, user]);
}

/** Makes a DM or group DM. */
export function addPrivateChannel(core: Core, type: number, recipients: UserState[]): ChannelState {
  const channel: ChannelState = {
    id: core.ids.next(),
    type,
    name: "",
    guild: null,
    parent: null,
    overwrites: new Map(),
    thread: null,
    recipients,
    messages: new Map(),
    isDeleted: false,
  };
  core.world.channels.set(channel.id, channel);
  return channel;
}
