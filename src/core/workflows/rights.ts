/**
 * Who may do what where people share a conversation: everybody with their own things, with all things those who manage
 * it. The platform says who that is; while it does not say, no person is taken for one. Source: docs/usage.md, "Who may do what".
 */

import type { TextKey } from "../model/locales.ts";
import type { IncomingMessage } from "../model/message.ts";
import type { Request } from "../model/request.ts";
import type { Chat } from "./chat.ts";

type Person = IncomingMessage["user"];

/** `unknown`: the platform did not say. */
export type Permission = "yes" | "no" | "unknown";

/** A person waits for it, and the next message of the chat may wait behind. */
const ASK_TIMEOUT_MS = 5_000;

/** Whether a person may manage the conversation. Throws the signal's reason. */
export async function mayManage(chat: Chat, user: Person, signal: AbortSignal): Promise<Permission> {
  const { platform, target } = chat.speaker;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]);
  try {
    return (await platform.mayManage(target, user, deadline)) ? "yes" : "no";
  } catch (error) {
    signal.throwIfAborted();
    chat.context.log.warn(
      { err: error, conversation: chat.id },
      "the platform did not say who may manage a chat",
    );
    return "unknown";
  }
}

/** Whether a person may act on what `startedBy` began; null when no one has, undefined when it is not known who. */
async function mayActOn(
  chat: Chat,
  user: Person,
  startedBy: string | null | undefined,
  signal: AbortSignal,
): Promise<Permission> {
  return startedBy === null || startedBy === user.id ? "yes" : mayManage(chat, user, signal);
}

/** Tells the person why not; `key` is the sentence for a no. */
export async function refuse(
  chat: Chat,
  permission: Exclude<Permission, "yes">,
  key: TextKey,
): Promise<void> {
  await chat.speaker.say(permission === "no" ? key : "rights.unknown");
}

/** As `mayActOn`; a person who may not has been told. */
export async function isAllowed(
  chat: Chat,
  user: Person,
  startedBy: string | null | undefined,
  key: TextKey,
  signal: AbortSignal,
): Promise<boolean> {
  const permission = await mayActOn(chat, user, startedBy, signal);
  if (permission !== "yes") await refuse(chat, permission, key);
  return permission === "yes";
}

/**
 * Whether a message may ask for its goal. A person who was asked what they mean answers for themselves; what the agent
 * asks or offers is for the person whose request it was, at whose cost it goes on. False: the person has been told.
 */
export async function mayAsk(
  chat: Chat,
  { action, user }: IncomingMessage,
  goal: Request["goal"],
  signal: AbortSignal,
): Promise<boolean> {
  const prompt = action?.kind === "edit" ? action : null;
  if (prompt?.meant && prompt.meant.userId !== user.id) {
    await chat.speaker.say("ask.not-yours");
    return false;
  }
  const { openQuestion } = chat.record;
  const answer = goal.kind === "action" && goal.action.kind === "answer" ? goal.action : null;
  if (answer && openQuestion?.itemId === answer.itemId) {
    return isAllowed(chat, user, openQuestion.startedBy, "rights.choice", signal);
  }
  const startedBy = prompt?.startedBy;
  return startedBy === undefined || isAllowed(chat, user, startedBy, "rights.choice", signal);
}
