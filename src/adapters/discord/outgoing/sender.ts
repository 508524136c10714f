/**
 * One part of a message on its way to its reader: as the answer of an interaction while that lives, as the bot's own
 * message, or as a direct message. Source: platforms.md, "Interactions", "Sends".
 */
import type { APIChannel, APIMessage, RawFile, REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { ChatGoneError } from "../../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { isApiError, isForbidden, isGone, isOver } from "../api-errors.ts";
import { nonceFor } from "../nonce.ts";
import { PermissionNews } from "../permissions.ts";
import { type DiscordPlace, placeOf } from "../place.ts";
import { type Body, directBody, type PlaceNote, publicBody } from "./body.ts";
import { type InteractionAnswers, ORIGINAL } from "./interaction-answers.ts";
import { LateAnswers } from "./late-answers.ts";
import type { createSentMarks } from "./sent-marks.ts";

/** Follow-ups of an app that is not in the channel. */
export const MAX_FOLLOW_UPS = 5;

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

/** A part of a message, ready to be sent. */
interface Part {
  target: ReplyTarget;
  place: DiscordPlace;
  message: OutgoingMessage;
  body: Body;
  files: RawFile[];
  /** Of a message that must not be shown twice; null: no such promise. */
  name: string | null;
  /** For the person alone. */
  isPrivate: boolean;
}

/** A part that was sent, or that could not be told in private. */
interface Sent {
  /** What `edit` understands; null: it was not sent. */
  messageId: string | null;
  /** What its place has to say about it; null where the part itself stands there. */
  note: PlaceNote | null;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #permissions: PermissionNews;
  readonly #marks: ReturnType<typeof createSentMarks>;
  readonly #answers: InteractionAnswers;
  readonly #late: LateAnswers;

  constructor(
    options: SenderOptions,
    { marks, answers }: { marks: ReturnType<typeof createSentMarks>; answers: InteractionAnswers },
  ) {
    this.#options = options;
    this.#permissions = new PermissionNews(options.rest, options.memory, options.locales, options.log);
    this.#marks = marks;
    this.#answers = answers;
    this.#late = new LateAnswers(options);
  }

  /**
   * Sends one part of a message, unless it was sent before; returns what `edit` understands. What its place has to say
   * about a private part is said there, or told to `onNote`. Throws `ChatGoneError`, or Discord's refusal.
   */
  async send(
    target: ReplyTarget,
    message: OutgoingMessage,
    body: Body,
    { number, files = [], onNote }: { number: number; files?: RawFile[]; onNote?: (note: PlaceNote) => void },
  ): Promise<string> {
    const place = placeOf(target);
    const name = nameOf(message, number);
    const known = name === null ? null : await this.#marks.find(name);
    if (known) return known.messageId;
    const isPrivate = message.tone === "private" || place.isEphemeral === true;
    const part: Part = { target, place, message, body, files, name, isPrivate };
    const { messageId, note } = await this.#deliver(part);
    let noteId = "";
    if (note !== null && onNote) onNote(note);
    else if (note !== null) noteId = await this.#sayInPlace(part, note);
    const shown = { messageId: messageId ?? noteId, hasFile: files.length > 0 };
    if (name !== null) await this.#marks.remember(name, shown);
    return shown.messageId;
  }

  /** Whether a message was sent already, by whatever process, and with its file; null when it was not. */
  async sent(message: OutgoingMessage): Promise<{ hasFile: boolean } | null> {
    const name = nameOf(message, 0);
    return name === null ? null : this.#marks.find(name);
  }

  /** What `edit` understands of a message that was sent under a name; null when none is known. */
  async find(idempotencyKey: string): Promise<string | null> {
    return (await this.#marks.find(`${idempotencyKey} 0`))?.messageId || null;
  }

  /** As `ChatGoneError` when nothing will arrive any more, else the error itself. */
  goneOr(target: ReplyTarget, error: unknown): unknown {
    if (!isGone(error)) return error;
    this.#options.onGone(target.conversationId);
    return new ChatGoneError({ cause: error });
  }

  /** The way down: the interaction, else a direct message for what is private, else the channel. */
  async #deliver(part: Part): Promise<Sent> {
    const { target, place, isPrivate } = part;
    const { interactionId } = place;
    if (interactionId) {
      const before = await this.#sentLate(part);
      if (before !== null) return { messageId: before, note: null };
      const answered = await this.#answers.inOrder(interactionId, () => this.#answer(part, interactionId));
      if (answered) return { messageId: answered, note: place.isElsewhere ? "private.told" : null };
    }
    if (place.isAppOnly) {
      const messageId = await this.#sendDirect(part).catch((error: unknown) => {
        throw this.goneOr(target, error);
      });
      return { messageId, note: null };
    }
    if (place.guildId && isPrivate) return this.#sendInPrivate(part);
    return { messageId: await this.#post(part), note: null };
  }

  /** Through the interaction; null when it cannot answer, or must not with this part. */
  async #answer(part: Part, interactionId: string): Promise<string | null> {
    const { place, name, isPrivate, message } = part;
    if (!this.#answers.canAnswer(place)) return null;
    const answers = await this.#answers.of(interactionId);
    const nonce = name === null ? null : nonceFor(name);
    // Filled by a process that died before it wrote down what it had sent: filled again, with the same.
    const isSame = nonce !== null && answers.first === nonce;
    // What was shown while work went on gives way where nobody else reads: there it would not ring anyway.
    const givesWay = answers.isDecoration && place.isEphemeral === true;
    const used = isSame || givesWay ? 0 : Math.max(answers.used, place.isAnswered ? 1 : 0);
    const isLate = message.isReply === true && !place.isElsewhere;
    if (used > 0 && !place.isAppOnly && !isPrivate && !isLate) return null;
    // The last one is kept for a video, and for people who take no direct messages.
    const isVideo = message.video !== undefined && used === MAX_FOLLOW_UPS;
    if (place.isAppOnly && used >= MAX_FOLLOW_UPS && !isVideo) {
      try {
        return await this.#sendDirect(part);
      } catch (error) {
        const isDecoration = message.tone === "progress" || message.tone === "notice";
        if (used > MAX_FOLLOW_UPS || isDecoration) throw error;
        this.#options.log.info({ err: error }, "a person takes no direct messages; using the last follow-up");
      }
    }
    try {
      if (used > 0 && canBeSeen(part)) await this.#late.begin(part.name);
      const sent = await this.#answerAs(part, used);
      const first = used > 0 ? answers.first : sent.startsWith(ORIGINAL) ? nonce : null;
      const isDecoration = used > 0 && answers.isDecoration;
      await this.#answers.keep(interactionId, {
        used: Math.max(answers.used, used + 1),
        first,
        isDecoration,
      });
      return sent;
    } catch (error) {
      // 50027 means the interaction's token, not the bot's; the person still gets the answer.
      if (isOver(error)) return null;
      throw this.goneOr(part.target, error);
    }
  }

  /** By a process that died before it could write down that it had sent it; null: by none. */
  async #sentLate(part: Part): Promise<string | null> {
    return canBeSeen(part) ? this.#late.find(part.name, part.place, part.body) : null;
  }

  /** As the first answer, or as one more. */
  async #answerAs(part: Part, used: number): Promise<string> {
    const { place, message, isPrivate } = part;
    if (used > 0) return this.#answers.follow(place, part, isPrivate);
    if (message.tone !== "private" || place.isEphemeral) return this.#answers.fill(place, part);
    // A public deferred answer cannot become private.
    await this.#answers.takeBack(place);
    return this.#answers.follow(place, part, true);
  }

  /** In the channel, below what it answers. */
  async #post(part: Part): Promise<string> {
    const { target, place, message, files } = part;
    const { channelId } = place;
    const replyTo = answeredBy(message, place);
    try {
      if (replyTo === null) return await this.#postTo(channelId, part);
      try {
        return await this.#postTo(channelId, part, replyTo);
      } catch (error) {
        // Replies need the permission to read the history, an answer does not.
        if (!isApiError(error, 160002)) throw error;
        return await this.#postTo(channelId, part);
      }
    } catch (error) {
      // With a file the permission to attach may be what is missing: the text has its own try.
      if (isForbidden(error) && files.length === 0)
        await this.#permissions.tell(target, message.language ?? "en", error);
      throw this.goneOr(target, error);
    }
  }

  /** For the person alone where no interaction can say it, with a note in place. */
  async #sendInPrivate(part: Part): Promise<Sent> {
    try {
      const messageId = await this.#sendDirect({ ...part, body: directBody(part.body) });
      return { messageId, note: "private.told" };
    } catch (error) {
      this.#options.log.info({ err: error }, "a person takes no direct messages");
      return { messageId: null, note: "discord.dm-closed" };
    }
  }

  /** Throws Discord's refusal. */
  async #sendDirect(part: Part): Promise<string> {
    const channel = (await this.#options.rest.post(Routes.userChannels(), {
      body: { recipient_id: part.place.userId },
    })) as APIChannel;
    return this.#postTo(channel.id, part);
  }

  async #sayInPlace(part: Part, note: PlaceNote): Promise<string> {
    const { message, body, name } = part;
    if (message.isDispensable) return "";
    return this.#post({
      ...part,
      message: { ...message, tone: "reply" },
      body: publicBody(message, body, note, this.#options.locales),
      files: [],
      name: name === null ? null : `${name} aside`,
    });
  }

  /** Throws Discord's refusal. */
  async #postTo(
    channelId: string,
    { body, files, name, message }: Part,
    replyTo: string | null = null,
  ): Promise<string> {
    // A named message that goes somewhere else is another one: it may have been taken back where it was before.
    const nonce = nonceFor(name === null ? null : `${channelId} ${name}`);
    // Who has waited is called back; who gets an answer at once is looking at it.
    const mentions = { ...body.allowed_mentions, replied_user: message.isReply === true };
    const reference = replyTo !== null && {
      message_reference: { message_id: replyTo, fail_if_not_exists: false },
      allowed_mentions: mentions,
    };
    // The answer's shape is Discord's documented message object.
    const sent = (await this.#options.rest.post(Routes.channelMessages(channelId), {
      body: { ...body, nonce, enforce_nonce: true, ...reference },
      files,
    })) as APIMessage;
    return `${sent.channel_id}/${sent.id}`;
  }
}

/** A late answer that stands in the channel for the bot to see, and must be shown once. */
function canBeSeen(part: Part): part is Part & { name: string } {
  const { place, message, name, isPrivate } = part;
  return message.isReply === true && name !== null && !isPrivate && !place.isAppOnly && !place.isElsewhere;
}

/** The message to hang below; null: none. */
function answeredBy({ tone, isReply }: OutgoingMessage, { channelId, replyTo, saidAt }: DiscordPlace) {
  if (replyTo !== undefined && tone !== "notice") return replyTo;
  const [saidIn, said] = saidAt?.split("/") ?? [];
  return isReply && saidIn === channelId && said !== undefined ? said : null;
}

/** Each part has a name of its own. */
export function nameOf({ idempotencyKey }: OutgoingMessage, part: number): string | null {
  return idempotencyKey === undefined ? null : `${idempotencyKey} ${part}`;
}
