/**
 * The form that asks for what an edit needs: clips, words, the shape of the picture, the skill. As Discord takes it and
 * as it comes back. Source: Discord docs, "Modals" and "Component Reference"; platforms.md, "Components V2 and forms".
 */
import {
  type APIFileUploadComponent,
  type APILabelComponent,
  ComponentType,
  InteractionResponseType,
  TextInputStyle,
} from "discord-api-types/v10";
import type { Locales, TextKey } from "../../../core/model/locales.ts";
import type { Attachment } from "../../../core/model/message.ts";
import { localized, type Skill, type SkillCatalog } from "../../../core/model/skill.ts";
import { own } from "../../../lib/own.ts";
import { shortenToLimit } from "../../../lib/shorten.ts";
import type { ModalInteraction } from "../incoming/event-schema.ts";
import { optionFiles } from "../incoming/normalize.ts";
import { languageOf } from "./facts.ts";

const TITLE_LENGTH = 45;
const LABEL_LENGTH = 45;
const HINT_LENGTH = 100;
const MAX_PROMPT = 4000;
const MAX_FILES = 10;
const MAX_SKILLS = 25;

/** What Discord calls media, and the formats of ours that it leaves out. Its groups cover what phones offer. */
const FILE_TYPES: NonNullable<APIFileUploadComponent["file_types"]> = [
  "video",
  "image",
  "audio",
  ".avi",
  ".mkv",
  ".aac",
];

/** The shapes to choose from, and what each is called; the first changes nothing. */
const RATIOS = {
  same: "discord.ratio-same",
  "9:16": "discord.ratio-vertical",
  "16:9": "discord.ratio-wide",
  "1:1": "discord.ratio-square",
  "4:5": "discord.ratio-portrait",
} as const satisfies Record<string, TextKey>;

/** What a form asks for. */
export interface FormRequest {
  /** Comes back with the form. */
  id: string;
  title: TextKey;
  /** Whether clips are asked for, and must be given. */
  clips: "none" | "optional" | "required";
  /** Words that are there already. */
  prompt: string;
  /** Clips alone are something to send, too. */
  isPromptOptional: boolean;
  /** The skill in use; null: the bot's own. */
  skill: string | null;
}

/** What came back. */
export interface FilledForm {
  id: string;
  /** The words, and the shape in words. */
  text: string;
  attachments: Attachment[];
  /** Undefined: not asked for. */
  skill: string | undefined;
}

/** The form as the answer to an interaction. */
export function formBody(
  request: FormRequest,
  texts: { locales: Locales; language: string; skills: SkillCatalog },
) {
  const { locales, language, skills } = texts;
  const text = (key: TextKey, length: number) => shortenToLimit(locales.plain(language, key), length);
  const components: APILabelComponent[] = [];
  if (request.clips !== "none") {
    const isRequired = request.clips === "required";
    components.push({
      type: ComponentType.Label,
      label: text("discord.form-clips", LABEL_LENGTH),
      description: text("discord.form-clips-hint", HINT_LENGTH),
      component: {
        type: ComponentType.FileUpload,
        custom_id: "clips",
        min_values: isRequired ? 1 : 0,
        max_values: MAX_FILES,
        required: isRequired,
        file_types: FILE_TYPES,
      },
    });
  }
  components.push({
    type: ComponentType.Label,
    label: text("discord.form-prompt", LABEL_LENGTH),
    component: {
      type: ComponentType.TextInput,
      custom_id: "prompt",
      placeholder: text("discord.form-example", HINT_LENGTH),
      style: TextInputStyle.Paragraph,
      max_length: MAX_PROMPT,
      required: !request.isPromptOptional,
      ...(request.prompt === "" ? {} : { value: shortenToLimit(request.prompt, MAX_PROMPT) }),
    },
  });
  components.push({
    type: ComponentType.Label,
    label: text("discord.form-ratio", LABEL_LENGTH),
    component: {
      type: ComponentType.RadioGroup,
      custom_id: "ratio",
      required: false,
      options: Object.entries(RATIOS).map(([value, key]) => ({
        value,
        label: shortenToLimit(locales.plain(language, key, { ratio: value }), HINT_LENGTH),
        default: value === "same",
      })),
    },
  });
  const choices = skillsFrom(skills, request.skill);
  if (choices.length > 1)
    components.push({
      type: ComponentType.Label,
      label: text("discord.form-skill", LABEL_LENGTH),
      component: {
        type: ComponentType.StringSelect,
        custom_id: "skill",
        options: choices.map((skill, index) => ({
          value: skill.name,
          label: shortenToLimit(localized(skill.title, language), HINT_LENGTH),
          description: shortenToLimit(localized(skill.description, language), HINT_LENGTH),
          default: index === 0,
        })),
      },
    });
  const title = text(request.title, TITLE_LENGTH);
  return {
    type: InteractionResponseType.Modal,
    data: { custom_id: `form:${request.id}`, title, components },
  };
}

/** The one in use first. */
function skillsFrom(skills: SkillCatalog, current: string | null): Skill[] {
  const first = (current === null ? null : skills.find(current)) ?? skills.defaultSkill;
  return [first, ...skills.list().filter(({ name }) => name !== first.name)].slice(0, MAX_SKILLS);
}

/** Reads a form that was sent. */
export function readForm(interaction: ModalInteraction, locales: Locales): FilledForm {
  const { custom_id: customId, components, resolved } = interaction.data;
  const fields = components.flatMap((row) => [
    ...(row.components ?? []),
    ...(row.component ? [row.component] : []),
  ]);
  const field = (name: string) => fields.find((one) => one.custom_id === name);
  const ratio = field("ratio")?.value ?? "same";
  const isChange = ratio !== "same" && own(RATIOS, ratio) !== undefined;
  const shape = isChange
    ? locales.plain(languageOf(interaction, locales), "discord.ratio-words", { ratio })
    : "";
  const prompt = field("prompt")?.value?.trim() ?? "";
  return {
    id: customId.split(":")[1] ?? "",
    text: [prompt, shape].filter((words) => words !== "").join("\n"),
    attachments: optionFiles(
      resolved?.attachments ?? {},
      (field("clips")?.values ?? []).slice(0, MAX_FILES),
      interaction.id,
    ),
    skill: field("skill")?.values?.[0],
  };
}
