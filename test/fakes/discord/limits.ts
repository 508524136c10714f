/**
 * How large a file may be where.
 * Source: Discord docs, "Reference: Uploading Files"; boosted guilds: 50 MiB at tier 2, 100 MiB at tier 3.
 */

import type { Core } from "./core.ts";
import { MIB } from "./wire.ts";
import type { ChannelState, UserState } from "./world.ts";

/** What the bot may upload to a channel by itself. */
export function channelSizeLimit(core: Core, channel: ChannelState): number {
  const tier = channel.guild?.premiumTier ?? 0;
  const boosted = tier >= 3 ? 100 * MIB : tier === 2 ? 50 * MIB : 0;
  return Math.max(core.settings.uploadLimitBytes, boosted);
}

/** `attachment_size_limit` of an interaction: the larger of the user's and the guild's limit. */
export function attachmentSizeLimit(
  core: Core,
  interaction: { channel: ChannelState; user: UserState },
): number {
  return Math.max(channelSizeLimit(core, interaction.channel), interaction.user.uploadLimitBytes);
}
