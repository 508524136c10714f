/** Takes the answers to the agent's open question, one press after the other. Source: `reply/question.ts`. */

import type { Action } from "../model/message.ts";
import { answerText, currentItem, type OpenQuestion } from "../model/question.ts";
import { parseMarkup } from "../model/rich-text.ts";
import { forPeople, questionMessage } from "../reply/question.ts";
import type { Chat } from "./chat.ts";

/**
 * Takes one press. Returns what to send to the agent once everything it asked is answered; null when something
 * else is to be chosen first, or when the question is closed, which the person then knows.
 */
export async function takeAnswer(chat: Chat, press: Action & { kind: "answer" }): Promise<string | null> {
  const open = chat.record.openQuestion;
  const isAsked = open?.itemId === press.itemId;
  // Taken by this very item before its process died.
  if (isAsked && open.answers[press.at]?.by === chat.itemId) return askNext(chat, open);
  if (!isAsked || press.at !== open.answers.length) return refuse(chat, "question.closed");
  const item = currentItem(open);
  if (!item) return refuse(chat, "question.closed");
  const { options, mayChooseSeveral } = item;
  if (press.option === undefined) {
    if (open.chosen.length === 0) return refuse(chat, "question.choose-first");
    return choose(
      chat,
      open,
      open.chosen.flatMap((index) => options[index] ?? []),
    );
  }
  const label = options[press.option];
  if (label === undefined) return refuse(chat, "question.closed");
  if (mayChooseSeveral) return tick(chat, open, press.option);
  return choose(chat, open, [label]);
}

async function refuse(chat: Chat, key: "question.closed" | "question.choose-first"): Promise<null> {
  await chat.speaker.say(key);
  return null;
}

async function tick(chat: Chat, open: OpenQuestion, option: number): Promise<null> {
  // Ticked by this very item before its process died: twice would untick it.
  if (open.chosenBy === chat.itemId) return null;
  const isChosen = open.chosen.includes(option);
  const chosen = isChosen
    ? open.chosen.filter((one) => one !== option)
    : [...open.chosen, option].toSorted((a, b) => a - b);
  const next = { ...open, chosen, chosenBy: chat.itemId };
  await chat.update((current) => ({ ...current, openQuestion: next }));
  await chat.speaker.edit(open.shown, questionMessage(chat.speaker, next));
  return null;
}

async function choose(chat: Chat, open: OpenQuestion, labels: string[]): Promise<string | null> {
  const item = currentItem(open);
  const answers = [...open.answers, { by: chat.itemId, labels }];
  const next = { ...open, answers, chosen: [] };
  await chat.update((current) => ({ ...current, openQuestion: next }));
  const { speaker } = chat;
  if (open.shown && item) {
    const answer = forPeople(speaker, speaker.list(labels));
    const answered = speaker.rich("question.answered", { answer });
    await speaker.edit(open.shown, {
      text: speaker.paragraphs(parseMarkup(forPeople(speaker, item.prompt)), answered),
    });
  }
  return askNext(chat, next);
}

async function askNext(chat: Chat, open: OpenQuestion): Promise<string | null> {
  if (!currentItem(open)) return answerText(open);
  const shown = await chat.speaker.send(questionMessage(chat.speaker, open));
  await chat.update((current) => ({ ...current, openQuestion: { ...open, shown } }));
  return null;
}
