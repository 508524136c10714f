/**
 * What the bot may do in a channel, and how the person learns of what it may not.
 * Source: Discord docs, "Permissions"; platforms.md, "Discord".
 */
import type { APIChannel, REST } from "discord.js";
import { ChannelType, PermissionFlagsBits, Routes } from "discord-api-types/v10";
import type { Locales, TextKey } from "../../core/model/locales.ts";
import type { ReplyTarget } from "../../core/model/message.ts";
import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { orInTrouble } from "../shared/store-trouble.ts";
import { isApiError } from "./api-errors.ts";
import { nonceFor } from "./nonce.ts";
import { placeOf } from "./place.ts";

const { ViewChannel, SendMessages, SendMessagesInThreads, CreatePublicThreads, ReadMessageHistory } =
  PermissionFlagsBits;

/** How Discord's settings call what the bot needs. */
const NAMES = {
  view: "permission.view",
  send: "permission.send",
  "send-in-threads": "permission.send-in-threads",
  "manage-threads": "permission.manage-threads",
} as const satisfies Record<string, TextKey>;
type Need = keyof typeof NAMES;

/** How long a person is not told again about the same channel. */
const TOLD_FOR_MS = 3_600_000;

export function isThread(type: ChannelType | undefined): boolean {
  return (
    type === ChannelType.PublicThread ||
    type === ChannelType.PrivateThread ||
    type === ChannelType.AnnouncementThread
  );
}

/** What keeps the bot from writing in a channel, by the permissions an interaction tells; null when nothing does. */
export function missingToWrite(permissions: string, type: ChannelType | undefined): Need | null {
  if (!has(permissions, ViewChannel)) return "view";
  if (isThread(type)) return has(permissions, SendMessagesInThreads) ? null : "send-in-threads";
  return has(permissions, SendMessages) ? null : "send";
}

/** True when a thread can be opened from a message of the channel, and written in. */
export function canOpenThread(permissions: string): boolean {
  return [ViewChannel, CreatePublicThreads, SendMessagesInThreads, ReadMessageHistory].every((one) =>
    has(permissions, one),
  );
}

/** True for those who may also act on what others started. */
export function mayManageBy(permissions: string): boolean {
  return (
    has(permissions, PermissionFlagsBits.ManageChannels) ||
    has(permissions, PermissionFlagsBits.ManageThreads)
  );
}

/** What a member may do in a channel, as a bit set. */
export function permissionsOf(facts: {
  guild: { id: string; roles: { id: string; permissions: string }[] };
  member: { roles: string[] };
  userId: string;
  overwrites: { id: string; allow: string; deny: string }[];
}): string {
  const { guild, member, userId, overwrites } = facts;
  const roles = new Set([guild.id, ...member.roles]);
  let bits = guild.roles
    .filter((role) => roles.has(role.id))
    .reduce((all, role) => all | BigInt(role.permissions), 0n);
  if ((bits & PermissionFlagsBits.Administrator) !== 0n) return String(bits);
  const everyone = overwrites.filter((one) => one.id === guild.id);
  const byRole = overwrites.filter((one) => one.id !== guild.id && roles.has(one.id));
  const own = overwrites.filter((one) => one.id === userId);
  for (const layer of [everyone, byRole, own]) {
    for (const { deny } of layer) bits &= ~BigInt(deny);
    for (const { allow } of layer) bits |= BigInt(allow);
  }
  return String(bits);
}

function has(permissions: string, permission: bigint): boolean {
  return (BigInt(permissions) & (permission | PermissionFlagsBits.Administrator)) !== 0n;
}

/** The sentence that names the permission. */
export function permissionSentence(
  locales: Locales,
  language: string,
  need: Need,
  channelId: string,
): string {
  return locales.plain(language, "discord.no-permission", {
    channel: `<#${channelId}>`,
    permission: locales.plain(language, NAMES[need]),
  });
}

/** Tells people by direct message what keeps the bot from answering them, once in a while. */
export class PermissionNews {
  readonly #rest: REST;
  readonly #memory: AdapterMemory;
  readonly #locales: Locales;
  readonly #log: Log;

  constructor(rest: REST, memory: AdapterMemory, locales: Locales, log: Log) {
    this.#rest = rest;
    this.#memory = memory;
    this.#locales = locales;
    this.#log = log;
  }

  /** Best effort, and silent when the bot is not in the guild any more. */
  async tell(target: ReplyTarget, language: string, error: unknown): Promise<void> {
    const { channelId, guildId, userId } = placeOf(target);
    if (!guildId) return;
    try {
      // Throws where the bot was kicked: there is nothing to tell then.
      if (isApiError(error, 50001)) await this.#rest.get(Routes.guild(guildId));
      this.#log.warn({ err: error, channel: channelId }, "the bot lacks a permission in a channel");
      const key = `told-permission:${channelId}:${userId}`;
      if (await orInTrouble(this.#memory.get(key), null)) return;
      await orInTrouble(this.#memory.set(key, "1", TOLD_FOR_MS), undefined);
      const content = permissionSentence(
        this.#locales,
        language,
        await this.#need(channelId, error),
        channelId,
      );
      // The answers' shapes are Discord's documented objects.
      const dm = (await this.#rest.post(Routes.userChannels(), {
        body: { recipient_id: userId },
      })) as APIChannel;
      await this.#rest.post(Routes.channelMessages(dm.id), {
        body: { content, allowed_mentions: { parse: [] }, nonce: nonceFor(), enforce_nonce: true },
      });
    } catch (newsError) {
      this.#log.info({ err: newsError }, "a person could not be told about a missing permission");
    }
  }

  async #need(channelId: string, error: unknown): Promise<Need> {
    if (isApiError(error, 160005)) return "manage-threads";
    if (isApiError(error, 50001)) return "view";
    try {
      const channel = (await this.#rest.get(Routes.channel(channelId))) as APIChannel;
      return isThread(channel.type) ? "send-in-threads" : "send";
    } catch (lookError) {
      if (isApiError(lookError, 50001)) return "view";
      throw lookError;
    }
  }
}
