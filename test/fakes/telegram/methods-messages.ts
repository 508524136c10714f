/**
 * Sending, editing and deleting messages.
 * Source: core.telegram.org/bots/api#available-methods and #updating-messages.
 */

import type { Call, Method } from "./call.ts";
import type { ChatState, StoredMessage } from "./chat-state.ts";
import { postEphemeral, readReceiver } from "./ephemeral.ts";
import { badRequest } from "./errors.ts";
import type { MediaKind, StoredFile } from "./files.ts";
import type { FormattedText } from "./html.ts";
import { readInlineKeyboard } from "./keyboard.ts";
import { type MediaFacts, mediaFacts, mediaFields, resolveFile, thumbnailOf } from "./media.ts";
import {
  FieldError,
  isObject,
  type JsonObject,
  optionalInt,
  optionalString,
  type Params,
  requiredString,
} from "./params.ts";
import { postFromBot, readEnvelope, resolveDestination } from "./sending.ts";
import { finishText, formatText, MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH } from "./text.ts";
import type { WireEntity, WireKeyboard, WireMessage, WirePhotoSize } from "./wire.ts";
import type { World } from "./world.ts";

const MAX_ALBUM = 10;

const ACTIONS = new Set([
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "record_audio",
  "upload_audio",
  "upload_document",
  "choose_sticker",
  "find_location",
  "pick_up_location",
  "record_video_note",
  "upload_video_note",
  "cancel",
]);

/** All methods of this file, by name in lower case. */
export const messageMethods: Readonly<Record<string, Method>> = {
  sendmessage: sendMessage,
  sendvideo: (call) => sendMedia(call, "video"),
  senddocument: (call) => sendMedia(call, "document"),
  sendphoto: (call) => sendMedia(call, "photo"),
  sendanimation: (call) => sendMedia(call, "animation"),
  sendaudio: (call) => sendMedia(call, "audio"),
  sendvoice: (call) => sendMedia(call, "voice"),
  sendmediagroup: sendMediaGroup,
  sendchataction: sendChatAction,
  editmessagetext: editMessageText,
  editmessagecaption: editMessageCaption,
  editmessagereplymarkup: editMessageReplyMarkup,
  deletemessage: deleteMessage,
  deletemessages: deleteMessages,
};

function sendMessage({ world, params }: Call): WireMessage {
  const text = readText(params, "Message is too long");
  const envelope = readEnvelope(params);
  const destination = resolveDestination(world, envelope);
  const receiver = readReceiver(world, params);
  if (receiver !== null) return postEphemeral(world, destination, receiver, textFields(text));
  return postFromBot(world, destination, textFields(text)).wire;
}

function readText(params: Params, tooLong: string): FormattedText {
  const raw = params.text("text");
  if (raw === "") throw badRequest("Message text is empty");
  const formatted = formatText(raw, params.text("parse_mode"), params.json("entities", "entities"));
  const finished = finishText(formatted, { max: MAX_TEXT_LENGTH, tooLong });
  if (finished.text === "") throw badRequest("Text must be non-empty");
  const preview = params.json("link_preview_options", "link preview options");
  if (preview !== undefined && !isObject(preview))
    throw badRequest("Object expected as link preview options");
  return finished;
}

function readCaption(params: Params, tooLong: string): FormattedText {
  const entities = params.json("caption_entities", "caption entities");
  const formatted = formatText(params.text("caption"), params.text("parse_mode"), entities);
  return finishText(formatted, { max: MAX_CAPTION_LENGTH, tooLong });
}

function textFields({ text, entities }: FormattedText): Partial<WireMessage> {
  return { text, ...(entities.length === 0 ? {} : { entities }) };
}

function captionFields({ text, entities }: FormattedText): Partial<WireMessage> {
  if (text === "") return {};
  return { caption: text, ...(entities.length === 0 ? {} : { caption_entities: entities }) };
}

const MISSING: Readonly<Record<MediaKind, string>> = {
  video: "There is no video in the request",
  document: "There is no document in the request",
  photo: "There is no photo in the request",
  animation: "There is no animation in the request",
  audio: "There is no audio in the request",
  voice: "There is no voice in the request",
  video_note: "There is no video note in the request",
};

async function sendMedia({ world, params }: Call, kind: MediaKind): Promise<WireMessage> {
  if (!params.has(kind) && !params.files.has(kind)) throw badRequest(MISSING[kind]);
  const caption = readCaption(params, "Message caption is too long");
  const facts = mediaFacts(
    (name) => params.int(name),
    (name) => params.text(name),
  );
  const thumbnail = thumbnailOf(world, params, params.text("thumbnail"));
  const envelope = readEnvelope(params);
  // The chat comes before the file: nothing is fetched for a chat that cannot be written to.
  resolveDestination(world, envelope);
  const file = await resolveFile(world, params, kind, kind, params.text(kind));
  if (file === null) throw badRequest(MISSING[kind]);
  const content = { ...mediaFields(world, kind, file, facts, thumbnail), ...captionFields(caption) };
  const { wire } = postFromBot(world, resolveDestination(world, envelope), content, file);
  // In big chats a video is answered before it is processed, with 0 for its id.
  return kind === "video" && world.options.isVideoMessageIdZero ? { ...wire, message_id: 0 } : wire;
}

interface AlbumItem {
  kind: MediaKind;
  media: string;
  caption: FormattedText;
  facts: MediaFacts;
  thumbnail: WirePhotoSize | undefined;
}

async function sendMediaGroup({ world, params }: Call): Promise<WireMessage[]> {
  const envelope = { ...readEnvelope(params), markup: { kind: "none" } as const };
  if (!params.has("media")) throw badRequest('Parameter "media" is required');
  const list = params.json("media", "media");
  if (!Array.isArray(list)) throw badRequest("Expected an Array of InputMedia");
  const items = list.map((value: unknown) => readAlbumItem(world, params, value));
  checkAlbum(items);
  resolveDestination(world, envelope);
  const files: StoredFile[] = [];
  for (const [index, item] of items.entries()) {
    files.push(await albumFile(world, params, item, index));
  }
  const groupId = String(13_000_000_000_000_000n + BigInt(world.nextId()));
  const destination = resolveDestination(world, envelope);
  return items.flatMap((item, index) => {
    const file = files[index];
    if (file === undefined) return [];
    const content = {
      media_group_id: groupId,
      ...mediaFields(world, item.kind, file, item.facts, item.thumbnail),
      ...captionFields(item.caption),
    };
    return [postFromBot(world, destination, content, file).wire];
  });
}

function readAlbumItem(world: World, params: Params, value: unknown): AlbumItem {
  try {
    if (!isObject(value)) throw new FieldError("expected an Object");
    const entities = value.caption_entities;
    const formatted = formatText(
      optionalString(value, "caption"),
      optionalString(value, "parse_mode"),
      entities,
    );
    const caption = finishText(formatted, {
      max: MAX_CAPTION_LENGTH,
      tooLong: "Message caption is too long",
    });
    return {
      kind: albumKind(value),
      media: requiredString(value, "media"),
      caption,
      facts: mediaFacts(
        (name) => optionalInt(value, name),
        (name) => optionalString(value, name),
      ),
      thumbnail: thumbnailOf(world, params, optionalString(value, "thumbnail")),
    };
  } catch (error) {
    if (error instanceof FieldError) throw badRequest(`Can't parse InputMedia: ${error.message}`);
    throw error;
  }
}

function albumKind(value: JsonObject): MediaKind {
  const type = requiredString(value, "type");
  if (type === "photo" || type === "video" || type === "document" || type === "audio") return type;
  if (type === "animation") throw new FieldError('type "animation" can\'t be used in sendMediaGroup');
  throw new FieldError(`type "${type}" is unsupported`);
}

function checkAlbum(items: readonly AlbumItem[]): void {
  if (items.length === 0) throw badRequest("There are no messages to send");
  if (items.length > MAX_ALBUM) throw badRequest("Too many messages to send as an album");
  // The documentation says 2–10; wording of our own, the real server sends a single item in silence at times.
  if (items.length === 1) throw badRequest("album must include 2-10 items");
  const kinds = new Set(items.map((item) => item.kind));
  const homogeneous = (["document", "audio"] as const).find((kind) => kinds.has(kind));
  if (kinds.size > 1 && homogeneous !== undefined) {
    throw badRequest(`${homogeneous} can't be mixed with other media types`);
  }
}

async function albumFile(world: World, params: Params, item: AlbumItem, index: number): Promise<StoredFile> {
  let file: StoredFile | null;
  try {
    file = await resolveFile(world, params, item.kind, "", item.media);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Bad Request: /, "") : "";
    throw badRequest(
      `failed to send message #${index + 1} with the error message "${reason.charAt(0).toUpperCase()}${reason.slice(1)}"`,
    );
  }
  if (file === null) throw badRequest("Can't parse InputMedia: media not found");
  return file;
}

function sendChatAction({ world, params }: Call): true {
  const action = params.text("action");
  if (!ACTIONS.has(action)) throw badRequest("Wrong parameter action in request");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  // Any thread is taken here, General included.
  const threadId = params.has("message_thread_id") ? params.int("message_thread_id") : null;
  chat.actions.push({ action, threadId, at: Date.now() });
  world.signal.notify();
  return true;
}

/** The bot's own message to be edited; throws what the server says otherwise. */
function messageToEdit({ world, params }: Call): { chat: ChatState; message: StoredMessage } {
  const chatId = params.id("chat_id");
  const messageId = params.int("message_id");
  if (chatId === "" && messageId === 0) throw badRequest("Message identifier is not specified");
  const chat = world.chatById(chatId);
  chat.checkAccess("edit");
  const message = messageId <= 0 ? undefined : chat.find(messageId);
  if (message === undefined || chat.migratedTo !== null) throw badRequest("message to edit not found");
  if (!message.isFromBot) throw badRequest("Message can't be edited");
  return { chat, message };
}

const NOT_MODIFIED =
  "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

function editMessageText(call: Call): WireMessage {
  const text = readText(call.params, "MESSAGE_TOO_LONG");
  const keyboard = readInlineKeyboard(call.params);
  const { message } = messageToEdit(call);
  const { wire } = message;
  if (wire.text === undefined) throw badRequest("There is no text in the message to edit");
  if (isSame(wire.text, wire.entities, text) && isSameKeyboard(wire.reply_markup, keyboard)) {
    throw badRequest(NOT_MODIFIED);
  }
  const { text: _text, entities: _entities, ...rest } = wire;
  return applyEdit(call.world, message, { ...rest, ...textFields(text) }, keyboard);
}

function editMessageCaption(call: Call): WireMessage {
  const caption = readCaption(call.params, "MEDIA_CAPTION_TOO_LONG");
  const keyboard = readInlineKeyboard(call.params);
  const { message } = messageToEdit(call);
  const { wire } = message;
  if (wire.text !== undefined) throw badRequest("There is no caption in the message to edit");
  if (
    isSame(wire.caption ?? "", wire.caption_entities, caption) &&
    isSameKeyboard(wire.reply_markup, keyboard)
  ) {
    throw badRequest(NOT_MODIFIED);
  }
  const { caption: _caption, caption_entities: _entities, ...rest } = wire;
  return applyEdit(call.world, message, { ...rest, ...captionFields(caption) }, keyboard);
}

function editMessageReplyMarkup(call: Call): WireMessage {
  const keyboard = readInlineKeyboard(call.params);
  const { message } = messageToEdit(call);
  if (isSameKeyboard(message.wire.reply_markup, keyboard)) throw badRequest(NOT_MODIFIED);
  return applyEdit(call.world, message, message.wire, keyboard);
}

function isSame(text: string, entities: readonly WireEntity[] | undefined, next: FormattedText): boolean {
  return text === next.text && JSON.stringify(entities ?? []) === JSON.stringify(next.entities);
}

function isSameKeyboard(a: WireKeyboard | undefined, b: WireKeyboard | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

/** An edit without a keyboard takes the keyboard away, as on the real server. */
function applyEdit(
  world: World,
  message: StoredMessage,
  next: WireMessage,
  keyboard: WireKeyboard | undefined,
): WireMessage {
  const { reply_markup: _, ...rest } = next;
  message.wire = {
    ...rest,
    edit_date: world.now(),
    ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
  };
  message.history.push({ text: next.text ?? next.caption ?? "", at: Date.now(), keyboard });
  world.signal.notify();
  return message.wire;
}

function deleteMessage({ world, params }: Call): true {
  if (!params.has("chat_id")) throw badRequest("Chat identifier is not specified");
  const messageId = params.int("message_id");
  if (messageId === 0) throw badRequest("Message identifier is not specified");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  const message = messageId < 0 ? undefined : chat.find(messageId);
  if (message === undefined) throw badRequest("message to delete not found");
  removeMessage(world, chat, message);
  return true;
}

function deleteMessages({ world, params }: Call): true {
  const ids = params.json("message_ids", "message_ids");
  if (ids === undefined) throw badRequest("Message identifiers are not specified");
  if (!Array.isArray(ids)) throw badRequest("Expected an Array of message identifiers");
  if (ids.length > 100) throw badRequest("Too many message identifiers specified");
  const numbers = ids.map((id: unknown) => {
    if (typeof id !== "number" && typeof id !== "string")
      throw badRequest("Message identifier must be a Number");
    if (!/^\d+$/.test(String(id))) throw badRequest("Can't parse message identifier as a Number");
    return Number(id);
  });
  if (numbers.length === 0) throw badRequest("Message identifiers are not specified");
  if (numbers.includes(0)) throw badRequest("Invalid message identifier specified");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("write");
  for (const id of numbers) {
    const message = chat.find(id);
    if (message !== undefined) removeMessage(world, chat, message);
  }
  return true;
}

function removeMessage(world: World, chat: ChatState, message: StoredMessage): void {
  const mayDelete = message.isFromBot || chat.wire.type === "private" || chat.botStatus === "administrator";
  if (!mayDelete) throw badRequest("Message can't be deleted");
  message.isDeleted = true;
  world.signal.notify();
}
