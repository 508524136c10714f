/** Answers to interactions, as Discord takes them. Source: Discord docs, "Receiving and Responding". */
import type { REST } from "@discordjs/rest";
import { InteractionResponseType, Routes } from "discord-api-types/v10";
import type { Log } from "../../../core/ports/runtime.ts";
import { orInTrouble, soonOr } from "../../shared/store-trouble.ts";
import { isApiError } from "../api-errors.ts";
import type { ChannelQueue } from "../channel-queue.ts";
import type { Interaction } from "../incoming/event-schema.ts";
import { channelOf, type Taken } from "./facts.ts";
import type { InteractionJournal } from "./journal.ts";
import type { Acknowledgement } from "./plan.ts";

const EPHEMERAL = 64;
const SUPPRESS_EMBEDS = 4;
/** Of the three seconds that Discord gives. */
const STORE_TIMEOUT_MS = 1_000;

/** Later Discord takes no first answer. */
const ANSWER_WITHIN_MS = 3_000;

export interface ResponderOptions {
  rest: REST;
  queue: ChannelQueue;
  journal: InteractionJournal;
  log: Log;
}

export class InteractionResponder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** A whole answer for the person alone. */
  say(interaction: Interaction, content: string): Promise<void> {
    return this.respond(interaction, {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } },
    });
  }

  /** Fills the deferred answer. */
  async showOriginal(interaction: Interaction, content: string): Promise<void> {
    try {
      await this.#options.rest.patch(originalOf(interaction), {
        body: { content, allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS },
        auth: false,
      });
    } catch (error) {
      this.#options.log.warn({ err: error }, "a command's answer could not be shown");
    }
  }

  /**
   * Writes an interaction down, acknowledges it, and does what it asks for: what a crash cuts off is done by the next
   * process. `work` is repeated while the store is in trouble.
   */
  async take(interaction: Taken, how: Acknowledgement, work: () => Promise<void>): Promise<void> {
    const { queue, journal, log } = this.#options;
    const kept = journal.add(interaction).then(
      () => true,
      (error: unknown) => {
        log.warn({ err: error, interaction: interaction.id }, "an interaction could not be written down");
        return false;
      },
    );
    // The acknowledgement has a deadline, the store has none.
    await soonOr(STORE_TIMEOUT_MS, kept, false);
    await this.#acknowledge(interaction, how);
    await queue.atOnce(channelOf(interaction), work);
    if (await kept) await orInTrouble(journal.remove(interaction.id), undefined);
  }

  /** A whole answer after the interaction was acknowledged: in place of what loads, or for the person alone. */
  async sayLater(interaction: Interaction, acknowledgement: Acknowledgement, content: string): Promise<void> {
    if (acknowledgement !== "update") return this.showOriginal(interaction, content);
    await this.#options.rest.post(Routes.webhook(interaction.application_id, interaction.token), {
      body: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } },
      auth: false,
    });
  }

  /** Throws Discord's refusal, such as that it is too late. */
  async respond(interaction: Interaction, body: object): Promise<void> {
    try {
      await this.#options.rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
        body,
        auth: false,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    } catch (error) {
      // The first try arrived although its connection broke, or the event came twice.
      if (!isApiError(error, 40060)) throw error;
    }
  }

  /** Best effort: a person who cannot be acknowledged any more is answered by a message of the bot. */
  async #acknowledge(interaction: Interaction, how: Acknowledgement): Promise<void> {
    const type =
      how === "update"
        ? InteractionResponseType.DeferredMessageUpdate
        : InteractionResponseType.DeferredChannelMessageWithSource;
    try {
      await this.respond(interaction, { type, ...(how === "private" ? { data: { flags: EPHEMERAL } } : {}) });
    } catch (error) {
      this.#options.log.warn(
        { err: error, interaction: interaction.id },
        "an interaction was not acknowledged",
      );
    }
  }
}

/** The message that the deferred answer became. */
export function originalOf(interaction: Interaction) {
  return Routes.webhookMessage(interaction.application_id, interaction.token, "@original");
}
