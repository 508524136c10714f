/**
 * Ways of a message to its reader: the answer of an interaction while that lives, the bot's own message, a
 * direct message. Source: Discord docs, "Followup Messages"; platforms.md, "Interactions".
 */
import type { APIChannel, APIMessage, RawFile, REST } from "discord.js";
import { ButtonStyle, Routes } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { ChatGoneError } from "../../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { isApiError, isForbidden, isGone, isOver } from "../api-errors.ts";
import { nonceFor } from "../nonce.ts";
import { PermissionNews } from "../permissions.ts";
import { type DiscordPlace, placeOf } from "../place.ts";
import { renderText } from "./render.ts";
import { Shown } from "./sent-marks.ts";

/** An interaction's token lives 15 minutes; Discord itself says when it was less. */
const TOKEN_LIVES_MS = 15 * 60_000;
/** Interactions whose answers are known without the store. */
const MAX_KNOWN_ANSWERS = 5_000;
/** Follow-ups of an app that is not in the channel. */
const MAX_FOLLOW_UPS = 5;
const EPHEMERAL = 64;
/** What an interaction's first answer is called. */
const ORIGINAL = "@original";

/** A message as Discord takes it. */
export interface Body {
  content: string;
  components?: unknown[];
  allowed_mentions: { parse: [] };
}

export interface SenderOptions {
  rest: REST;
  applicationId: () => Promise<string>;
  memory: AdapterMemory;
  locales: Locales;
  clock: Clock;
  log: Log;
  /** Nothing will ever arrive in this conversation again. */
  onGone: (conversationId: string) => void;
}

/** What is said in place about what was said in private, or could not be. */
export type Aside = "private.told" | "discord.dm-closed";

/** One message on its way. */
interface Parcel {
  target: ReplyTarget;
  tone: OutgoingMessage["tone"];
  language: string;
  body: Body;
  files: RawFile[];
  /** Of a message that must not be shown twice; null: no such promise. */
  name: string | null;
  /** Says in place where the person finds it; returns what `edit` understands. */
  say: (aside: Aside) => Promise<string>;
}

/** What an interaction was answered with so far. */
interface Answers {
  /** The first answer included. */
  used: number;
  /** The nonce of the named message that is the first answer; null for others. */
  first: string | null;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #permissions: PermissionNews;
  readonly #shown: Shown;
  /** Answers of the latest interactions, for when the store is in trouble. */
  readonly #answers = new Map<string, string>();
  /** The messages of one interaction, one after another: only one can be its answer. */
  readonly #inOrder = createKeyedQueue();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#permissions = new PermissionNews(options.rest, options.memory, options.locales, options.log);
    this.#shown = new Shown(options);
  }

  /**
   * Sends one part of a message, unless it was shown before; returns what `edit` understands. Throws
   * `ChatGoneError`, or Discord's refusal.
   */
  async send(
    target: ReplyTarget,
    message: OutgoingMessage,
    body: Body,
    part: { number: number; files?: RawFile[]; say?: Parcel["say"] },
  ): Promise<string> {
    const { tone, language = "en" } = message;
    const { files = [], say = (aside) => this.#sayInPlace(target, message, body, name, aside) } = part;
    const name = nameOf(message, part.number);
    const known = await this.#shown.find(name);
    if (known) return known.messageId;
    const messageId = await this.#deliver({ target, tone, language, body, files, name, say });
    await this.#shown.note(name, { messageId, hasFile: files.length > 0 });
    return messageId;
  }

  /** How a message was shown already, by whatever process; null when it was not. */
  async shown(message: OutgoingMessage): Promise<{ hasFile: boolean } | null> {
    return this.#shown.find(nameOf(message, 0));
  }

  async #deliver(parcel: Parcel): Promise<string> {
    const { target } = parcel;
    const place = placeOf(target);
    const { interactionId } = place;
    if (interactionId) {
      const sent = await this.#inOrder(interactionId, () => this.#answer(parcel, interactionId));
      if (sent) return sent;
    }
    if (place.isAppOnly) return this.#sendDirect(parcel);
    if (place.guildId && isPrivate(parcel)) return this.#sendInPrivate(parcel);
    return this.#post(parcel, place.channelId);
  }

  /** Replaces a message. Throws Discord's refusal. */
  async edit(target: ReplyTarget, messageId: string, body: Body): Promise<void> {
    const { rest, applicationId } = this.#options;
    const { interactionToken = "" } = placeOf(target);
    if (messageId.startsWith("@")) {
      const id = messageId === ORIGINAL ? messageId : messageId.slice(1);
      await rest.patch(Routes.webhookMessage(await applicationId(), interactionToken, id), {
        body,
        auth: false,
      });
      return;
    }
    const [channelId = "", id = ""] = messageId.split("/");
    await rest.patch(Routes.channelMessage(channelId, id), { body });
  }

  /** As `ChatGoneError` when nothing will arrive any more, else the error itself. */
  goneOr(target: ReplyTarget, error: unknown): unknown {
    if (!isGone(error)) return error;
    this.#options.onGone(target.conversationId);
    return new ChatGoneError({ cause: error });
  }

  /** Through the interaction; null when it cannot answer, or must not with this message. */
  async #answer(parcel: Parcel, interactionId: string): Promise<string | null> {
    const { clock, log } = this.#options;
    const place = placeOf(parcel.target);
    if (clock.now() - (place.interactionAt ?? 0) > TOKEN_LIVES_MS) return null;
    const answers = await this.#answersOf(interactionId);
    const nonce = parcel.name === null ? null : nonceFor(parcel.name);
    // Filled by a process that died before it wrote down what it had shown: filled again, with the same.
    const isSame = nonce !== null && answers.first === nonce;
    const used = isSame ? 0 : Math.max(answers.used, place.isAnswered ? 1 : 0);
    const mayFollow = place.isAppOnly === true || isPrivate(parcel);
    if (used > 0 && !mayFollow) return null;
    const isLast = place.isAppOnly === true && used >= MAX_FOLLOW_UPS;
    if (isLast) {
      try {
        return await this.#sendDirect(parcel, false);
      } catch (error) {
        const isPassing = parcel.tone === "progress" || parcel.tone === "notice";
        if (used > MAX_FOLLOW_UPS || isPassing) throw error;
        log.info({ err: error }, "a person takes no direct messages; using the last follow-up");
      }
    }
    try {
      const sent =
        used === 0
          ? await this.#first(place, parcel)
          : await this.#followUp(place, parcel, isPrivate(parcel));
      const first = used > 0 ? answers.first : sent === ORIGINAL ? nonce : null;
      await this.#noteAnswers(interactionId, { used: Math.max(answers.used, used + 1), first });
      if (place.isElsewhere) await parcel.say("private.told");
      return sent;
    } catch (error) {
      // 50027 means the interaction's token, not the bot's; the person still gets the answer.
      if (isOver(error)) return null;
      throw this.goneOr(parcel.target, error);
    }
  }

  async #answersOf(interactionId: string): Promise<Answers> {
    const { memory } = this.#options;
    const kept = this.#answers.get(interactionId) ?? null;
    const text = (await orInTrouble(memory.get(`interaction:${interactionId}`), kept)) ?? "0";
    const [used, first = null] = text.split(" ");
    return { used: Number(used), first };
  }

  /** Never throws. */
  async #noteAnswers(interactionId: string, { used, first }: Answers): Promise<void> {
    const { memory, log } = this.#options;
    const text = first === null ? String(used) : `${used} ${first}`;
    this.#answers.set(interactionId, text);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_KNOWN_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    try {
      await memory.set(`interaction:${interactionId}`, text, TOKEN_LIVES_MS);
    } catch (error) {
      log.warn({ err: error }, "an interaction's answers could not be counted");
    }
  }

  async #first(place: DiscordPlace, parcel: Parcel): Promise<string> {
    const { rest, applicationId } = this.#options;
    const route = Routes.webhookMessage(await applicationId(), place.interactionToken ?? "", ORIGINAL);
    if (parcel.tone === "private" && !place.isEphemeral) {
      // What was announced to everybody cannot become private: it is taken back.
      try {
        await rest.delete(route, { auth: false });
      } catch (error) {
        // By a process that died in between, or by a moderator.
        if (!isApiError(error, 10008)) throw error;
      }
      return this.#followUp(place, parcel, true);
    }
    await rest.patch(route, { body: parcel.body, files: parcel.files, auth: false });
    return ORIGINAL;
  }

  async #followUp(place: DiscordPlace, { body, files }: Parcel, isEphemeral: boolean): Promise<string> {
    const { rest, applicationId } = this.#options;
    // The answer's shape is Discord's documented message object.
    const sent = (await rest.post(Routes.webhook(await applicationId(), place.interactionToken ?? ""), {
      body: { ...body, ...(isEphemeral ? { flags: EPHEMERAL } : {}) },
      files,
      auth: false,
    })) as APIMessage;
    return `@${sent.id}`;
  }

  async #post(parcel: Parcel, channelId: string): Promise<string> {
    const { target, tone, body, files, name } = parcel;
    const { replyTo } = placeOf(target);
    const hangs = replyTo !== undefined && tone !== "progress" && tone !== "notice";
    const nonce = nonceIn(channelId, name);
    const send = async (reference: object) => {
      const sent = (await this.#options.rest.post(Routes.channelMessages(channelId), {
        body: { ...body, nonce, enforce_nonce: true, ...reference },
        files,
      })) as APIMessage;
      return `${sent.channel_id}/${sent.id}`;
    };
    try {
      if (!hangs) return await send({});
      try {
        return await send({ message_reference: { message_id: replyTo, fail_if_not_exists: false } });
      } catch (error) {
        // Replies need the permission to read the history, an answer does not.
        if (!isApiError(error, 160002)) throw error;
        return await send({});
      }
    } catch (error) {
      // With a file the permission to attach may be what is missing: the text has its own try.
      if (isForbidden(error) && files.length === 0)
        await this.#permissions.tell(target, parcel.language, error);
      throw this.goneOr(target, error);
    }
  }

  /** To somebody whose app is not in the channel. */
  async #sendDirect(parcel: Parcel, isLastWay = true): Promise<string> {
    const { rest } = this.#options;
    const { target } = parcel;
    const { userId } = placeOf(target);
    try {
      const channel = (await rest.post(Routes.userChannels(), {
        body: { recipient_id: userId },
      })) as APIChannel;
      const direct = { ...target, details: { channelId: channel.id, userId } };
      if (isLastWay) return await this.#post({ ...parcel, target: direct }, channel.id);
      const sent = (await rest.post(Routes.channelMessages(channel.id), {
        body: { ...parcel.body, nonce: nonceIn(channel.id, parcel.name), enforce_nonce: true },
        files: parcel.files,
      })) as APIMessage;
      return `${sent.channel_id}/${sent.id}`;
    } catch (error) {
      throw isLastWay ? this.goneOr(target, error) : error;
    }
  }

  /** What is for the person alone, where no interaction can say it: by direct message, and a word in place. */
  async #sendInPrivate(parcel: Parcel): Promise<string> {
    let sent: string;
    try {
      // Other buttons would act on the conversation of the direct messages.
      sent = await this.#sendDirect({ ...parcel, body: withButtons(parcel.body, isLink) }, false);
    } catch (error) {
      this.#options.log.info({ err: error }, "a person takes no direct messages");
      return parcel.say("discord.dm-closed");
    }
    await parcel.say("private.told");
    return sent;
  }

  /** The word in place about what was said elsewhere, with what others may read of it. */
  async #sayInPlace(
    target: ReplyTarget,
    message: OutgoingMessage,
    body: Body,
    name: string | null,
    aside: Aside,
  ): Promise<string> {
    if (message.isDispensable) return "";
    const said: Parcel = {
      target,
      tone: "reply",
      language: message.language ?? "en",
      body: this.inPublic(message, body, aside),
      files: [],
      name: name === null ? null : `${name} aside`,
      say: async () => "",
    };
    return this.#post(said, placeOf(target).channelId);
  }

  /** What others may read of a private message whose own body is `body`. */
  inPublic(message: OutgoingMessage, body: Body, aside: Aside): Body {
    const words = this.#options.locales.plain(message.language ?? "en", aside);
    const [lead] = message.inPublic ? renderText(message.inPublic) : [];
    const content = lead ? `${lead}\n\n${words}` : words;
    return { ...withButtons(body, (button) => !isLink(button)), content };
  }
}

interface AnyButton {
  style?: number;
}

function isLink({ style }: AnyButton): boolean {
  return style === ButtonStyle.Link;
}

/** The body with those of its buttons that fit; rows that lose all of theirs go. */
function withButtons(body: Body, fits: (button: AnyButton) => boolean): Body {
  const { components, ...rest } = body;
  // Made by `renderButtons`: rows of buttons or of one menu.
  const rows = (components ?? []) as { components: AnyButton[] }[];
  const kept = rows
    .map((row) => ({ ...row, components: row.components.filter(fits) }))
    .filter((row) => row.components.length > 0);
  return kept.length > 0 ? { ...rest, components: kept } : rest;
}

/** Each part has a name of its own. */
function nameOf({ idempotencyKey }: OutgoingMessage, part: number): string | null {
  return idempotencyKey === undefined ? null : `${idempotencyKey} ${part}`;
}

/** A named message that goes somewhere else is another one: it may have been taken back where it was before. */
function nonceIn(channelId: string, name: string | null): string {
  return nonceFor(name === null ? null : `${channelId} ${name}`);
}

function isPrivate({ target, tone }: Parcel): boolean {
  return tone === "private" || placeOf(target).isEphemeral === true;
}
