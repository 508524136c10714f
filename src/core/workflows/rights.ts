/**
 * Who may do what where people share a conversation: their own things anybody, everything who manages it.
 * The platform says who that is; when it does not say, nobody is. Source: docs/usage.md, "Who may do what".
 */

import type { TextKey } from "../model/locales.ts";
import type { IncomingMessage } from "../model/message.ts";
import type { Chat } from "./chat.ts";

type Person = IncomingMessage["user"];

/** `unknown`: the platform did not say. */
export type Answer = "yes" | "no" | "unknown";

/** A person waits for the answer, and another one may wait behind. */
const ASK_TIMEOUT_MS = 5_000;

/** Whether a person may manage the conversation. Throws the signal's reason. */
export async function mayManage(chat: Chat, user: Person, signal: AbortSignal): Promise<Answer> {
  const { platform, target } = chat.speaker;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]);
  try {
    return (await platform.mayManage(target, user, patience)) ? "yes" : "no";
  } catch (error) {
    signal.throwIfAborted();
    chat.context.log.warn(
      { err: error, conversation: chat.id },
      "the platform did not say who may manage a chat",
    );
    return "unknown";
  }
}

/** Whether a person may act on what `startedBy` began; null when nobody has, undefined when nobody knows who. */
async function mayActOn(
  chat: Chat,
  user: Person,
  startedBy: string | null | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  return startedBy === null || startedBy === user.id ? "yes" : mayManage(chat, user, signal);
}

/** Says why not, to who asked for it; `key` is the sentence for who may not. */
export async function refuse(chat: Chat, answer: Exclude<Answer, "yes">, key: TextKey): Promise<void> {
  await chat.speaker.say(answer === "no" ? key : "rights.unknown");
}

/** As `mayActOn`; who may not has been told. */
export async function isAllowed(
  chat: Chat,
  user: Person,
  startedBy: string | null | undefined,
  key: TextKey,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await mayActOn(chat, user, startedBy, signal);
  if (answer !== "yes") await refuse(chat, answer, key);
  return answer === "yes";
}
