/**
 * Threads: from a message, without one, as a forum post; members.
 * Source: Discord docs, "Channel: Start Thread …" and "Thread Members".
 */

import { botCan, type Call, needs, plainMessage, type Reply, type Route, visibleChannel } from "./call.ts";
import { restView } from "./core.ts";
import { FormErrors, refusal } from "./errors.ts";
import { Form } from "./form.ts";
import { channelSizeLimit } from "./limits.ts";
import { isEmptyDraft, readMessage } from "./message-form.ts";
import { createMessage, mentionsIn, storeUploads } from "./messages.ts";
import { asObject } from "./request-body.ts";
import { checkNotArchived } from "./routes-messages.ts";
import { checkSizes, watchMentions } from "./sending.ts";
import { channelWire, threadMemberWire } from "./serialize.ts";
import { messageWire } from "./serialize-message.ts";
import { createThread, joinThread } from "./threads.ts";
import { ChannelType, type JsonObject, MessageType } from "./wire.ts";
import type { ChannelState } from "./world.ts";

/** How long a thread may lie still, in minutes. */
export const AUTO_ARCHIVE_MINUTES: readonly number[] = [60, 1440, 4320, 10_080];

/** Routes of threads. */
export function threadRoutes(): Route[] {
  const members = "/channels/:channel/thread-members";
  return [
    {
      method: "POST",
      template: "/channels/:channel/messages/:message/threads",
      auth: "bot",
      handle: fromMessage,
    },
    { method: "POST", template: "/channels/:channel/threads", auth: "bot", handle: withoutMessage },
    { method: "GET", template: members, auth: "bot", handle: listMembers },
    { method: "GET", template: `${members}/:user`, auth: "bot", handle: getMember },
    { method: "PUT", template: `${members}/:user`, auth: "bot", handle: addMember },
    { method: "DELETE", template: `${members}/:user`, auth: "bot", handle: removeMember },
  ];
}

function readThread(form: Form): { name: string; autoArchiveMinutes: number | undefined } {
  const name = form.text("name", { min: 1, max: 100, isRequired: true });
  const autoArchiveMinutes = form.integer("auto_archive_duration", { choices: AUTO_ARCHIVE_MINUTES });
  form.integer("rate_limit_per_user", { min: 0, max: 21_600 });
  return { name: (name ?? "").trim(), autoArchiveMinutes };
}

function fromMessage(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  const isStartable = channel.type === ChannelType.text || channel.type === ChannelType.announcement;
  if (channel.guild === null) throw refusal("dmOnly");
  if (!isStartable) throw refusal("wrongChannelType");
  const message = plainMessage(channel, call.param("message"));
  const errors = new FormErrors();
  const { name, autoArchiveMinutes } = readThread(new Form(asObject(call.json), [], errors));
  errors.throwIfAny();
  needs(core, channel, "CREATE_PUBLIC_THREADS");
  needs(core, channel, "READ_MESSAGE_HISTORY");
  if (message.thread !== null) throw refusal("threadExists");
  if (message.type === MessageType.threadCreated) throw refusal("systemMessage");
  const thread = createThread(core, {
    parent: channel,
    name,
    owner: core.world.bot,
    from: message,
    ...(autoArchiveMinutes === undefined ? {} : { autoArchiveMinutes }),
  });
  createMessage(core, {
    channel: thread,
    author: message.author,
    content: "",
    type: MessageType.threadStarter,
    reference: { messageId: message.id, channelId: channel.id },
  });
  return { status: 201, body: channelWire(thread, core.world) };
}

function withoutMessage(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  if (channel.guild === null) throw refusal("dmOnly");
  if (channel.thread !== null) throw refusal("wrongChannelType");
  const body = asObject(call.json);
  if (channel.type === ChannelType.forum) return forumPost(call, channel, body);
  const errors = new FormErrors();
  const form = new Form(body, [], errors);
  const { name, autoArchiveMinutes } = readThread(form);
  const allowed: readonly number[] =
    channel.type === ChannelType.announcement
      ? [ChannelType.announcementThread]
      : [ChannelType.publicThread, ChannelType.privateThread];
  // Without a type the API makes a private thread, for old times' sake.
  const type = form.integer("type", { choices: allowed }) ?? ChannelType.privateThread;
  errors.throwIfAny();
  const isPrivate = type === ChannelType.privateThread;
  needs(core, channel, isPrivate ? "CREATE_PRIVATE_THREADS" : "CREATE_PUBLIC_THREADS");
  const thread = createThread(core, {
    parent: channel,
    name,
    owner: core.world.bot,
    isPrivate,
    ...(autoArchiveMinutes === undefined ? {} : { autoArchiveMinutes }),
  });
  return { status: 201, body: channelWire(thread, core.world) };
}

function forumPost(call: Call, channel: ChannelState, body: JsonObject): Reply {
  const { core } = call;
  const errors = new FormErrors();
  const form = new Form(body, [], errors);
  const { name, autoArchiveMinutes } = readThread(form);
  const inner = form.child("message", { isRequired: true });
  errors.throwIfAny();
  const messageBody = inner?.value ?? {};
  const draft = readMessage(messageBody, call.files, "forum", { path: ["message"] });
  watchMentions(call, messageBody);
  needs(core, channel, "SEND_MESSAGES");
  if (draft.files.length > 0) needs(core, channel, "ATTACH_FILES");
  if (isEmptyDraft(draft)) throw refusal("emptyMessage");
  checkSizes(draft, channelSizeLimit(core, channel));
  const thread = createThread(core, {
    parent: channel,
    name,
    owner: core.world.bot,
    ...(autoArchiveMinutes === undefined ? {} : { autoArchiveMinutes }),
  });
  const message = createMessage(core, {
    id: thread.id,
    channel: thread,
    author: core.world.bot,
    content: draft.content ?? "",
    attachments: storeUploads(core, thread.id, draft.files, draft.attachments),
    embeds: draft.embeds ?? [],
    components: draft.components ?? [],
    flags: draft.flags ?? 0,
    mentions: mentionsIn(core, draft.content ?? "", draft.allowedMentions, "all"),
  });
  return {
    status: 201,
    body: { ...channelWire(thread, core.world), message: messageWire(message, restView(core)) },
  };
}

function threadOf(call: Call): { channel: ChannelState; members: Map<string, number> } {
  const channel = visibleChannel(call);
  if (channel.thread === null) throw refusal("wrongChannelType");
  return { channel, members: channel.thread.members };
}

function listMembers(call: Call): Reply {
  const { channel, members } = threadOf(call);
  if (!call.core.settings.privilegedIntents.includes("GUILD_MEMBERS")) throw refusal("missingAccess");
  return { status: 200, body: [...members].map(([id, at]) => threadMemberWire(channel, id, at)) };
}

function userId(call: Call): string {
  const id = call.param("user");
  return id === "@me" ? call.core.world.bot.id : id;
}

function getMember(call: Call): Reply {
  const { channel, members } = threadOf(call);
  const joinedAt = members.get(userId(call));
  if (joinedAt === undefined) throw refusal("unknownMember");
  return { status: 200, body: threadMemberWire(channel, userId(call), joinedAt) };
}

function addMember(call: Call): Reply {
  const { channel } = threadOf(call);
  checkNotArchived(channel);
  const user = call.core.world.users.get(userId(call));
  if (user === undefined || channel.guild?.members.has(user.id) !== true) throw refusal("unknownMember");
  if (user.id !== call.core.world.bot.id) needs(call.core, channel, "SEND_MESSAGES_IN_THREADS");
  joinThread(call.core, channel, user);
  return { status: 204 };
}

function removeMember(call: Call): Reply {
  const { channel, members } = threadOf(call);
  checkNotArchived(channel);
  const id = userId(call);
  const isOwn = id === call.core.world.bot.id;
  if (!isOwn && !botCan(call.core, channel, "MANAGE_THREADS")) throw refusal("missingPermissions");
  members.delete(id);
  return { status: 204 };
}
