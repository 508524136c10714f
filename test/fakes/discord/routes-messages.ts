/**
 * Messages of a channel, reactions, typing.
 * Source: Discord docs, "Message" and "Channel: Trigger Typing Indicator".
 */

import { botCan, type Call, needs, plainMessage, type Reply, type Route, visibleChannel } from "./call.ts";
import { restView } from "./core.ts";
import { invalidForm, refusal } from "./errors.ts";
import { channelSizeLimit } from "./limits.ts";
import { checkMayBecome, isEmptyDraft, readMessage } from "./message-form.ts";
import { deleteMessage, editMessage } from "./messages.ts";
import { asObject } from "./request-body.ts";
import { checkMaySend, checkSizes, type NonceBook, sendAsBot, watchMentions, watchNonce } from "./sending.ts";
import { messageWire } from "./serialize-message.ts";
import { MessageFlag } from "./wire.ts";
import type { ChannelState, MessageState } from "./world.ts";

/** A typing signal. */
export interface TypingRecord {
  channelId: string;
  at: number;
}

/** Routes of messages. */
export function messageRoutes(nonces: NonceBook, typings: TypingRecord[]): Route[] {
  const list = "/channels/:channel/messages";
  const one = `${list}/:message`;
  return [
    { method: "POST", template: list, auth: "bot", handle: (call) => send(call, nonces) },
    { method: "GET", template: list, auth: "bot", handle: getMany },
    { method: "GET", template: one, auth: "bot", handle: getOne },
    { method: "PATCH", template: one, auth: "bot", handle: edit },
    { method: "DELETE", template: one, auth: "bot", handle: remove },
    {
      method: "POST",
      template: "/channels/:channel/typing",
      auth: "bot",
      handle: (call) => type(call, typings),
    },
    { method: "PUT", template: `${one}/reactions/:emoji/@me`, auth: "bot", handle: react },
    { method: "DELETE", template: `${one}/reactions/:emoji/@me`, auth: "bot", handle: unreact },
  ];
}

function reply(call: Call, message: MessageState): Reply {
  return { status: 200, body: messageWire(message, restView(call.core)) };
}

function send(call: Call, nonces: NonceBook): Reply {
  const channel = visibleChannel(call);
  const body = asObject(call.json);
  const draft = readMessage(body, call.files, "channel");
  watchMentions(call, body);
  watchNonce(call, draft);
  return reply(call, sendAsBot(call.core, nonces, channel, draft));
}

function getMany(call: Call): Reply {
  const channel = visibleChannel(call);
  const limit = Number(call.query.get("limit") ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw invalidForm(["limit"], "NUMBER_TYPE_MAX", "int value should be between 1 and 100.");
  if (!botCan(call.core, channel, "READ_MESSAGE_HISTORY")) return { status: 200, body: [] };
  const messages = [...channel.messages.values()].filter((one) => one.visibleTo === null);
  const chosen = pick(messages, call.query, limit);
  return { status: 200, body: chosen.reverse().map((one) => messageWire(one, restView(call.core))) };
}

/** Messages by `before`, `after` or `around`, oldest first. */
function pick(messages: MessageState[], query: URLSearchParams, limit: number): MessageState[] {
  const id = (key: string) => (query.has(key) ? BigInt(query.get(key) ?? "0") : null);
  const [before, after, around] = [id("before"), id("after"), id("around")];
  if (after !== null) return messages.filter((one) => BigInt(one.id) > after).slice(0, limit);
  if (before !== null) return messages.filter((one) => BigInt(one.id) < before).slice(-limit);
  if (around === null) return messages.slice(-limit);
  const older = messages.filter((one) => BigInt(one.id) < around).slice(-Math.floor(limit / 2));
  const newer = messages.filter((one) => BigInt(one.id) >= around);
  return [...older, ...newer.slice(0, limit - older.length)];
}

function getOne(call: Call): Reply {
  const channel = visibleChannel(call);
  needs(call.core, channel, "READ_MESSAGE_HISTORY");
  return reply(call, plainMessage(channel, call.param("message")));
}

function edit(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  const message = plainMessage(channel, call.param("message"));
  if (message.author.id !== core.world.bot.id) throw refusal("notYourMessage");
  checkNotArchived(channel);
  if (channel.guild === null) checkMaySend(core, channel);
  const body = asObject(call.json);
  const draft = readMessage(body, call.files, "edit", {
    isV2Already: (message.flags & MessageFlag.componentsV2) !== 0,
    keptFileNames: message.attachments.map((one) => one.filename),
  });
  checkMayBecome(message, draft);
  watchMentions(call, body);
  if (draft.files.length > 0) needs(core, channel, "ATTACH_FILES");
  checkSizes(draft, channelSizeLimit(core, channel));
  const rest = {
    ...draft,
    content: draft.content ?? message.content,
    embeds: draft.embeds ?? message.embeds,
    components: draft.components ?? message.components,
  };
  const keepsFiles =
    draft.attachments === undefined ? message.attachments.length > 0 : draft.attachments.length > 0;
  if (isEmptyDraft(rest) && !keepsFiles) throw refusal("emptyMessage");
  editMessage(core, message, draft);
  return reply(call, message);
}

function remove(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  const message = plainMessage(channel, call.param("message"));
  checkNotArchived(channel);
  if (message.author.id !== core.world.bot.id) {
    if (channel.guild === null) throw refusal("dmOnly");
    needs(core, channel, "MANAGE_MESSAGES");
  }
  deleteMessage(core, message);
  return { status: 204 };
}

/** Throws 50083: nothing in an archived thread can be changed. */
export function checkNotArchived(channel: ChannelState): void {
  if (channel.thread?.isArchived === true) throw refusal("archivedThread");
}

function type(call: Call, typings: TypingRecord[]): Reply {
  const channel = visibleChannel(call);
  checkMaySend(call.core, channel);
  typings.push({ channelId: channel.id, at: Date.now() });
  call.core.changes.emit("change");
  return { status: 204 };
}

function react(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  const message = plainMessage(channel, call.param("message"));
  checkNotArchived(channel);
  needs(core, channel, "READ_MESSAGE_HISTORY");
  const emoji = call.param("emoji");
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}|^\w+:\d+$/u.test(emoji))
    throw invalidForm(["emoji"], "BASE_TYPE_CHOICES", "Unknown Emoji");
  if (!message.reactions.has(emoji)) needs(core, channel, "ADD_REACTIONS");
  const users = message.reactions.get(emoji) ?? new Set();
  users.add(core.world.bot.id);
  message.reactions.set(emoji, users);
  core.changes.emit("change");
  return { status: 204 };
}

function unreact(call: Call): Reply {
  const channel = visibleChannel(call);
  const message = plainMessage(channel, call.param("message"));
  const users = message.reactions.get(call.param("emoji"));
  users?.delete(call.core.world.bot.id);
  if (users?.size === 0) message.reactions.delete(call.param("emoji"));
  return { status: 204 };
}
