/** Discord as a chat platform, over plain REST. Source: the `ChatPlatform` port; platforms.md, "Discord". */

import type { APIGuild } from "discord.js";
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
import { closeBytes, limitBytes } from "../../../lib/byte-stream.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { own } from "../../../lib/own.ts";
import { isApiError, isGone } from "../api-errors.ts";
import { DiscordFiles } from "../attachments.ts";
import { Managers } from "../managers.ts";
import { unlessStopped } from "../patience.ts";
import { placeOf } from "../place.ts";
import { renderButtons, renderText } from "./render.ts";
import { type Aside, type Body, Sender, type SenderOptions } from "./sender.ts";

const MIB = 1024 * 1024;
const DEFAULT_FILE_BYTES = 10 * MIB;
/** By the guild's boost tier. */
const TIER_BYTES: Record<number, number> = { 2: 50 * MIB, 3: 100 * MIB };

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
  readonly #attaching = createKeyedQueue();

  constructor(options: DiscordPlatformOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
    this.#files = new DiscordFiles(options);
    this.#managers = new Managers(options.rest, options.memory, options.clock);
  }

  send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    return unlessStopped(this.#options.stopped, () => this.#send(target, message));
  }

  edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    return unlessStopped(this.#options.stopped, () => this.#edit(sent, message));
  }

  deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const { stopped } = this.#options;
    const patience = AbortSignal.any([stopped, signal]);
    return unlessStopped(stopped, () => this.#deliverVideo(target, message, openVideo, patience));
  }

  async #send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    const bodies = await this.#bodies(target, message);
    let sent = "";
    for (const [number, body] of bodies.entries()) {
      sent = await this.#sender.send(target, message, body, { number });
    }
    return { target, messageId: sent };
  }

  async #edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    const anew =
      message.idempotencyKey === undefined
        ? message
        : { ...message, idempotencyKey: `${message.idempotencyKey} anew` };
    const [first, ...rest] = await this.#bodies(target, message);
    if (!first) return sent;
    if (message.tone === "private" && this.isShared(target)) return this.#editInPublic(sent, message, first);
    try {
      await this.#sender.edit(target, sent.messageId, { components: [], ...first });
    } catch (error) {
      // Deleted, folded away, or beyond the token's life: say it anew.
      if (isApiError(error, 10008, 50027, 10015, 50005, 50083)) return this.#send(target, anew);
      throw this.#sender.goneOr(target, error);
    }
    for (const [number, further] of rest.entries()) {
      await this.#sender.send(target, anew, further, { number: number + 1 });
    }
    return sent;
  }

  /** What becomes private goes to the person alone, and what stood there says so. */
  async #editInPublic(sent: SentMessage, message: OutgoingMessage, body: Body): Promise<SentMessage> {
    const { target } = sent;
    let aside: Aside = "private.told";
    const say = async (told: Aside) => {
      aside = told;
      return "";
    };
    await this.#sender.send(target, message, body, { number: 0, say });
    const inPublic = this.#sender.inPublic(message, body, aside);
    try {
      await this.#sender.edit(target, sent.messageId, { components: [], ...inPublic });
    } catch (error) {
      // What stood there is gone: there is nothing to correct.
      if (!isApiError(error, 10008, 50027, 10015, 50005, 50083)) throw this.#sender.goneOr(target, error);
    }
    return sent;
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

  async #deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const { log, locales } = this.#options;
    // By a process that died before it could say so.
    const known = await this.#sender.shown(message);
    if (known?.hasFile) return { isFileSent: true };
    const [first, ...rest] = await this.#bodies(target, message);
    const { video } = message;
    let further: OutgoingMessage = message;
    if (first && video && rest.length === 0 && !known) {
      const limit = await this.#fileLimit(target);
      try {
        if ((video.sizeBytes ?? 0) <= limit) {
          await this.#attaching("video", async () => {
            const data = await readAll(await openVideo(signal), limit);
            const files = [{ name: video.name, data }];
            await this.#sender.send(target, message, first, { number: 0, files });
          });
          return { isFileSent: true };
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ChatGoneError) throw error;
        log.warn({ err: error }, "a video could not be attached; sending the link alone");
        if (isApiError(error, 50013)) {
          const language = message.language ?? "en";
          const permission = locales.plain(language, "permission.attach");
          const hint = locales.plain(language, "discord.no-attaching", { permission });
          further = { ...message, text: [...message.text, { text: `\n\n${hint}` }] };
        }
      }
    }
    // The text with its link is what must never get lost.
    await this.#send(target, further);
    return { isFileSent: false };
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

  async #bodies(target: ReplyTarget, message: OutgoingMessage): Promise<Body[]> {
    const { memory, locales, log } = this.#options;
    const parts = renderText(message.text);
    const components = await renderButtons(message.buttons, {
      conversationId: target.conversationId,
      memory,
      locales,
      language: message.language ?? "en",
      log,
    });
    return parts.map((content, index) => ({
      content,
      allowed_mentions: { parse: [] },
      ...(components.length > 0 && index === parts.length - 1 ? { components } : {}),
    }));
  }

  /** An interaction says itself what it takes; the bot's own messages go by the guild's boosts. */
  async #fileLimit(target: ReplyTarget): Promise<number> {
    const { fileLimitBytes, guildId, isAppOnly } = placeOf(target);
    if (isAppOnly) return fileLimitBytes ?? DEFAULT_FILE_BYTES;
    if (!guildId) return DEFAULT_FILE_BYTES;
    try {
      // The answer's shape is Discord's documented guild object.
      const guild = (await this.#options.rest.get(Routes.guild(guildId))) as APIGuild;
      return own(TIER_BYTES, String(guild.premium_tier)) ?? DEFAULT_FILE_BYTES;
    } catch (error) {
      this.#options.log.info({ err: error }, "the guild's file limit is unknown");
      return DEFAULT_FILE_BYTES;
    }
  }
}

/** The video in memory, bounded by what Discord takes. */
async function readAll({ stream, sizeBytes }: ByteSource, limit: number): Promise<Buffer> {
  const tooMany = () => new Error("the video is too large to attach");
  if ((sizeBytes ?? 0) > limit) {
    await closeBytes(stream);
    throw tooMany();
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitBytes(stream, limit, tooMany)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
