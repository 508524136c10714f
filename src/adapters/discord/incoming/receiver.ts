/**
 * Where everything that people ask for, by a message or an interaction, goes to the core: in place, or, for an edit in
 * a guild's text channel, in a thread of its own. Source: platforms.md, "Threads".
 */
import type { REST } from "@discordjs/rest";
import type { APIMessage, ChannelType } from "discord.js";
import type { Locales } from "../../../core/model/locales.ts";
import type { IncomingMessage } from "../../../core/model/message.ts";
import { StopError } from "../../../core/model/stop.ts";
import type { MessageSink, PlaceEdit } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { shortenToLimit } from "../../../lib/shorten.ts";
import { isStoreTrouble, orInTrouble } from "../../shared/store-trouble.ts";
import { isAppOnly, languageOf, type Taken, writeProblem } from "../interactions/facts.ts";
import { type InteractionResponder, originalOf } from "../interactions/responder.ts";
import { escapeText } from "../outgoing/render.ts";
import { canOpenThread } from "../permissions.ts";
import { placeOf } from "../place.ts";
import type { Threads } from "../threads.ts";
import type { ConversationIndex } from "./conversation-index.ts";
import { inThread } from "./normalize.ts";

const SIGNPOST_LENGTH = 200;

/** What a person asks for: who, where, what, and how it is answered. */
export interface DiscordRequest {
  /** As the core takes it, answered in place. */
  message: IncomingMessage;
  /** What a thread of its own would begin at; null: it is no edit. */
  thread: ThreadStart | null;
}

type ThreadStart =
  /** The message itself, where its words or files are an edit. */
  | { at: "message"; messageId: string }
  /** The deferred answer of a command that is an edit, whatever its words mean elsewhere. */
  | { at: "answer"; interaction: Taken };

export interface ReceiverOptions {
  rest: REST;
  engine: MessageSink;
  locales: Locales;
  threads: Threads;
  conversations: ConversationIndex;
  responder: InteractionResponder;
  log: Log;
}

export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Resolves once the core owns it, or the person knows what keeps it. Throws while the store is in trouble: it must come again. */
  async receive({ message, thread }: DiscordRequest): Promise<void> {
    switch (thread?.at) {
      case undefined:
        return this.#hand(message);
      case "message":
        return this.#hand(message, async () => {
          const { channelId } = placeOf(message.replyTo);
          const opened = this.#openThread(message, { channelId, messageId: thread.messageId });
          // Where the store does not say whether a thread is wanted, it does not take the message either.
          const threadId = await orInTrouble(opened, null);
          return threadId === null ? message : this.#note(inThread(message, threadId));
        });
      case "answer":
        return this.#receiveCommand(message, thread.interaction);
    }
  }

  async #receiveCommand(message: IncomingMessage, interaction: Taken): Promise<void> {
    const { responder, locales } = this.#options;
    const threadId = await this.#openThreadAtAnswer(message, interaction);
    // Only now it shows that the bot has to write where it may not.
    const problem = threadId === null ? writeProblem(interaction, locales) : null;
    if (problem !== null) return responder.showOriginal(interaction, problem);
    if (!threadId) return this.#hand(message);
    await this.#hand(inThread(message, threadId));
    const content = locales.plain(languageOf(interaction, locales), "discord.in-thread", {
      thread: `<#${threadId}>`,
      prompt: escapeText(shortenToLimit(message.text, SIGNPOST_LENGTH)),
    });
    await responder.showOriginal(interaction, content);
  }

  async #hand(message: IncomingMessage, place?: PlaceEdit): Promise<void> {
    await this.#options.engine.receive(this.#note(message), place);
  }

  /** The answers may be sent by another process: this one hears when the place is gone. */
  #note(message: IncomingMessage): IncomingMessage {
    this.#options.conversations.note(message.replyTo);
    return message;
  }

  /** Null: the answer belongs in place. Undefined: the store, in trouble, does not say. */
  async #openThreadAtAnswer(
    message: IncomingMessage,
    interaction: Taken,
  ): Promise<string | null | undefined> {
    const { rest, log } = this.#options;
    const { channelId, guildId } = placeOf(message.replyTo);
    if (!guildId || isAppOnly(interaction) || !canOpenThread(interaction.app_permissions)) return null;
    try {
      // The answer's shape is Discord's documented message object.
      const answer = (await rest.get(originalOf(interaction), { auth: false })) as APIMessage;
      const channelType = interaction.channel?.type;
      return await this.#openThread(message, {
        channelId,
        messageId: answer.id,
        ...(channelType === undefined ? {} : { channelType }),
      });
    } catch (error) {
      if (isStoreTrouble(error)) return undefined;
      // The next process opens it.
      if (error instanceof StopError) throw error;
      log.info({ err: error }, "no thread could be opened; answering in place");
      return null;
    }
  }

  /** Null: the answer belongs in place. Throws while the store is in trouble. */
  #openThread(
    message: IncomingMessage,
    start: { channelId: string; messageId: string; channelType?: ChannelType },
  ): Promise<string | null> {
    const { guildId, userId } = placeOf(message.replyTo);
    const name = message.text || (message.attachments[0]?.name ?? "");
    return this.#options.threads.open({ ...start, guildId }, { name, userId });
  }
}
