/** Buttons, menus, and the window that asks for a prompt. */

import { ComponentType, InteractionResponseType, TextInputStyle } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action, Attachment } from "../../../core/model/message.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { own } from "../../../lib/own.ts";
import { decodeAction } from "../../shared/action-codes.ts";
import { soonOr } from "../../shared/store-trouble.ts";
import type {
  ComponentInteraction,
  Interaction,
  MessageCommandInteraction,
  ModalInteraction,
} from "../incoming/event-schema.ts";
import { attachmentsOf, userOf } from "../incoming/normalize.ts";
import { EDIT_MORE, readCustomId } from "../outgoing/render.ts";
import { conversationOf } from "../place.ts";
import { channelOf, fieldOf, isAppOnly, isForOneAlone, languageOf, type Taken } from "./facts.ts";
import type { Desk } from "./responder.ts";
import type { Handover } from "./start-edit.ts";

/** How long the files behind an open window are kept. */
const WINDOW_LIVES_MS = 3_600_000;
/** Windows that are known without the store. */
const MAX_WINDOWS = 500;
/** Of the three seconds that Discord gives. */
const STORE_PATIENCE_MS = 500;

/** A window that asks for a prompt, and what the prompt will be about. */
interface OpenedWindow {
  userId: string;
  channelId: string;
  files: Attachment[];
  links: string[];
}

export interface ButtonOptions {
  memory: AdapterMemory;
  locales: Locales;
  desk: Desk;
  handover: Handover;
}

export class Buttons {
  readonly #options: ButtonOptions;
  /** What the latest windows were opened for: the store may be in trouble meanwhile. */
  readonly #windows = new Map<string, string>();

  constructor(options: ButtonOptions) {
    this.#options = options;
  }

  /** A button, or a choice of a menu. */
  async press(interaction: Taken<ComponentInteraction>): Promise<void> {
    const { memory, locales, desk, handover } = this.#options;
    const code = readCustomId(interaction.data.custom_id);
    const language = languageOf(interaction, locales);
    if (code === EDIT_MORE) return this.#openWindow(interaction, "none");
    const { data } = interaction;
    const chosen = data.component_type === ComponentType.StringSelect ? (data.values?.[0] ?? "") : code;
    const read = () => decodeAction(chosen, conversationOf(channelOf(interaction)), memory);
    // Undefined: the store does not say now what was kept for the button; it is asked again later.
    const action = await soonOr<Action | null | undefined>(STORE_PATIENCE_MS, read(), undefined);
    if (action === null) return desk.say(interaction, locales.plain(language, "button.too-old"));
    const isPrivate = action !== undefined && isForOneAlone(action);
    const isAnswer = isPrivate || isAppOnly(interaction);
    await desk.take(interaction, isPrivate ? "private" : isAnswer ? "public" : "update", async () => {
      const known = action ?? (await read());
      if (!known) return desk.follow(interaction, locales.plain(language, "button.too-old"));
      const what = { text: "", attachments: [], action: known };
      await handover.receive(interaction, isForOneAlone(known), what, !isAnswer);
    });
  }

  /** The context menu: the target's files are kept for the window that asks for the prompt. */
  async editThis(interaction: MessageCommandInteraction): Promise<void> {
    const { locales, memory, desk, handover } = this.#options;
    if (await handover.refuse(interaction)) return;
    const { resolved, target_id: targetId } = interaction.data;
    const message = own(resolved.messages, targetId);
    const files = message ? attachmentsOf(message) : [];
    const links = [...(message?.content ?? "").matchAll(/https?:\/\/[^\s<>]+/g)].map((match) => match[0]);
    if (files.length + links.length === 0) {
      return desk.say(interaction, locales.plain(languageOf(interaction, locales), "discord.no-clip"));
    }
    const opened: OpenedWindow = {
      userId: userOf(interaction).id,
      channelId: channelOf(interaction),
      files,
      links: links.slice(0, 3),
    };
    const source = JSON.stringify(opened);
    this.#windows.set(interaction.id, source);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > MAX_WINDOWS && oldest !== undefined) this.#windows.delete(oldest);
    const kept = memory.set(`window:${interaction.id}`, source, WINDOW_LIVES_MS);
    await soonOr(STORE_PATIENCE_MS, kept, undefined);
    await this.#openWindow(interaction, interaction.id);
  }

  /** The window was sent. */
  async submit(interaction: Taken<ModalInteraction>): Promise<void> {
    const { locales, desk, handover } = this.#options;
    await desk.take(interaction, "public", async () => {
      const [, windowId = ""] = interaction.data.custom_id.split(":");
      const prompt = fieldOf(interaction);
      if (windowId === "none") {
        return handover.receive(interaction, false, { text: prompt, attachments: [] });
      }
      const source = await this.#openedBy(interaction, windowId);
      if (!source) {
        const language = languageOf(interaction, locales);
        return desk.showOriginal(interaction, locales.plain(language, "button.too-old"));
      }
      const text = source.files.length > 0 ? prompt : [...source.links, prompt].join(" ");
      await handover.start(interaction, text, source.files);
    });
  }

  /** What the window was opened for: by this person, in this channel. Null: by nobody who is known. */
  async #openedBy(interaction: ModalInteraction, windowId: string): Promise<OpenedWindow | null> {
    const { memory } = this.#options;
    const kept = this.#windows.get(windowId) ?? (await memory.get(`window:${windowId}`));
    if (kept === null) return null;
    // Written by `editThis`.
    const opened = JSON.parse(kept) as OpenedWindow;
    const isTheirs = opened.userId === userOf(interaction).id && opened.channelId === channelOf(interaction);
    return isTheirs ? opened : null;
  }

  #openWindow(interaction: Interaction, windowId: string): Promise<void> {
    const { locales, desk } = this.#options;
    const language = languageOf(interaction, locales);
    return desk.respond(interaction, {
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
    });
  }
}
