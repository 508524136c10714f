/**
 * Commands, buttons, menus and forms on their way to the core: each is read into a plan, and every plan is carried
 * out here. Source: Discord docs, "Receiving and Responding"; platforms.md.
 */
import type { REST } from "@discordjs/rest";
import { ApplicationCommandType, InteractionType } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { SkillCatalog } from "../../../core/model/skill.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory, ConversationStore } from "../../../core/ports/store.ts";
import { BoundedSet } from "../../../lib/bounded-map.ts";
import { Allowance } from "../allowance.ts";
import type { Interaction, MessageCommandInteraction } from "../incoming/event-schema.ts";
import type { LastSeen } from "../incoming/last-seen.ts";
import type { PersonLanguages } from "../incoming/person-languages.ts";
import type { Receiver } from "../incoming/receiver.ts";
import type { Threads } from "../threads.ts";
import { Buttons } from "./buttons.ts";
import { EDIT_THIS } from "./command-menu.ts";
import { isAppOnly, languageOf, type Slash, type Taken, userOf } from "./facts.ts";
import { Forms } from "./forms.ts";
import type { InteractionJournal } from "./journal.ts";
import { readInteraction } from "./normalize.ts";
import type { Plan } from "./plan.ts";
import type { InteractionResponder } from "./responder.ts";
import { SlashCommands } from "./slash-commands.ts";
import { startEdit } from "./start-edit.ts";

const MAX_SEEN = 5_000;

export interface InteractionOptions {
  rest: REST;
  memory: AdapterMemory;
  conversations: Pick<ConversationStore, "read">;
  locales: Locales;
  skills: SkillCatalog;
  threads: Threads;
  journal: InteractionJournal;
  responder: InteractionResponder;
  receiver: Receiver;
  lastSeen: LastSeen;
  languages: PersonLanguages;
  clock: Clock;
  log: Log;
}

export class Interactions {
  readonly #options: InteractionOptions;
  readonly #commands: SlashCommands;
  readonly #forms: Forms;
  readonly #buttons: Buttons;
  readonly #allowance = new Allowance();
  /** Interactions that were taken: a resumed connection may tell them again. */
  readonly #seen = new BoundedSet<string>(MAX_SEEN);

  constructor(options: InteractionOptions) {
    this.#options = options;
    this.#forms = new Forms(options);
    this.#commands = new SlashCommands(options, this.#forms);
    this.#buttons = new Buttons(options, this.#forms);
  }

  /** Resolves when the core owns what was asked for, or the person has the answer. */
  take(interaction: Interaction): Promise<void> {
    return this.#allowance.run(
      userOf(interaction).id,
      () => this.#take(interaction),
      () => this.#refuse(interaction),
    );
  }

  /**
   * What dead processes left, as far as the guild's events come here or no process has touched it for long.
   * Throws while the store is in trouble.
   */
  async takeUp(isOurs: (guildId: string | null) => boolean): Promise<Promise<void>[]> {
    const left = await this.#options.journal.takeUp(isOurs);
    return left.filter(({ id }) => this.#isNew(id)).map((interaction) => this.#carryOut(interaction));
  }

  async #take(interaction: Interaction): Promise<void> {
    const { clock, lastSeen, languages } = this.#options;
    const { id, locale, channel, guild_id: guildId = null } = interaction;
    await Promise.all([
      this.#isNew(id) && this.#carryOut({ ...interaction, receivedAt: clock.now() }),
      locale && languages.keep(userOf(interaction).id, locale),
      channel && !isAppOnly(interaction) && lastSeen.meetBy(id, channel.id, guildId),
    ]);
  }

  /** Says that the person has too much under way. */
  async #refuse(interaction: Interaction): Promise<void> {
    // Suggestions come with the next letter.
    if (interaction.type === InteractionType.ApplicationCommandAutocomplete) return;
    const { locales, responder } = this.#options;
    const { limit } = this.#allowance;
    await responder.say(
      interaction,
      locales.plain(languageOf(interaction, locales), "queue.full", { limit }),
    );
  }

  async #carryOut(interaction: Taken): Promise<void> {
    const { responder, receiver } = this.#options;
    const plan = await this.#planOf(interaction);
    switch (plan.kind) {
      case "say":
        return responder.say(interaction, plan.text);
      case "respond":
        return responder.respond(interaction, plan.body);
      case "ask": {
        const { acknowledgement } = plan;
        return responder.take(interaction, acknowledgement, async () => {
          const asked = await plan.asked();
          if (!asked)
            return responder.sayLater(interaction, acknowledgement, this.#buttons.tooOld(interaction));
          const message = readInteraction(interaction, asked, acknowledgement);
          return asked.isEdit ? startEdit(message, interaction, this.#options) : receiver.receive(message);
        });
      }
      case "nothing":
        return;
    }
  }

  async #planOf(interaction: Taken): Promise<Plan> {
    switch (interaction.type) {
      case InteractionType.ApplicationCommand: {
        const { type, name } = interaction.data;
        if (type === ApplicationCommandType.ChatInput) return this.#commands.plan(interaction as Slash);
        const isEditThis = type === ApplicationCommandType.Message && name === EDIT_THIS;
        // The schema's union is told apart by `data`, which the compiler does not follow up to the interaction.
        return isEditThis
          ? this.#forms.forMessage(interaction as MessageCommandInteraction)
          : { kind: "nothing" };
      }
      case InteractionType.ApplicationCommandAutocomplete:
        return this.#commands.complete(interaction);
      case InteractionType.MessageComponent:
        return this.#buttons.press(interaction);
      case InteractionType.ModalSubmit:
        return this.#forms.submit(interaction);
    }
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    return true;
  }
}
