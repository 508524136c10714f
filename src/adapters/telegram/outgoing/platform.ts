/**
 * Telegram as a chat platform: messages with entities and keyboards, edited in place, each shown once where that
 * is asked for. Source: the `ChatPlatform` port; platforms.md, "Telegram".
 */
import { type Api, GrammyError } from "grammy";
import type {
  Attachment,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../../core/model/message.ts";
import type { ByteSource, ChatPlatform, OpenedAttachment } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { nativeSignal } from "../abort-signals.ts";
import { CLOUD_DOWNLOAD_BYTES, type FileOptions, openTelegramFile } from "../attachments.ts";
import type { Managers } from "../managers.ts";
import type { Migrations } from "../migrations.ts";
import { addressOf, isGroup, placeOf, targetIn } from "./address.ts";
import { type Delivery, isGone } from "./delivery.ts";
import { type Keyboard, renderKeyboard } from "./keyboard.ts";
import type { PrivateMessages } from "./private-messages.ts";
import type { RateLimit } from "./rate-limit.ts";
import { renderText, type TextPart } from "./render.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";
import { sendVideo } from "./video.ts";

export interface TelegramPlatformOptions {
  api: Api;
  delivery: Delivery;
  rateLimit: RateLimit;
  marks: TelegramMarks;
  /** Keeps what buttons mean; a store that is away must not hold it up. */
  memory: AdapterMemory;
  migrations: Migrations;
  managers: Managers;
  privately: PrivateMessages;
  files: FileOptions;
  log: Log;
  /** Told when a chat turns out to be gone: blocked, kicked or deleted. */
  onGone: (conversationId: string) => void;
  /** Ends calls that nobody waits for. */
  stopped: AbortSignal;
}

/** The message to edit is in a chat that is no more. */
class LeftBehindError extends Error {}

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
    if (this.#isForOneAlone(target, message)) {
      const { inPublic, isNeeded } = await this.#options.privately.tell(target, message);
      return isNeeded ? this.send(target, inPublic) : { target, messageId: "0" };
    }
    const { idempotencyKey, tone } = message;
    if (idempotencyKey !== undefined && tone === "progress") {
      const shown = await this.#options.marks.find(idempotencyKey);
      // What an earlier process showed goes on in its place.
      if (shown && shown.messageId !== 0) return this.edit(sentAs(target, shown), message);
    }
    return sentAs(target, await this.#sendNew(target, message));
  }

  async edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    if (this.#isForOneAlone(target, message)) {
      const { inPublic } = await this.#options.privately.tell(target, message);
      return this.edit(sent, inPublic);
    }
    const [first, ...rest] = renderText(message.text);
    // 0: Telegram did not say the id of a message in a very big chat.
    if (!first || sent.messageId === "0") return this.#sendAnew(sent, message);
    const keyboard = await this.#keyboard(target, message);
    const address = addressOf(target);
    const run = async (chatId: string, signal: AbortSignal) => {
      // Numbers begin anew in a supergroup: the message stayed behind in the old chat.
      if (chatId !== address.chatId) throw new LeftBehindError();
      const options = {
        entities: first.entities,
        link_preview_options: { is_disabled: true },
        ...(keyboard && rest.length === 0 ? { reply_markup: keyboard } : {}),
      };
      const { api } = this.#options;
      await api.editMessageText(chatId, Number(sent.messageId), first.text, options, nativeSignal(signal));
    };
    try {
      const { delivery } = this.#options;
      if (message.tone === "progress") await delivery.progress(target, sent.messageId, run);
      else await delivery.call(target, run);
    } catch (error) {
      if (error instanceof LeftBehindError) return this.#sendAnew(sent, message);
      if (!(error instanceof GrammyError)) throw error;
      if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/.test(error.description)) {
        // Deleted by someone, or too old: say it anew.
        return this.#sendAnew(sent, message);
      }
      // An edit whose answer was lost says so when it comes again.
      if (!error.description.includes("message is not modified")) throw error;
    }
    for (const [index, part] of rest.entries()) {
      const ends = index === rest.length - 1 ? keyboard : undefined;
      const idempotencyKey = partKey(message.idempotencyKey, index + 1);
      await this.#sendText(target, part, ends, { hangs: false, isOwed: true, idempotencyKey });
    }
    return sent;
  }

  async showActivity(target: ReplyTarget, activity: "typing" | "uploading-video"): Promise<void> {
    const { api, rateLimit, migrations, log, onGone, stopped } = this.#options;
    const { chatId: askedIn, topicId, isForum } = addressOf(target);
    // General has the id 1 for this call alone.
    const thread = topicId ?? (isForum ? 1 : null);
    try {
      const chatId = await migrations.currentOf(askedIn);
      // Answers come first: where many people are served at once, some see no signal for a while.
      if (stopped.aborted || !(await rateLimit.takeSpare(chatId))) return;
      await api.sendChatAction(
        chatId,
        activity === "typing" ? "typing" : "upload_video",
        thread === null ? {} : { message_thread_id: thread },
        nativeSignal(stopped),
      );
    } catch (error) {
      if (isGone(error)) onGone(target.conversationId);
      else log.debug({ err: error }, "an activity could not be shown");
    }
  }

  async deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const { files } = this.#options;
    const keyboard = await this.#keyboard(target, message);
    const options = { ...this.#options, isLocalServer: files.localFilesDir !== null };
    const video = await sendVideo(options, target, message, keyboard, () => openVideo(signal));
    if (video) return { isFileSent: video.isFile };
    // The text with its link is what must never get lost.
    const { isFile } = await this.#sendNew(target, message);
    return { isFileSent: isFile };
  }

  openAttachment(attachment: Attachment, signal: AbortSignal): Promise<OpenedAttachment> {
    return openTelegramFile(this.#options.api, attachment, this.#options.files, signal);
  }

  isShared(target: ReplyTarget): boolean {
    return isGroup(addressOf(target));
  }

  mayManage(target: ReplyTarget, user: IncomingMessage["user"], signal: AbortSignal): Promise<boolean> {
    const { managers, stopped } = this.#options;
    return managers.has(target, user.id, AbortSignal.any([signal, stopped]));
  }

  keptMessage(key: string, userId: string): Promise<OutgoingMessage | null> {
    return this.#options.privately.kept(key, userId);
  }

  #isForOneAlone(target: ReplyTarget, { tone }: OutgoingMessage): boolean {
    return tone === "private" && this.isShared(target);
  }

  /** Returns the last part. */
  async #sendNew(target: ReplyTarget, message: OutgoingMessage): Promise<Posted> {
    const address = addressOf(target);
    const keyboard = await this.#keyboard(target, message);
    const parts = renderText(message.text);
    let last: Posted = { chatId: address.chatId, messageId: 0, isFile: false };
    for (const [index, part] of parts.entries()) {
      const ends = index === parts.length - 1 ? keyboard : undefined;
      // An answer in a group hangs below its question; progress and further parts just follow.
      const hangs = index === 0 && !isDecoration(message);
      const isOwed = !isDecoration(message);
      last = await this.#sendText(target, part, ends, {
        hangs,
        isOwed,
        idempotencyKey: partKey(message.idempotencyKey, index),
      });
    }
    return last;
  }

  /** Says in a new message what could not be shown in `sent`. */
  async #sendAnew(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { marks } = this.#options;
    const { idempotencyKey } = message;
    const shown = idempotencyKey === undefined ? null : await marks.find(idempotencyKey);
    if (idempotencyKey !== undefined && shown) {
      // The mark may be that of the very message which cannot be edited; any other is of one that followed it.
      if (String(shown.messageId) === sent.messageId) await marks.forget(idempotencyKey);
      else if (message.tone === "progress" && shown.messageId !== 0) {
        return this.edit(sentAs(sent.target, shown), message);
      }
    }
    return sentAs(sent.target, await this.#sendNew(sent.target, message));
  }

  #sendText(
    target: ReplyTarget,
    part: TextPart,
    keyboard: Keyboard,
    { hangs, isOwed, idempotencyKey }: { hangs: boolean; isOwed: boolean; idempotencyKey: string | null },
  ): Promise<Posted> {
    const { api, delivery } = this.#options;
    const address = addressOf(target);
    return delivery.post(
      target,
      { idempotencyKey, isOwed, isFile: false },
      async (chatId, signal, leaving) => {
        const options = {
          entities: part.entities,
          link_preview_options: { is_disabled: true },
          ...placeOf(address, chatId, hangs),
          ...(keyboard ? { reply_markup: keyboard } : {}),
        };
        await leaving();
        const sent = await api.sendMessage(chatId, part.text, options, nativeSignal(signal));
        return sent.message_id;
      },
    );
  }

  #keyboard(target: ReplyTarget, message: OutgoingMessage): Promise<Keyboard> {
    return renderKeyboard(message.buttons, target.conversationId, this.#options.memory);
  }
}

/** It shows that work goes on, and nobody waits for it. */
function isDecoration({ tone }: OutgoingMessage): boolean {
  return tone === "progress" || tone === "notice";
}

function sentAs(target: ReplyTarget, shown: Posted): SentMessage {
  return { target: targetIn(target, shown.chatId), messageId: String(shown.messageId) };
}

/** The parts of a long message are marked one by one. */
function partKey(idempotencyKey: string | undefined, index: number): string | null {
  if (idempotencyKey === undefined) return null;
  return index === 0 ? idempotencyKey : `${idempotencyKey}:${index + 1}`;
}
