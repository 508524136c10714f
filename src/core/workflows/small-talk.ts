/**
 * What is said to those who say nothing: a reaction, a friendly line, the first greeting. It needs no session and costs
 * nothing. Source: DESIGN.md, rule 11.
 */
import type { TextKey } from "../model/locales.ts";
import type { IncomingMessage, SmallTalk } from "../model/message.ts";
import type { Reaction } from "../ports/chat-platform.ts";
import { greeting } from "../reply/greeting.ts";
import type { Chat } from "./chat.ts";

/** Small talk is answered in words once in so long; reactions come each time. */
const LINE_EVERY_MS = 120_000;

const REACTIONS: Readonly<Record<SmallTalk["says"], Reaction>> = {
  greet: "👍",
  thanks: "❤",
  laugh: "😁",
  agree: "👍",
  remark: "👍",
  reply: "👍",
};

/** Title and greeting of the skill, with the examples that fit. */
export async function greet(
  chat: Chat,
  lead: "connect.ready" | "project.started" = "connect.ready",
): Promise<void> {
  const { context, speaker, skill, record } = chat;
  await chat.living.end(greeting(context, speaker, skill, lead, record.files.length > 0));
  const greetedAt = context.clock.now();
  await chat.update((current) => ({ ...current, greetedAt }));
}

/**
 * The first "hi" in private is greeted, later ones get a friendly line. Other small talk gets a reaction; where the
 * platform has none, nothing in groups and a friendly line in private.
 */
export async function answerSmallTalk(
  chat: Chat,
  message: IncomingMessage,
  { says }: SmallTalk,
): Promise<void> {
  const { platform, target } = chat.speaker;
  const isShared = platform.isShared(target);
  const isGreeting = says === "greet";
  if (isGreeting && !isShared) {
    const isFirst = chat.session === null && chat.record.greetedAt === undefined;
    return isFirst ? greet(chat) : sayLine(chat, message, "small-talk.greet");
  }
  if (await platform.react(target, REACTIONS[says])) return;
  if (isShared && !isGreeting) return;
  await sayLine(
    chat,
    message,
    isShared ? "small-talk.group" : says === "thanks" ? "small-talk.thanks" : "small-talk.other",
  );
}

async function sayLine(chat: Chat, { receivedAt }: IncomingMessage, key: TextKey): Promise<void> {
  const { chattedAt } = chat.record;
  if (chattedAt !== undefined && receivedAt - chattedAt < LINE_EVERY_MS) return;
  await chat.speaker.say(key);
  await chat.update((current) => ({ ...current, chattedAt: receivedAt }));
}
