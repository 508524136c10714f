/**
 * Discord's messages and interactions as the core's `IncomingMessage`. What `event-schema.ts` has read comes
 * in here, and only plain JSON goes out. Source: Discord docs, "Message Object", "Interaction Structure".
 */

import type { Action, Attachment, IncomingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { own } from "../../../lib/own.ts";
import { conversationOf, targetOf } from "../place.ts";
import type { Interaction, SaidAttachment, SaidMessage } from "./event-schema.ts";

/** A message's files; `fileId` leads back to the message, for a fresh address. */
export function attachmentsOf(
  message: Pick<SaidMessage, "id" | "channel_id" | "attachments" | "message_snapshots">,
): Attachment[] {
  // A forwarded message carries its files in a snapshot.
  const forwarded = message.message_snapshots?.flatMap((one) => one.message.attachments ?? []) ?? [];
  return [...message.attachments, ...forwarded].map((file) =>
    toAttachment(file, `${message.channel_id}/${message.id}/${file.id}`),
  );
}

function toAttachment(file: SaidAttachment, fileId: string): Attachment {
  return {
    platform: "discord",
    fileId,
    url: file.url,
    name: file.filename,
    sizeBytes: file.size,
    ...(file.content_type ? { mimeType: file.content_type } : {}),
  };
}

/** Files of a command's options, in the order of `names`. They belong to no message that could be read again. */
export function optionFiles(
  files: Readonly<Record<string, SaidAttachment>>,
  ids: readonly string[],
  interactionId: string,
): Attachment[] {
  return ids.flatMap((id) => {
    const file = own(files, id);
    return file ? [toAttachment(file, `interaction/${interactionId}/${id}`)] : [];
  });
}

/**
 * Whether a message means the bot: a direct message, a mention, a reply that pings it, or, where the operator
 * was granted the message content, anything in the bot's own threads.
 */
export function isAddressed(message: SaidMessage, botId: string, isOwnThread: boolean): boolean {
  if (message.author.bot || message.webhook_id) return false;
  // 0: an ordinary message, 19: a reply. Everything else is Discord's own talk.
  if (message.type !== 0 && message.type !== 19) return false;
  return message.guild_id === undefined || isOwnThread || message.mentions.some((user) => user.id === botId);
}

/** The words of a message without the bot's name. */
export function wordsOf(message: Pick<SaidMessage, "content">, botId: string): string {
  return message.content.replace(new RegExp(`\\s*<@!?${botId}>\\s*`, "g"), " ").trim();
}

/** A message as the core takes it, answered in `channelId`; `language` as Discord last told it of the person. */
export function readMessage(
  message: SaidMessage,
  botId: string,
  channelId: string,
  language: string | null,
): IncomingMessage {
  const replied = message.referenced_message;
  const quoted = replied && replied.author.id !== botId ? attachmentsOf(replied) : [];
  const text = wordsOf(message, botId);
  const attachments = attachmentsOf(message);
  const hasNothing = text === "" && attachments.length + quoted.length === 0;
  return {
    version: 1,
    id: `discord:message:${message.id}`,
    key: `discord:${message.channel_id}:${message.id}`,
    conversationId: conversationOf(channelId),
    user: { id: `discord:${message.author.id}`, ...(language ? { language } : {}) },
    text,
    attachments,
    ...(quoted.length > 0 ? { quoted } : {}),
    ...(hasNothing ? { action: { kind: "help" } } : {}),
    replyTo: targetOf(conversationOf(channelId), {
      channelId,
      userId: message.author.id,
      ...(message.guild_id ? { guildId: message.guild_id } : {}),
      ...(channelId === message.channel_id ? {} : { parentId: message.channel_id }),
      // In a thread of its own there is nothing to hang below.
      ...(channelId === message.channel_id && message.guild_id ? { replyTo: message.id } : {}),
    }),
    receivedAt: Date.now(),
  };
}

/** An interaction as the core takes it: words and files, or an action. */
export function readInteraction(
  interaction: Interaction,
  target: ReplyTarget,
  what: { text: string; attachments: Attachment[]; action?: Action; canManage?: boolean },
): IncomingMessage {
  const user = userOf(interaction);
  return {
    version: 1,
    id: `discord:interaction:${interaction.id}`,
    conversationId: target.conversationId,
    user: {
      id: `discord:${user.id}`,
      ...(interaction.locale ? { language: interaction.locale } : {}),
      ...(what.canManage === undefined ? {} : { canManage: what.canManage }),
    },
    text: what.text,
    attachments: what.attachments,
    ...(what.action ? { action: what.action } : {}),
    replyTo: target,
    receivedAt: Date.now(),
  };
}

/** Who acted: in a guild the member's user. */
export function userOf(interaction: Interaction): { id: string } {
  const user = interaction.member?.user ?? interaction.user;
  if (!user) throw new Error("an interaction without a user");
  return user;
}
