/**
 * Forms on their way to a person and back: each is opened where something is missing, and what is at hand already waits
 * for it. Source: platforms.md, "Interactions"; Discord docs, "Modals".
 */
import { z } from "zod";
import type { Conversation } from "../../../core/model/conversation.ts";
import type { Locales } from "../../../core/model/locales.ts";
import { type Attachment, attachmentSchema } from "../../../core/model/message.ts";
import type { SkillCatalog } from "../../../core/model/skill.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory, ConversationStore } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { own } from "../../../lib/own.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { soonOr } from "../../shared/store-trouble.ts";
import type { Interaction, MessageCommandInteraction, ModalInteraction } from "../incoming/event-schema.ts";
import { attachmentsOf } from "../incoming/normalize.ts";
import { conversationOf } from "../place.ts";
import { channelOf, editProblem, languageOf, userOf } from "./facts.ts";
import { type FormRequest, formBody, readForm } from "./form.ts";
import type { Asked, Plan } from "./plan.ts";

/** How long the files behind an open form are kept. */
const FORM_LIVES_MS = 3_600_000;
/** Forms that are known without the store. */
const MAX_FORMS = 500;
/** Of the three seconds that Discord gives. */
const STORE_TIMEOUT_MS = 500;
/** Of forms with nothing at hand: for an edit of its own, and for the next one of a project. */
const NEW = "new";
const MORE = "none";
/** Links of one message that are taken along. */
const MAX_LINKS = 3;
const LINKS = /https?:\/\/[^\s<>]+/g;

/** What is at hand for an open form, and whose it is. */
const keptSchema = z.object({
  userId: z.string(),
  channelId: z.string(),
  files: z.array(attachmentSchema),
  links: z.array(z.string()),
});
type Kept = z.infer<typeof keptSchema>;

export interface FormOptions {
  memory: AdapterMemory;
  /** Tells what the conversation works on. */
  conversations: Pick<ConversationStore, "read">;
  locales: Locales;
  skills: SkillCatalog;
  log: Log;
}

export class Forms {
  readonly #options: FormOptions;
  readonly #kept: JsonMemory<Kept>;
  /** The latest ones, for when the store is in trouble. */
  readonly #latest = new BoundedMap<string, Kept>(MAX_FORMS);

  constructor(options: FormOptions) {
    const { memory, log } = options;
    this.#options = options;
    this.#kept = new JsonMemory({
      memory,
      log,
      schema: keptSchema,
      what: "an opened form",
      ttlMs: FORM_LIVES_MS,
    });
  }

  /** For an edit that lacks its words, or its clip; null: nothing is missing. */
  async forEdit(
    interaction: Interaction,
    { text, attachments }: { text: string; attachments: Attachment[] },
  ): Promise<Plan | null> {
    const record = await this.#recordOf(interaction);
    const hasClip = attachments.length > 0 || text.match(LINKS) !== null || isAtWork(record);
    if (text.trim() !== "" && hasClip) return null;
    const id = await this.#keep(interaction, { files: attachments, links: [] });
    const clips = attachments.length > 0 ? "none" : "optional";
    return this.#open(interaction, { id, clips, prompt: text, skill: record?.skill ?? null });
  }

  /** For clips; what to do with them may follow. */
  async forUpload(interaction: Interaction): Promise<Plan> {
    const skill = (await this.#recordOf(interaction))?.skill ?? null;
    return this.#open(interaction, {
      clips: "required",
      skill,
      title: "discord.form-upload",
      isPromptOptional: true,
    });
  }

  /** For the next edit of a project. */
  async forMore(interaction: Interaction): Promise<Plan> {
    const skill = (await this.#recordOf(interaction))?.skill ?? null;
    return this.#open(interaction, { id: MORE, clips: "optional", skill });
  }

  /** The context menu: the target's files and links are taken. */
  async forMessage(interaction: MessageCommandInteraction): Promise<Plan> {
    const { locales } = this.#options;
    const problem = editProblem(interaction, locales);
    if (problem !== null) return { kind: "say", text: problem };
    const { resolved, target_id: targetId } = interaction.data;
    const message = own(resolved.messages, targetId);
    const files = message ? attachmentsOf(message) : [];
    const links = [...(message?.content ?? "").matchAll(LINKS)].map((match) => match[0]).slice(0, MAX_LINKS);
    if (files.length + links.length === 0) {
      return { kind: "say", text: locales.plain(languageOf(interaction, locales), "discord.no-clip") };
    }
    const skill = (await this.#recordOf(interaction))?.skill ?? null;
    const id = await this.#keep(interaction, { files, links });
    return this.#open(interaction, { id, clips: "none", skill });
  }

  /** The form was sent. */
  submit(interaction: ModalInteraction): Plan {
    const asked = async (): Promise<Asked | null> => {
      const { id, text, attachments, skill } = readForm(interaction, this.#options.locales);
      const chosen = skill === undefined ? {} : { skill };
      if (id === MORE) return { text, attachments, ...chosen };
      if (id === NEW) return { text, attachments, isEdit: true, ...chosen };
      const kept = await this.#openedBy(interaction, id);
      if (!kept) return null;
      const words = kept.files.length > 0 ? text : [...kept.links, text].join(" ");
      return { text: words, attachments: [...kept.files, ...attachments], isEdit: true, ...chosen };
    };
    return { kind: "ask", acknowledgement: "public", asked };
  }

  #open(
    interaction: Interaction,
    changes: Partial<FormRequest> & Pick<FormRequest, "clips" | "skill">,
  ): Plan {
    const { locales, skills } = this.#options;
    const language = languageOf(interaction, locales);
    const request: FormRequest = {
      id: NEW,
      title: "discord.form-title",
      prompt: "",
      isPromptOptional: false,
      ...changes,
    };
    return { kind: "respond", body: formBody(request, { locales, language, skills }) };
  }

  /** The id of what waits for the form. */
  async #keep(interaction: Interaction, { files, links }: Pick<Kept, "files" | "links">): Promise<string> {
    if (files.length + links.length === 0) return NEW;
    const kept: Kept = { userId: userOf(interaction).id, channelId: channelOf(interaction), files, links };
    this.#latest.set(interaction.id, kept);
    await soonOr(STORE_TIMEOUT_MS, this.#kept.set(keyOf(interaction.id), kept), undefined);
    return interaction.id;
  }

  /** What waits for a form; null where it was not opened by this person in this channel. */
  async #openedBy(interaction: ModalInteraction, id: string): Promise<Kept | null> {
    const kept = this.#latest.get(id) ?? (await this.#kept.get(keyOf(id)));
    const isTheirs = kept?.userId === userOf(interaction).id && kept.channelId === channelOf(interaction);
    return isTheirs ? kept : null;
  }

  /** What is known of the conversation; null as well where the store does not say in time. */
  #recordOf(interaction: Interaction): Promise<Conversation | null> {
    const reading = this.#options.conversations.read(conversationOf(channelOf(interaction)));
    return soonOr(STORE_TIMEOUT_MS, reading, null);
  }
}

/** Whether there is something that words alone can be about. */
function isAtWork(record: Conversation | null): boolean {
  return record !== null && (record.files.length > 0 || record.title !== undefined);
}

function keyOf(id: string): string {
  // Forms of earlier versions are kept by this name.
  return `window:${id}`;
}
