/**
 * Telegram's messages and button presses as the core's `IncomingMessage`: which conversation, who, what, and
 * whether the bot was meant at all. Source: Bot API, Update, Message, MessageEntity; platforms.md.
 */
import type {
  Action,
  Attachment,
  ConversationId,
  IncomingMessage,
  ReplyTarget,
} from "../../../core/model/message.ts";
import { personName } from "../../../core/model/person-name.ts";
import { KEPT_PREFIX } from "../outgoing/kept-messages.ts";
import { attachmentOf } from "./media.ts";
import type {
  CallbackQuery,
  ChatMemberUpdated,
  Message,
  MessageEntity,
  Place,
  StoppedDraft,
  User,
} from "./update-schema.ts";

const PREFIX = "telegram:";

export interface BotIdentity {
  id: number;
  username: string;
}

/** `telegram:<chat>`, or `telegram:<chat>:<topic>` in a topic; the General topic is the chat itself. */
export function conversationOf(message: Place): ConversationId {
  const topic = topicOf(message);
  return topic === null ? `telegram:${message.chat.id}` : `telegram:${message.chat.id}:${topic}`;
}

/** Where answers to a message go, and which message they are for. */
function targetOf(message: Place, user: IncomingMessage["user"]): ReplyTarget {
  const topic = topicOf(message);
  const isGroup = message.chat.type !== "private";
  return {
    platform: "telegram",
    conversationId: conversationOf(message),
    details: {
      chatId: String(message.chat.id),
      ...(topic === null ? {} : { topicId: topic }),
      ...(isGroup && message.chat.is_forum ? { isForum: true } : {}),
      replyTo: message.message_id,
      // Whom private words go to; an admin who stays anonymous has no chat of their own.
      ...(isGroup && user.id !== `telegram:${message.chat.id}`
        ? { userId: user.id.slice(PREFIX.length) }
        : {}),
    },
  };
}

/** Only topics count: replies in plain supergroups carry a `message_thread_id` too. A forum's General is 1. */
function topicOf(message: Place): number | null {
  const id = message.is_topic_message ? message.message_thread_id : undefined;
  return id === undefined || (id === 1 && message.chat.type !== "private") ? null : id;
}

/**
 * One message, or the parts of an album in order, as the core takes it. Null when the bot was not meant (a
 * group's own talk) or when no person wrote it (service messages, other bots).
 */
export function readMessages(
  parts: readonly Message[],
  updateId: number,
  bot: BotIdentity,
): IncomingMessage | null {
  const [first] = parts;
  if (!first || isService(first)) return null;
  const user = writerOf(first);
  if (!user) return null;
  if (!parts.some((part) => isAddressed(part, bot))) return null;
  const attachments = parts
    .map((part) => attachmentOf(part, part.message_id))
    .filter((file) => file !== null);
  const speaking = parts.find((part) => textOf(part) !== "") ?? first;
  const text = withoutMention(speaking, bot);
  const quoted = quotedFiles(speaking, bot);
  const kept = keptKeyOf(first);
  const hasNothing = text === "" && attachments.length === 0 && quoted.length === 0;
  return {
    version: 1,
    id: `telegram:update:${updateId}`,
    key: keyOf(first),
    conversationId: conversationOf(first),
    user,
    text,
    attachments,
    ...(quoted.length > 0 ? { quoted } : {}),
    // A sticker, a place, a mention alone: the person learns what the bot works with.
    ...(hasNothing
      ? { action: { kind: first.sticker || first.location || first.contact ? "upload-help" : "help" } }
      : {}),
    ...(kept === null ? {} : { action: { kind: "kept", key: kept } }),
    replyTo: targetOf(first, user),
    receivedAt: Date.now(),
  };
}

/** The message that a link into the person's own chat leads to; null when it is no such link. */
function keptKeyOf(message: Message): string | null {
  if (message.chat.type !== "private") return null;
  const [, payload = ""] = textOf(message).match(/^\/start\s+([\w-]{1,64})$/) ?? [];
  return payload.startsWith(KEPT_PREFIX) ? payload.slice(KEPT_PREFIX.length) : null;
}

/** A pressed button. `message` is where it hangs. */
export function readPressedButton(
  query: CallbackQuery,
  message: Place,
  action: Action,
  updateId: number,
): IncomingMessage {
  const pressed = withoutQuestion({ place: message, user: userOf(query.from), action, updateId });
  const { replyTo, receivedAt } = pressed;
  const details = { ...replyTo.details, pressId: query.id, pressedAt: receivedAt };
  return { ...pressed, replyTo: { ...replyTo, details } };
}

/** The bot was taken into a group. */
export function readJoining(
  { chat, from }: ChatMemberUpdated,
  bot: BotIdentity,
  updateId: number,
): IncomingMessage {
  return withoutQuestion({
    place: { message_id: 0, chat },
    user: userOf(from),
    action: { kind: "introduce", name: `@${bot.username}` },
    updateId,
  });
}

/** A draft that a person stopped: it was the words of the request `itemId`. */
export function readStoppedDraft(
  { chat, message_thread_id: topic }: StoppedDraft,
  itemId: string,
  updateId: number,
): IncomingMessage {
  const place = { message_id: 0, chat, message_thread_id: topic, is_topic_message: topic !== undefined };
  // A private chat has the number of its person.
  return withoutQuestion({
    place,
    user: { id: `telegram:${chat.id}` },
    action: { kind: "drop", itemId },
    updateId,
  });
}

/** What a person has done without a message of theirs. */
function withoutQuestion({
  place,
  user,
  action,
  updateId,
}: {
  place: Place;
  user: IncomingMessage["user"];
  action: Action;
  updateId: number;
}): IncomingMessage {
  const target = targetOf(place, user);
  const { replyTo: _none, ...details } = target.details;
  return {
    version: 1,
    id: `telegram:update:${updateId}`,
    conversationId: target.conversationId,
    user,
    text: "",
    attachments: [],
    action,
    replyTo: { ...target, details },
    receivedAt: Date.now(),
  };
}

/** The same for every edit of a message. */
export function keyOf(message: Place): string {
  return `telegram:${message.chat.id}:${message.message_id}`;
}

/** Null: another bot, a channel, or no writer at all. An admin who stays anonymous is the group itself, by which it is known. */
function writerOf({ from, chat, sender_chat: sender }: Message): IncomingMessage["user"] | null {
  if (sender && sender.id === chat.id) return { id: `telegram:${chat.id}` };
  return from && !from.is_bot ? userOf(from) : null;
}

function userOf(user: User): IncomingMessage["user"] {
  const { id, first_name: first, last_name: last, language_code: language } = user;
  const name = personName([first, last].join(" "));
  return {
    id: `telegram:${id}`,
    ...(name === undefined ? {} : { name }),
    ...(language ? { language } : {}),
  };
}

function isService(message: Message): boolean {
  return (
    message.migrate_to_chat_id !== undefined ||
    message.migrate_from_chat_id !== undefined ||
    message.new_chat_members !== undefined ||
    message.left_chat_member !== undefined ||
    message.new_chat_title !== undefined ||
    message.new_chat_photo !== undefined ||
    message.delete_chat_photo !== undefined ||
    message.group_chat_created !== undefined ||
    message.supergroup_chat_created !== undefined ||
    message.channel_chat_created !== undefined ||
    message.pinned_message !== undefined ||
    message.forum_topic_created !== undefined ||
    message.forum_topic_edited !== undefined ||
    message.forum_topic_closed !== undefined ||
    message.forum_topic_reopened !== undefined ||
    message.general_forum_topic_hidden !== undefined ||
    message.general_forum_topic_unhidden !== undefined ||
    message.video_chat_started !== undefined ||
    message.video_chat_ended !== undefined ||
    message.video_chat_scheduled !== undefined ||
    message.video_chat_participants_invited !== undefined ||
    message.message_auto_delete_timer_changed !== undefined ||
    message.boost_added !== undefined ||
    message.chat_background_set !== undefined ||
    message.write_access_allowed !== undefined
  );
}

/** In a private chat always; in a group when a command, a mention or a reply means this bot. */
export function isAddressed(message: Message, bot: BotIdentity): boolean {
  if (message.chat.type === "private") return true;
  if (message.chat.type === "channel") return false;
  const command = commandOf(message);
  // A command for another bot is not ours, whatever else the message holds.
  if (command) return command.bot === null || command.bot.toLowerCase() === bot.username.toLowerCase();
  return mentionsOf(message, bot).length > 0 || isReplyTo(message, bot);
}

/** The first message of a topic counts as replied to by everything in it: that is not a reply to the bot. */
function isReplyTo(message: Message, bot: BotIdentity): boolean {
  const replied = message.reply_to_message;
  if (!replied || replied.forum_topic_created) return false;
  return replied.from?.id === bot.id;
}

function textOf(message: Message): string {
  return message.text ?? message.caption ?? "";
}

function entitiesOf(message: Message): MessageEntity[] {
  return message.entities ?? message.caption_entities ?? [];
}

function commandOf(message: Message): { bot: string | null } | null {
  const entity = entitiesOf(message).find((one) => one.type === "bot_command" && one.offset === 0);
  if (!entity) return null;
  const [, bot] = textOf(message).slice(0, entity.length).split("@");
  return { bot: bot ?? null };
}

function mentionsOf(message: Message, bot: BotIdentity): MessageEntity[] {
  const text = textOf(message);
  return entitiesOf(message).filter((entity) => {
    if (entity.type === "text_mention") return entity.user?.id === bot.id;
    if (entity.type !== "mention") return false;
    const name = text.slice(entity.offset + 1, entity.offset + entity.length);
    return name.toLowerCase() === bot.username.toLowerCase();
  });
}

/** The words without the bot's name, which is an address and not a part of the wish. */
function withoutMention(message: Message, bot: BotIdentity): string {
  let text = textOf(message);
  let from = text.length;
  for (const { offset, length } of mentionsOf(message, bot).toSorted((a, b) => b.offset - a.offset)) {
    // One that overlaps another, or leads out of the text, would take words of the person with it.
    if (offset + length > from) continue;
    text = `${text.slice(0, offset).trimEnd()} ${text.slice(offset + length).trimStart()}`;
    from = offset;
  }
  return text.trim();
}

/** "Trim this" as an answer to a clip means that clip; an answer to our own export means the project. */
function quotedFiles(message: Message, bot: BotIdentity): Attachment[] {
  const replied = message.reply_to_message;
  if (!replied || replied.from?.id === bot.id) return [];
  const file = attachmentOf(replied, replied.message_id);
  return file ? [file] : [];
}
