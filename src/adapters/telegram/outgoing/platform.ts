/**
 * Telegram as a chat platform: messages with entities and keyboards, edited in place, each shown once where that
 * is asked for. Source: the `ChatPlatform` port; platforms.md, "Telegram".
 */
import type { Api } from "grammy";
import type {
  Attachment,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../../core/model/message.ts";
import type { RichText } from "../../../core/model/rich-text.ts";
import type {
  ByteSource,
  ChatPlatform,
  OpenedAttachment,
  ProjectPlaces,
  Reaction,
} from "../../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { nativeSignal } from "../abort-signals.ts";
import { CLOUD_DOWNLOAD_BYTES, type FileOptions, openTelegramFile } from "../attachments.ts";
import type { Managers } from "../managers.ts";
import type { Migrations } from "../migrations.ts";
import { Pauses } from "../retry-after.ts";
import { addressOf, isGroup, isHung, sentAs } from "./address.ts";
import type { Allowance } from "./allowance.ts";
import type { Decoration } from "./decoration.ts";
import { type Delivery, isGone } from "./delivery.ts";
import type { Drafts } from "./drafts.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { type Keyboard, renderKeyboard } from "./keyboard.ts";
import type { PrivateMessages } from "./private-messages.ts";
import { react } from "./reactions.ts";
import { NoRoomError } from "./send-queue.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";
import { postVideo } from "./video.ts";

export interface TelegramPlatformOptions {
  api: Api;
  delivery: Delivery;
  decoration: Decoration;
  allowance: Allowance;
  marks: TelegramMarks;
  /** Keeps what buttons mean; a store that is away must not hold it up. */
  memory: AdapterMemory;
  migrations: Migrations;
  managers: Managers;
  privately: PrivateMessages;
  kept: KeptMessages;
  drafts: Drafts;
  places: ProjectPlaces;
  files: FileOptions;
  clock: Clock;
  log: Log;
  /** Told when a chat turns out to be gone: blocked, kicked or deleted. */
  onGone: (conversationId: string) => void;
  /** Ends calls beside the queue. */
  stopped: AbortSignal;
}

export class TelegramPlatform implements ChatPlatform {
  readonly name = "telegram";
  readonly progressIntervalMs = 3_000;
  readonly typingLastsMs = 4_500;
  readonly maxAttachmentBytes: number | null;
  readonly places: ProjectPlaces;
  readonly #options: TelegramPlatformOptions;
  /** Chats whose signs of activity Telegram has put off. */
  readonly #signals: Pauses;
  /** What is being sent, by conversation. */
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  constructor(options: TelegramPlatformOptions) {
    this.#options = options;
    this.places = options.places;
    this.#signals = new Pauses(options.clock);
    this.maxAttachmentBytes = options.files.localFilesDir ? null : CLOUD_DOWNLOAD_BYTES;
  }

  send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    return this.#track(target, this.#send(target, message));
  }

  edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    return this.#track(sent.target, this.#edit(sent, message));
  }

  async #send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    if (this.#isForOneAlone(target, message)) {
      const { inPublic, isNeeded } = await this.#options.privately.tell(target, message);
      return isNeeded ? this.#send(target, inPublic) : { target, messageId: "0" };
    }
    if (message.tone === "progress") {
      return (await this.showProgress(target, null, message)) ?? { target, messageId: "0" };
    }
    try {
      return sentAs(target, await this.#post(target, message));
    } catch (error) {
      if (!(error instanceof NoRoomError)) throw error;
      return { target, messageId: "0" };
    }
  }

  async #edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    if (this.#isForOneAlone(target, message)) {
      const { inPublic } = await this.#options.privately.tell(target, message);
      return this.#edit(sent, inPublic);
    }
    if (message.tone === "progress") return (await this.showProgress(target, sent, message)) ?? sent;
    const { delivery, decoration, drafts } = this.#options;
    if (!isDecoration(message) && (await drafts.end(target))) {
      // An edit would leave the draft on the screen.
      const posted = await this.#postInstead(sent, message);
      void this.remove(sent);
      return posted;
    }
    const { idempotencyKey = null } = message;
    const words = { text: message.text, keyboard: await this.#keyboard(target, message), hangs: false };
    const isOver = await decoration.end(sent);
    // 0: Telegram did not say the id of a message in a very big chat.
    const isEdited =
      isOver &&
      sent.messageId !== "0" &&
      (await delivery.edit(sent, words, { idempotencyKey, isOwed: true }));
    if (isEdited) return sent;
    const instead = await this.#postInstead(sent, message);
    // It may be there all the same, or an update is still on its way to it.
    if (instead.messageId !== sent.messageId) void this.remove(sent);
    return instead;
  }

  showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null> {
    return this.#options.decoration.show(target, shown, message);
  }

  async find(target: ReplyTarget, idempotencyKey: string): Promise<SentMessage | null> {
    const posted = await this.#options.marks.find(idempotencyKey);
    return posted && posted.messageId !== 0 ? sentAs(target, posted) : null;
  }

  async remove(sent: SentMessage): Promise<void> {
    // 0: Telegram did not say the id.
    if (sent.messageId === "0") return;
    const { delivery, decoration } = this.#options;
    void decoration.end(sent);
    // An answer that is on its way is to be there before the message goes which it follows.
    await Promise.allSettled(this.#underWay.get(sent.target.conversationId) ?? []);
    await delivery.remove(sent);
  }

  react(target: ReplyTarget, reaction: Reaction): Promise<boolean> {
    return react(this.#options, target, reaction);
  }

  showDraft(target: ReplyTarget, draft: { id: string; text: RichText }): Promise<boolean> {
    return this.#options.drafts.show(target, draft);
  }

  async showActivity(target: ReplyTarget, activity: "typing" | "uploading-video"): Promise<void> {
    const { api, allowance, migrations, log, onGone, stopped } = this.#options;
    const { chatId: askedIn, topicId, isForum } = addressOf(target);
    // General has the id 1 for this call alone.
    const thread = topicId ?? (isForum ? 1 : null);
    let chatId = askedIn;
    try {
      chatId = await migrations.currentOf(askedIn);
      // Outside of the chat's allowance, but nothing is to be sent while Telegram asks to wait.
      if (stopped.aborted || allowance.blockedForMs(chatId) > 0 || this.#signals.isPaused(chatId)) return;
      await api.sendChatAction(
        chatId,
        activity === "typing" ? "typing" : "upload_video",
        thread === null ? {} : { message_thread_id: thread },
        nativeSignal(stopped),
      );
    } catch (error) {
      this.#signals.note(chatId, error);
      if (isGone(error)) onGone(target.conversationId);
      else log.debug({ err: error }, "an activity could not be shown");
    }
  }

  deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    return this.#track(
      target,
      this.#deliverVideo(target, message, () => openVideo(signal)),
    );
  }

  async #deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: () => Promise<ByteSource>,
  ): Promise<{ isFileSent: boolean }> {
    const { files } = this.#options;
    const keyboard = await this.#keyboard(target, message);
    const options = { ...this.#options, isLocalServer: files.localFilesDir !== null };
    await this.#options.drafts.end(target);
    const video = await postVideo(options, target, message, keyboard, openVideo);
    if (video) return { isFileSent: video.isFile };
    // The text with its link is what must never get lost.
    const { isFile } = await this.#post(target, message);
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
    return managers.has(addressOf(target).chatId, user.id, AbortSignal.any([signal, stopped]));
  }

  keptMessage(key: string, userId: string): Promise<OutgoingMessage | null> {
    return this.#options.kept.find(key, userId);
  }

  async #track<T>({ conversationId }: ReplyTarget, sending: Promise<T>): Promise<T> {
    const others = this.#underWay.get(conversationId) ?? new Set();
    this.#underWay.set(conversationId, others.add(sending));
    try {
      return await sending;
    } finally {
      others.delete(sending);
      if (others.size === 0) this.#underWay.delete(conversationId);
    }
  }

  #isForOneAlone(target: ReplyTarget, { tone }: OutgoingMessage): boolean {
    return tone === "private" && this.isShared(target);
  }

  async #post(target: ReplyTarget, message: OutgoingMessage): Promise<Posted> {
    const { idempotencyKey = null, text } = message;
    const isOwed = !isDecoration(message);
    // In a group an answer hangs below its question.
    const hangs = isOwed && isHung(addressOf(target), message);
    const words = { text, keyboard: await this.#keyboard(target, message), hangs };
    if (isOwed) await this.#options.drafts.end(target);
    const posted = await this.#options.delivery.postWords(target, words, { idempotencyKey, isOwed });
    return posted ?? { chatId: addressOf(target).chatId, messageId: 0, isFile: false };
  }

  /** Says in a new message what could not be shown in `sent`. */
  async #postInstead(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { marks } = this.#options;
    const { idempotencyKey } = message;
    const posted = idempotencyKey === undefined ? null : await marks.find(idempotencyKey);
    if (idempotencyKey !== undefined && posted) {
      // The mark may be that of the very message which cannot be edited; any other is of one that followed it.
      if (String(posted.messageId) === sent.messageId) await marks.forget(idempotencyKey);
    }
    return sentAs(sent.target, await this.#post(sent.target, message));
  }

  #keyboard(target: ReplyTarget, message: OutgoingMessage): Promise<Keyboard> {
    return renderKeyboard(message.buttons, target.conversationId, this.#options.memory);
  }
}

/** It shows that work goes on; no person waits for it. */
function isDecoration({ tone }: OutgoingMessage): boolean {
  return tone === "progress" || tone === "notice";
}
