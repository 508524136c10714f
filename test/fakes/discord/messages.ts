/**
 * Makes, changes and removes messages, and tells the gateway.
 * Source: Discord docs, "Message", "Threads", "Gateway Events: Messages".
 */

import { bytesReader } from "./cdn.ts";
import type { Core, GatewayEvent } from "./core.ts";
import { refusal } from "./errors.ts";
import type { AttachmentEntry, MessageDraft } from "./message-form.ts";
import type { UploadedFile } from "./request-body.ts";
import { isSeenByBot } from "./serialize.ts";
import { messageEventWire } from "./serialize-message.ts";
import { Intent, type JsonObject, MessageFlag, MessageType } from "./wire.ts";
import type { AttachmentState, ChannelState, MessageState, UserState } from "./world.ts";

const HOUR_MS = 3_600_000;

/** A message to be made. */
export interface NewMessage {
  channel: ChannelState;
  author: UserState;
  content: string;
  type?: number;
  attachments?: AttachmentState[];
  embeds?: JsonObject[];
  components?: JsonObject[];
  flags?: number;
  nonce?: string | number | undefined;
  mentions?: UserState[];
  reference?: { messageId: string; channelId: string } | null;
  interaction?: JsonObject | null;
  interactionToken?: string | null;
  visibleTo?: UserState | null;
  poll?: JsonObject | null;
  /** Message id, of a forum post or a thread's first message. */
  id?: string;
}

/** Makes a message and dispatches MESSAGE_CREATE when the bot can see it. */
export function createMessage(core: Core, input: NewMessage): MessageState {
  const { channel } = input;
  const message: MessageState = {
    id: input.id ?? core.ids.next(),
    channel,
    author: input.author,
    type: input.type ?? MessageType.default,
    content: input.content,
    createdAt: Date.now(),
    editedAt: null,
    attachments: input.attachments ?? [],
    embeds: input.embeds ?? [],
    components: withIds(input.components ?? []),
    flags: input.flags ?? 0,
    nonce: input.nonce,
    mentions: input.mentions ?? [],
    mentionsEveryone: false,
    reference: input.reference ?? null,
    interaction: input.interaction ?? null,
    interactionToken: input.interactionToken ?? null,
    visibleTo: input.visibleTo ?? null,
    reactions: new Map(),
    poll: input.poll ?? null,
    thread: null,
    isDeleted: false,
    history: [input.content],
  };
  channel.messages.set(message.id, message);
  const { thread } = channel;
  if (thread !== null) {
    thread.isArchived = false;
    if (!thread.members.has(input.author.id)) thread.members.set(input.author.id, Date.now());
  }
  dispatchMessage(core, "MESSAGE_CREATE", message);
  core.changes.emit("change");
  return message;
}

/** Applies an edit and dispatches MESSAGE_UPDATE. Throws 30046 for an hour-old message: it takes few, here none. */
export function editMessage(core: Core, message: MessageState, draft: MessageDraft): void {
  if (message.createdAt < Date.now() - HOUR_MS) throw refusal("tooOldToEdit");
  if (draft.content !== undefined) {
    message.content = draft.content;
    message.history.push(draft.content);
    message.mentions = mentionsIn(core, draft.content, draft.allowedMentions, "all");
  }
  if (draft.embeds !== undefined) message.embeds = draft.embeds;
  if (draft.components !== undefined) message.components = withIds(draft.components);
  if (draft.flags !== undefined) {
    const settable = MessageFlag.suppressEmbeds | MessageFlag.componentsV2;
    message.flags = (message.flags & ~MessageFlag.suppressEmbeds) | (draft.flags & settable);
  }
  applyAttachments(core, message, draft);
  message.editedAt = Date.now();
  message.flags &= ~MessageFlag.loading;
  dispatchMessage(core, "MESSAGE_UPDATE", message);
  core.changes.emit("change");
}

/** Removes a message and dispatches MESSAGE_DELETE. */
export function deleteMessage(core: Core, message: MessageState): void {
  message.isDeleted = true;
  message.channel.messages.delete(message.id);
  for (const attachment of message.attachments) core.cdn.remove(attachment.file);
  const { channel } = message;
  if (message.visibleTo === null && isSeenByBot(channel, core.world))
    core.dispatch({
      name: "MESSAGE_DELETE",
      guildId: channel.guild?.id ?? null,
      intents: channel.guild === null ? Intent.DIRECT_MESSAGES : Intent.GUILD_MESSAGES,
      data: () => ({
        id: message.id,
        channel_id: channel.id,
        ...(channel.guild === null ? {} : { guild_id: channel.guild.id }),
      }),
    });
  core.changes.emit("change");
}

/** Sends MESSAGE_CREATE or MESSAGE_UPDATE to the sessions that may know. */
export function dispatchMessage(
  core: Core,
  name: "MESSAGE_CREATE" | "MESSAGE_UPDATE",
  message: MessageState,
): void {
  const { channel } = message;
  if (message.visibleTo !== null || !isSeenByBot(channel, core.world)) return;
  const event: GatewayEvent = {
    name,
    guildId: channel.guild?.id ?? null,
    intents: channel.guild === null ? Intent.DIRECT_MESSAGES : Intent.GUILD_MESSAGES,
    data: (view) => messageEventWire(message, view),
  };
  core.dispatch(event);
}

/** Users a text mentions and may ping. */
export function mentionsIn(
  core: Core,
  content: string,
  allowed: JsonObject | undefined,
  byDefault: "all" | "none",
): UserState[] {
  const parse = Array.isArray(allowed?.parse) ? allowed.parse : [];
  const listed = Array.isArray(allowed?.users) ? allowed.users : [];
  const found = new Map<string, UserState>();
  for (const match of content.matchAll(/<@!?(\d+)>/g)) {
    const user = core.world.users.get(match[1] ?? "");
    if (user === undefined) continue;
    const isAllowed =
      allowed === undefined ? byDefault === "all" : parse.includes("users") || listed.includes(user.id);
    if (isAllowed) found.set(user.id, user);
  }
  return [...found.values()];
}

/** Files of a draft as attachments of a channel; `filename` and `description` come from the descriptors. */
export function storeUploads(
  core: Core,
  channelId: string,
  files: readonly UploadedFile[],
  entries: readonly AttachmentEntry[] | undefined,
): AttachmentState[] {
  return files.map((upload) => {
    const entry = entries?.find((one) => one.id === String(upload.index));
    const id = core.ids.next();
    const filename = safeName(entry?.filename ?? upload.filename);
    const file = {
      path: `/cdn/attachments/${channelId}/${id}/${filename}`,
      sizeBytes: upload.bytes.length,
      contentType: upload.contentType,
      read: bytesReader(upload.bytes),
    };
    core.cdn.add(file);
    return {
      id,
      filename,
      description: entry?.description ?? null,
      contentType: upload.contentType,
      isEphemeral: false,
      width: null,
      height: null,
      durationS: null,
      waveform: null,
      file,
    };
  });
}

/** A file name as the server keeps it: word characters, dots and dashes. */
export function safeName(name: string): string {
  const kept = name.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/, "");
  return kept === "" ? "unknown" : kept;
}

function applyAttachments(core: Core, message: MessageState, draft: MessageDraft): void {
  if (draft.attachments === undefined && draft.files.length === 0) return;
  const { attachments: entries } = draft;
  const kept =
    entries === undefined
      ? message.attachments
      : message.attachments.filter((one) => entries.some((entry) => entry.id === one.id));
  for (const gone of message.attachments) if (!kept.includes(gone)) core.cdn.remove(gone.file);
  const added = storeUploads(core, message.channel.id, draft.files, entries);
  if (kept.length + added.length > 10) throw refusal("tooManyAttachments");
  message.attachments = [...kept, ...added];
}

/** Numbers components that came without an `id`, depth first, as the server does. */
function withIds(components: readonly JsonObject[]): JsonObject[] {
  const taken = new Set<number>();
  const collect = (list: readonly JsonObject[]) => {
    for (const one of list) {
      if (typeof one.id === "number" && one.id > 0) taken.add(one.id);
      collect(childrenOf(one));
    }
  };
  collect(components);
  let next = 1;
  const number = (one: JsonObject): JsonObject => {
    let { id } = one;
    if (typeof id !== "number" || id === 0) {
      while (taken.has(next)) next += 1;
      id = next;
      taken.add(next);
    }
    return {
      ...one,
      id,
      ...(Array.isArray(one.components) ? { components: one.components.map(number) } : {}),
      ...(one.accessory === undefined ? {} : { accessory: number(one.accessory as JsonObject) }),
    };
  };
  return components.map(number);
}

/** Components directly inside one. */
function childrenOf(component: JsonObject): JsonObject[] {
  const inside = [component.accessory, component.component].filter(
    (one) => one !== undefined,
  ) as JsonObject[];
  return [...(Array.isArray(component.components) ? (component.components as JsonObject[]) : []), ...inside];
}

/** All components of a tree, outer ones first. */
export function allComponents(components: readonly JsonObject[]): JsonObject[] {
  return components.flatMap((one) => [one, ...allComponents(childrenOf(one))]);
}
