/**
 * Discord as a chat platform, over plain REST: an interaction is answered through its token while that lives,
 * everything else by the bot's own messages. Source: the `ChatPlatform` port; platforms.md, "Discord".
 */
import { createHash } from "node:crypto";
import type { APIChannel, APIGuild, APIMessage } from "discord.js";
import { DiscordAPIError, HTTPError, type RawFile, type REST, Routes } from "discord.js";
import { type Dispatcher, request } from "undici";
import type { Locales } from "../../core/locales.ts";
import { mimeTypeOf } from "../../core/media.ts";
import type { Attachment, OutgoingMessage, ReplyTarget, SentMessage } from "../../core/message.ts";
import {
  type AdapterMemory,
  AttachmentError,
  type ByteSource,
  ChatGoneError,
  type ChatPlatform,
  type Clock,
  type Log,
  type OpenedAttachment,
} from "../../core/ports.ts";
import { type DiscordPlace, placeOf } from "./normalize.ts";
import { renderButtons, renderText } from "./render.ts";

/** An interaction's token lives 15 minutes; a little room for the call itself. */
const TOKEN_LIVES_MS = 14.5 * 60_000;
/** Follow-ups of an app that is not in the channel. */
const MAX_FOLLOW_UPS = 5;
const EPHEMERAL = 64;
const MIB = 1024 * 1024;
const DEFAULT_FILE_BYTES = 10 * MIB;
/** By the guild's boost tier. */
const TIER_BYTES: Record<number, number> = { 2: 50 * MIB, 3: 100 * MIB };

export interface DiscordPlatformOptions {
  rest: REST;
  applicationId: () => string;
  memory: AdapterMemory;
  locales: Locales;
  clock: Clock;
  dispatcher: Dispatcher;
  log: Log;
  /** The language for the adapter's own button. */
  languageOf: (conversationId: string) => Promise<string>;
  onGone: (conversationId: string) => void;
}

interface Body {
  content: string;
  components?: unknown[];
  flags?: number;
  allowed_mentions: { parse: [] };
}

export class DiscordPlatform implements ChatPlatform {
  readonly name = "discord";
  readonly progressIntervalMs = 2_500;
  readonly typingLastsMs = 8_000;
  readonly maxAttachmentBytes = null;
  readonly #options: DiscordPlatformOptions;

  constructor(options: DiscordPlatformOptions) {
    this.#options = options;
  }

  async send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    const bodies = await this.#bodies(target, message);
    let sent = "";
    for (const body of bodies) sent = await this.#sendOne(target, message, body, []);
    return { target, messageId: sent };
  }

  async edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const { target } = sent;
    const [first, ...rest] = await this.#bodies(target, message);
    if (!first) return sent;
    const body = { components: [], ...first };
    try {
      await this.#editOne(target, sent.messageId, body);
    } catch (error) {
      if (!isApiError(error, 10008, 50027, 10015, 50005)) throw this.#goneOr(target, error);
      // Deleted, or beyond the token's life: say it anew.
      return this.send(target, message);
    }
    for (const further of rest) await this.#sendOne(target, message, further, []);
    return sent;
  }

  async showActivity(target: ReplyTarget): Promise<void> {
    const place = placeOf(target);
    if (place.isAppOnly) return;
    try {
      await this.#options.rest.post(Routes.channelTyping(place.channelId));
    } catch (error) {
      if (isGone(error)) this.#options.onGone(target.conversationId);
      else this.#options.log.debug({ err: error }, "an activity could not be shown");
    }
  }

  async deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const { log } = this.#options;
    const limit = await this.#fileLimit(target);
    const [first, ...rest] = await this.#bodies(target, message);
    const size = message.video?.sizeBytes ?? 0;
    if (first && message.video && rest.length === 0 && size <= limit) {
      try {
        const data = await readAll(await openVideo(signal), limit);
        await this.#sendOne(target, message, first, [{ name: message.video.name, data }]);
        return { isFileSent: true };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ChatGoneError) throw error;
        log.warn({ err: error }, "a video could not be attached; sending the link alone");
      }
    }
    // The text with its link is what must never get lost.
    await this.send(target, message);
    return { isFileSent: false };
  }

  /** Discord's address goes to the backend; one that ran out is had anew from its message. */
  async openAttachment(attachment: Attachment, signal: AbortSignal): Promise<OpenedAttachment> {
    const isStale =
      attachment.url === undefined || expiresAt(attachment.url) <= this.#options.clock.now() + 60_000;
    const fresh = isStale ? await this.#refresh(attachment, signal) : attachment;
    if (!fresh.url) throw new AttachmentError("gone");
    return {
      kind: "url",
      url: fresh.url,
      fallback: async (fallbackSignal) => this.#stream(await this.#refresh(attachment, fallbackSignal)),
    };
  }

  async #stream(attachment: Attachment): Promise<OpenedAttachment> {
    const { url, sizeBytes } = attachment;
    if (!url || sizeBytes === undefined) throw new AttachmentError("gone");
    return {
      kind: "stream",
      name: attachment.name,
      mimeType: mimeTypeOf(attachment),
      sizeBytes,
      open: async (signal) => {
        const { statusCode, body } = await request(url, { dispatcher: this.#options.dispatcher, signal });
        if (statusCode === 200) return body;
        await body.dump();
        throw new AttachmentError("gone");
      },
    };
  }

  /** The same file with a fresh address; as it was when its message cannot be read again. */
  async #refresh(attachment: Attachment, _signal: AbortSignal): Promise<Attachment> {
    const [channelId = "", messageId = "", id] = (attachment.fileId ?? "").split("/");
    if (channelId === "interaction" || channelId === "") return attachment;
    try {
      // The answer's shape is Discord's documented message object.
      const message = (await this.#options.rest.get(
        Routes.channelMessage(channelId, messageId),
      )) as APIMessage;
      const file = message.attachments.find((one) => one.id === id);
      return file ? { ...attachment, url: file.url } : attachment;
    } catch (error) {
      this.#options.log.info({ err: error }, "a message could not be read again for its file");
      return attachment;
    }
  }

  async #bodies(target: ReplyTarget, message: OutgoingMessage): Promise<Body[]> {
    const { memory, locales, languageOf } = this.#options;
    const parts = renderText(message.text);
    const language = await languageOf(target.conversationId);
    const components = await renderButtons(message.buttons, target.conversationId, memory, locales, language);
    return parts.map((content, index) => ({
      content,
      allowed_mentions: { parse: [] },
      ...(components.length > 0 && index === parts.length - 1 ? { components } : {}),
    }));
  }

  /** Through the interaction while it can answer, else by the bot; returns what `#editOne` understands. */
  async #sendOne(
    target: ReplyTarget,
    message: OutgoingMessage,
    body: Body,
    files: RawFile[],
  ): Promise<string> {
    const place = placeOf(target);
    const route = await this.#takeInteraction(place, message);
    if (route) {
      try {
        return await this.#answerInteraction(place, route, message, body, files);
      } catch (error) {
        // 50027 means the interaction's token, not the bot's; the person still gets the answer.
        if (!isApiError(error, 50027, 10015, 10062, 10008)) throw this.#goneOr(target, error);
      }
    }
    return place.isAppOnly
      ? this.#sendDirect(target, message, body, files)
      : this.#post(target, place.channelId, message, body, files);
  }

  /** Which answer of its interaction a message may be; null when it has to be the bot's own. */
  async #takeInteraction(
    place: DiscordPlace,
    message: OutgoingMessage,
  ): Promise<"original" | "follow-up" | null> {
    const { memory, clock } = this.#options;
    const { interactionId, interactionAt = 0 } = place;
    if (!interactionId || clock.now() - interactionAt > TOKEN_LIVES_MS) return null;
    const key = `interaction:${interactionId}`;
    const used = Number((await memory.get(key)) ?? 0);
    const take = async () => memory.set(key, String(used + 1), TOKEN_LIVES_MS);
    if (used === 0) {
      await take();
      return "original";
    }
    const isPrivate = message.tone === "private" || place.isEphemeral === true;
    if (!place.isAppOnly && !isPrivate) return null;
    if (place.isAppOnly && used > MAX_FOLLOW_UPS) return null;
    await take();
    return "follow-up";
  }

  async #answerInteraction(
    place: DiscordPlace,
    route: "original" | "follow-up",
    message: OutgoingMessage,
    body: Body,
    files: RawFile[],
  ): Promise<string> {
    const { rest, applicationId } = this.#options;
    const token = place.interactionToken ?? "";
    if (route === "original") {
      await rest.patch(Routes.webhookMessage(applicationId(), token, "@original"), {
        body,
        files,
        auth: false,
      });
      return "@original";
    }
    const isPrivate = message.tone === "private" || place.isEphemeral === true;
    const sent = (await rest.post(Routes.webhook(applicationId(), token), {
      body: { ...body, ...(isPrivate ? { flags: EPHEMERAL } : {}) },
      files,
      auth: false,
    })) as APIMessage;
    return `@${sent.id}`;
  }

  async #post(
    target: ReplyTarget,
    channelId: string,
    message: OutgoingMessage,
    body: Body,
    files: RawFile[],
  ): Promise<string> {
    const { replyTo } = placeOf(target);
    const hangs = replyTo !== undefined && message.tone !== "progress" && message.tone !== "notice";
    const nonce = nonceFor();
    try {
      const sent = (await this.#options.rest.post(Routes.channelMessages(channelId), {
        body: {
          ...body,
          nonce,
          enforce_nonce: true,
          ...(hangs ? { message_reference: { message_id: replyTo, fail_if_not_exists: false } } : {}),
        },
        files,
      })) as APIMessage;
      return `${sent.channel_id}/${sent.id}`;
    } catch (error) {
      if (isApiError(error, 50013, 50001) && placeOf(target).guildId)
        await this.#tellPermission(target, error);
      throw this.#goneOr(target, error);
    }
  }

  /** The last way to somebody whose app is not in the channel: their direct messages. */
  async #sendDirect(
    target: ReplyTarget,
    message: OutgoingMessage,
    body: Body,
    files: RawFile[],
  ): Promise<string> {
    const { rest } = this.#options;
    const { userId } = placeOf(target);
    const channel = (await rest.post(Routes.userChannels(), {
      body: { recipient_id: userId },
    })) as APIChannel;
    return this.#post(
      { ...target, details: { channelId: channel.id, userId } },
      channel.id,
      message,
      body,
      files,
    );
  }

  async #editOne(target: ReplyTarget, messageId: string, body: Body): Promise<void> {
    const { rest, applicationId } = this.#options;
    const { interactionToken = "" } = placeOf(target);
    if (messageId.startsWith("@")) {
      const id = messageId === "@original" ? messageId : messageId.slice(1);
      await rest.patch(Routes.webhookMessage(applicationId(), interactionToken, id), { body, auth: false });
      return;
    }
    const [channelId = "", id = ""] = messageId.split("/");
    await rest.patch(Routes.channelMessage(channelId, id), { body });
  }

  /** A person who wrote where the bot may not answer learns it by direct message. */
  async #tellPermission(target: ReplyTarget, error: unknown): Promise<void> {
    const { rest, locales, languageOf, log, memory } = this.#options;
    const place = placeOf(target);
    log.warn({ err: error, channel: place.channelId }, "the bot lacks a permission in a channel");
    const key = `told-permission:${place.channelId}`;
    if (await memory.get(key)) return;
    await memory.set(key, "1", 3_600_000);
    const language = await languageOf(target.conversationId);
    try {
      const dm = (await rest.post(Routes.userChannels(), {
        body: { recipient_id: place.userId },
      })) as APIChannel;
      const content = locales.plain(language, "discord.no-permission", { channel: `<#${place.channelId}>` });
      await rest.post(Routes.channelMessages(dm.id), {
        body: { content, allowed_mentions: { parse: [] }, nonce: nonceFor(), enforce_nonce: true },
      });
    } catch (dmError) {
      log.info({ err: dmError }, "nobody could be told about a missing permission");
    }
  }

  #goneOr(target: ReplyTarget, error: unknown): unknown {
    if (!isGone(error)) return error;
    this.#options.onGone(target.conversationId);
    return new ChatGoneError({ cause: error });
  }

  async #fileLimit(target: ReplyTarget): Promise<number> {
    const { fileLimitBytes, guildId } = placeOf(target);
    if (fileLimitBytes) return fileLimitBytes;
    if (!guildId) return DEFAULT_FILE_BYTES;
    try {
      const guild = (await this.#options.rest.get(Routes.guild(guildId))) as APIGuild;
      return TIER_BYTES[guild.premium_tier] ?? DEFAULT_FILE_BYTES;
    } catch (error) {
      this.#options.log.info({ err: error }, "the guild's file limit is unknown");
      return DEFAULT_FILE_BYTES;
    }
  }
}

/** Unique for a message of ours: a repeated request with it is not a second message. */
function nonceFor(): string {
  return createHash("sha256").update(crypto.randomUUID()).digest("hex").slice(0, 24);
}

/** Epoch ms at which a signed address of the CDN ends; never for other addresses. */
function expiresAt(url: string): number {
  const seconds = URL.canParse(url)
    ? Number.parseInt(new URL(url).searchParams.get("ex") ?? "", 16)
    : Number.NaN;
  return Number.isNaN(seconds) ? Number.POSITIVE_INFINITY : seconds * 1_000;
}

/** The video in memory, bounded by what Discord takes. */
async function readAll({ stream, sizeBytes }: ByteSource, limit: number): Promise<Buffer> {
  if ((sizeBytes ?? 0) > limit) throw new Error("the video is too large to attach");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw new Error("the video is too large to attach");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isApiError(error: unknown, ...codes: number[]): boolean {
  return error instanceof DiscordAPIError && codes.includes(Number(error.code));
}

/** Unknown or forbidden channel, unknown guild, or a person who takes no messages. */
function isGone(error: unknown): boolean {
  if (error instanceof HTTPError) return false;
  return isApiError(error, 10003, 10004, 50001, 50007);
}
