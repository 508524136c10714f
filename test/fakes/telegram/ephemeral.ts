/**
 * Messages in a group that one person sees.
 * Source: core.telegram.org/bots/features#ephemeral-messages, core.telegram.org/bots/api#ephemeralmessageparameters.
 */
import type { Call, Method } from "./call.ts";
import type { StoredMessage } from "./chat-state.ts";
import { badRequest } from "./errors.ts";
import { isObject, type Params, refusingFields, requiredInt } from "./params.ts";
import type { Destination } from "./sending.ts";
import { compact, type WireMessage } from "./wire.ts";
import type { World } from "./world.ts";

/** Who is no administrator may answer a press, for so long. */
const PRESS_LIVES_MS = 15_000;

interface Receiver {
  userId: number;
  pressId: string;
}

/** Whom a message is for; null for everybody. What a server does not know it ignores, as the real one does. */
export function readReceiver(world: World, params: Params): Receiver | null {
  const { version } = world.options;
  if (version === "10.1") return null;
  if (version === "10.2") {
    const userId = params.int("receiver_user_id");
    return userId === 0 ? null : { userId, pressId: params.id("callback_query_id") };
  }
  const value = params.json("ephemeral_message_parameters", "EphemeralMessageParameters");
  if (value === undefined) return null;
  if (!isObject(value)) throw badRequest("Can't parse EphemeralMessageParameters: expected an Object");
  return refusingFields("Can't parse EphemeralMessageParameters: ", () => ({
    userId: requiredInt(value, "receiver_user_id"),
    pressId: "callback_query_id" in value ? String(value.callback_query_id) : "",
  }));
}

/** Shows a message to one person, or throws what the server says when it may not. */
export function postEphemeral(
  world: World,
  { chat, topic, replyTo, keyboard }: Destination,
  { userId, pressId }: Receiver,
  content: Partial<WireMessage>,
): WireMessage {
  if (chat.wire.type === "private") throw badRequest("ephemeral messages can be sent only to groups");
  if (replyTo !== null) throw badRequest("MESSAGE_NOT_COMMAND");
  const member = chat.members.get(userId);
  if (member === undefined || member.user.is_bot) throw badRequest("USER_NOT_PARTICIPANT");
  if (pressId !== "") {
    const press = world.callbacks.get(pressId);
    const isFresh = press !== undefined && Date.now() - press.pressedAt <= PRESS_LIVES_MS;
    if (!isFresh || press.from.id !== userId || press.chatId !== chat.id)
      throw badRequest("QUERY_ID_INVALID");
  } else if (chat.botStatus !== "administrator") throw badRequest("MESSAGE_NOT_COMMAND");
  const wire: WireMessage = {
    message_id: 0,
    ephemeral_message_id: chat.ephemeral.length + 1,
    from: world.bot,
    receiver_user: member.user,
    chat: { ...chat.wire },
    date: world.now(),
    ...(topic === null ? {} : { message_thread_id: topic.id, is_topic_message: true as const }),
    ...content,
    ...compact({ reply_markup: keyboard }),
  };
  const at = Date.now();
  const message: StoredMessage = {
    wire,
    isFromBot: true,
    isDeleted: false,
    history: [{ text: wire.text ?? "", at, keyboard }],
    file: null,
    sentAt: at,
    onlyFor: userId,
  };
  chat.ephemeral.push(message);
  world.signal.notify();
  return wire;
}

/** All methods of this file, by name in lower case; servers before 10.2 have none of them. */
export const ephemeralMethods: Readonly<Record<string, Method>> = {
  deleteephemeralmessage: deleteEphemeralMessage,
};

function deleteEphemeralMessage({ world, params }: Call): true {
  const chat = world.chatById(params.id("chat_id"));
  const [userId, id] = [params.int("receiver_user_id"), params.int("ephemeral_message_id")];
  const index = chat.ephemeral.findIndex(
    ({ onlyFor, wire }) => onlyFor === userId && wire.ephemeral_message_id === id,
  );
  if (index < 0) throw badRequest("message to delete not found");
  chat.ephemeral.splice(index, 1);
  return true;
}
