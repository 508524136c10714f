/**
 * The answers of interactions: the first fills what was deferred, further ones follow it, and how many there are is
 * known to every process. Source: Discord docs, "Followup Messages"; platforms.md, "Interactions".
 */
import type { APIMessage, RawFile, REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { isApiError } from "../api-errors.ts";
import type { DiscordPlace } from "../place.ts";
import type { Body } from "./body.ts";

/** An interaction's token lives 15 minutes; Discord itself says when it was less. */
const TOKEN_LIVES_MS = 15 * 60_000;
/** Interactions whose answers are known without the store. */
const MAX_KNOWN = 5_000;
const EPHEMERAL = 64;
/** What an interaction's first answer is called. */
export const ORIGINAL = "@original";

/** What an interaction was answered with so far. */
export interface Answers {
  /** The first answer included. */
  used: number;
  /** The nonce of the named message that is the first answer; null for others. */
  first: string | null;
}

/** A message with its files. */
export interface Content {
  body: Body;
  files: RawFile[];
}

export interface InteractionAnswersOptions {
  rest: REST;
  applicationId: () => Promise<string>;
  memory: AdapterMemory;
  clock: Clock;
  log: Log;
}

export class InteractionAnswers {
  readonly #options: InteractionAnswersOptions;
  /** Answers of the latest interactions, for when the store is in trouble. */
  readonly #known = new BoundedMap<string, string>(MAX_KNOWN);

  constructor(options: InteractionAnswersOptions) {
    this.#options = options;
  }

  /** False where there is no interaction, or its token has run out. */
  canAnswer({ interactionId, interactionAt = 0 }: DiscordPlace): boolean {
    return interactionId !== undefined && this.#options.clock.now() - interactionAt <= TOKEN_LIVES_MS;
  }

  async of(interactionId: string): Promise<Answers> {
    const { memory } = this.#options;
    const known = this.#known.get(interactionId) ?? null;
    const text = (await orInTrouble(memory.get(keyOf(interactionId)), known)) ?? "0";
    const [used, first = null] = text.split(" ");
    return { used: Number(used), first };
  }

  /** Never throws. */
  async keep(interactionId: string, { used, first }: Answers): Promise<void> {
    const { memory, log } = this.#options;
    const text = first === null ? String(used) : `${used} ${first}`;
    this.#known.set(interactionId, text);
    try {
      await memory.set(keyOf(interactionId), text, TOKEN_LIVES_MS);
    } catch (error) {
      log.warn({ err: error }, "an interaction's answers could not be counted");
    }
  }

  /** Fills what was deferred; returns what `edit` understands. Throws Discord's refusal. */
  async fill({ interactionToken = "" }: DiscordPlace, { body, files }: Content): Promise<string> {
    await this.#options.rest.patch(await this.#route(interactionToken, ORIGINAL), {
      body,
      files,
      auth: false,
    });
    return ORIGINAL;
  }

  /** Takes back the public deferred answer. Throws Discord's refusal. */
  async takeBack({ interactionToken = "" }: DiscordPlace): Promise<void> {
    try {
      await this.#options.rest.delete(await this.#route(interactionToken, ORIGINAL), { auth: false });
    } catch (error) {
      // By a process that died in between, or by a moderator.
      if (!isApiError(error, 10008)) throw error;
    }
  }

  /** One more answer; returns what `edit` understands. Throws Discord's refusal. */
  async follow(
    { interactionToken = "" }: DiscordPlace,
    { body, files }: Content,
    isEphemeral: boolean,
  ): Promise<string> {
    const { rest, applicationId } = this.#options;
    // The answer's shape is Discord's documented message object.
    const sent = (await rest.post(Routes.webhook(await applicationId(), interactionToken), {
      body: { ...body, ...(isEphemeral ? { flags: EPHEMERAL } : {}) },
      files,
      auth: false,
    })) as APIMessage;
    return `@${sent.id}`;
  }

  /** Throws Discord's refusal. */
  async edit({ interactionToken = "" }: DiscordPlace, messageId: string, body: Body): Promise<void> {
    const id = messageId === ORIGINAL ? messageId : messageId.slice(1);
    await this.#options.rest.patch(await this.#route(interactionToken, id), { body, auth: false });
  }

  /** Throws Discord's refusal. */
  async remove({ interactionToken = "" }: DiscordPlace, messageId: string): Promise<void> {
    const id = messageId === ORIGINAL ? messageId : messageId.slice(1);
    await this.#options.rest.delete(await this.#route(interactionToken, id), { auth: false });
  }

  async #route(token: string, messageId: string) {
    return Routes.webhookMessage(await this.#options.applicationId(), token, messageId);
  }
}

function keyOf(interactionId: string): string {
  return `interaction:${interactionId}`;
}
