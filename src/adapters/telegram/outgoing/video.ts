/**
 * Finished videos: by their address where Telegram fetches it, else uploaded in a stream, with the message as
 * their caption. Source: Bot API, sendVideo and "Sending files"; platforms.md, "Out".
 */
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { StopError } from "../../../core/model/stop.ts";
import { type ByteSource, ChatGoneError } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { closeBytes, limitBytes } from "../../../lib/byte-stream.ts";
import { addressOf, isHung } from "./address.ts";
import type { VideoSource } from "./call.ts";
import type { Delivery } from "./delivery.ts";
import type { Keyboard } from "./keyboard.ts";
import { CAPTION_LIMIT, renderText } from "./render.ts";
import type { Posted } from "./sent-marks.ts";

/** What a bot may send: by address, and by upload to the cloud or to a local server. */
const URL_BYTES = 20 * 1024 * 1024;
const UPLOAD_BYTES = 50 * 1024 * 1024;
const LOCAL_UPLOAD_BYTES = 2000 * 1024 * 1024;
/** A video that does not get through soon is sent as a link: a chat that retries is not waited for. */
const VIDEO_RETRIES = 2;

interface VideoOptions {
  delivery: Delivery;
  isLocalServer: boolean;
  log: Log;
}

/** Posts the message's video with the message as its caption; null when neither way works. */
export async function postVideo(
  { delivery, isLocalServer, log }: VideoOptions,
  target: ReplyTarget,
  message: OutgoingMessage,
  keyboard: Keyboard,
  openVideo: () => Promise<ByteSource>,
): Promise<Posted | null> {
  const { video, idempotencyKey = null } = message;
  if (!video) return null;
  const [caption, ...tooMuch] = renderText(message.text, CAPTION_LIMIT);
  if (!caption || tooMuch.length > 0) return null;
  const address = addressOf(target);
  const limit = isLocalServer ? LOCAL_UPLOAD_BYTES : UPLOAD_BYTES;
  const { name, sizeBytes: saidBytes, durationS, width, height } = video;
  if (saidBytes !== null && saidBytes > limit) return null;
  const facts = {
    ...(durationS ? { duration: Math.round(durationS) } : {}),
    ...(width && height ? { width, height } : {}),
  };

  let isByAddress = false;
  async function open(mayBeByAddress: boolean): Promise<VideoSource> {
    const { stream, sizeBytes, url } = await openVideo();
    const size = sizeBytes ?? saidBytes;
    isByAddress = mayBeByAddress && url !== undefined && size !== null && size <= URL_BYTES;
    if (url !== undefined && isByAddress) {
      // Its beginning was seen to be a video; Telegram gets the rest by itself.
      await closeBytes(stream);
      return { url };
    }
    const tooMany = () => new Error("the video is too large to send");
    if (size !== null && size > limit) {
      await closeBytes(stream);
      throw tooMany();
    }
    return { bytes: limitBytes(stream, limit, tooMany), name };
  }

  for (const mayBeByAddress of [true, false]) {
    try {
      return await delivery.post(
        target,
        {
          kind: "video",
          caption,
          facts,
          open: () => open(mayBeByAddress),
          keyboard,
          address,
          hangs: isHung(address, message),
        },
        { idempotencyKey, isOwed: true, maxRetries: VIDEO_RETRIES },
      );
    } catch (error) {
      if (error instanceof ChatGoneError || error instanceof StopError) throw error;
      log.warn({ err: error }, "a video could not be sent this way");
      if (!isByAddress) break;
    }
  }
  return null;
}
