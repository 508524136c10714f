/**
 * Topics that the bot opens and names, in private chats and forums.
 * Source: core.telegram.org/bots/api#createforumtopic, #editforumtopic.
 */
import type { Call, Method } from "./call.ts";
import type { ChatState } from "./chat-state.ts";
import { badRequest } from "./errors.ts";

const MAX_NAME_LENGTH = 128;
const ICON_COLOR = 7_322_096;

/** All methods of this file, by name in lower case. */
export const topicMethods: Readonly<Record<string, Method>> = {
  createforumtopic: createForumTopic,
  editforumtopic: editForumTopic,
};

/** The chat, if the bot may have topics there. */
function chatWithTopics({ world, params }: Call): ChatState {
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  const isPrivate = chat.wire.type === "private";
  if (isPrivate ? world.options.hasPrivateTopics !== true : !chat.isForum)
    throw badRequest("the chat is not a forum");
  if (!isPrivate && chat.botStatus !== "administrator")
    throw badRequest("not enough rights to create a topic");
  return chat;
}

function createForumTopic(call: Call): Record<string, unknown> {
  const { world, params } = call;
  const name = params.text("name").trim();
  if (name === "") throw badRequest("TOPIC_TITLE_EMPTY");
  if ([...name].length > MAX_NAME_LENGTH) throw badRequest("TOPIC_TITLE_TOO_LONG");
  const chat = chatWithTopics(call);
  const id = chat.nextMessageId();
  chat.topics.set(id, { id, name, isClosed: false });
  world.signal.notify();
  return { message_thread_id: id, name, icon_color: ICON_COLOR };
}

function editForumTopic(call: Call): true {
  const { world, params } = call;
  const chat = chatWithTopics(call);
  const topic = chat.topics.get(params.int("message_thread_id"));
  if (topic === undefined) throw badRequest("TOPIC_ID_INVALID");
  const name = params.text("name").trim();
  if ([...name].length > MAX_NAME_LENGTH) throw badRequest("TOPIC_TITLE_TOO_LONG");
  if (name === topic.name) throw badRequest("TOPIC_NOT_MODIFIED");
  if (name !== "") topic.name = name;
  world.signal.notify();
  return true;
}
