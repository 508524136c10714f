/** Makes threads, and tells the gateway about channels and threads. */

import type { Core } from "./core.ts";
import { dispatchMessage } from "./messages.ts";
import { channelWire, isSeenByBot, threadMemberWire } from "./serialize.ts";
import { ChannelType, Intent, type JsonObject } from "./wire.ts";
import type { ChannelState, MessageState, UserState } from "./world.ts";
import { hasBot } from "./world.ts";

/** A thread to be made. */
export interface NewThread {
  parent: ChannelState;
  name: string;
  owner: UserState;
  isPrivate?: boolean;
  autoArchiveMinutes?: number;
  /** The message it starts from; the thread takes its id. */
  from?: MessageState;
}

/** Makes a thread with its owner as member and dispatches THREAD_CREATE. */
export function createThread(core: Core, input: NewThread): ChannelState {
  const { parent } = input;
  const isPrivate = input.isPrivate ?? false;
  const now = Date.now();
  const publicType =
    parent.type === ChannelType.announcement ? ChannelType.announcementThread : ChannelType.publicThread;
  const thread: ChannelState = {
    id: input.from?.id ?? core.ids.next(),
    type: isPrivate ? ChannelType.privateThread : publicType,
    name: input.name,
    guild: parent.guild,
    parent,
    overwrites: new Map(),
    thread: {
      ownerId: input.owner.id,
      isPrivate,
      isArchived: false,
      isLocked: false,
      autoArchiveMinutes: input.autoArchiveMinutes ?? 4320,
      archiveChangedAt: now,
      createdAt: now,
      members: new Map([[input.owner.id, now]]),
    },
    recipients: [],
    messages: new Map(),
    isDeleted: false,
  };
  core.world.channels.set(thread.id, thread);
  parent.guild?.channels.set(thread.id, thread);
  if (input.from !== undefined) input.from.thread = thread;
  tellAboutChannel(core, "THREAD_CREATE", thread, { newly_created: true });
  if (input.from !== undefined) dispatchMessage(core, "MESSAGE_UPDATE", input.from);
  core.changes.emit("change");
  return thread;
}

/** Dispatches an event about a channel or thread to sessions that may see it. */
export function tellAboutChannel(
  core: Core,
  name: string,
  channel: ChannelState,
  extra: JsonObject = {},
): void {
  const { guild } = channel;
  // Bots get no channel events of DMs.
  if (guild === null || !hasBot(core.world, guild)) return;
  if (channel.thread !== null && !isSeenByBot(channel, core.world)) return;
  const isThreadDelete = name === "THREAD_DELETE";
  core.dispatch({
    name,
    guildId: guild.id,
    intents: Intent.GUILDS,
    data: () =>
      isThreadDelete
        ? { id: channel.id, guild_id: guild.id, parent_id: channel.parent?.id ?? null, type: channel.type }
        : { ...channelWire(channel, core.world), ...extra },
  });
}

/** Adds a user to a thread. */
export function joinThread(core: Core, channel: ChannelState, user: UserState): void {
  const { thread, guild } = channel;
  if (thread === null || guild === null || thread.members.has(user.id)) return;
  const wasSeen = isSeenByBot(channel, core.world);
  const joinedAt = Date.now();
  thread.members.set(user.id, joinedAt);
  if (user.id !== core.world.bot.id) return;
  if (!wasSeen) tellAboutChannel(core, "THREAD_CREATE", channel);
  core.dispatch({
    name: "THREAD_MEMBERS_UPDATE",
    guildId: guild.id,
    intents: Intent.GUILDS,
    data: () => ({
      id: channel.id,
      guild_id: guild.id,
      member_count: thread.members.size,
      added_members: [threadMemberWire(channel, user.id, joinedAt)],
    }),
  });
}

/** Removes a channel with its threads and everything in them. */
export function removeChannel(core: Core, channel: ChannelState): void {
  const threads = [...(channel.guild?.channels.values() ?? [])].filter((one) => one.parent === channel);
  for (const thread of threads) forget(core, thread);
  forget(core, channel);
  tellAboutChannel(core, channel.thread === null ? "CHANNEL_DELETE" : "THREAD_DELETE", channel);
  core.changes.emit("change");
}

function forget(core: Core, channel: ChannelState): void {
  channel.isDeleted = true;
  channel.guild?.channels.delete(channel.id);
  core.world.channels.delete(channel.id);
}
