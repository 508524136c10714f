/**
 * Finished videos: by their address where Telegram fetches it, else uploaded in a stream, with the message as
 * their caption. Source: Bot API, sendVideo and "Sending files"; platforms.md, "Out".
 */
import { type Api, InputFile } from "grammy";
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { StopError } from "../../../core/model/stop.ts";
import { type ByteSource, ChatGoneError } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { closeBytes, limitBytes } from "../../../lib/byte-stream.ts";
import { nativeSignal } from "../abort-signals.ts";
import { addressOf, placeOf } from "./address.ts";
import type { Delivery } from "./delivery.ts";
import type { Keyboard } from "./keyboard.ts";
import { CAPTION_LIMIT, renderText, type TextPart } from "./render.ts";
import type { Posted } from "./sent-marks.ts";

/** What a bot may send: by address, and by upload to the cloud or to a local server. */
const URL_BYTES = 20 * 1024 * 1024;
const UPLOAD_BYTES = 50 * 1024 * 1024;
const LOCAL_UPLOAD_BYTES = 2000 * 1024 * 1024;
/** A video that does not get through soon is sent as a link: nobody waits for a chat that retries. */
const VIDEO_RETRIES = 2;

interface VideoOptions {
  api: Api;
  delivery: Delivery;
  isLocalServer: boolean;
  log: Log;
}

/** The file for one call. */
interface VideoSource {
  file: string | InputFile;
  /** Awaited before the request; an upload has its own moment. */
  leaving: () => Promise<void>;
  /** Whether reading it failed. */
  isBroken: () => boolean;
}

/** Makes the file for a call; `leaving` is to be awaited before Telegram has all of it. */
type OpenSource = (leaving: () => Promise<void>) => Promise<VideoSource>;

/** Sends the message's video with the message as its caption; null when neither way works. */
export async function sendVideo(
  { api, delivery, isLocalServer, log }: VideoOptions,
  target: ReplyTarget,
  message: OutgoingMessage,
  keyboard: Keyboard,
  openVideo: () => Promise<ByteSource>,
): Promise<Posted | null> {
  const { video } = message;
  if (!video) return null;
  const [caption, ...tooMuch] = renderText(message.text, CAPTION_LIMIT);
  if (!caption || tooMuch.length > 0) return null;
  const limit = isLocalServer ? LOCAL_UPLOAD_BYTES : UPLOAD_BYTES;
  if (video.sizeBytes !== null && video.sizeBytes > limit) return null;

  async function send(open: OpenSource, text: TextPart): Promise<Posted | null> {
    const address = addressOf(target);
    const posting = {
      idempotencyKey: message.idempotencyKey ?? null,
      isFile: true,
      isOwed: true,
      maxRetries: VIDEO_RETRIES,
    };
    try {
      return await delivery.post(target, posting, async (chatId, signal, leaving) => {
        const source = await open(leaving);
        try {
          await source.leaving();
          const facts = {
            caption: text.text,
            caption_entities: text.entities,
            supports_streaming: true,
            ...(video?.durationS ? { duration: Math.round(video.durationS) } : {}),
            ...(video?.width && video.height ? { width: video.width, height: video.height } : {}),
            ...placeOf(address, chatId, true),
            ...(keyboard ? { reply_markup: keyboard } : {}),
          };
          const sent = await api.sendVideo(chatId, source.file, facts, nativeSignal(signal));
          return sent.message_id;
        } catch (error) {
          // Not Telegram's fault: asking Telegram again would not help.
          if (source.isBroken()) throw new Error("the video broke off on its way", { cause: error });
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof ChatGoneError || error instanceof StopError) throw error;
      log.warn({ err: error }, "a video could not be sent this way");
      return null;
    }
  }

  let isByAddress = false;
  const open = (mayBeByAddress: boolean): OpenSource => {
    return async (leaving) => {
      const { stream, sizeBytes, url } = await openVideo();
      const size = sizeBytes ?? video.sizeBytes;
      isByAddress = mayBeByAddress && url !== undefined && size !== null && size <= URL_BYTES;
      if (url !== undefined && isByAddress) {
        // Its beginning was seen to be a video; Telegram gets the rest by itself.
        await closeBytes(stream);
        return { file: url, leaving, isBroken: () => false };
      }
      const tooMany = () => new Error("the video is too large to send");
      if (size !== null && size > limit) {
        await closeBytes(stream);
        throw tooMany();
      }
      return watchSource(limitBytes(stream, limit, tooMany), video.name, leaving);
    };
  };
  const shown = await send(open(true), caption);
  return shown === null && isByAddress ? send(open(false), caption) : shown;
}

function watchSource(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  leaving: () => Promise<void>,
): VideoSource {
  let isBroken = false;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      isBroken = true;
      throw error;
    }
    // The last byte is handed over, and the end of the request is still ours: Telegram has no message yet.
    await leaving();
  }
  return { file: new InputFile(watched(), name), leaving: async () => {}, isBroken: () => isBroken };
}
