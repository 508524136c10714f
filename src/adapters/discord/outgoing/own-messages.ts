/**
 * Messages of ours that stand in a chat: how each is reached, changed and taken away. Source: platforms.md,
 * "Interactions" and "Old messages".
 */
import type { REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { SentMessage } from "../../../core/model/message.ts";
import type { Clock } from "../../../core/ports/runtime.ts";
import { placeOf } from "../place.ts";
import type { DecorationRest } from "../rest.ts";
import { timeOf } from "../snowflakes.ts";
import type { Body } from "./body.ts";
import { type InteractionAnswers, ORIGINAL } from "./interaction-answers.ts";

/** Older ones take few edits. A minute is left for the way. */
const EDITABLE_FOR_MS = 59 * 60_000;
/** An edit that has to wait longer is not worth it: a new message does not. */
const LONGEST_WAIT_MS = 500;

/** A path, and whether it is the bot's token that opens it. */
export interface MessagePath {
  path: `/${string}`;
  options: { auth?: false };
}

export class OwnMessages {
  readonly #rest: REST;
  readonly #decoration: DecorationRest;
  readonly #answers: InteractionAnswers;
  readonly #clock: Clock;

  constructor(
    options: { rest: REST; decoration: DecorationRest; clock: Clock },
    answers: InteractionAnswers,
  ) {
    this.#rest = options.rest;
    this.#decoration = options.decoration;
    this.#clock = options.clock;
    this.#answers = answers;
  }

  /** Whether Discord takes no more edits of a message. */
  isTooOld({ messageId }: SentMessage): boolean {
    const id = idOf(messageId);
    return id !== null && this.#clock.now() - timeOf(id) > EDITABLE_FOR_MS;
  }

  /** Whether a new message would be there sooner than an edit; never for the answers of an interaction. */
  async isHeldUp(sent: SentMessage): Promise<boolean> {
    if (sent.messageId.startsWith("@")) return false;
    const { path } = await this.pathOf(sent);
    return this.#decoration.closedForMs("PATCH", path) > LONGEST_WAIT_MS;
  }

  /** How a message is reached: by its interaction while that lives, else as any message of the bot. */
  async pathOf({ target, messageId }: SentMessage): Promise<MessagePath> {
    const place = placeOf(target);
    const id = idOf(messageId);
    if (!messageId.startsWith("@")) {
      const [channelId = ""] = messageId.split("/");
      return { path: Routes.channelMessage(channelId, id ?? ""), options: {} };
    }
    const isOnlyTheirs = place.isAppOnly === true || place.isEphemeral === true;
    if (isOnlyTheirs || id === null || this.#answers.canAnswer(place)) {
      const name = isOriginal(messageId) ? ORIGINAL : (id ?? "");
      return { path: await this.#answers.pathOf(place, name), options: { auth: false } };
    }
    const channelId = place.isElsewhere && place.parentId !== undefined ? place.parentId : place.channelId;
    return { path: Routes.channelMessage(channelId, id), options: {} };
  }

  /** Replaces a message. Throws Discord's refusal. */
  async edit(sent: SentMessage, body: Body): Promise<void> {
    const { path, options } = await this.pathOf(sent);
    await this.#settle(sent);
    await this.#rest.patch(path, { ...options, body });
  }

  /** Takes a message away, unless an answer for one alone has taken its place. Throws Discord's refusal. */
  async remove(sent: SentMessage): Promise<void> {
    const { interactionId, isEphemeral } = placeOf(sent.target);
    if (isEphemeral && interactionId !== undefined && isOriginal(sent.messageId)) {
      const { isDecoration } = await this.#answers.of(interactionId);
      if (!isDecoration) return;
    }
    const { path, options } = await this.pathOf(sent);
    await this.#rest.delete(path, options);
  }

  /** What was shown while work went on has become the answer. */
  async #settle({ target, messageId }: SentMessage): Promise<void> {
    const { interactionId, isEphemeral } = placeOf(target);
    if (!isEphemeral || interactionId === undefined || !isOriginal(messageId)) return;
    const answers = await this.#answers.of(interactionId);
    if (answers.isDecoration) await this.#answers.keep(interactionId, { ...answers, isDecoration: false });
  }
}

function isOriginal(messageId: string): boolean {
  return messageId.startsWith(ORIGINAL);
}

/** The message's own id; null for a first answer of a version that did not keep it. */
function idOf(messageId: string): string | null {
  return /\d+$/.exec(messageId)?.[0] ?? null;
}
