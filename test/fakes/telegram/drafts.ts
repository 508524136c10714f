/**
 * Drafts: words of the bot that grow in a private chat and are no message, and reactions.
 * Source: core.telegram.org/bots/api#sendmessagedraft, #messagegenerationstopped, #setmessagereaction.
 */
import type { Call, Method } from "./call.ts";
import { badRequest, tooManyRequests } from "./errors.ts";
import { isObject } from "./params.ts";
import { finishText, formatText, MAX_TEXT_LENGTH } from "./text.ts";

/** Least time between two drafts of a chat, less what timers are early. */
const LEAST_MS = 1_500 - 20;
const FIELDS = new Set([
  "chat_id",
  "message_thread_id",
  "draft_id",
  "text",
  "parse_mode",
  "entities",
  "can_stop",
  "keep_on_stop",
]);

/** What a bot may react with, as far as ours does, and some it has no use for. */
const EMOJI = new Set(["👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🎉", "🤩", "🙏", "👌"]);

/** All methods of this file, by name in lower case. */
export const draftMethods: Readonly<Record<string, Method>> = {
  sendmessagedraft: sendMessageDraft,
  setmessagereaction: setMessageReaction,
};

function sendMessageDraft({ world, params }: Call): true {
  const strange = Object.keys(params.forRecord()).find((name) => !FIELDS.has(name));
  if (strange !== undefined) throw badRequest(`Unknown field "${strange}"`);
  const formatted = formatText(
    params.text("text"),
    params.text("parse_mode"),
    params.json("entities", "entities"),
  );
  const { text, entities } = finishText(formatted, { max: MAX_TEXT_LENGTH, tooLong: "Message is too long" });
  const id = params.int("draft_id");
  if (id === 0) throw badRequest("Invalid draft identifier specified");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  if (chat.wire.type !== "private") throw badRequest("TEXTDRAFT_PEER_INVALID");
  const threadId = Math.max(0, params.int("message_thread_id"));
  chat.topicForSending(threadId);
  const now = Date.now();
  const waitMs = (chat.draftFrames.at(-1)?.at ?? 0) + LEAST_MS - now;
  if (waitMs > 0) {
    world.faults.note("too-fast", "sendmessagedraft", String(chat.id), `${waitMs} ms too early`);
    throw tooManyRequests(waitMs / 1000);
  }
  const canStop = world.options.version === "10.3" && params.bool("can_stop");
  const frame = { id, threadId: threadId === 0 ? null : threadId, text, entities, canStop, at: now };
  chat.draftFrames.push(frame);
  chat.draft = frame;
  world.signal.notify();
  return true;
}

function setMessageReaction({ world, params }: Call): true {
  const list = params.json("reaction", "reaction") ?? [];
  if (!Array.isArray(list)) throw badRequest("Expected an Array of ReactionType");
  if (list.length > 1) throw badRequest("REACTIONS_TOO_MANY");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  const message = chat.find(params.int("message_id"));
  if (message === undefined) throw badRequest("message to react not found");
  const [reaction] = list as unknown[];
  if (reaction === undefined) chat.reactions.delete(message.wire.message_id);
  else {
    const { type, emoji } = isObject(reaction) ? reaction : {};
    if (type !== "emoji" || !EMOJI.has(String(emoji)) || !chat.hasReactions) {
      throw badRequest("REACTION_INVALID");
    }
    chat.reactions.set(message.wire.message_id, String(emoji));
  }
  world.signal.notify();
  return true;
}
