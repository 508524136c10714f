/**
 * Reads the body of everything that makes or changes a message, and refuses what the server refuses.
 * Source: Discord docs, "Create Message", "Edit Message", "Execute Webhook", "Allowed Mentions Object".
 */

import { checkMessageComponents } from "./components.ts";
import { checkEmbeds } from "./embeds.ts";
import { FormErrors, refusal } from "./errors.ts";
import { Form } from "./form.ts";
import type { UploadedFile } from "./request-body.ts";
import { type JsonObject, MessageFlag } from "./wire.ts";
import type { MessageState } from "./world.ts";

/** Where the message comes from; it decides which flags may be set. */
export type Origin = "channel" | "interaction" | "edit" | "forum";

const FLAGS: Record<Origin, number> = {
  channel:
    MessageFlag.suppressEmbeds |
    MessageFlag.suppressNotifications |
    MessageFlag.voiceMessage |
    MessageFlag.componentsV2,
  interaction:
    MessageFlag.suppressEmbeds |
    MessageFlag.suppressNotifications |
    MessageFlag.voiceMessage |
    MessageFlag.componentsV2 |
    MessageFlag.ephemeral,
  edit: MessageFlag.suppressEmbeds | MessageFlag.componentsV2 | MessageFlag.ephemeral,
  forum: MessageFlag.suppressEmbeds | MessageFlag.suppressNotifications | MessageFlag.componentsV2,
};

/** A checked body. Absent fields are undefined: an edit leaves them as they are. */
export interface MessageDraft {
  content: string | undefined;
  embeds: JsonObject[] | undefined;
  components: JsonObject[] | undefined;
  flags: number | undefined;
  /** Descriptors of new files and, in an edit, ids to keep. */
  attachments: AttachmentEntry[] | undefined;
  nonce: string | number | undefined;
  isNonceEnforced: boolean;
  reference: MessageReference | undefined;
  allowedMentions: JsonObject | undefined;
  files: UploadedFile[];
}

/** One entry of `attachments`. */
export interface AttachmentEntry {
  id: string;
  filename: string | undefined;
  description: string | undefined;
}

/** A reply. */
export interface MessageReference {
  messageId: string;
  channelId: string | undefined;
  failIfNotExists: boolean;
}

/** Checks a body. `isV2Already` says that an edited message carries the Components V2 flag. */
export function readMessage(
  body: JsonObject,
  files: UploadedFile[],
  origin: Origin,
  options: { path?: readonly string[]; isV2Already?: boolean; keptFileNames?: readonly string[] } = {},
): MessageDraft {
  const errors = new FormErrors();
  const form = new Form(body, options.path ?? [], errors);
  const flags = form.integer("flags", { min: 0 });
  const isV2 = ((flags ?? 0) & MessageFlag.componentsV2) !== 0 || options.isV2Already === true;
  if (flags !== undefined && (flags & ~FLAGS[origin]) !== 0)
    form.fail("flags", "MESSAGE_FLAGS_INVALID", "These message flags cannot be set");
  const content = form.text("content", { max: 2000 });
  const embedCount = checkEmbeds(form);
  const attachments = readAttachments(form);
  const fileNames = new Set([
    ...files.map((file) => file.filename),
    ...(attachments ?? []).flatMap((entry) => entry.filename ?? []),
    ...(options.keptFileNames ?? []),
  ]);
  checkMessageComponents(form, { isV2, fileNames });
  checkAllowedMentions(form);
  if (isV2) {
    if (content !== undefined && content !== "") legacyField(form, "content");
    if (embedCount > 0) legacyField(form, "embeds");
  }
  checkNewFiles(form, files, attachments);
  const nonce = readNonce(form);
  const reference = readReference(form);
  form.flag("tts");
  errors.throwIfAny();
  if (files.length > 10) throw refusal("tooManyAttachments");
  return {
    content: content ?? (body.content === null ? "" : undefined),
    embeds: body.embeds === null ? [] : (form.children("embeds") ?? undefined)?.map((embed) => embed.value),
    components:
      body.components === null ? [] : form.children("components")?.map((component) => component.value),
    flags,
    attachments,
    nonce,
    isNonceEnforced: form.flag("enforce_nonce") ?? false,
    reference,
    allowedMentions: form.child("allowed_mentions")?.value,
    files,
  };
}

/** Throws when a message would have both Components V2 and the text or the embeds of the older form. */
export function checkMayBecome(message: MessageState, draft: MessageDraft): void {
  if (((message.flags | (draft.flags ?? 0)) & MessageFlag.componentsV2) === 0) return;
  const errors = new FormErrors();
  const form = new Form({}, [], errors);
  if ((draft.content ?? message.content) !== "") legacyField(form, "content");
  if ((draft.embeds ?? message.embeds).length > 0) legacyField(form, "embeds");
  errors.throwIfAny();
}

/** True when nothing in the draft would be shown. White space alone is nothing. */
export function isEmptyDraft(draft: MessageDraft): boolean {
  return (
    (draft.content ?? "").trim() === "" &&
    (draft.embeds ?? []).length === 0 &&
    (draft.components ?? []).length === 0 &&
    draft.files.length === 0
  );
}

function legacyField(form: Form, key: string): void {
  form.fail(
    key,
    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    `The '${key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
  );
}

function readAttachments(form: Form): AttachmentEntry[] | undefined {
  if (form.value.attachments === null) return [];
  const entries = form.children("attachments");
  return entries?.map((entry) => {
    const { id } = entry.value;
    const text = typeof id === "number" ? String(id) : id;
    if (typeof text !== "string" || !/^\d{1,20}$/.test(text))
      entry.fail("id", "NUMBER_TYPE_COERCE", `Value "${String(id)}" is not snowflake.`);
    return {
      id: String(text),
      filename: entry.text("filename", { max: 1024 }),
      description: entry.text("description", { max: 1024 }),
    };
  });
}

function checkNewFiles(form: Form, files: UploadedFile[], attachments: AttachmentEntry[] | undefined): void {
  const indexes = new Set(files.map((file) => String(file.index)));
  for (const [index, entry] of (attachments ?? []).entries()) {
    // A small number is the `n` of `files[n]`; a snowflake names a file the message already has.
    if (entry.id.length < 10 && !indexes.has(entry.id))
      form.errors.add(
        [...form.path, "attachments", index, "id"],
        "ATTACHMENT_NOT_FOUND",
        `No file was uploaded as files[${entry.id}].`,
      );
  }
}

function readNonce(form: Form): string | number | undefined {
  const { nonce } = form.value;
  if (nonce === undefined || nonce === null) return undefined;
  if (typeof nonce === "number" && Number.isInteger(nonce)) return nonce;
  if (typeof nonce !== "string") {
    form.fail("nonce", "STRING_TYPE_CONVERT", "Could not interpret string.");
    return undefined;
  }
  return form.text("nonce", { max: 25 });
}

function readReference(form: Form): MessageReference | undefined {
  const reference = form.child("message_reference");
  if (reference === undefined) return undefined;
  const type = reference.integer("type", { choices: [0, 1] }) ?? 0;
  const messageId = reference.snowflake("message_id", { isRequired: true });
  const channelId = reference.snowflake("channel_id", { isRequired: type === 1 });
  const failIfNotExists = reference.flag("fail_if_not_exists") ?? true;
  return messageId === undefined ? undefined : { messageId, channelId, failIfNotExists };
}

function checkAllowedMentions(form: Form): void {
  const allowed = form.child("allowed_mentions");
  if (allowed === undefined) return;
  const parse = allowed.texts("parse") ?? [];
  for (const [index, word] of parse.entries()) {
    if (!["roles", "users", "everyone"].includes(word))
      allowed.errors.add(
        [...allowed.path, "parse", index],
        "BASE_TYPE_CHOICES",
        "Value must be one of ('everyone', 'roles', 'users').",
      );
  }
  allowed.flag("replied_user");
  for (const key of ["users", "roles"]) {
    const ids = allowed.texts(key, { max: 100 }) ?? [];
    if (ids.length > 0 && parse.includes(key))
      allowed.fail(
        null,
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        `parse:["${key}"] and ${key}: [ids...] are mutually exclusive.`,
      );
  }
}
