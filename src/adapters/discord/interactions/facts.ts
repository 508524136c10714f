/** What an interaction says, read out of its JSON. Source: Discord docs, "Interaction Structure". */

import { PermissionFlagsBits } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action } from "../../../core/model/message.ts";
import { personName } from "../../../core/model/person-name.ts";
import type { Interaction, SlashInteraction } from "../incoming/event-schema.ts";
import { canOpenThread, isThread, mayManageBy, missingToWrite, permissionSentence } from "../permissions.ts";

/** An interaction with the moment it came, epoch ms: its token lives from then. */
export type Taken<T extends Interaction = Interaction> = T & { receivedAt: number };
export type Slash = Taken<SlashInteraction>;

/** Installed by the person alone: the bot itself is not in the channel. */
export function isAppOnly(interaction: Interaction): boolean {
  const { authorizing_integration_owners: owners, guild_id: guildId, context } = interaction;
  if (guildId) return owners?.[0] === undefined;
  // 1: the bot's own direct messages.
  return context !== undefined && context !== 1;
}

/** Money and settings are answered for the person alone. */
export function isForOneAlone({ kind }: Action): boolean {
  return ["credits", "skill", "language", "help", "upload-help"].includes(kind);
}

/** The value of a command's option; undefined when it was left out. */
export function optionOf(interaction: Slash, name: string): string | number | boolean | undefined {
  return interaction.data.options?.find((one) => one.name === name)?.value;
}

/** Who acted: in a guild the member's user. */
export function userOf(interaction: Interaction): NonNullable<Interaction["user"]> {
  const user = interaction.member?.user ?? interaction.user;
  if (!user) throw new Error("an interaction without a user");
  return user;
}

/** What the person who acted is called there. */
export function nameOf(interaction: Interaction): string | undefined {
  const { global_name: name, username } = userOf(interaction);
  return personName(interaction.member?.nick, name, username);
}

/** Where it happened. */
export function channelOf(interaction: Interaction): string {
  return interaction.channel?.id ?? interaction.channel_id ?? "";
}

/** How an interaction can be answered later. */
export function answerOf(interaction: Taken) {
  return {
    interactionId: interaction.id,
    interactionToken: interaction.token,
    interactionAt: interaction.receivedAt,
  };
}

/** The channel of the thread it happened in; absent elsewhere. */
export function parentOf(interaction: Interaction): { parentId?: string } {
  const { channel } = interaction;
  return channel?.parent_id && isThread(channel.type) ? { parentId: channel.parent_id } : {};
}

/** How large the files of an answer may be. */
export function limitOf(interaction: Interaction): { fileLimitBytes?: number } {
  const limit = interaction.attachment_size_limit;
  return limit ? { fileLimitBytes: limit } : {};
}

/** True for those who may also act on what others started. */
export function canManage(interaction: Interaction): boolean {
  return mayManageBy(interaction.member?.permissions ?? "0");
}

/** True when the person has the permission in the channel. */
export function hasPermission(interaction: Interaction, permission: bigint): boolean {
  const permissions = BigInt(interaction.member?.permissions ?? "0");
  return (permissions & (permission | PermissionFlagsBits.Administrator)) !== 0n;
}

/** The language the answer is in. */
export function languageOf(interaction: Interaction, locales: Locales): string {
  return locales.match(interaction.locale) ?? locales.match(interaction.guild_locale) ?? "en";
}

/** What keeps the bot from writing in the channel, as a sentence; null when nothing does. */
export function writeProblem(interaction: Interaction, locales: Locales): string | null {
  if (!interaction.guild_id || isAppOnly(interaction)) return null;
  const need = missingToWrite(interaction.app_permissions, interaction.channel?.type);
  if (need === null) return null;
  return permissionSentence(locales, languageOf(interaction, locales), need, channelOf(interaction));
}

/** As `writeProblem`; null too where the bot can go on in a thread. */
export function editProblem(interaction: Interaction, locales: Locales): string | null {
  return canOpenThread(interaction.app_permissions) ? null : writeProblem(interaction, locales);
}
