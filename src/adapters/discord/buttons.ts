/** Buttons, menus, and the window that asks for a prompt. */
import {
  type APIInteraction,
  type APIMessage,
  type APIMessageApplicationCommandInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ComponentType,
  InteractionResponseType,
  TextInputStyle,
} from "discord.js";
import type { Locales } from "../../core/locales.ts";
import type { Attachment } from "../../core/message.ts";
import type { AdapterMemory } from "../../core/ports.ts";
import { decodeAction } from "../action-codes.ts";
import type { Desk } from "./desk.ts";
import type { Handover } from "./handover.ts";
import { canManage, channelOf, fieldOf, isAppOnly, isForOneAlone, languageOf } from "./interaction-facts.ts";
import { attachmentsOf, conversationOf, userOf } from "./normalize.ts";
import { EDIT_MORE, readCustomId } from "./render.ts";
import type { Threads } from "./threads.ts";

/** How long the files behind an open window are kept. */
const WINDOW_LIVES_MS = 3_600_000;

export interface ButtonOptions {
  memory: AdapterMemory;
  locales: Locales;
  threads: Threads;
  desk: Desk;
  handover: Handover;
}

export class Buttons {
  readonly #options: ButtonOptions;

  constructor(options: ButtonOptions) {
    this.#options = options;
  }

  /** A button, or a choice of a menu. */
  async press(interaction: APIMessageComponentInteraction): Promise<void> {
    const { memory, locales, desk, handover } = this.#options;
    const { code, authorId } = readCustomId(interaction.data.custom_id);
    const language = languageOf(interaction, locales);
    if (!(await this.#mayPress(interaction, authorId))) {
      return desk.say(interaction, locales.plain(language, "button.not-yours"));
    }
    if (code === EDIT_MORE) return this.#openWindow(interaction, "none");
    const { data } = interaction;
    const chosen = data.component_type === ComponentType.StringSelect ? (data.values[0] ?? "") : code;
    const action = await decodeAction(chosen, conversationOf(channelOf(interaction)), memory);
    if (!action) return desk.say(interaction, locales.plain(language, "button.too-old"));
    const isPrivate = isForOneAlone(action);
    const isAnswer = isPrivate || isAppOnly(interaction);
    if (isAnswer) await desk.acknowledge(interaction, isPrivate);
    else await desk.respond(interaction, { type: InteractionResponseType.DeferredMessageUpdate });
    await handover.receive(interaction, isPrivate, { text: "", attachments: [], action }, !isAnswer);
  }

  /** The context menu: the target's files are kept for the window that asks for the prompt. */
  async editThis(interaction: APIMessageApplicationCommandInteraction): Promise<void> {
    const { locales, memory, desk, handover } = this.#options;
    if (await handover.refuse(interaction)) return;
    const message = interaction.data.resolved.messages[interaction.data.target_id];
    const files = message ? attachmentsOf(message as APIMessage) : [];
    const links = [...(message?.content ?? "").matchAll(/https?:\/\/[^\s<>]+/g)].map((match) => match[0]);
    if (files.length + links.length === 0) {
      return desk.say(interaction, locales.plain(languageOf(interaction, locales), "discord.no-clip"));
    }
    await memory.set(
      `window:${interaction.id}`,
      JSON.stringify({ files, links: links.slice(0, 3) }),
      WINDOW_LIVES_MS,
    );
    await this.#openWindow(interaction, interaction.id);
  }

  /** The window was sent. */
  async submit(interaction: APIModalSubmitInteraction): Promise<void> {
    const { memory, desk, handover } = this.#options;
    await desk.acknowledge(interaction, false);
    const [, windowId = ""] = interaction.data.custom_id.split(":");
    const kept = windowId === "none" ? null : await memory.get(`window:${windowId}`);
    // Written by `#editThis`.
    const source = kept
      ? (JSON.parse(kept) as { files: Attachment[]; links: string[] })
      : { files: [], links: [] };
    const prompt = fieldOf(interaction);
    const text = source.files.length > 0 ? prompt : [...source.links, prompt].join(" ");
    if (windowId === "none") return handover.receive(interaction, false, { text, attachments: [] });
    await handover.start(interaction, text, source.files);
  }

  /** Whom the answer is for, who started the project, and who manages the channel. */
  async #mayPress(interaction: APIMessageComponentInteraction, authorId: string | null): Promise<boolean> {
    const { id } = userOf(interaction);
    if (authorId === id || canManage(interaction)) return true;
    const owner = interaction.guild_id ? await this.#options.threads.ownerOf(channelOf(interaction)) : null;
    return owner === null ? authorId === null : owner === id;
  }

  #openWindow(interaction: APIInteraction, windowId: string): Promise<void> {
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
