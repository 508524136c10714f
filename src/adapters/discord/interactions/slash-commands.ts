/** Slash commands, read into what becomes of them; the core does what they ask for. */
import { InteractionResponseType, PermissionFlagsBits } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action } from "../../../core/model/message.ts";
import { localized, type SkillCatalog } from "../../../core/model/skill.ts";
import type { AutocompleteInteraction } from "../incoming/event-schema.ts";
import { optionFiles } from "../incoming/normalize.ts";
import type { Threads } from "../threads.ts";
import { CLIP_OPTIONS } from "./command-menu.ts";
import { editProblem, hasPermission, isForOneAlone, languageOf, optionOf, type Slash } from "./facts.ts";
import type { Forms } from "./forms.ts";
import type { Plan } from "./plan.ts";

const MAX_CHOICES = 25;

export interface SlashOptions {
  locales: Locales;
  skills: SkillCatalog;
  threads: Threads;
}

export class SlashCommands {
  readonly #options: SlashOptions;
  readonly #forms: Forms;

  constructor(options: SlashOptions, forms: Forms) {
    this.#options = options;
    this.#forms = forms;
  }

  async plan(interaction: Slash): Promise<Plan> {
    const { name, resolved } = interaction.data;
    if (name === "threads") return this.#setThreads(interaction);
    const action = actionOf(name, interaction);
    const goesOn = action === null || action.kind === "export" || action.kind === "new-project";
    const problem = goesOn ? editProblem(interaction, this.#options.locales) : null;
    if (problem !== null) return { kind: "say", text: problem };
    if (action) {
      const acknowledgement = isForOneAlone(action) ? "private" : "public";
      return { kind: "ask", acknowledgement, asked: async () => ({ text: "", attachments: [], action }) };
    }
    const ids = CLIP_OPTIONS.flatMap((option) => optionOf(interaction, option) ?? []).map(String);
    const attachments = optionFiles(resolved?.attachments ?? {}, ids, interaction.id);
    const text = String(optionOf(interaction, "prompt") ?? "");
    if (name === "upload" && attachments.length === 0) return this.#forms.forUpload(interaction);
    const form = name === "edit" ? await this.#forms.forEdit(interaction, { text, attachments }) : null;
    if (form) return form;
    const asked = async () => ({ text, attachments, isEdit: true });
    return { kind: "ask", acknowledgement: "public", asked };
  }

  /** Suggests what fits the letters so far. */
  complete(interaction: AutocompleteInteraction): Plan {
    const { locales, skills } = this.#options;
    const language = languageOf(interaction, locales);
    const focused = interaction.data.options.find((option) => option.focused);
    const typed = String(focused?.value ?? "").toLowerCase();
    const choices = skills
      .list()
      .map((skill) => ({ name: localized(skill.title, language), value: skill.name }))
      .filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(typed))
      .slice(0, MAX_CHOICES);
    const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
    return { kind: "respond", body: { type, data: { choices } } };
  }

  async #setThreads(interaction: Slash): Promise<Plan> {
    const { threads, locales } = this.#options;
    const isOn = optionOf(interaction, "on") === true;
    const isAllowed = hasPermission(interaction, PermissionFlagsBits.ManageGuild);
    if (interaction.guild_id && isAllowed) await threads.setInPlace(interaction.guild_id, !isOn);
    const key = !isAllowed ? "button.not-yours" : isOn ? "discord.threads-on" : "discord.threads-off";
    return { kind: "say", text: locales.plain(languageOf(interaction, locales), key) };
  }
}

function actionOf(name: string, interaction: Slash): Action | null {
  switch (name) {
    case "export":
    case "credits":
    case "status":
    case "help":
    case "projects":
    case "history":
    case "undo":
      return { kind: name };
    case "new":
      return { kind: "new-project" };
    case "cancel":
      return { kind: "cancel", scope: "current" };
    case "skill": {
      const skill = optionOf(interaction, "name");
      return skill === undefined ? { kind: "skill" } : { kind: "skill", name: String(skill) };
    }
    case "language": {
      const language = optionOf(interaction, "language");
      return language === undefined ? { kind: "language" } : { kind: "language", language: String(language) };
    }
    default:
      return null;
  }
}
