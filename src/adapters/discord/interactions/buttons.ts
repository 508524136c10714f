/** Buttons, menus, and the window that asks for a prompt, read into what becomes of them. */
import { ComponentType, InteractionResponseType, TextInputStyle } from "discord-api-types/v10";
import { z } from "zod";
import type { Locales } from "../../../core/model/locales.ts";
import { type Action, attachmentSchema } from "../../../core/model/message.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { own } from "../../../lib/own.ts";
import { decodeAction } from "../../shared/action-codes.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { soonOr } from "../../shared/store-trouble.ts";
import type {
  ComponentInteraction,
  Interaction,
  MessageCommandInteraction,
  ModalInteraction,
} from "../incoming/event-schema.ts";
import { attachmentsOf } from "../incoming/normalize.ts";
import { EDIT_MORE, readCustomId } from "../outgoing/render.ts";
import { conversationOf } from "../place.ts";
import { channelOf, editProblem, fieldOf, isAppOnly, isForOneAlone, languageOf, userOf } from "./facts.ts";
import type { Asked, Plan } from "./plan.ts";

/** How long the files behind an open window are kept. */
const WINDOW_LIVES_MS = 3_600_000;
/** Windows that are known without the store. */
const MAX_WINDOWS = 500;
/** Of the three seconds that Discord gives. */
const STORE_TIMEOUT_MS = 500;
/** Of a window that is about the project, not about a message. */
const NO_MESSAGE = "none";
/** Links of one message that are taken along. */
const MAX_LINKS = 3;

/** A window that asks for a prompt: whose it is, and what the prompt will be about. */
const windowSchema = z.object({
  userId: z.string(),
  channelId: z.string(),
  files: z.array(attachmentSchema),
  links: z.array(z.string()),
});
type OpenedWindow = z.infer<typeof windowSchema>;

export interface ButtonOptions {
  memory: AdapterMemory;
  locales: Locales;
  log: Log;
}

export class Buttons {
  readonly #memory: AdapterMemory;
  readonly #locales: Locales;
  readonly #windows: JsonMemory<OpenedWindow>;
  /** The latest ones, for when the store is in trouble. */
  readonly #latest = new BoundedMap<string, OpenedWindow>(MAX_WINDOWS);

  constructor({ memory, locales, log }: ButtonOptions) {
    this.#memory = memory;
    this.#locales = locales;
    const records = { schema: windowSchema, what: "an opened window", ttlMs: WINDOW_LIVES_MS };
    this.#windows = new JsonMemory({ memory, log, ...records });
  }

  /** A button, or a choice of a menu. */
  async press(interaction: ComponentInteraction): Promise<Plan> {
    const { data } = interaction;
    const code = readCustomId(data.custom_id);
    if (code === EDIT_MORE) return this.#openWindow(interaction, NO_MESSAGE);
    const chosen = data.component_type === ComponentType.StringSelect ? (data.values?.[0] ?? "") : code;
    const read = () => decodeAction(chosen, conversationOf(channelOf(interaction)), this.#memory);
    // Undefined: the store does not say in time what was kept for the button; it is asked again after the acknowledgement.
    const action = await soonOr<Action | null | undefined>(STORE_TIMEOUT_MS, read(), undefined);
    if (action === null) return { kind: "say", text: this.tooOld(interaction) };
    const isPrivate = action !== undefined && isForOneAlone(action);
    const acknowledgement = isPrivate ? "private" : isAppOnly(interaction) ? "public" : "update";
    const asked = async (): Promise<Asked | null> => {
      const known = action ?? (await read());
      return known && { text: "", attachments: [], action: known };
    };
    return { kind: "ask", acknowledgement, asked };
  }

  /** The context menu: the target's files are kept for the window that asks for the prompt. */
  async editThis(interaction: MessageCommandInteraction): Promise<Plan> {
    const problem = editProblem(interaction, this.#locales);
    if (problem !== null) return { kind: "say", text: problem };
    const { resolved, target_id: targetId } = interaction.data;
    const message = own(resolved.messages, targetId);
    const files = message ? attachmentsOf(message) : [];
    const links = [...(message?.content ?? "").matchAll(/https?:\/\/[^\s<>]+/g)].map((match) => match[0]);
    if (files.length + links.length === 0) {
      const text = this.#locales.plain(languageOf(interaction, this.#locales), "discord.no-clip");
      return { kind: "say", text };
    }
    const opened: OpenedWindow = {
      userId: userOf(interaction).id,
      channelId: channelOf(interaction),
      files,
      links: links.slice(0, MAX_LINKS),
    };
    this.#latest.set(interaction.id, opened);
    await soonOr(STORE_TIMEOUT_MS, this.#windows.set(keyOf(interaction.id), opened), undefined);
    return this.#openWindow(interaction, interaction.id);
  }

  /** The window was sent. */
  submit(interaction: ModalInteraction): Plan {
    const [, windowId = ""] = interaction.data.custom_id.split(":");
    const prompt = fieldOf(interaction);
    const asked = async (): Promise<Asked | null> => {
      if (windowId === NO_MESSAGE) return { text: prompt, attachments: [] };
      const source = await this.#openedBy(interaction, windowId);
      if (!source) return null;
      const text = source.files.length > 0 ? prompt : [...source.links, prompt].join(" ");
      return { text, attachments: source.files, isEdit: true };
    };
    return { kind: "ask", acknowledgement: "public", asked };
  }

  /** The answer to a button or a window that is not known any more. */
  tooOld(interaction: Interaction): string {
    return this.#locales.plain(languageOf(interaction, this.#locales), "button.too-old");
  }

  /** What the window was opened for; null where it was not opened by this person in this channel. */
  async #openedBy(interaction: ModalInteraction, windowId: string): Promise<OpenedWindow | null> {
    const opened = this.#latest.get(windowId) ?? (await this.#windows.get(keyOf(windowId)));
    const isTheirs = opened?.userId === userOf(interaction).id && opened.channelId === channelOf(interaction);
    return isTheirs ? opened : null;
  }

  #openWindow(interaction: Interaction, windowId: string): Plan {
    const locales = this.#locales;
    const language = languageOf(interaction, locales);
    const body = {
      type: InteractionResponseType.Modal,
      data: {
        custom_id: `window:${windowId}`,
        title: locales.plain(language, "discord.window-title").slice(0, 45),
        components: [
          {
            type: ComponentType.ActionRow,
            components: [
              {
                type: ComponentType.TextInput,
                custom_id: "prompt",
                label: locales.plain(language, "discord.window-label").slice(0, 45),
                placeholder: locales.plain(language, "discord.window-example").slice(0, 100),
                style: TextInputStyle.Paragraph,
                max_length: 4000,
                required: true,
              },
            ],
          },
        ],
      },
    };
    return { kind: "respond", body };
  }
}

function keyOf(windowId: string): string {
  return `window:${windowId}`;
}
