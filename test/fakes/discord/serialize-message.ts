/**
 * Messages as the API tells them: to a reader with the MESSAGE_CONTENT intent, or without.
 * Source: Discord docs, "Message Object", "Gateway: Message Content Intent".
 */

import type { Cdn } from "./cdn.ts";
import { channelWire, isoTime, memberWire, userWire } from "./serialize.ts";
import { type JsonObject, MessageFlag, MessageType } from "./wire.ts";
import type { AttachmentState, MessageState, World } from "./world.ts";
import { isBotDm } from "./world.ts";

/** What the reader of a message may see. */
export interface View {
  world: World;
  cdn: Cdn;
  /** True with the MESSAGE_CONTENT intent. */
  hasMessageContent: boolean;
}

/** An attachment with a URL signed now. */
export function attachmentWire(attachment: AttachmentState, cdn: Cdn): JsonObject {
  const url = cdn.sign(attachment.file);
  return {
    id: attachment.id,
    filename: attachment.filename,
    size: attachment.file.sizeBytes,
    url,
    proxy_url: url,
    content_type: attachment.contentType,
    ...(attachment.description === null ? {} : { description: attachment.description }),
    ...(attachment.isEphemeral ? { ephemeral: true } : {}),
    ...(attachment.width === null ? {} : { width: attachment.width, height: attachment.height }),
    ...(attachment.durationS === null ? {} : { duration_secs: attachment.durationS }),
    ...(attachment.waveform === null ? {} : { waveform: attachment.waveform }),
  };
}

/** True when the reader may see what the message says. */
function canReadContent(message: MessageState, view: View): boolean {
  if (view.hasMessageContent) return true;
  const { bot } = view.world;
  return (
    message.author.id === bot.id ||
    isBotDm(view.world, message.channel) ||
    message.mentions.some((user) => user.id === bot.id)
  );
}

/** A message for one reader. `isFull` gives all of it, as the target of a context-menu command has it. */
export function messageWire(
  message: MessageState,
  view: View,
  options: { isFull?: boolean } = {},
): JsonObject {
  const isReadable = options.isFull === true || canReadContent(message, view);
  const { reference } = message;
  const isFromInteraction = message.interactionToken !== null;
  return {
    id: message.id,
    channel_id: message.channel.id,
    type: message.type,
    author: userWire(message.author),
    content: isReadable ? message.content : "",
    attachments: isReadable ? message.attachments.map((one) => attachmentWire(one, view.cdn)) : [],
    embeds: isReadable ? message.embeds : [],
    components: isReadable ? message.components : [],
    timestamp: isoTime(message.createdAt),
    edited_timestamp: message.editedAt === null ? null : isoTime(message.editedAt),
    tts: false,
    pinned: false,
    mention_everyone: message.mentionsEveryone,
    mentions: message.mentions.map(userWire),
    mention_roles: [],
    flags: message.flags | (message.thread === null ? 0 : MessageFlag.hasThread),
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(isFromInteraction
      ? { application_id: view.world.applicationId, webhook_id: view.world.applicationId }
      : {}),
    ...(message.poll === null || !isReadable ? {} : { poll: message.poll }),
    ...(message.interaction === null ? {} : { interaction_metadata: message.interaction }),
    ...(message.thread === null ? {} : { thread: channelWire(message.thread, view.world) }),
    ...(reference === null ? {} : referenceWire(message, reference, view)),
    ...(message.reactions.size === 0 ? {} : { reactions: reactionsWire(message, view.world) }),
  };
}

/** A message as MESSAGE_CREATE gives it: with guild and member. */
export function messageEventWire(message: MessageState, view: View): JsonObject {
  const { guild } = message.channel;
  const member = guild?.members.get(message.author.id);
  return {
    ...messageWire(message, view),
    ...(guild === null || message.visibleTo !== null ? {} : { guild_id: guild.id }),
    ...(member === undefined || message.interactionToken !== null
      ? {}
      : { member: memberWire(member, false) }),
    channel_type: message.channel.type,
    mentions: message.mentions.map((user) => {
      const mentioned = guild?.members.get(user.id);
      return {
        ...userWire(user),
        ...(mentioned === undefined ? {} : { member: memberWire(mentioned, false) }),
      };
    }),
  };
}

function referenceWire(
  message: MessageState,
  reference: { messageId: string; channelId: string },
  view: View,
): JsonObject {
  const channel = view.world.channels.get(reference.channelId);
  const target = channel?.messages.get(reference.messageId);
  const { guild } = message.channel;
  return {
    message_reference: {
      type: 0,
      message_id: reference.messageId,
      channel_id: reference.channelId,
      ...(guild === null ? {} : { guild_id: guild.id }),
    },
    ...(message.type === MessageType.default
      ? {}
      : {
          referenced_message:
            target === undefined ? null : { ...messageWire(target, view), referenced_message: undefined },
        }),
  };
}

function reactionsWire(message: MessageState, world: World): JsonObject[] {
  return [...message.reactions].map(([name, users]) => ({
    emoji: { id: null, name },
    count: users.size,
    count_details: { burst: 0, normal: users.size },
    me: users.has(world.bot.id),
    me_burst: false,
    burst_colors: [],
  }));
}
