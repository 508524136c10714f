/**
 * Telegram as a chat platform: messages with entities and keyboards, edited in place, videos by address or
 * by upload, all through the outbox. Source: the `ChatPlatform` port; platforms.md, "Telegram".
 */
import { type Api, GrammyError, InputFile } from "grammy";
import type { InlineKeyboardButton } from "grammy/types";
import type { Attachment, OutgoingMessage, ReplyTarget, SentMessage } from "../../core/message.ts";
import {
  type AdapterMemory,
  type ByteSource,
  ChatGoneError,
  type ChatPlatform,
  type Log,
  type OpenedAttachment,
} from "../../core/ports.ts";

import { CLOUD_DOWNLOAD_BYTES, type FileOptions, openTelegramFile } from "./files.ts";
import { renderKeyboard } from "./keyboard.ts";
import type { Migrations } from "./migrations.ts";
import type { Outbox } from "./outbox.ts";
import type { Pace } from "./pace.ts";
import { CAPTION_LIMIT, renderText, type TextPart } from "./render.ts";

/** What a bot may send: by address, and by upload to the cloud or to a local server. */
const URL_BYTES = 20 * 1024 * 1024;
const UPLOAD_BYTES = 50 * 1024 * 1024;
const LOCAL_UPLOAD_BYTES = 2000 * 1024 * 1024;
/** A video that does not get through soon is sent as a link: nobody waits for a chat that retries. */
const VIDEO_RETRIES = 2;

export interface TelegramPlatformOptions {
  api: Api;
  outbox: Outbox;
  pace: Pace;
  memory: AdapterMemory;
  migrations: Migrations;
  files: FileOptions;
  log: Log;
  /** Told when a chat turns out to be gone: blocked, kicked or deleted. */
  onGone: (conversationId: string) => void;
}

interface Address {
  chatId: string;
  topicId: number | null;
  isForum: boolean;
  replyTo: number | null;
}

/** The message to edit is in a chat that is no more. */
class LeftBehindError extends Error {}

/** A video for one call, and whether reading it failed. */
interface VideoSource {
  file: string | InputFile;
  isBroken: () => boolean;
}

type Keyboard = { inline_keyboard: InlineKeyboardButton[][] } | undefined;

export class TelegramPlatform implements ChatPlatform {
  readonly name = "telegram";
  readonly progressIntervalMs = 3_000;
  readonly typingLastsMs = 4_500;
  readonly maxAttachmentBytes: number | null;
  readonly #options: TelegramPlatformOptions;

  constructor(options: TelegramPlatformOptions) {
    this.#options = options;
    this.maxAttachmentBytes = options.files.localFilesDir ? null : CLOUD_DOWNLOAD_BYTES;
  }

  async send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    const address = addressOf(target);
    const keyboard = await this.#keyboard(target, message);
    const parts = renderText(message.text);
    let messageId = 0;
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      // An answer in a group hangs below its question; progress and further parts just follow.
      const hangs = index === 0 && message.tone !== "progress" && message.tone !== "notice";
      messageId = await this.#sendText(target, address, part, isLast ? keyboard : undefined, hangs);
    }
    return { target: await this.#currentOf(target), messageId: String(messageId) };
  }

  async edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    const [first, ...rest] = renderText(message.text);
    // 0: Telegram did not say the id of a message in a very big chat.
    if (!first || sent.messageId === "0") return this.send(target, message);
    const keyboard = await this.#keyboard(target, message);
    const address = addressOf(target);
    const run = async (chatId: string) => {
      // Numbers begin anew in a supergroup: the message stayed behind in the old chat.
      if (chatId !== address.chatId) throw new LeftBehindError();
      await this.#options.api.editMessageText(chatId, Number(sent.messageId), first.text, {
        entities: first.entities,
        link_preview_options: { is_disabled: true },
        ...(keyboard && rest.length === 0 ? { reply_markup: keyboard } : {}),
      });
    };
    try {
      if (message.tone === "progress") await this.#progress(target, sent.messageId, run);
      else await this.#call(target, run);
    } catch (error) {
      if (error instanceof LeftBehindError) return this.send(target, message);
      if (!(error instanceof GrammyError)) throw error;
      if (error.description.includes("message is not modified")) return sent;
      if (!/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/.test(error.description))
        throw error;
      // Deleted by someone, or too old: say it anew.
      return this.send(target, message);
    }
    for (const [index, part] of rest.entries()) {
      await this.#sendText(target, address, part, index === rest.length - 1 ? keyboard : undefined, false);
    }
    return sent;
  }

  async showActivity(target: ReplyTarget, activity: "typing" | "uploading-video"): Promise<void> {
    const { api, pace, migrations, log } = this.#options;
    const { chatId: askedIn, topicId, isForum } = addressOf(target);
    // General has the id 1 for this call alone.
    const thread = topicId ?? (isForum ? 1 : null);
    try {
      const chatId = await migrations.currentOf(askedIn);
      // Answers come first: where many people are served at once, some see no signal for a while.
      if (!(await pace.takeSpare(chatId))) return;
      await api.sendChatAction(
        chatId,
        activity === "typing" ? "typing" : "upload_video",
        thread === null ? {} : { message_thread_id: thread },
      );
    } catch (error) {
      if (isGone(error)) this.#options.onGone(target.conversationId);
      else log.debug({ err: error }, "an activity could not be shown");
    }
  }

  async deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    if (await this.#sendVideo(target, message, () => openVideo(signal))) return { isFileSent: true };
    // The text with its link is what must never get lost.
    await this.send(target, message);
    return { isFileSent: false };
  }

  openAttachment(attachment: Attachment, signal: AbortSignal): Promise<OpenedAttachment> {
    return openTelegramFile(this.#options.api, attachment, this.#options.files, signal);
  }

  /** True when the video was sent with the message as its caption. */
  async #sendVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: () => Promise<ByteSource>,
  ): Promise<boolean> {
    const { video } = message;
    if (!video) return false;
    const [caption, ...tooMuch] = renderText(message.text, CAPTION_LIMIT);
    if (!caption || tooMuch.length > 0) return false;
    const limit = this.#options.files.localFilesDir ? LOCAL_UPLOAD_BYTES : UPLOAD_BYTES;
    if (video.sizeBytes !== null && video.sizeBytes > limit) return false;
    const send = (source: () => Promise<VideoSource>) => this.#callVideo(target, message, caption, source);
    const { url } = video;
    if (url && video.sizeBytes !== null && video.sizeBytes <= URL_BYTES) {
      if (await send(async () => ({ file: url, isBroken: () => false }))) return true;
    }
    return send(async () => {
      const { stream, sizeBytes } = await openVideo();
      if (sizeBytes !== null && sizeBytes > limit) throw new Error("the video is too large to send");
      return watchSource(stream, video.name);
    });
  }

  async #callVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    caption: TextPart,
    source: () => Promise<VideoSource>,
  ): Promise<boolean> {
    const { api, log } = this.#options;
    const { topicId, replyTo, chatId: askedIn } = addressOf(target);
    const { video } = message;
    const keyboard = await this.#keyboard(target, message);
    try {
      const run = async (chatId: string) => {
        const { file, isBroken } = await source();
        try {
          return await api.sendVideo(chatId, file, {
            caption: caption.text,
            caption_entities: caption.entities,
            supports_streaming: true,
            ...(video?.durationS ? { duration: Math.round(video.durationS) } : {}),
            ...(video?.width && video.height ? { width: video.width, height: video.height } : {}),
            ...(topicId === null ? {} : { message_thread_id: topicId }),
            ...(replyTo === null || chatId !== askedIn
              ? {}
              : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
            ...(keyboard ? { reply_markup: keyboard } : {}),
          });
        } catch (error) {
          // Not Telegram's fault: asking Telegram again would not help.
          if (isBroken()) throw new Error("the video broke off on its way", { cause: error });
          throw error;
        }
      };
      await this.#call(target, run, VIDEO_RETRIES);
      return true;
    } catch (error) {
      if (error instanceof ChatGoneError) throw error;
      log.warn({ err: error }, "a video could not be sent this way");
      return false;
    }
  }

  async #sendText(
    target: ReplyTarget,
    { topicId, replyTo, chatId: askedIn }: Address,
    part: TextPart,
    keyboard: Keyboard,
    hangs: boolean,
  ): Promise<number> {
    const sent = await this.#call(target, (chatId) =>
      this.#options.api.sendMessage(chatId, part.text, {
        entities: part.entities,
        link_preview_options: { is_disabled: true },
        ...(topicId === null ? {} : { message_thread_id: topicId }),
        // A question in a group that has moved cannot be answered to: its number means another message now.
        ...(hangs && replyTo !== null && chatId === askedIn
          ? { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }
          : {}),
        ...(keyboard ? { reply_markup: keyboard } : {}),
      }),
    );
    return sent.message_id;
  }

  /** Where a message was really sent: a group may have moved since it was spoken to. */
  async #currentOf(target: ReplyTarget): Promise<ReplyTarget> {
    const { replyTo: _question, ...details } = target.details;
    const chatId = await this.#options.migrations.currentOf(String(details.chatId));
    return chatId === details.chatId ? target : { ...target, details: { ...details, chatId } };
  }

  #keyboard(target: ReplyTarget, message: OutgoingMessage): Promise<Keyboard> {
    return renderKeyboard(message.buttons, target.conversationId, this.#options.memory);
  }

  /** A call in the chat's turn; follows a migration, and tells of a chat that is gone. */
  async #call<T>(target: ReplyTarget, run: (chatId: string) => Promise<T>, maxRetries?: number): Promise<T> {
    const { outbox } = this.#options;
    return this.#follow(target, (chatId) => outbox.send(chatId, () => run(chatId), maxRetries));
  }

  async #progress(
    target: ReplyTarget,
    messageId: string,
    run: (chatId: string) => Promise<void>,
  ): Promise<void> {
    const { outbox } = this.#options;
    await this.#follow(target, (chatId) => outbox.progress(chatId, messageId, () => run(chatId)));
  }

  async #follow<T>(target: ReplyTarget, run: (chatId: string) => Promise<T>): Promise<T> {
    const { migrations, onGone } = this.#options;
    const chatId = await migrations.currentOf(addressOf(target).chatId);
    try {
      return await run(chatId);
    } catch (error) {
      const newChatId = error instanceof GrammyError ? error.parameters.migrate_to_chat_id : undefined;
      if (newChatId !== undefined) {
        await migrations.note(chatId, String(newChatId));
        return run(String(newChatId));
      }
      if (!isGone(error)) throw error;
      onGone(target.conversationId);
      throw new ChatGoneError({ cause: error });
    }
  }
}

function watchSource(stream: AsyncIterable<Uint8Array>, name: string): VideoSource {
  let isBroken = false;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      isBroken = true;
      throw error;
    }
  }
  return { file: new InputFile(watched(), name), isBroken: () => isBroken };
}

/** Blocked, kicked, or deleted: nothing will ever arrive there again. */
function isGone(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return (
    (error.error_code === 403 && !error.description.includes("not enough rights")) ||
    (error.error_code === 400 && /chat not found|group chat was deactivated/.test(error.description))
  );
}

function addressOf(target: ReplyTarget): Address {
  const { chatId, topicId, isForum, replyTo } = target.details;
  return {
    chatId: String(chatId),
    topicId: typeof topicId === "number" ? topicId : null,
    isForum: isForum === true,
    replyTo: typeof replyTo === "number" ? replyTo : null,
  };
}
