/**
 * A question of the agent: shown with its options, and answered by a press, by an option's words or number, or in
 * the person's own words. Source: nemo-api.md, "Questions of the agent".
 */
import { hideMachineText } from "../../lib/machine-text.ts";
import type { Conversation } from "../model/conversation.ts";
import type { Action, Button, IncomingMessage } from "../model/message.ts";
import { currentItem, type OpenQuestion, type QuestionItem } from "../model/question.ts";
import { parseMarkup, plain, type RichText } from "../model/rich-text.ts";
import type { Speaker } from "./speaker.ts";

/** Longer labels do not fit a button and are spelled out above. */
const BUTTON_LABEL_LENGTH = 40;
/** Unless they are short enough to read at a glance, options stand one below the other. */
const SHORT_LABEL_LENGTH = 12;
const SHORT_IN_A_ROW = 4;

/** The option that a message names, by its words or its number: the same as its button. Null when it names none. */
export function typedAnswer(open: OpenQuestion, message: IncomingMessage): Action | null {
  const item = currentItem(open);
  if (!item || item.mayChooseSeveral || message.action || message.attachments.length > 0) return null;
  const option = optionNamed(message.text, item);
  return option === null ? null : { kind: "answer", itemId: open.itemId, at: open.answers.length, option };
}

/** How long a question that the agent has asked in plain words waits for small talk as its answer. */
const ANSWER_WITHIN_MS = 3_600_000;

/**
 * Whether words that may be for the editor are the answer to what the agent has asked last: a question with options, or
 * one in plain words. In a group, "ok" is the answer of the person who was asked, and of no one else.
 */
export function mayBeAnswer(
  { openQuestion, settled, inFlight }: Conversation,
  action: Action,
  { user, receivedAt }: IncomingMessage,
): action is Extract<Action, { kind: "ask-meaning" | "small-talk" }> {
  if (action.kind === "ask-meaning") return openQuestion != null;
  if (action.kind !== "small-talk") return false;
  const isTheirs = ({ startedBy }: { startedBy?: string | undefined }) =>
    startedBy === undefined || startedBy === user.id;
  if (openQuestion) return isTheirs(openQuestion);
  const plain = inFlight ? undefined : settled?.asked;
  // "Thanks" answers no question.
  return (
    plain !== undefined && action.mayAnswer && isTheirs(plain) && receivedAt - plain.at < ANSWER_WITHIN_MS
  );
}

function optionNamed(text: string, item: QuestionItem): number | null {
  const typed = normal(text);
  const named = item.options.findIndex((option) => normal(option) === typed);
  if (named >= 0) return named;
  const number = /^#?(\d{1,2})[.)]?$/.exec(typed)?.[1];
  const at = number === undefined ? -1 : Number(number) - 1;
  return at >= 0 && at < item.options.length ? at : null;
}

function normal(text: string): string {
  return text
    .normalize("NFKC")
    .trim()
    .replace(/^["'“”‘’「」]+|["'“”‘’「」.!。！]+$/gu, "")
    .toLowerCase();
}

/** Words of the agent without JSON, ids and signed addresses. */
export function forPeople(speaker: Speaker, words: string): string {
  return hideMachineText(words, speaker.plain("turn.your-clip")).trim();
}

/** The message that asks the current item. */
export function questionMessage(
  speaker: Speaker,
  open: OpenQuestion,
): { text: RichText; buttons: Button[][] } {
  const { question, answers, chosen } = open;
  const item = currentItem(open);
  if (!item) return { text: [], buttons: [] };
  const { mayChooseSeveral } = item;
  // The agent gets its own label back, whatever is hidden of it here.
  const options = item.options.map((option, index) => forPeople(speaker, option) || `${index + 1}`);
  const isFirst = answers.length === 0;
  const isCrowded = options.some((option) => option.length > BUTTON_LABEL_LENGTH);
  const list = options.map((option, index) => `${index + 1}. ${option}`).join("\n");
  const title = forPeople(speaker, question.title);
  const hint =
    options.length === 0 ? "question.free" : mayChooseSeveral ? "question.several" : "question.one";
  const text = speaker.paragraphs(
    isFirst && title !== "" ? parseMarkup(`**${title}**`) : [],
    parseMarkup(forPeople(speaker, item.prompt)),
    isCrowded ? plain(list) : [],
    speaker.rich(hint),
  );
  const at = answers.length;
  const buttons = options.map((option, index): Button => {
    const label = `${chosen.includes(index) ? "✓ " : ""}${isCrowded ? `${index + 1}. ` : ""}${option}`;
    return { kind: "action", label, action: { kind: "answer", itemId: open.itemId, at, option: index } };
  });
  const isShort = options.every((option) => option.length <= SHORT_LABEL_LENGTH);
  const width = isShort && !mayChooseSeveral && options.length <= SHORT_IN_A_ROW ? SHORT_IN_A_ROW : 1;
  const rows: Button[][] = [];
  for (let i = 0; i < buttons.length; i += width) rows.push(buttons.slice(i, i + width));
  if (mayChooseSeveral)
    rows.push([speaker.button("button.done", { kind: "answer", itemId: open.itemId, at })]);
  return { text, buttons: rows };
}
