/**
 * Commands, buttons, menus and windows find their way here. Everything is acknowledged before anything slow.
 * Source: Discord docs, "Receiving and Responding"; platforms.md.
 */
import type { REST } from "@discordjs/rest";
import { ApplicationCommandType, InteractionType } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { SkillCatalog } from "../../../core/model/skill.ts";
import type { MessageSink } from "../../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import type { Line } from "../channel-queue.ts";
import type { Interaction, MessageCommandInteraction } from "../incoming/event-schema.ts";
import type { Threads } from "../threads.ts";
import { Buttons } from "./buttons.ts";
import { EDIT_THIS } from "./command-menu.ts";
import { languageOf, type Slash, type Taken } from "./facts.ts";
import { PendingInteractions } from "./journal.ts";
import { Desk } from "./responder.ts";
import { SlashCommands } from "./slash-commands.ts";
import { Handover } from "./start-edit.ts";

const MAX_SEEN = 5_000;

export interface InteractionOptions {
  rest: REST;
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  skills: SkillCatalog;
  threads: Threads;
  line: Line;
  clock: Clock;
  log: Log;
}

export class Interactions {
  readonly #options: { locales: Locales; desk: Desk };
  readonly #commands: SlashCommands;
  readonly #buttons: Buttons;
  readonly #pending: PendingInteractions;
  readonly #clock: Clock;
  /** Interactions that were taken: a resumed connection may tell them again. */
  readonly #seen = new Set<string>();

  constructor(options: InteractionOptions) {
    this.#clock = options.clock;
    this.#pending = new PendingInteractions(options);
    const desk = new Desk({ ...options, pending: this.#pending });
    this.#options = { locales: options.locales, desk };
    const handover = new Handover({ ...options, desk });
    this.#commands = new SlashCommands({ ...options, desk, handover });
    this.#buttons = new Buttons({ ...options, desk, handover });
  }

  /** Says that the person has too much under way. */
  async refuse(interaction: Interaction, limit: number): Promise<void> {
    // Suggestions come with the next letter.
    if (interaction.type === InteractionType.ApplicationCommandAutocomplete) return;
    const { locales, desk } = this.#options;
    await desk.say(interaction, locales.plain(languageOf(interaction, locales), "queue.full", { limit }));
  }

  /** Resolves when the core owns what was asked for, or the person has the answer. */
  async handle(interaction: Interaction): Promise<void> {
    if (this.#hasSeen(interaction.id)) return;
    await this.#handle({ ...interaction, receivedAt: this.#clock.now() });
  }

  /**
   * What dead processes left, as far as the guild's events come here or nobody has touched it for long.
   * Throws while the store is in trouble.
   */
  async takeUp(isOurs: (guildId: string | null) => boolean): Promise<Promise<void>[]> {
    const left = await this.#pending.takeUp(isOurs);
    return left.filter(({ id }) => !this.#hasSeen(id)).map((interaction) => this.#handle(interaction));
  }

  async #handle(interaction: Taken): Promise<void> {
    switch (interaction.type) {
      case InteractionType.ApplicationCommand:
        if (interaction.data.type === ApplicationCommandType.ChatInput)
          return this.#commands.use(interaction as Slash);
        if (interaction.data.type === ApplicationCommandType.Message && interaction.data.name === EDIT_THIS) {
          return this.#buttons.editThis(interaction as MessageCommandInteraction);
        }
        return;
      case InteractionType.ApplicationCommandAutocomplete:
        return this.#commands.complete(interaction);
      case InteractionType.MessageComponent:
        return this.#buttons.press(interaction);
      case InteractionType.ModalSubmit:
        return this.#buttons.submit(interaction);
    }
  }

  #hasSeen(id: string): boolean {
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    return false;
  }
}
