/**
 * One call of the Bot API for one message, in the turn of its chat: the last step on a message's way out. Its mark
 * says that it is being sent from right before the request leaves. Source: Bot API, sendMessage, editMessageText,
 * sendVideo; `SentMarks`.
 */
import { type Api, HttpError, InputFile } from "grammy";
import type { Look } from "../../shared/sent-marks.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import { nativeSignal } from "../abort-signals.ts";
import { type Address, placeOf } from "./address.ts";
import type { Keyboard } from "./keyboard.ts";
import type { TextPart } from "./render.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";

interface Placed {
  keyboard: Keyboard;
  address: Address;
  /** Below the message that it answers. */
  hangs: boolean;
}

export interface TextCall extends Placed {
  kind: "text";
  part: TextPart;
  /** For this person alone, as an ephemeral message; in answer to a press where there is one. */
  receiver?: { userId: string; pressId: string | null };
}

export interface VideoCall extends Placed {
  kind: "video";
  caption: TextPart;
  /** As sendVideo takes them. */
  facts: { duration?: number; width?: number; height?: number };
  /** Opens the file, once for each try. */
  open: () => Promise<VideoSource>;
}

/** A video's file for one try: an address for Telegram to fetch, or bytes to upload. */
export type VideoSource = { url: string } | { bytes: AsyncIterable<Uint8Array>; name: string };

export interface EditCall {
  kind: "edit";
  messageId: number;
  part: TextPart;
  keyboard: Keyboard;
}

interface DeleteCall {
  kind: "delete";
  messageId: number;
}

/** How a new message is marked. */
export interface Claim {
  idempotencyKey: string;
  /** Null: the store is in trouble, and the message goes out without a mark. */
  look: Look<Posted> | null;
}

/** `claim` is null for what may be shown twice after a crash. */
export type Call = EditCall | DeleteCall | ((TextCall | VideoCall) & { claim: Claim | null });

/** Another process has claimed the message since this one looked: it has sent it, is at it, or has died over it. */
export class SentByOtherError extends Error {
  readonly posted: Posted;

  constructor(posted: Posted) {
    super("another process has claimed this message");
    this.posted = posted;
  }
}

/** The Bot API server shows ephemeral messages to everybody; this one was taken back. */
export class NotEphemeralError extends Error {}

/** Awaited when nothing can hold a message back any more. What it throws ends the call. */
type Leaving = () => Promise<void>;

/** Makes the call. Throws Telegram's refusal, `SentByOtherError`, `NotEphemeralError`, and the store's trouble. */
export async function makeCall(
  api: Api,
  marks: TelegramMarks,
  chatId: string,
  call: Call,
  signal: AbortSignal,
): Promise<Posted> {
  if (call.kind === "edit") return editText(api, chatId, call, signal);
  if (call.kind === "delete") {
    await api.deleteMessage(chatId, call.messageId, nativeSignal(signal));
    return { chatId, messageId: call.messageId, isFile: false };
  }
  const { claim } = call;
  const isFile = call.kind === "video";
  let isOver = false;
  const leaving = async () => {
    // An upload may still be read when it was refused already.
    if (isOver) throw new Error("the request is over");
    if (!claim?.look) return;
    const other = await marks.claim(claim.idempotencyKey, claim.look, { chatId, messageId: 0, isFile });
    if (other) throw new SentByOtherError(other);
  };
  try {
    const messageId =
      call.kind === "video"
        ? await sendVideo(api, chatId, call, signal, leaving)
        : await sendText(api, chatId, call, signal, leaving);
    return { chatId, messageId, isFile };
  } catch (error) {
    isOver = true;
    // Before any wait: the request is about to be repeated, by this process or, if it ends, by the next.
    if (claim) await marks.release(claim.idempotencyKey);
    throw ownError(error);
  }
}

async function editText(
  api: Api,
  chatId: string,
  { messageId, part, keyboard }: EditCall,
  signal: AbortSignal,
): Promise<Posted> {
  const options = textOptions(part, keyboard);
  await api.editMessageText(chatId, messageId, part.text, options, nativeSignal(signal));
  return { chatId, messageId, isFile: false };
}

async function sendText(
  api: Api,
  chatId: string,
  { part, keyboard, address, hangs, receiver }: TextCall,
  signal: AbortSignal,
  leaving: Leaving,
): Promise<number> {
  const options = {
    ...textOptions(part, keyboard),
    ...placeOf(address, chatId, hangs),
    ...(receiver ? ephemeralOptions(receiver) : {}),
  };
  await leaving();
  const sent = await api.sendMessage(chatId, part.text, options, nativeSignal(signal));
  if (!receiver) return sent.message_id;
  if (sent.ephemeral_message_id !== undefined) return 0;
  await api.deleteMessage(chatId, sent.message_id, nativeSignal(signal));
  throw new NotEphemeralError("the server does not know ephemeral messages");
}

async function sendVideo(
  api: Api,
  chatId: string,
  { caption, facts, open, keyboard, address, hangs }: VideoCall,
  signal: AbortSignal,
  leaving: Leaving,
): Promise<number> {
  const options = {
    ...facts,
    caption: caption.text,
    caption_entities: caption.entities,
    supports_streaming: true,
    ...placeOf(address, chatId, hangs),
    ...(keyboard ? { reply_markup: keyboard } : {}),
  };
  const source = await open();
  if ("url" in source) {
    await leaving();
    return (await api.sendVideo(chatId, source.url, options, nativeSignal(signal))).message_id;
  }
  const { bytes, isBroken } = watched(source.bytes, leaving);
  try {
    const file = new InputFile(bytes, source.name);
    return (await api.sendVideo(chatId, file, options, nativeSignal(signal))).message_id;
  } catch (error) {
    // Not Telegram's fault: asking Telegram again would not help.
    if (isBroken()) throw new Error("the video broke off on its way", { cause: error });
    throw error;
  }
}

function textOptions({ entities }: TextPart, keyboard: Keyboard) {
  return {
    entities,
    link_preview_options: { is_disabled: true },
    ...(keyboard ? { reply_markup: keyboard } : {}),
  };
}

/** As servers of 10.2 and of 10.3 know it: what a server does not know it ignores, and shows to everybody. */
function ephemeralOptions({ userId, pressId }: NonNullable<TextCall["receiver"]>) {
  const receiver = {
    receiver_user_id: Number(userId),
    ...(pressId === null ? {} : { callback_query_id: pressId }),
  };
  return { ...receiver, ephemeral_message_parameters: receiver };
}

/** The bytes of an upload. When the last is handed over, its end is still ours: Telegram has no message yet. */
function watched(stream: AsyncIterable<Uint8Array>, leaving: Leaving) {
  let isBroken = false;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      isBroken = true;
      throw error;
    }
    await leaving();
  }
  return { bytes: bytes(), isBroken: () => isBroken };
}

/** What our own code threw while a request was streamed comes wrapped. */
function ownError(error: unknown): unknown {
  const cause = error instanceof HttpError ? error.error : error;
  return cause instanceof SentByOtherError || isStoreTrouble(cause) ? cause : error;
}
