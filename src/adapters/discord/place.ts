/** Where on Discord an answer goes: what `ReplyTarget.details` holds. */
import type { ReplyTarget } from "../../core/model/message.ts";

/** What `ReplyTarget.details` holds for Discord. */
export interface DiscordPlace {
  channelId: string;
  /** The message to hang below. */
  replyTo?: string;
  /** The person's own message, `<channel>/<id>`; absent for interactions. */
  saidAt?: string;
  guildId?: string;
  userId: string;
  /** Id, token and age (epoch ms) of an interaction that was deferred. */
  interactionId?: string;
  interactionToken?: string;
  interactionAt?: number;
  /** True when the interaction has had its answer: only what is for the person alone goes through it. */
  isAnswered?: boolean;
  /** True when the interaction happened in another channel than the conversation. */
  isElsewhere?: boolean;
  /** True when the deferred answer is for the person alone. */
  isEphemeral?: boolean;
  /** True where the bot itself is not in the channel: only the interaction can answer. */
  isAppOnly?: boolean;
  /** Bytes the interaction allows for files. */
  fileLimitBytes?: number;
  /** The channel of a thread. */
  parentId?: string;
}

export function targetOf(conversationId: string, place: DiscordPlace): ReplyTarget {
  return { platform: "discord", conversationId, details: { ...place } };
}

export function placeOf(target: ReplyTarget): DiscordPlace {
  // Written by `targetOf`.
  return target.details as unknown as DiscordPlace;
}

/** `discord:<channel or thread>`. */
export function conversationOf(channelId: string): string {
  return `discord:${channelId}`;
}
