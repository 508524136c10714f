/**
 * The language the agent answers in: a session is made in that of the person who starts it, and since no call changes it
 * later, the next turn says so. What is said to the agent here is never shown. Source: nemo-api.md, "Session".
 */

import type { Conversation } from "../model/conversation.ts";
import { ownerOf } from "../model/conversation.ts";
import { languageName } from "../understand/language.ts";
import type { Chat } from "./chat.ts";

/** What a new session is told when it is made. */
export function languageOfNew(language: string): NonNullable<Conversation["language"]> {
  return { told: language, wanted: language };
}

/**
 * The language of a person is the one of the project when it is theirs: the agent hears of a change with the next
 * turn, by any person.
 */
export async function wantLanguage(chat: Chat, userId: string, wanted: string): Promise<void> {
  const owner = ownerOf(chat);
  const isTheirs = owner === undefined || owner === null || owner === userId;
  if (!chat.session || !isTheirs || chat.record.language?.wanted === wanted) return;
  const { locales } = chat.context;
  await chat.update((current) => ({
    ...current,
    // Old records do not say: their sessions were made in a language of ours.
    language: { told: current.language?.told ?? locales.match(wanted) ?? "en", wanted },
  }));
}

/** The words of a turn as they are sent: with a line about the language when it has changed. */
export function wordsForAgent({ record }: Chat, text: string): string {
  const { language } = record;
  const name = language && language.told !== language.wanted ? languageName(language.wanted) : null;
  return name === null ? text : `(Please answer in ${name}.)\n${text}`;
}

/** The agent has heard what `wordsForAgent` said: `language`, whatever is wanted by now. */
export async function languageWasTold(chat: Chat, language: string | undefined): Promise<void> {
  if (language === undefined || chat.record.language?.told === language) return;
  await chat.update((current) => ({
    ...current,
    ...(current.language ? { language: { ...current.language, told: language } } : {}),
  }));
}
