/** What a person can choose: the skill of the conversation, and their own language. */
import { ownerOf } from "../model/conversation.ts";
import type { Button, IncomingMessage } from "../model/message.ts";
import { localized } from "../model/skill.ts";
import { greeting } from "../reply/greeting.ts";
import { languageName } from "../understand/language.ts";
import { wantLanguage } from "./agent-language.ts";
import type { Chat } from "./chat.ts";
import { isAllowed } from "./rights.ts";

/** Lists the skills, or switches to one. Only the choice is stored; the project goes on. */
export async function chooseSkill(
  chat: Chat,
  user: IncomingMessage["user"],
  name: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const wanted = name === undefined ? null : context.skills.find(name);
  if (wanted) {
    if (!(await isAllowed(chat, user, ownerOf(chat), "rights.project", signal))) return;
    await chat.update((current) => ({ ...current, skill: wanted.name }));
    await speaker.send(greeting(context, speaker, wanted, "skill.switched", chat.record.files.length > 0));
    return;
  }
  const lines = context.skills
    .list()
    .map((skill) => {
      const mark = skill.name === chat.skill.name ? " ✓" : "";
      return `• ${localized(skill.title, speaker.language)}${mark}: ${localized(skill.description, speaker.language)}`;
    })
    .join("\n");
  const buttons = context.skills.list().map((skill): Button[] => [
    {
      kind: "action",
      label: localized(skill.title, speaker.language),
      action: { kind: "skill", name: skill.name },
    },
  ]);
  const list = speaker.rich("skill.list", { skills: lines });
  const text = name === undefined ? list : speaker.paragraphs(speaker.rich("skill.unknown", { name }), list);
  await speaker.send({ text, buttons });
}

/** Switches to the skill that was chosen along with a message. False: the person may not, and has been told. */
export async function takeSkill(
  chat: Chat,
  { user, skill: name }: IncomingMessage,
  signal: AbortSignal,
): Promise<boolean> {
  const wanted = name === undefined ? null : chat.context.skills.find(name);
  if (!wanted || wanted.name === chat.skill.name) return true;
  if (!(await isAllowed(chat, user, ownerOf(chat), "rights.project", signal))) return false;
  await chat.update((current) => ({ ...current, skill: wanted.name }));
  return true;
}

/**
 * Lists the languages, or keeps a person's choice; in one that we have no words in, the editor answers alone.
 * `answerIn` makes the chat in the chosen language.
 */
export async function chooseLanguage(
  chat: Chat,
  userId: string,
  wanted: string | undefined,
  answerIn: (language: string) => Promise<Chat>,
): Promise<void> {
  const { context, speaker } = chat;
  const language = context.locales.match(wanted);
  const name = language === null && wanted !== undefined ? languageName(wanted, speaker.language) : null;
  const chosen = language ?? (name === null ? null : (wanted ?? null));
  if (chosen !== null) {
    await context.store.updateUser(userId, (current) => ({ ...current, version: 1, language: chosen }));
    await wantLanguage(chat, userId, chosen);
  }
  if (language) {
    const next = await answerIn(language);
    await next.speaker.say("language.switched");
    return;
  }
  const buttons = context.locales.languages.map((code): Button[] => [
    {
      kind: "action",
      label: context.locales.plain(code, "language.name"),
      action: { kind: "language", language: code },
    },
  ]);
  const list = speaker.rich("language.list");
  const text =
    wanted === undefined
      ? list
      : name === null
        ? speaker.paragraphs(speaker.rich("language.unknown", { language: wanted }), list)
        : speaker.rich("language.editor-only", { language: name });
  await speaker.send({ text, buttons });
}
