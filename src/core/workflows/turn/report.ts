/**
 * The end of a turn in one message: what the agent has said, what it has not told, and what follows. Source: DESIGN.md,
 * rule 5.
 */
import type { BackendError } from "../../model/backend-error.ts";
import { type GuiAction, isNoTurn } from "../../model/gui-action.ts";
import type { TextKey } from "../../model/locales.ts";
import type { Button, SentMessage } from "../../model/message.ts";
import { plain } from "../../model/rich-text.ts";
import type { Timeline } from "../../model/timeline.ts";
import { questionMessage } from "../../reply/question.ts";
import type { MessageDraft } from "../../reply/speaker.ts";
import { changesText, summaryText } from "../../reply/timeline-text.ts";
import { languageWasTold } from "../agent-language.ts";
import type { Chat } from "../chat.ts";
import type { Turn } from "./at-work.ts";
import { countedAs, type Doubt, mayHaveChanged, type TurnEnd } from "./end.ts";
import { type AskedQuestion, endKeyOf, markTurnEnded, type TurnInFlight } from "./in-flight.ts";
import { offerButton } from "./offers.ts";

/**
 * Tells the end and writes it down. Returns what the answer asks for. Throws what ended the turn where the worker
 * goes on with that.
 */
export async function settleTurn(turn: Turn, end: TurnEnd): Promise<GuiAction[]> {
  const { chat, inFlight, living } = turn;
  if (end.kind === "handed-over") {
    await living.release();
    throw end.error;
  }
  // Told before it counts as over: the process that finds it in flight would tell it.
  const asked = await tellEnd(turn, end);
  const isGood = "actions" in end;
  const actions = isGood ? end.actions : [];
  if (isGood) await languageWasTold(chat, inFlight.language);
  const { pending } = inFlight;
  const owed = pending ? [...pending, ...actions.filter(isNoTurn)] : actions;
  await markTurnEnded(chat, inFlight, owed, asked, mayHaveChanged(end));
  chat.context.metrics.turnEnded(countedAs(end));
  if (end.kind === "broken" || end.kind === "cancelled") throw end.error;
  return actions;
}

/**
 * Tells the person how the turn has ended, and keeps what did not work for the retry button. Returns what the person
 * is asked; null when that is nothing.
 */
async function tellEnd(turn: Turn, end: TurnEnd): Promise<AskedQuestion | null> {
  if (end.kind === "answered" && turn.answer.question) return ask(turn);
  const told = await wordsFor(turn, end);
  if (told) await tell(turn, told);
  return null;
}

type Said = NonNullable<ReturnType<Turn["answer"]["message"]>>;

/** What is to be said beside the agent's own words; null: they say it all, or nothing is left to tell. */
async function wordsFor({ chat, inFlight, answer }: Turn, end: TurnEnd): Promise<MessageDraft | null> {
  switch (end.kind) {
    case "answered": {
      if (end.doubt) return doubtText(chat, inFlight, end.doubt);
      return answer.message() && { text: [], buttons: everyday(chat) };
    }
    case "changed":
      return changes(chat, inFlight, end.after, "turn.changed");
    case "recovered":
      return changes(chat, inFlight, end.after, "turn.recovered");
    case "unchanged":
      return retryOffer(chat, inFlight, end.key);
    case "unknown":
      return doubtText(chat, inFlight, end.doubt);
    case "failed":
      return end.after
        ? changes(chat, inFlight, end.after, "turn.changed-but-failed")
        : failure(chat, inFlight, end.error);
    case "broken":
    case "cancelled":
    case "handed-over":
      return null;
  }
}

/** One message: the agent's words, what was found out beside them, and the buttons of both. */
async function tell(
  { chat, inFlight, answer, living }: Turn,
  told: MessageDraft,
): Promise<SentMessage | null> {
  const { speaker } = chat;
  const said = withAnnouncement(chat, inFlight, answer.message());
  const idempotencyKey = endKeyOf(inFlight);
  if (!said) return living.end({ ...told, idempotencyKey });
  // Others may read the agent's words, and not what is for one person alone.
  if (told.tone === "private") {
    await living.end({ ...said, idempotencyKey });
    return speaker.send({ ...told, idempotencyKey: `${idempotencyKey}:aside` });
  }
  const text = speaker.paragraphs(said.text, told.text);
  return living.end({
    ...told,
    text,
    buttons: withoutRepeated(said.buttons, told.buttons ?? []),
    idempotencyKey,
  });
}

/** What the agent says, then what it wants to know, in a message of its own that its answer is written into. */
async function ask({ chat, inFlight, answer, living }: Turn): Promise<AskedQuestion | null> {
  const { question } = answer;
  if (!question) return null;
  const { speaker, itemId } = chat;
  const idempotencyKey = endKeyOf(inFlight);
  // What would be a turn of its own becomes a button: what the agent wants to know comes first.
  const edit = answer.actions.find((action) => action.kind === "edit");
  if (edit) answer.actions.splice(answer.actions.indexOf(edit), 1);
  const said = answer.message();
  if (said) await living.end({ ...said, idempotencyKey });
  if (edit) await speaker.send({ text: plain(edit.text), buttons: [[offerButton(chat, edit, true)]] });
  const open = { itemId, question, answers: [], chosen: [], shown: null };
  const asked = { ...questionMessage(speaker, open), idempotencyKey: `${idempotencyKey}:question` };
  const shown = said ? await speaker.send(asked) : await living.end(asked);
  return { question, shown };
}

/** A turn that the person did not ask for says what it was. */
function withAnnouncement(
  { speaker }: Chat,
  { pending, text: words }: TurnInFlight,
  said: Said | null,
): Said | null {
  if (pending === undefined) return said;
  const text = speaker.paragraphs(speaker.rich("turn.followed-up", { words }), said?.text ?? []);
  return { text, buttons: said?.buttons ?? [] };
}

/** Rows of buttons, each button once. */
function withoutRepeated(first: Button[][], second: Button[][]): Button[][] {
  const labels = new Set(first.flat().map((button) => button.label));
  const others = second.map((row) => row.filter((button) => !labels.has(button.label)));
  return [...first, ...others.filter((row) => row.length > 0)];
}

function everyday({ speaker }: Chat): Button[][] {
  return [
    [
      speaker.button("button.export", { kind: "export" }),
      speaker.button("button.status", { kind: "status" }),
    ],
  ];
}

/** Without a timeline from before, all that can be said is how the project looks now. */
function changes(
  chat: Chat,
  turn: TurnInFlight,
  after: Timeline,
  lead: "turn.changed" | "turn.recovered" | "turn.changed-but-failed",
): MessageDraft {
  const { speaker } = chat;
  const text = turn.before ? changesText(speaker, turn.before, after) : plain(summaryText(speaker, after));
  return { text: speaker.paragraphs(speaker.rich(lead), text), buttons: everyday(chat) };
}

function doubtText(chat: Chat, turn: TurnInFlight, { after }: Doubt): MessageDraft | Promise<MessageDraft> {
  const { speaker } = chat;
  if (!after) return retryOffer(chat, turn, "turn.outcome-unknown");
  const text = speaker.paragraphs(speaker.rich("turn.incomparable"), plain(summaryText(speaker, after)));
  return { text, buttons: everyday(chat) };
}

async function retryOffer(chat: Chat, turn: TurnInFlight, key: TextKey): Promise<MessageDraft> {
  await chat.keepForRetry({ text: turn.text, attachments: [] });
  const { speaker } = chat;
  const buttons = [[speaker.button("button.retry", chat.retry)]];
  const text = speaker.paragraphs(speaker.rich(key), speaker.rich("retry.may-cost"));
  return { text, tone: "error", buttons };
}

async function failure(chat: Chat, turn: TurnInFlight, error: BackendError): Promise<MessageDraft> {
  await chat.keepForRetry({ text: turn.text, attachments: [] });
  const { speaker } = chat;
  const message = chat.failure(error, true);
  const canRetry = message.buttons
    ?.flat()
    .some((one) => one.kind === "action" && one.action.kind === "retry");
  const text = speaker.paragraphs(message.text, canRetry ? speaker.rich("retry.may-cost") : []);
  return { ...message, text };
}
