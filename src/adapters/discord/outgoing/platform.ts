/** Discord as a chat platform, over plain REST. Source: the `ChatPlatform` port; platforms.md, "Discord". */

import { Routes } from "discord-api-types/v10";
import type { Dispatcher } from "undici";
import type {
  Attachment,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../../core/model/message.ts";
import {
  type ByteSource,
  ChatGoneError,
  type ChatPlatform,
  type OpenedAttachment,
  type Reaction,
} from "../../../core/ports/chat-platform.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { abortable } from "../../../lib/timeout.ts";
import { isApiError, isFramedAlready, isGone, isInvalidForm, TOO_OLD } from "../api-errors.ts";
import { DiscordFiles } from "../attachments.ts";
import { Managers } from "../managers.ts";
import { placeOf } from "../place.ts";
import type { DecorationRest } from "../rest.ts";
import {
  type Body,
  canFrame,
  type Layout,
  type PlaceNote,
  publicBody,
  readsFramed,
  renderBodies,
  replacing,
} from "./body.ts";
import { InteractionAnswers } from "./interaction-answers.ts";
import { OwnMessages } from "./own-messages.ts";
import { ProgressMessages } from "./progress-messages.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import { createSentMarks } from "./sent-marks.ts";
import { fileLimit, readVideo } from "./video.ts";

export interface DiscordPlatformOptions extends SenderOptions {
  dispatcher: Dispatcher;
  decoration: DecorationRest;
  /** Aborted, with a `StopError`, when nothing more is sent. */
  stopped: AbortSignal;
}

export class DiscordPlatform implements ChatPlatform {
  readonly name = "discord";
  readonly progressIntervalMs = 2_500;
  readonly typingLastsMs = 8_000;
  readonly maxAttachmentBytes = null;
  readonly #options: DiscordPlatformOptions;
  readonly #sender: Sender;
  readonly #own: OwnMessages;
  readonly #progress: ProgressMessages;
  readonly #files: DiscordFiles;
  readonly #managers: Managers;
  /** Discord has refused one. */
  #isWithoutFrames = false;
  /** One video at a time is held in memory. */
  readonly #oneByOne = createKeyedQueue();

  constructor(options: DiscordPlatformOptions) {
    this.#options = options;
    const answers = new InteractionAnswers(options);
    const marks = createSentMarks(options.memory, options.log);
    this.#sender = new Sender(options, { marks, answers });
    this.#own = new OwnMessages(options, answers);
    this.#progress = new ProgressMessages({ ...options, answers, marks, own: this.#own });
    this.#files = new DiscordFiles(options);
    this.#managers = new Managers(options.rest, options.memory, options.clock);
  }

  send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    return this.#untilStopped(() => this.#send(target, message));
  }

  edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    return this.#untilStopped(() => this.#edit(sent, message));
  }

  showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null> {
    const show = () => this.#progress.show(target, shown, message);
    return this.#untilStopped(async () => {
      try {
        return await show();
      } catch (error) {
        throw this.#sender.goneOr(target, error);
      }
    });
  }

  async find(target: ReplyTarget, idempotencyKey: string): Promise<SentMessage | null> {
    const messageId = await this.#sender.find(idempotencyKey);
    return messageId === null ? null : { target, messageId };
  }

  async remove(sent: SentMessage): Promise<void> {
    try {
      await this.#untilStopped(() => this.#own.remove(sent));
    } catch (error) {
      this.#options.log.debug({ err: error }, "a message could not be removed");
    }
  }

  async react(target: ReplyTarget, reaction: Reaction): Promise<boolean> {
    const { decoration, log } = this.#options;
    const [channelId, messageId] = placeOf(target).saidAt?.split("/") ?? [];
    if (channelId === undefined || messageId === undefined) return false;
    try {
      // Discord knows the heart by its form in colour alone.
      const emoji = encodeURIComponent(reaction === "❤" ? "❤\ufe0f" : reaction);
      const path = Routes.channelMessageOwnReaction(channelId, messageId, emoji);
      return (await decoration.request("PUT", path)) !== null;
    } catch (error) {
      log.debug({ err: error }, "a reaction could not be shown");
      return false;
    }
  }

  deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const ending = AbortSignal.any([this.#options.stopped, signal]);
    return this.#untilStopped(() => this.#deliverVideo(target, message, openVideo, ending));
  }

  async showActivity(target: ReplyTarget): Promise<void> {
    const { decoration, onGone, log } = this.#options;
    const place = placeOf(target);
    if (place.isAppOnly) return;
    try {
      await decoration.request("POST", Routes.channelTyping(place.channelId));
    } catch (error) {
      // A channel that was closed to the bot is told of with the next words.
      if (isGone(error) && !isApiError(error, 50001)) onGone(target.conversationId);
      else log.debug({ err: error }, "an activity could not be shown");
    }
  }

  openAttachment(attachment: Attachment): Promise<OpenedAttachment> {
    return this.#files.open(attachment);
  }

  async keptMessage(): Promise<null> {
    return null;
  }

  isShared(target: ReplyTarget): boolean {
    const { guildId, isAppOnly, isEphemeral } = placeOf(target);
    return isEphemeral !== true && (guildId !== undefined || isAppOnly === true);
  }

  mayManage(target: ReplyTarget, user: IncomingMessage["user"], signal: AbortSignal): Promise<boolean> {
    return this.#managers.has(target, user, AbortSignal.any([signal, this.#options.stopped]));
  }

  async #untilStopped<T>(work: () => Promise<T>): Promise<T> {
    const { stopped } = this.#options;
    stopped.throwIfAborted();
    return abortable(work(), stopped);
  }

  #send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    return this.#laidOut(message, async (layout) => {
      let messageId = "";
      for (const [number, body] of (await renderBodies(target, message, this.#options, layout)).entries()) {
        messageId = await this.#sender.send(target, message, body, { number });
      }
      return { target, messageId };
    });
  }

  /** In a frame where that reads better; as text for good once Discord has refused one. */
  async #laidOut<T>(message: OutgoingMessage, show: (layout: Layout) => Promise<T>): Promise<T> {
    const isFramed = !this.#isWithoutFrames && readsFramed(message);
    try {
      return await show({ isFramed });
    } catch (error) {
      if (!isFramed || !isInvalidForm(error)) throw error;
      if (!this.#isWithoutFrames)
        this.#options.log.warn({ err: error }, "Discord takes no frames; using text");
      this.#isWithoutFrames = true;
      return show({ isFramed: false });
    }
  }

  async #edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    const { idempotencyKey } = message;
    // What follows or replaces the edited message is another one than what was sent first.
    const next =
      idempotencyKey === undefined ? message : { ...message, idempotencyKey: `${idempotencyKey} anew` };
    return this.#laidOut(message, async (layout) => {
      const [first, ...rest] = await renderBodies(target, message, this.#options, layout);
      if (!first) return sent;
      if (message.tone === "private" && this.isShared(target))
        return this.#editInPublic(sent, message, first);
      if (!(await this.#replace(sent, first))) {
        const instead = await this.#send(target, next);
        await this.remove(sent);
        return instead;
      }
      for (const [number, further] of rest.entries()) {
        await this.#sender.send(target, next, further, { number: number + 1 });
      }
      return sent;
    });
  }

  /** What becomes private goes to the person alone, and what stood there says so. */
  async #editInPublic(sent: SentMessage, message: OutgoingMessage, body: Body): Promise<SentMessage> {
    let note: PlaceNote = "private.told";
    const onNote = (said: PlaceNote) => {
      note = said;
    };
    await this.#sender.send(sent.target, message, body, { number: 0, onNote });
    const aside = publicBody(message, body, note, this.#options.locales);
    if (await this.#replace(sent, aside)) return sent;
    const { idempotencyKey, ...rest } = message;
    const named = idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey} aside` };
    const messageId = await this.#sender.send(sent.target, { ...rest, ...named, tone: "reply" }, aside, {
      number: 0,
    });
    await this.remove(sent);
    return { target: sent.target, messageId };
  }

  /** False when the message is gone (deleted, folded away, beyond the token's life), cannot become `body`, or not soon. */
  async #replace(sent: SentMessage, body: Body): Promise<boolean> {
    if (this.#own.isTooOld(sent) || (await this.#own.isHeldUp(sent))) return false;
    try {
      await this.#own.edit(sent, replacing(body));
      return true;
    } catch (error) {
      if (isApiError(error, 10008, 50027, 10015, 50005, 50083, TOO_OLD) || isFramedAlready(error))
        return false;
      throw this.#sender.goneOr(sent.target, error);
    }
  }

  async #deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    // By a process that died before it could say so.
    const known = await this.#sender.sent(message);
    if (known?.hasFile) return { isFileSent: true };
    let further: OutgoingMessage = message;
    if (!known) {
      try {
        const send = (layout: Layout) => this.#sendFile(target, message, layout, () => openVideo(signal));
        if (await this.#laidOut(message, send)) return { isFileSent: true };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ChatGoneError) throw error;
        this.#options.log.warn({ err: error }, "a video could not be attached; sending the link alone");
        if (isApiError(error, 50013)) further = this.#withPermissionHint(message);
      }
    }
    // The text with its link is what must never get lost.
    await this.#send(target, further);
    return { isFileSent: false };
  }

  /** False when there is no file, or one that is too large for the place. */
  async #sendFile(
    target: ReplyTarget,
    message: OutgoingMessage,
    { isFramed }: Layout,
    openVideo: () => Promise<ByteSource>,
  ): Promise<boolean> {
    const { video } = message;
    if (!video) return false;
    const layout = { isFramed: isFramed && canFrame(video.name), fileName: video.name };
    const [body, ...rest] = await renderBodies(target, message, this.#options, layout);
    if (!body || rest.length > 0) return false;
    const limit = await fileLimit(target, this.#options);
    if ((video.sizeBytes ?? 0) > limit) return false;
    await this.#oneByOne("video", async () => {
      const files = [{ name: video.name, data: await readVideo(await openVideo(), limit) }];
      await this.#sender.send(target, message, body, { number: 0, files });
    });
    return true;
  }

  #withPermissionHint(message: OutgoingMessage): OutgoingMessage {
    const { locales } = this.#options;
    const language = message.language ?? "en";
    const permission = locales.plain(language, "permission.attach");
    const hint = locales.plain(language, "discord.no-attaching", { permission });
    return { ...message, text: [...message.text, { text: `\n\n${hint}` }] };
  }
}
