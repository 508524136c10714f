/**
 * The rules of sending a message with the bot's token: permissions, sizes, replies, nonces.
 * Source: Discord docs, "Create Message".
 */

import { botCan, type Call, needs } from "./call.ts";
import type { Core } from "./core.ts";
import { invalidForm, refusal } from "./errors.ts";
import { sharesGuild } from "./interactions.ts";
import { channelSizeLimit } from "./limits.ts";
import { isEmptyDraft, type MessageDraft, type MessageReference } from "./message-form.ts";
import { allComponents, createMessage, mentionsIn, storeUploads } from "./messages.ts";
import { ChannelType, ComponentType, type JsonObject, MessageType } from "./wire.ts";
import type { ChannelState, MessageState, UserState } from "./world.ts";

/** Nonces of the bot's latest messages. */
export class NonceBook {
  readonly #seen = new Map<string, { message: MessageState; at: number }>();

  /** The message sent with this nonce within the window. */
  find(nonce: string | number, windowMs: number): MessageState | undefined {
    const known = this.#seen.get(String(nonce));
    if (known === undefined || known.at < Date.now() - windowMs || known.message.isDeleted) return undefined;
    return known.message;
  }

  /** Remembers a nonce. */
  add(nonce: string | number, message: MessageState): void {
    this.#seen.set(String(nonce), { message, at: Date.now() });
  }
}

/** Sends a checked draft to a channel the bot can see. */
export function sendAsBot(
  core: Core,
  nonces: NonceBook,
  channel: ChannelState,
  draft: MessageDraft,
): MessageState {
  if (channel.type === ChannelType.forum) throw refusal("forumNeedsThread");
  checkMaySend(core, channel);
  if (isEmptyDraft(draft)) throw refusal("emptyMessage");
  checkExtras(core, channel, draft);
  checkSizes(draft, channelSizeLimit(core, channel));
  if (draft.isNonceEnforced && draft.nonce !== undefined) {
    const earlier = nonces.find(draft.nonce, core.settings.nonceWindowMs);
    if (earlier !== undefined) return earlier;
  }
  const reference = draft.reference === undefined ? null : resolveReference(core, channel, draft.reference);
  const content = (draft.content ?? "").trim();
  const message = createMessage(core, {
    channel,
    author: core.world.bot,
    content,
    type: reference === null ? MessageType.default : MessageType.reply,
    attachments: storeUploads(core, channel.id, draft.files, draft.attachments),
    embeds: draft.embeds ?? [],
    components: draft.components ?? [],
    flags: draft.flags ?? 0,
    nonce: draft.nonce,
    mentions: [
      ...mentionsIn(core, content, draft.allowedMentions, "all"),
      ...repliedUser(channel, reference, draft),
    ],
    reference,
  });
  if (draft.nonce !== undefined) nonces.add(draft.nonce, message);
  return message;
}

/** The author of the answered message, where the reply is to ping them. */
function repliedUser(
  channel: ChannelState,
  reference: { messageId: string } | null,
  { allowedMentions }: MessageDraft,
): UserState[] {
  const author = reference === null ? undefined : channel.messages.get(reference.messageId)?.author;
  const isPinged = allowedMentions === undefined || allowedMentions.replied_user === true;
  return author !== undefined && isPinged ? [author] : [];
}

/** Throws when the bot may not write here: missing permission, locked thread, a DM that is not taken. */
export function checkMaySend(core: Core, channel: ChannelState): void {
  const { thread } = channel;
  if (channel.guild === null) {
    const other = channel.recipients.find((user) => user.id !== core.world.bot.id);
    if (other === undefined || !other.acceptsDms) throw refusal("cannotDm");
    if (!sharesGuild(core, other) && !other.hasInstalledApp) throw refusal("noMutualGuild");
    return;
  }
  needs(core, channel, thread === null ? "SEND_MESSAGES" : "SEND_MESSAGES_IN_THREADS");
  if (thread?.isLocked === true && !botCan(core, channel, "MANAGE_THREADS")) throw refusal("lockedThread");
}

/** Files, embeds and replies need permissions of their own. */
function checkExtras(core: Core, channel: ChannelState, draft: MessageDraft): void {
  if (draft.files.length > 0) needs(core, channel, "ATTACH_FILES");
  if ((draft.embeds ?? []).length > 0) needs(core, channel, "EMBED_LINKS");
  if (draft.reference !== undefined && !botCan(core, channel, "READ_MESSAGE_HISTORY"))
    throw refusal("replyNeedsHistory");
}

/** Throws 40005 when a file is larger than `limit`. */
export function checkSizes(draft: MessageDraft, limit: number): void {
  if (draft.files.some((file) => file.bytes.length > limit)) throw refusal("tooLarge");
}

/** Notes texts that could ping people. A body without text needs no say about mentions. */
export function watchMentions(call: Call, body: JsonObject): void {
  const components = Array.isArray(body.components) ? (body.components as JsonObject[]) : [];
  const hasDisplay = allComponents(components).some((one) => one.type === ComponentType.textDisplay);
  const hasText = hasDisplay || (typeof body.content === "string" && body.content !== "");
  if (!hasText) return;
  const allowed = body.allowed_mentions as JsonObject | undefined | null;
  const isSilent =
    allowed !== undefined &&
    allowed !== null &&
    Array.isArray(allowed.parse) &&
    ["parse", "users", "roles"].every((key) => !Array.isArray(allowed[key]) || allowed[key].length === 0);
  if (!isSilent)
    call.core.violate("allowed-mentions", `${call.record.route} without allowed_mentions {parse: []}`);
}

/** Notes sends that a retry would double. */
export function watchNonce(call: Call, draft: MessageDraft): void {
  if (draft.nonce === undefined || !draft.isNonceEnforced)
    call.core.violate("no-nonce", `${call.record.route} without nonce and enforce_nonce`);
}

function resolveReference(
  core: Core,
  channel: ChannelState,
  reference: MessageReference,
): { messageId: string; channelId: string } | null {
  const elsewhere = reference.channelId !== undefined && reference.channelId !== channel.id;
  const target = elsewhere ? undefined : channel.messages.get(reference.messageId);
  if (target === undefined || target.visibleTo !== null) {
    if (!reference.failIfNotExists) return null;
    throw invalidForm(["message_reference"], "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
  }
  const replyable: readonly number[] = [
    MessageType.default,
    MessageType.reply,
    MessageType.chatInputCommand,
    MessageType.contextMenuCommand,
  ];
  if (!replyable.includes(target.type))
    throw invalidForm(
      ["message_reference"],
      "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
      "Cannot reply to a system message",
    );
  core.changes.emit("change");
  return { messageId: target.id, channelId: channel.id };
}
