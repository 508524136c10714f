/**
 * Commands, buttons, menus and windows. Everything is acknowledged before anything slow; what a command asks
 * for goes to the core as a message. Source: Discord docs, "Receiving and Responding"; platforms.md.
 */
import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIChatInputApplicationCommandInteraction,
  type APIInteraction,
  type APIMessage,
  type APIMessageApplicationCommandInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionResponseType,
  InteractionType,
  PermissionFlagsBits,
  type REST,
  Routes,
  TextInputStyle,
} from "discord.js";
import type { Locales } from "../../core/locales.ts";
import type { Action, Attachment } from "../../core/message.ts";
import type { AdapterMemory, Log, MessageSink } from "../../core/ports.ts";
import { localized, type SkillCatalog } from "../../core/skill.ts";
import { decodeAction } from "../action-codes.ts";
import { CLIP_OPTIONS, EDIT_THIS } from "./commands.ts";
import { isApiError } from "./errors.ts";
import {
  attachmentsOf,
  conversationOf,
  type DiscordPlace,
  optionFiles,
  readInteraction,
  targetOf,
  userOf,
} from "./normalize.ts";
import { canOpenThread, isThread, missingToWrite, permissionSentence } from "./permissions.ts";
import { EDIT_MORE, escapeText, readCustomId } from "./render.ts";
import type { Threads } from "./threads.ts";

const EPHEMERAL = 64;
const SUPPRESS_EMBEDS = 4;
const MAX_SEEN = 5_000;
const SIGNPOST_LENGTH = 200;
const MAX_CHOICES = 25;
/** How long the files behind an open window are kept. */
const WINDOW_LIVES_MS = 3_600_000;

export interface InteractionOptions {
  rest: REST;
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  skills: () => SkillCatalog;
  threads: Threads;
  log: Log;
  applicationId: () => string;
}

type Slash = APIChatInputApplicationCommandInteraction;

export class Interactions {
  readonly #options: InteractionOptions;
  /** Interactions that were taken: a resumed connection may tell them again. */
  readonly #seen = new Set<string>();

  constructor(options: InteractionOptions) {
    this.#options = options;
  }

  async handle(interaction: APIInteraction): Promise<void> {
    if (this.#seen.has(interaction.id)) return;
    this.#seen.add(interaction.id);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    switch (interaction.type) {
      case InteractionType.ApplicationCommand:
        if (interaction.data.type === ApplicationCommandType.ChatInput)
          return this.#command(interaction as Slash);
        if (interaction.data.type === ApplicationCommandType.Message && interaction.data.name === EDIT_THIS) {
          return this.#editThis(interaction as APIMessageApplicationCommandInteraction);
        }
        return;
      case InteractionType.ApplicationCommandAutocomplete:
        return this.#complete(interaction);
      case InteractionType.MessageComponent:
        return this.#pressed(interaction);
      case InteractionType.ModalSubmit:
        return this.#submitted(interaction);
    }
  }

  async #command(interaction: Slash): Promise<void> {
    const { name } = interaction.data;
    if (name === "threads") return this.#setThreads(interaction);
    const action = actionOf(name, interaction);
    // Money and settings are for the person alone.
    const isPrivate = action !== null && PRIVATE.has(action.kind);
    const goesOn = action === null || action.kind === "export" || action.kind === "new-project";
    if (goesOn && (await this.#refuse(interaction))) return;
    await this.#acknowledge(interaction, isPrivate);
    if (action) return this.#receive(interaction, isPrivate, { text: "", attachments: [], action });
    const ids = CLIP_OPTIONS.flatMap((option) => optionOf(interaction, option) ?? []).map(String);
    const attachments = optionFiles(interaction.data.resolved?.attachments ?? {}, ids, interaction.id);
    const text = String(optionOf(interaction, "prompt") ?? "");
    await this.#start(interaction, text, attachments);
  }

  /** The target's files are kept for the window that asks for the prompt. */
  async #editThis(interaction: APIMessageApplicationCommandInteraction): Promise<void> {
    const { locales, memory } = this.#options;
    if (await this.#refuse(interaction)) return;
    const message = interaction.data.resolved.messages[interaction.data.target_id];
    const files = message ? attachmentsOf(message as APIMessage) : [];
    const links = [...(message?.content ?? "").matchAll(/https?:\/\/[^\s<>]+/g)].map((match) => match[0]);
    if (files.length + links.length === 0) {
      return this.#say(interaction, locales.plain(languageOf(interaction, locales), "discord.no-clip"));
    }
    await memory.set(
      `window:${interaction.id}`,
      JSON.stringify({ files, links: links.slice(0, 3) }),
      WINDOW_LIVES_MS,
    );
    await this.#openWindow(interaction, interaction.id);
  }

  async #pressed(interaction: APIMessageComponentInteraction): Promise<void> {
    const { memory, locales } = this.#options;
    const { code, authorId } = readCustomId(interaction.data.custom_id);
    const language = languageOf(interaction, locales);
    if (!(await this.#mayPress(interaction, authorId))) {
      return this.#say(interaction, locales.plain(language, "button.not-yours"));
    }
    if (code === EDIT_MORE) return this.#openWindow(interaction, "none");
    const { data } = interaction;
    const chosen = data.component_type === ComponentType.StringSelect ? (data.values[0] ?? "") : code;
    const action = await decodeAction(chosen, conversationOf(channelOf(interaction)), memory);
    if (!action) return this.#say(interaction, locales.plain(language, "button.too-old"));
    const isPrivate = PRIVATE.has(action.kind);
    const isAnswer = isPrivate || this.#isAppOnly(interaction);
    if (isAnswer) await this.#acknowledge(interaction, isPrivate);
    else await this.#respond(interaction, { type: InteractionResponseType.DeferredMessageUpdate });
    await this.#receive(interaction, isPrivate, { text: "", attachments: [], action }, !isAnswer);
  }

  async #submitted(interaction: APIModalSubmitInteraction): Promise<void> {
    const { memory } = this.#options;
    await this.#acknowledge(interaction, false);
    const [, windowId = ""] = interaction.data.custom_id.split(":");
    const kept = windowId === "none" ? null : await memory.get(`window:${windowId}`);
    // Written by `#editThis`.
    const source = kept
      ? (JSON.parse(kept) as { files: Attachment[]; links: string[] })
      : { files: [], links: [] };
    const prompt = fieldOf(interaction);
    const text = source.files.length > 0 ? prompt : [...source.links, prompt].join(" ");
    if (windowId === "none") return this.#receive(interaction, false, { text, attachments: [] });
    await this.#start(interaction, text, source.files);
  }

  /** A new edit: in a thread of its own where that is possible. */
  async #start(interaction: APIInteraction, text: string, attachments: Attachment[]): Promise<void> {
    const { locales } = this.#options;
    const channelId = channelOf(interaction);
    const isAppOnly = this.#isAppOnly(interaction);
    const threadId = isAppOnly
      ? null
      : await this.#openThread(interaction, channelId, text || (attachments[0]?.name ?? ""));
    if (!threadId) {
      // Only now it shows that the bot has to write where it may not.
      const problem = isAppOnly ? null : this.#cannotWrite(interaction);
      if (problem === null) return this.#receive(interaction, false, { text, attachments });
      await this.#showOriginal(interaction, problem);
      return;
    }
    const user = userOf(interaction);
    const place: DiscordPlace = {
      channelId: threadId,
      userId: user.id,
      ...(interaction.guild_id ? { guildId: interaction.guild_id } : {}),
      parentId: channelId,
      ...answerOf(interaction),
      // The deferred answer shows the way; only what is for the person alone comes after it.
      isAnswered: true,
      isElsewhere: true,
    };
    const target = targetOf(conversationOf(threadId), place);
    const canManageThread = canManage(interaction);
    await this.#options.engine.receive(
      readInteraction(interaction, target, { text, attachments, canManage: canManageThread }),
    );
    const content = locales.plain(languageOf(interaction, locales), "discord.in-thread", {
      thread: `<#${threadId}>`,
      prompt: escapeText(shorten(text)),
    });
    await this.#showOriginal(interaction, content);
  }

  async #openThread(interaction: APIInteraction, channelId: string, name: string): Promise<string | null> {
    const { rest, threads, applicationId, log } = this.#options;
    const { guild_id: guildId, channel } = interaction;
    if (!guildId || !canOpenThread(interaction.app_permissions)) return null;
    try {
      const original = (await rest.get(
        Routes.webhookMessage(applicationId(), interaction.token, "@original"),
        {
          auth: false,
        },
      )) as APIMessage;
      const user = userOf(interaction);
      return await threads.open(
        { guildId, channelId, messageId: original.id, ...(channel ? { channelType: channel.type } : {}) },
        { name, userId: user.id },
      );
    } catch (error) {
      log.info({ err: error }, "no thread could be opened; answering in place");
      return null;
    }
  }

  async #receive(
    interaction: APIInteraction,
    isEphemeral: boolean,
    what: { text: string; attachments: Attachment[]; action?: Action },
    isAnswered = false,
  ): Promise<void> {
    const channelId = channelOf(interaction);
    const user = userOf(interaction);
    const place: DiscordPlace = {
      channelId,
      userId: user.id,
      ...(interaction.guild_id ? { guildId: interaction.guild_id } : {}),
      ...answerOf(interaction),
      ...(isAnswered ? { isAnswered } : {}),
      ...parentOf(interaction),
      ...(isEphemeral ? { isEphemeral } : {}),
      ...(this.#isAppOnly(interaction) ? { isAppOnly: true } : {}),
      ...limitOf(interaction),
    };
    const message = readInteraction(interaction, targetOf(conversationOf(channelId), place), {
      ...what,
      canManage: canManage(interaction),
    });
    await this.#options.engine.receive(message);
  }

  async #setThreads(interaction: Slash): Promise<void> {
    const { threads, locales } = this.#options;
    const isOn = optionOf(interaction, "on") === true;
    const isAllowed = hasPermission(interaction, PermissionFlagsBits.ManageGuild);
    if (interaction.guild_id && isAllowed) await threads.setInPlace(interaction.guild_id, !isOn);
    const key = !isAllowed ? "button.not-yours" : isOn ? "discord.threads-on" : "discord.threads-off";
    await this.#say(interaction, locales.plain(languageOf(interaction, locales), key));
  }

  async #complete(interaction: APIApplicationCommandAutocompleteInteraction): Promise<void> {
    const { locales, skills } = this.#options;
    const language = languageOf(interaction, locales);
    const focused = interaction.data.options.find((option) => "focused" in option && option.focused);
    const typed = String((focused && "value" in focused ? focused.value : "") ?? "").toLowerCase();
    const choices = skills()
      .list()
      .map((skill) => ({ name: localized(skill.title, language), value: skill.name }))
      .filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(typed))
      .slice(0, MAX_CHOICES);
    await this.#respond(interaction, {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices },
    });
  }

  /** Whom the answer is for, who started the project, and who manages the channel. */
  async #mayPress(interaction: APIMessageComponentInteraction, authorId: string | null): Promise<boolean> {
    const { id } = userOf(interaction);
    if (authorId === id || canManage(interaction)) return true;
    const owner = interaction.guild_id ? await this.#options.threads.ownerOf(channelOf(interaction)) : null;
    return owner === null ? authorId === null : owner === id;
  }

  /** Says at once that the bot cannot write in a channel; false when it can, there or in a thread. */
  async #refuse(interaction: APIInteraction): Promise<boolean> {
    if (this.#isAppOnly(interaction) || canOpenThread(interaction.app_permissions)) return false;
    const problem = this.#cannotWrite(interaction);
    if (problem !== null) await this.#say(interaction, problem);
    return problem !== null;
  }

  /** The sentence that names the missing permission; null when the bot can write. */
  #cannotWrite(interaction: APIInteraction): string | null {
    if (!interaction.guild_id) return null;
    const { locales } = this.#options;
    const need = missingToWrite(interaction.app_permissions, interaction.channel?.type);
    if (need === null) return null;
    return permissionSentence(locales, languageOf(interaction, locales), need, channelOf(interaction));
  }

  #openWindow(interaction: APIInteraction, windowId: string): Promise<void> {
    const { locales } = this.#options;
    const language = languageOf(interaction, locales);
    return this.#respond(interaction, {
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

  /** A whole answer for the person alone. */
  #say(interaction: APIInteraction, content: string): Promise<void> {
    return this.#respond(interaction, {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } },
    });
  }

  /** Fills the deferred answer. */
  async #showOriginal(interaction: APIInteraction, content: string): Promise<void> {
    const { rest, applicationId, log } = this.#options;
    try {
      await rest.patch(Routes.webhookMessage(applicationId(), interaction.token, "@original"), {
        body: { content, allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS },
        auth: false,
      });
    } catch (error) {
      log.warn({ err: error }, "a command's answer could not be shown");
    }
  }

  #acknowledge(interaction: APIInteraction, isPrivate: boolean): Promise<void> {
    return this.#respond(interaction, {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      ...(isPrivate ? { data: { flags: EPHEMERAL } } : {}),
    });
  }

  async #respond(interaction: APIInteraction, body: object): Promise<void> {
    try {
      await this.#options.rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
        body,
        auth: false,
      });
    } catch (error) {
      // The first try arrived although its connection broke, or the event came twice.
      if (!isApiError(error, 40060)) throw error;
    }
  }

  /** Installed by the person alone: the bot itself is not in the channel. */
  #isAppOnly(interaction: APIInteraction): boolean {
    const { authorizing_integration_owners: owners, guild_id: guildId, context } = interaction;
    if (guildId) return owners?.[0] === undefined;
    // 1: the bot's own direct messages.
    return context !== undefined && context !== 1;
  }
}

const PRIVATE: ReadonlySet<Action["kind"]> = new Set(["credits", "skill", "language", "help", "upload-help"]);

function actionOf(name: string, interaction: Slash): Action | null {
  switch (name) {
    case "export":
    case "credits":
    case "status":
    case "help":
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

function shorten(text: string): string {
  const chars = Array.from(text);
  return chars.length > SIGNPOST_LENGTH ? `${chars.slice(0, SIGNPOST_LENGTH - 1).join("")}…` : text;
}

function optionOf(interaction: Slash, name: string): string | number | boolean | undefined {
  const option = interaction.data.options?.find((one) => one.name === name);
  if (!option || option.type === ApplicationCommandOptionType.Subcommand) return undefined;
  return "value" in option ? option.value : undefined;
}

function fieldOf(interaction: APIModalSubmitInteraction): string {
  for (const row of interaction.data.components) {
    if ("components" in row) {
      for (const field of row.components)
        if (field.custom_id === "prompt" && "value" in field) return field.value;
    }
  }
  return "";
}

function channelOf(interaction: APIInteraction): string {
  return interaction.channel?.id ?? interaction.channel_id ?? "";
}

/** How an interaction can be answered later. */
function answerOf(interaction: APIInteraction) {
  return {
    interactionId: interaction.id,
    interactionToken: interaction.token,
    interactionAt: Date.now(),
  };
}

/** The channel of the thread it happened in; absent elsewhere. */
function parentOf(interaction: APIInteraction): { parentId?: string } {
  const { channel } = interaction;
  const isInThread = channel && isThread(channel.type) && "parent_id" in channel && channel.parent_id;
  return isInThread ? { parentId: String(channel.parent_id) } : {};
}

function limitOf(interaction: APIInteraction): { fileLimitBytes?: number } {
  const limit = interaction.attachment_size_limit;
  return limit ? { fileLimitBytes: limit } : {};
}

function canManage(interaction: APIInteraction): boolean {
  return (
    hasPermission(interaction, PermissionFlagsBits.ManageChannels) ||
    hasPermission(interaction, PermissionFlagsBits.ManageThreads)
  );
}

function hasPermission(interaction: APIInteraction, permission: bigint): boolean {
  const permissions = BigInt(interaction.member?.permissions ?? "0");
  return (permissions & (permission | PermissionFlagsBits.Administrator)) !== 0n;
}

function languageOf(interaction: APIInteraction, locales: Locales): string {
  return (
    locales.match("locale" in interaction ? interaction.locale : null) ??
    locales.match(interaction.guild_locale) ??
    "en"
  );
}
