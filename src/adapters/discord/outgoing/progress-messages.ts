/**
 * What shows that work goes on: now or not at all, and never in the way of what is owed. The deferred answer of an
 * interaction shows it, else a message of the bot. Source: the port's `showProgress`; platforms.md, "Rates".
 */
import type { APIMessage } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { OutgoingMessage, ReplyTarget, SentMessage } from "../../../core/model/message.ts";
import { isApiError, isOver, TOO_OLD } from "../api-errors.ts";
import { nonceFor } from "../nonce.ts";
import { placeOf } from "../place.ts";
import type { DecorationRest } from "../rest.ts";
import { type Body, renderBodies, replacing } from "./body.ts";
import {
  asEphemeral,
  followUpAs,
  type InteractionAnswers,
  ORIGINAL,
  originalAs,
} from "./interaction-answers.ts";
import type { OwnMessages } from "./own-messages.ts";
import { MAX_FOLLOW_UPS, nameOf, type SenderOptions } from "./sender.ts";
import type { createSentMarks } from "./sent-marks.ts";

/** Further answers of an app that is not in the channel, for the answer, the video, and one to spare. */
const KEPT_FOLLOW_UPS = 3;

export interface ProgressOptions extends SenderOptions {
  decoration: DecorationRest;
  answers: InteractionAnswers;
  marks: ReturnType<typeof createSentMarks>;
  own: OwnMessages;
}

/** What is to be shown, and where. */
interface Shown {
  target: ReplyTarget;
  body: Body;
  name: string | null;
}

export class ProgressMessages {
  readonly #options: ProgressOptions;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** As the port's `showProgress`. Throws Discord's refusal. */
  async show(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null> {
    // Of what is too long for one message, the newest words.
    const body = (await renderBodies(target, message, this.#options)).at(-1);
    if (!body) return shown;
    const what: Shown = { target, body, name: nameOf(message, 0) };
    const last = shown ?? (await this.#shownBefore(what));
    return last === null ? this.#first(what) : this.#update(last, what);
  }

  async #shownBefore({ target, name }: Shown): Promise<SentMessage | null> {
    const known = name === null ? null : await this.#options.marks.find(name);
    return known && { target, messageId: known.messageId };
  }

  async #first(what: Shown): Promise<SentMessage | null> {
    const place = placeOf(what.target);
    const { answers } = this.#options;
    if (place.interactionId !== undefined && !place.isElsewhere && answers.canAnswer(place)) {
      const answered = await this.#answer(what, place.interactionId);
      if (answered !== undefined) return answered;
    }
    return this.#post(what, what.name);
  }

  async #update(last: SentMessage, what: Shown): Promise<SentMessage | null> {
    const { own, decoration } = this.#options;
    if (own.isTooOld(last)) return this.#renew(last, what);
    const { path, options } = await own.pathOf(last);
    try {
      const body = replacing(what.body);
      return (await decoration.request("PATCH", path, { ...options, body })) && last;
    } catch (error) {
      if (isApiError(error, TOO_OLD)) return this.#renew(last, what);
      // Whoever took it away does not want to see it; and a folded thread is not opened for it.
      if (isApiError(error, 10008, 50083)) return null;
      if (isOver(error)) return this.#post(what, afterName(last, what));
      throw error;
    }
  }

  /** A new message in place of one that takes no more edits. */
  async #renew(last: SentMessage, what: Shown): Promise<SentMessage | null> {
    const { own, log } = this.#options;
    const next = await this.#post(what, afterName(last, what));
    if (next) own.remove(last).catch((error: unknown) => log.debug({ err: error }, "an old message stays"));
    return next;
  }

  /**
   * Through the interaction: the deferred answer shows it, else one more answer. Undefined: not by it. Null: there is
   * no room.
   */
  async #answer(what: Shown, interactionId: string): Promise<SentMessage | null | undefined> {
    const { answers } = this.#options;
    const place = placeOf(what.target);
    if (answers.isBusy(interactionId)) return null;
    const nonce = nonceFor(what.name);
    const before = await answers.of(interactionId);
    const used = before.first === nonce ? 0 : Math.max(before.used, place.isAnswered ? 1 : 0);
    if (used > 0 && !place.isAppOnly && !place.isEphemeral) return undefined;
    if (used > 0 && place.isAppOnly && used > MAX_FOLLOW_UPS - KEPT_FOLLOW_UPS) return null;
    // Counted first: what is owed may come while the request is under way.
    const isFirst = used === 0;
    await answers.keep(
      interactionId,
      isFirst ? { used: 1, first: nonce, isDecoration: true } : { ...before, used: used + 1 },
    );
    const sent = await this.#fillOrFollow(what, isFirst).catch(async (error: unknown) => {
      await answers.keep(interactionId, before);
      if (isOver(error)) return undefined;
      throw error;
    });
    if (sent === null) await answers.keep(interactionId, before);
    return typeof sent === "string" ? this.#remember(what, sent) : sent;
  }

  /** What `edit` understands; null: there is no room. */
  async #fillOrFollow({ target, body }: Shown, isFirst: boolean): Promise<string | null> {
    const { answers, decoration } = this.#options;
    const place = placeOf(target);
    const path = await (isFirst ? answers.pathOf(place, ORIGINAL) : answers.followPathOf(place));
    const whole = !isFirst && place.isEphemeral ? asEphemeral(body) : body;
    const sent = await decoration.request(isFirst ? "PATCH" : "POST", path, { body: whole, auth: false });
    if (sent === null) return null;
    // The answer's shape is Discord's documented message object.
    const message = sent.answer as APIMessage;
    return isFirst ? originalAs(message) : followUpAs(message);
  }

  /** As a message of the bot, below what it is about; null also where the bot is not. */
  async #post(what: Shown, name: string | null): Promise<SentMessage | null> {
    const { channelId, replyTo, isAppOnly, isEphemeral } = placeOf(what.target);
    if (isAppOnly || isEphemeral) return null;
    const nonce = nonceFor(name === null ? null : `${channelId} ${name}`);
    const body = { ...what.body, nonce, enforce_nonce: true };
    const path = Routes.channelMessages(channelId);
    const reference = replyTo && { message_reference: { message_id: replyTo, fail_if_not_exists: false } };
    const { decoration } = this.#options;
    const sent = await decoration
      .request("POST", path, { body: { ...body, ...reference } })
      .catch((error: unknown) => {
        // Replies need the permission to read the history.
        if (!isApiError(error, 160002)) throw error;
        return decoration.request("POST", path, { body });
      });
    if (sent === null) return null;
    // As above.
    const { channel_id: sentTo, id } = sent.answer as APIMessage;
    return this.#remember(what, `${sentTo}/${id}`);
  }

  async #remember({ target, name }: Shown, messageId: string): Promise<SentMessage> {
    if (name !== null) await this.#options.marks.remember(name, { messageId, hasFile: false });
    return { target, messageId };
  }
}

/** Of the message that takes the place of another one. */
function afterName({ messageId }: SentMessage, { name }: Shown): string | null {
  return name === null ? null : `${name} after ${messageId}`;
}
