/** Answers to interactions, as Discord takes them. Source: Discord docs, "Receiving and Responding". */
import { type APIInteraction, InteractionResponseType, type REST, Routes } from "discord.js";
import type { Log } from "../../core/ports.ts";
import { isApiError } from "./errors.ts";

const EPHEMERAL = 64;
const SUPPRESS_EMBEDS = 4;

export class Desk {
  readonly #rest: REST;
  readonly #log: Log;

  constructor(options: { rest: REST; log: Log }) {
    this.#rest = options.rest;
    this.#log = options.log;
  }

  /** A whole answer for the person alone. */
  say(interaction: APIInteraction, content: string): Promise<void> {
    return this.respond(interaction, {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } },
    });
  }

  /** Fills the deferred answer. */
  async showOriginal(interaction: APIInteraction, content: string): Promise<void> {
    try {
      await this.#rest.patch(originalOf(interaction), {
        body: { content, allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS },
        auth: false,
      });
    } catch (error) {
      this.#log.warn({ err: error }, "a command's answer could not be shown");
    }
  }

  acknowledge(interaction: APIInteraction, isPrivate: boolean): Promise<void> {
    return this.respond(interaction, {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      ...(isPrivate ? { data: { flags: EPHEMERAL } } : {}),
    });
  }

  async respond(interaction: APIInteraction, body: object): Promise<void> {
    try {
      await this.#rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
        body,
        auth: false,
      });
    } catch (error) {
      // The first try arrived although its connection broke, or the event came twice.
      if (!isApiError(error, 40060)) throw error;
    }
  }
}

/** The message that the deferred answer became. */
export function originalOf(interaction: APIInteraction) {
  return Routes.webhookMessage(interaction.application_id, interaction.token, "@original");
}
