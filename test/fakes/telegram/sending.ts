/** What all sending methods share: the chat, its topic, the message replied to, the keyboard. */

import type { ChatState, StoredMessage, Topic } from "./chat-state.ts";
import { badRequest } from "./errors.ts";
import type { StoredFile } from "./files.ts";
import { type ReplyMarkup, readReplyMarkup } from "./keyboard.ts";
import {
  isObject,
  optionalBool,
  optionalString,
  type Params,
  refusingFields,
  requiredInt,
} from "./params.ts";
import type { WireKeyboard, WireMessage } from "./wire.ts";
import { compact } from "./wire.ts";
import type { World } from "./world.ts";

/** Parameters common to all sends, checked but for the chat. */
export interface Envelope {
  chatId: string;
  threadId: number;
  reply: { messageId: number; chatId: string; mayBeMissing: boolean } | null;
  markup: ReplyMarkup;
}

/** Where a message goes. */
export interface Destination {
  chat: ChatState;
  topic: Topic | null;
  replyTo: StoredMessage | null;
  keyboard: WireKeyboard | undefined;
}

/** Reads the common parameters; throws on malformed ones, before the chat is looked at. */
export function readEnvelope(params: Params): Envelope {
  for (const flag of ["disable_notification", "protect_content", "allow_paid_broadcast"]) params.bool(flag);
  return {
    chatId: params.id("chat_id"),
    threadId: Math.max(0, params.int("message_thread_id")),
    reply: readReply(params),
    markup: readReplyMarkup(params),
  };
}

function readReply(params: Params): Envelope["reply"] {
  const value = params.json("reply_parameters", "reply parameters");
  if (value === undefined) {
    const messageId = params.int("reply_to_message_id");
    if (messageId <= 0) return null;
    return { messageId, chatId: "", mayBeMissing: params.bool("allow_sending_without_reply") };
  }
  if (!isObject(value)) throw badRequest("Object expected as reply parameters");
  if (Object.keys(value).length === 0) return null;
  return refusingFields("", () => ({
    messageId: requiredInt(value, "message_id"),
    chatId: optionalString(value, "chat_id"),
    mayBeMissing: optionalBool(value, "allow_sending_without_reply"),
  }));
}

/** Finds the destination; throws what the server says about chats, topics and replies. */
export function resolveDestination(world: World, envelope: Envelope): Destination {
  const chat = world.chatById(envelope.chatId);
  chat.checkAccess("write");
  const topic = chat.topicForSending(envelope.threadId);
  const replyTo = resolveReply(world, chat, envelope);
  // Without a thread id a reply goes where the message is that it answers.
  const replyThread = replyTo?.wire.is_topic_message === true ? replyTo.wire.message_thread_id : undefined;
  const keyboard = envelope.markup.kind === "inline" ? envelope.markup.keyboard : undefined;
  return {
    chat,
    topic: topic ?? (replyThread === undefined ? null : (chat.topics.get(replyThread) ?? null)),
    replyTo,
    keyboard,
  };
}

function resolveReply(world: World, chat: ChatState, { reply }: Envelope): StoredMessage | null {
  if (reply === null || reply.messageId <= 0) return null;
  let source = chat;
  if (reply.chatId !== "" && reply.chatId !== String(chat.id)) {
    source = world.chatById(reply.chatId);
    source.checkAccess("read");
  }
  const found = source.find(reply.messageId);
  if (found === undefined) {
    if (reply.mayBeMissing) return null;
    throw badRequest("message to be replied not found");
  }
  return found;
}

/** The thread fields a message of this chat carries, and what it counts as an answer to. */
export function threadFields(
  chat: ChatState,
  topic: Topic | null,
  replyTo: StoredMessage | null,
): Pick<WireMessage, "message_thread_id" | "is_topic_message" | "reply_to_message"> {
  const reply = replyTo === null ? undefined : shallow(replyTo.wire);
  if (topic !== null) {
    // Messages of a forum topic that answer nothing still "answer" the service message that began the topic.
    const root = chat.isForum ? chat.messages.get(topic.id) : undefined;
    return compact({
      message_thread_id: topic.id,
      is_topic_message: true,
      reply_to_message: reply ?? (root === undefined ? undefined : shallow(root.wire)),
    });
  }
  // In plain supergroups answers form threads, whose id is the first message; that is no topic.
  const thread =
    chat.wire.type === "supergroup" && !chat.isForum && replyTo !== null
      ? (replyTo.wire.message_thread_id ?? replyTo.wire.message_id)
      : undefined;
  return compact({ message_thread_id: thread, reply_to_message: reply });
}

/** A message inside another one never carries a third. */
function shallow({ reply_to_message: _, ...message }: WireMessage): WireMessage {
  return message;
}

/** Stores a message of the bot and returns it. */
export function postFromBot(
  world: World,
  destination: Destination,
  content: Partial<WireMessage>,
  file: StoredFile | null = null,
): StoredMessage {
  const { chat, topic, replyTo, keyboard } = destination;
  const wire: WireMessage = {
    message_id: chat.nextMessageId(),
    from: world.bot,
    chat: { ...chat.wire },
    date: world.now(),
    ...threadFields(chat, topic, replyTo),
    ...content,
    ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
  };
  const at = Date.now();
  const message: StoredMessage = {
    wire,
    isFromBot: true,
    isDeleted: false,
    history: [{ text: wire.text ?? wire.caption ?? "", at, keyboard }],
    file,
    sentAt: at,
  };
  chat.add(message);
  world.signal.notify();
  return message;
}
