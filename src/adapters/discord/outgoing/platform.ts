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
} from "../../../core/ports/chat-platform.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { abortable } from "../../../lib/timeout.ts";
import { isApiError, isGone } from "../api-errors.ts";
import { DiscordFiles } from "../attachments.ts";
import { Managers } from "../managers.ts";
import { placeOf } from "../place.ts";
import { type Body, type PlaceNote, publicBody, renderBodies } from "./body.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import { fileLimit, readVideo } from "./video.ts";

export interface DiscordPlatformOptions extends SenderOptions {
  dispatcher: Dispatcher;
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
  readonly #files: DiscordFiles;
  readonly #managers: Managers;
  /** One video at a time is held in memory. */
  readonly #oneByOne = createKeyedQueue();

  constructor(options: DiscordPlatformOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
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
    return shown ? this.edit(shown, message) : this.send(target, message);
  }

  async remove({ target, messageId }: SentMessage): Promise<void> {
    try {
      await this.#untilStopped(() => this.#sender.remove(target, messageId));
    } catch (error) {
      this.#options.log.debug({ err: error }, "a message could not be removed");
    }
  }

  async react(): Promise<boolean> {
    return false;
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
    const { rest, onGone, log } = this.#options;
    const place = placeOf(target);
    if (place.isAppOnly) return;
    try {
      await rest.post(Routes.channelTyping(place.channelId));
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

  async #send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    let messageId = "";
    for (const [number, body] of (await renderBodies(target, message, this.#options)).entries()) {
      messageId = await this.#sender.send(target, message, body, { number });
    }
    return { target, messageId };
  }

  async #edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    const { idempotencyKey } = message;
    // What follows or replaces the edited message is another one than what was sent first.
    const next =
      idempotencyKey === undefined ? message : { ...message, idempotencyKey: `${idempotencyKey} anew` };
    const [first, ...rest] = await renderBodies(target, message, this.#options);
    if (!first) return sent;
    if (message.tone === "private" && this.isShared(target)) return this.#editInPublic(sent, message, first);
    if (!(await this.#replace(sent, first))) return this.#send(target, next);
    for (const [number, further] of rest.entries()) {
      await this.#sender.send(target, next, further, { number: number + 1 });
    }
    return sent;
  }

  /** What becomes private goes to the person alone, and what stood there says so. */
  async #editInPublic(sent: SentMessage, message: OutgoingMessage, body: Body): Promise<SentMessage> {
    let note: PlaceNote = "private.told";
    const onNote = (said: PlaceNote) => {
      note = said;
    };
    await this.#sender.send(sent.target, message, body, { number: 0, onNote });
    await this.#replace(sent, publicBody(message, body, note, this.#options.locales));
    return sent;
  }

  /** False when the message is gone: deleted, folded away, or beyond the token's life. */
  async #replace({ target, messageId }: SentMessage, body: Body): Promise<boolean> {
    try {
      await this.#sender.edit(target, messageId, { components: [], ...body });
      return true;
    } catch (error) {
      if (isApiError(error, 10008, 50027, 10015, 50005, 50083)) return false;
      throw this.#sender.goneOr(target, error);
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
    const [first, ...rest] = await renderBodies(target, message, this.#options);
    let further: OutgoingMessage = message;
    if (first && rest.length === 0 && !known) {
      try {
        if (await this.#sendFile(target, message, first, () => openVideo(signal)))
          return { isFileSent: true };
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
    body: Body,
    openVideo: () => Promise<ByteSource>,
  ): Promise<boolean> {
    const { video } = message;
    if (!video) return false;
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
