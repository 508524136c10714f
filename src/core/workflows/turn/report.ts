/** The end of a turn in words, as far as the agent's answer has not told it. Source: DESIGN.md, rule 5. */
import type { BackendError } from "../../model/backend-error.ts";
import type { TextKey } from "../../model/locales.ts";
import { plain, type RichText } from "../../model/rich-text.ts";
import type { Timeline } from "../../model/timeline.ts";
import { changesText, summaryText } from "../../reply/timeline-text.ts";
import type { Chat } from "../chat.ts";
import type { Doubt, TurnEnd } from "./end.ts";
import { endKeyOf, type TurnInFlight } from "./in-flight.ts";

/** Tells the person how the turn has ended, and keeps what did not work for the retry button. */
export async function tellEnd(chat: Chat, turn: TurnInFlight, end: TurnEnd): Promise<void> {
  switch (end.kind) {
    case "answered":
      return end.doubt ? tellDoubt(chat, turn, end.doubt) : undefined;
    case "changed":
      return tellChanges(chat, turn, end.after, "turn.changed");
    case "recovered":
      return tellChanges(chat, turn, end.after, "turn.recovered");
    case "unchanged":
      return offerRetry(chat, turn, end.key);
    case "unknown":
      return tellDoubt(chat, turn, end.doubt);
    case "failed":
      return end.after
        ? tellChanges(chat, turn, end.after, "turn.changed-but-failed")
        : tellFailure(chat, turn, end.error);
    case "broken":
    case "cancelled":
    case "handed-over":
      return;
  }
}

/** Without a timeline from before, all that can be said is how the project looks now. */
function tellChanges(
  chat: Chat,
  turn: TurnInFlight,
  after: Timeline,
  lead: "turn.changed" | "turn.recovered" | "turn.changed-but-failed",
): Promise<void> {
  const { speaker } = chat;
  const changes = turn.before ? changesText(speaker, turn.before, after) : plain(summaryText(speaker, after));
  return tellResult(chat, turn, speaker.paragraphs(speaker.rich(lead), changes));
}

function tellDoubt(chat: Chat, turn: TurnInFlight, { after }: Doubt): Promise<void> {
  const { speaker } = chat;
  if (!after) return offerRetry(chat, turn, "turn.outcome-unknown");
  const text = speaker.paragraphs(speaker.rich("turn.incomparable"), plain(summaryText(speaker, after)));
  return tellResult(chat, turn, text);
}

async function tellResult({ speaker }: Chat, turn: TurnInFlight, text: RichText): Promise<void> {
  const exportButton = speaker.button("button.export", { kind: "export" });
  const statusButton = speaker.button("button.status", { kind: "status" });
  await speaker.send({ text, buttons: [[exportButton, statusButton]], idempotencyKey: endKeyOf(turn) });
}

async function offerRetry(chat: Chat, turn: TurnInFlight, key: TextKey): Promise<void> {
  await chat.keepForRetry({ text: turn.text, attachments: [] });
  const { speaker } = chat;
  const buttons = [[speaker.button("button.retry", chat.retry)]];
  const text = speaker.paragraphs(speaker.rich(key), speaker.rich("retry.may-cost"));
  await speaker.send({ text, tone: "error", buttons, idempotencyKey: endKeyOf(turn) });
}

async function tellFailure(chat: Chat, turn: TurnInFlight, error: BackendError): Promise<void> {
  await chat.keepForRetry({ text: turn.text, attachments: [] });
  const { speaker } = chat;
  const message = chat.failure(error, true);
  const canRetry = message.buttons
    ?.flat()
    .some((one) => one.kind === "action" && one.action.kind === "retry");
  const text = speaker.paragraphs(message.text, canRetry ? speaker.rich("retry.may-cost") : []);
  await speaker.send({ ...message, text, idempotencyKey: endKeyOf(turn) });
}
