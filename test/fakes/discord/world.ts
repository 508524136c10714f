/** The state of the fake's world: users, guilds, channels, threads, messages. No rules here, no wire forms. */

import type { CdnFile } from "./cdn.ts";
import type { JsonObject } from "./wire.ts";

/** A person or bot. */
export interface UserState {
  id: string;
  username: string;
  isBot: boolean;
  locale: string;
  /** What this user may upload anywhere; Nitro raises it. */
  uploadLimitBytes: number;
  /** True when the user installed the app for itself. */
  hasInstalledApp: boolean;
  /** False: the user takes no DMs from guild members. */
  acceptsDms: boolean;
}

/** A role; the one with the guild's id belongs to every member. */
export interface RoleState {
  id: string;
  name: string;
  permissions: bigint;
  isManaged: boolean;
}

/** A user in a guild. */
export interface MemberState {
  user: UserState;
  roleIds: string[];
  joinedAt: number;
}

/** A channel's exception for a role or member. */
export interface OverwriteState {
  id: string;
  kind: "role" | "member";
  allow: bigint;
  deny: bigint;
}

/** What only threads have. */
interface ThreadState {
  ownerId: string;
  isPrivate: boolean;
  isArchived: boolean;
  isLocked: boolean;
  autoArchiveMinutes: number;
  archiveChangedAt: number;
  createdAt: number;
  /** User id → when it joined, epoch ms. */
  members: Map<string, number>;
}

/** A text channel, forum, thread or DM. */
export interface ChannelState {
  id: string;
  type: number;
  name: string;
  guild: GuildState | null;
  /** Of a thread: the channel it is in. */
  parent: ChannelState | null;
  overwrites: Map<string, OverwriteState>;
  thread: ThreadState | null;
  /** Of a DM: all in it, the bot too. */
  recipients: UserState[];
  messages: Map<string, MessageState>;
  isDeleted: boolean;
}

/** A server. */
export interface GuildState {
  id: string;
  name: string;
  ownerId: string;
  locale: string;
  /** 0–3. */
  premiumTier: number;
  features: string[];
  /** Where Discord itself writes, when it does. */
  systemChannel: ChannelState | null;
  roles: Map<string, RoleState>;
  members: Map<string, MemberState>;
  channels: Map<string, ChannelState>;
}

/** A file of a message. */
export interface AttachmentState {
  id: string;
  filename: string;
  description: string | null;
  contentType: string;
  isEphemeral: boolean;
  width: number | null;
  height: number | null;
  durationS: number | null;
  waveform: string | null;
  file: CdnFile;
}

/** A message. */
export interface MessageState {
  id: string;
  channel: ChannelState;
  author: UserState;
  type: number;
  content: string;
  createdAt: number;
  editedAt: number | null;
  attachments: AttachmentState[];
  embeds: JsonObject[];
  components: JsonObject[];
  flags: number;
  nonce: string | number | undefined;
  mentions: UserState[];
  mentionsEveryone: boolean;
  /** The message this one answers; "deleted" once it is gone. */
  reference: { messageId: string; channelId: string } | null;
  /** Of an interaction's answer. */
  interaction: JsonObject | null;
  /** Through which token it came, null for ordinary messages. */
  interactionToken: string | null;
  /** Of an ephemeral message: the only reader besides the app. */
  visibleTo: UserState | null;
  reactions: Map<string, Set<string>>;
  /** Its poll as the API tells it; null for other messages. */
  poll: JsonObject | null;
  thread: ChannelState | null;
  isDeleted: boolean;
  /** Every content it had, the first one first. */
  history: string[];
}

/** Everything there is. */
export interface World {
  bot: UserState;
  applicationId: string;
  users: Map<string, UserState>;
  guilds: Map<string, GuildState>;
  /** Channels, threads and DMs; deleted ones are gone from here. */
  channels: Map<string, ChannelState>;
}

/** True when the bot is a member. */
export function hasBot(world: World, guild: GuildState): boolean {
  return guild.members.has(world.bot.id);
}

/** True when the channel is a DM with the bot. */
export function isBotDm(world: World, channel: ChannelState): boolean {
  return channel.guild === null && channel.recipients.some((user) => user.id === world.bot.id);
}
