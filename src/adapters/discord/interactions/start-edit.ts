/**
 * A command that is an edit, whatever its words mean elsewhere: its deferred answer begins a thread, or becomes the
 * answer itself. Source: platforms.md, "Threads".
 */
import type { REST } from "@discordjs/rest";
import type { APIMessage } from "discord.js";
import type { Locales } from "../../../core/model/locales.ts";
import type { IncomingMessage } from "../../../core/model/message.ts";
import { StopError } from "../../../core/model/stop.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import { inThread } from "../incoming/normalize.ts";
import type { Receiver } from "../incoming/receiver.ts";
import { canOpenThread } from "../permissions.ts";
import { placeOf } from "../place.ts";
import { isAppOnly, languageOf, type Taken, writeProblem } from "./facts.ts";
import { type InteractionResponder, originalOf } from "./responder.ts";

export interface StartEditOptions {
  rest: REST;
  locales: Locales;
  receiver: Receiver;
  responder: InteractionResponder;
  log: Log;
}

/** Hands `message`, which `interaction` asks for, to the core. Throws as `Receiver.receive`. */
export async function startEdit(
  message: IncomingMessage,
  interaction: Taken,
  options: StartEditOptions,
): Promise<void> {
  const { receiver, responder, locales } = options;
  const threadId = await openThread(message, interaction, options);
  // Only now it shows that the bot has to write where it may not.
  const problem = threadId === null ? writeProblem(interaction, locales) : null;
  if (problem !== null) return responder.showOriginal(interaction, problem);
  if (!threadId) return receiver.receive(message);
  await receiver.receive(inThread(message, threadId));
  const content = locales.plain(languageOf(interaction, locales), "discord.in-thread", {
    thread: `<#${threadId}>`,
  });
  await responder.showOriginal(interaction, content);
}

/** Null: the answer belongs in place. Undefined: the store, in trouble, does not say. */
async function openThread(
  message: IncomingMessage,
  interaction: Taken,
  { rest, receiver, log }: StartEditOptions,
): Promise<string | null | undefined> {
  const { channelId, guildId } = placeOf(message.replyTo);
  if (!guildId || isAppOnly(interaction) || !canOpenThread(interaction.app_permissions)) return null;
  try {
    // The answer's shape is Discord's documented message object.
    const answer = (await rest.get(originalOf(interaction), { auth: false })) as APIMessage;
    const channelType = interaction.channel?.type;
    return await receiver.openThread(message, {
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
