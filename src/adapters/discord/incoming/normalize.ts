/**
 * Discord's messages as the core's `IncomingMessage`. What `event-schema.ts` has read comes in here, and only plain
 * JSON goes out. Source: Discord docs, "Message Object".
 */
import type { Attachment, IncomingMessage } from "../../../core/model/message.ts";
import { personName } from "../../../core/model/person-name.ts";
import { own } from "../../../lib/own.ts";
import { conversationOf, placeOf, targetOf } from "../place.ts";
import type { SaidAttachment, SaidMessage } from "./event-schema.ts";

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
    ...(file.waveform ? { isVoice: true } : {}),
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

/** A message of a person, as far as it says by itself whether it is for the bot. */
export interface Said {
  message: SaidMessage;
  /** A direct message, a mention, or a reply that pings the bot; others may still stand in a thread of its own. */
  isAddressed: boolean;
  /** Without the bot's name. */
  text: string;
}

/** Null: said by a bot or a webhook, or Discord's own talk. */
export function readSaid(message: SaidMessage, botId: string): Said | null {
  if (message.author.bot || message.webhook_id) return null;
  // 0: an ordinary message, 19: a reply.
  if (message.type !== 0 && message.type !== 19) return null;
  const isAddressed = message.guild_id === undefined || message.mentions.some((user) => user.id === botId);
  const text = message.content.replace(new RegExp(`\\s*<@!?${botId}>\\s*`, "g"), " ").trim();
  return { message, isAddressed, text };
}

/** A message as the core takes it, answered in place; `language` as Discord last told it of the person. */
export function readMessage(
  { message, text }: Said,
  botId: string,
  language: string | null,
): IncomingMessage {
  const {
    id,
    channel_id: channelId,
    guild_id: guildId,
    author,
    member,
    referenced_message: replied,
  } = message;
  const name = personName(member?.nick, author.global_name, author.username);
  const quoted = replied && replied.author.id !== botId ? attachmentsOf(replied) : [];
  const attachments = attachmentsOf(message);
  const hasNothing = text === "" && attachments.length + quoted.length === 0;
  const conversationId = conversationOf(channelId);
  return {
    version: 1,
    id: `discord:message:${id}`,
    key: `discord:${channelId}:${id}`,
    conversationId,
    user: {
      id: `discord:${author.id}`,
      ...(name === undefined ? {} : { name }),
      ...(language ? { language } : {}),
    },
    text,
    attachments,
    ...(quoted.length > 0 ? { quoted } : {}),
    ...(hasNothing ? { action: { kind: "help" } } : {}),
    replyTo: targetOf(conversationId, {
      channelId,
      userId: author.id,
      saidAt: `${channelId}/${id}`,
      ...(guildId ? { guildId, replyTo: id } : {}),
    }),
    receivedAt: Date.now(),
  };
}

/** The same message in a thread of its own. */
export function inThread(message: IncomingMessage, threadId: string): IncomingMessage {
  // There is nothing to hang below.
  const { channelId: parentId, replyTo: _, ...place } = placeOf(message.replyTo);
  const conversationId = conversationOf(threadId);
  // The deferred answer shows the way; only what is for the person alone comes after it.
  const shown = place.interactionId === undefined ? {} : { isAnswered: true, isElsewhere: true };
  return {
    ...message,
    conversationId,
    replyTo: targetOf(conversationId, { ...place, ...shown, channelId: threadId, parentId }),
  };
}
