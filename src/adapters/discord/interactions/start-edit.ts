/** How what an interaction asks for reaches the core: in place, or in a thread of its own. */
import type { APIMessage, REST } from "discord.js";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action, Attachment } from "../../../core/model/message.ts";
import { StopError } from "../../../core/model/stop.ts";
import type { MessageSink } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { shortenToLimit } from "../../../lib/shorten.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { Interaction } from "../incoming/event-schema.ts";
import { readInteraction, userOf } from "../incoming/normalize.ts";
import { escapeText } from "../outgoing/render.ts";
import { canOpenThread, missingToWrite, permissionSentence } from "../permissions.ts";
import { conversationOf, type DiscordPlace, targetOf } from "../place.ts";
import type { Threads } from "../threads.ts";
import {
  answerOf,
  canManage,
  channelOf,
  isAppOnly,
  languageOf,
  limitOf,
  parentOf,
  type Taken,
} from "./facts.ts";
import { type Desk, originalOf } from "./responder.ts";

const SIGNPOST_LENGTH = 200;

export interface HandoverOptions {
  rest: REST;
  engine: MessageSink;
  locales: Locales;
  threads: Threads;
  desk: Desk;
  log: Log;
}

export class Handover {
  readonly #options: HandoverOptions;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** A new edit: in a thread of its own where that is possible. */
  async start(interaction: Taken, text: string, attachments: Attachment[]): Promise<void> {
    const { locales } = this.#options;
    const channelId = channelOf(interaction);
    const isStranger = isAppOnly(interaction);
    const name = text || (attachments[0]?.name ?? "");
    const threadId = isStranger ? null : await this.#openThread(interaction, channelId, name);
    // Nobody knows whether a thread is wanted: the core says that the store is in trouble, and this comes again.
    if (threadId === undefined) return this.receive(interaction, false, { text, attachments });
    if (!threadId) {
      // Only now it shows that the bot has to write where it may not.
      const problem = isStranger ? null : this.#cannotWrite(interaction);
      if (problem === null) return this.receive(interaction, false, { text, attachments });
      await this.#options.desk.showOriginal(interaction, problem);
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
      prompt: escapeText(shortenToLimit(text, SIGNPOST_LENGTH)),
    });
    await this.#options.desk.showOriginal(interaction, content);
  }

  /** Goes on in place. */
  async receive(
    interaction: Taken,
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
      ...(isAppOnly(interaction) ? { isAppOnly: true } : {}),
      ...limitOf(interaction),
    };
    const message = readInteraction(interaction, targetOf(conversationOf(channelId), place), {
      ...what,
      canManage: canManage(interaction),
    });
    await this.#options.engine.receive(message);
  }

  /** Says at once that the bot cannot write in a channel; false when it can, there or in a thread. */
  async refuse(interaction: Interaction): Promise<boolean> {
    if (isAppOnly(interaction) || canOpenThread(interaction.app_permissions)) return false;
    const problem = this.#cannotWrite(interaction);
    if (problem !== null) await this.#options.desk.say(interaction, problem);
    return problem !== null;
  }

  /** Null: the answer belongs in place. Undefined: the store is in trouble. */
  async #openThread(
    interaction: Interaction,
    channelId: string,
    name: string,
  ): Promise<string | null | undefined> {
    const { rest, threads, log } = this.#options;
    const { guild_id: guildId, channel } = interaction;
    if (!guildId || !canOpenThread(interaction.app_permissions)) return null;
    try {
      const original = (await rest.get(originalOf(interaction), { auth: false })) as APIMessage;
      const user = userOf(interaction);
      return await threads.open(
        { guildId, channelId, messageId: original.id, ...(channel ? { channelType: channel.type } : {}) },
        { name, userId: user.id },
      );
    } catch (error) {
      if (isStoreTrouble(error)) return undefined;
      // The next process opens it.
      if (error instanceof StopError) throw error;
      log.info({ err: error }, "no thread could be opened; answering in place");
      return null;
    }
  }

  /** The sentence that names the missing permission; null when the bot can write. */
  #cannotWrite(interaction: Interaction): string | null {
    if (!interaction.guild_id) return null;
    const { locales } = this.#options;
    const need = missingToWrite(interaction.app_permissions, interaction.channel?.type);
    if (need === null) return null;
    return permissionSentence(locales, languageOf(interaction, locales), need, channelOf(interaction));
  }
}
