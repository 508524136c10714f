/**
 * What is written down of a turn while it is in flight: before its request leaves, as the agent answers, and at its
 * end, so that the process that takes it over tells its end and never sends it again. Source: DESIGN.md, rule 4.
 */
import type { Conversation, Heard } from "../../model/conversation.ts";
import type { GuiAction } from "../../model/gui-action.ts";
import { briefWords, type UnseenEdit } from "../../model/history.ts";
import type { SentMessage } from "../../model/message.ts";
import type { OpenQuestion, Question } from "../../model/question.ts";
import { StopError } from "../../model/stop.ts";
import type { Timeline } from "../../model/timeline.ts";
import type { Chat } from "../chat.ts";

export type TurnInFlight = NonNullable<Conversation["inFlight"]>;
type Settled = NonNullable<Conversation["settled"]>;

/** What is asked for in one turn. */
export interface TurnRequest {
  text: string;
  /**
   * For a turn that an earlier turn of the same item has asked for: what else that one asked for, kept with the
   * end of this one. Null for the first turn: only what that asks for may be another turn.
   */
  pending: GuiAction[] | null;
  /** The version whose edit it takes back. */
  undoes?: number | undefined;
}

/** A question of the agent, and the message that asks it; null when that could not be sent. */
export interface AskedQuestion {
  question: Question;
  shown: SentMessage | null;
}

/** Throws a `StopError` when another process has taken the item over: this one must not send anything. */
export async function markTurnBegun(
  chat: Chat,
  { text, pending, undoes }: TurnRequest,
  before: Timeline | null,
): Promise<TurnInFlight> {
  const inFlight: TurnInFlight = {
    itemId: chat.itemId,
    ...(chat.userId === null ? {} : { startedBy: chat.userId }),
    text,
    before,
    sentAt: chat.context.clock.now(),
    ...(pending ? { pending } : {}),
    ...(undoes === undefined ? {} : { undoes }),
  };
  await chat.update((current) => {
    if (current.inFlight || (pending === null && current.settled?.itemId === chat.itemId)) {
      throw new StopError("shutdown");
    }
    if (current.language) inFlight.language = current.language.wanted;
    const { unseenEdit: _seenByNow, ...rest } = current;
    return { ...rest, inFlight, lastFailed: null, openQuestion: null };
  });
  return inFlight;
}

/** Keeps what the agent has said. Throws a `StopError` when another process has told the end of the turn. */
export async function keepHeard(chat: Chat, turn: TurnInFlight, heard: Heard): Promise<void> {
  await chat.update((current) => {
    if (!isSame(current.inFlight, turn)) throw new StopError("shutdown");
    return { ...current, inFlight: { ...current.inFlight, heard } };
  });
}

/**
 * The turn is in flight no more; what it asks for is kept until it is done. A turn that another process has begun
 * since stays untouched.
 */
export async function markTurnEnded(
  chat: Chat,
  turn: TurnInFlight,
  actions: GuiAction[],
  asked: AskedQuestion | null,
  mayHaveChanged: boolean,
): Promise<void> {
  const { itemId, startedBy } = turn;
  const openQuestion: OpenQuestion | null = asked && {
    itemId,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...asked,
    answers: [],
    chosen: [],
  };
  const now = chat.context.clock.now();
  const unseenEdit = mayHaveChanged ? unseenEditOf(turn, now) : null;
  await chat.update((current) =>
    isSame(current.inFlight, turn)
      ? {
          ...current,
          inFlight: null,
          settled: { itemId, actions, ...askedIn(current.inFlight, now) },
          openQuestion,
          ...(unseenEdit ? { unseenEdit } : {}),
        }
      : current,
  );
}

/** Whether the agent's answer ends with a question: "ok" may be meant for it then. */
function askedIn({ heard, startedBy }: TurnInFlight, at: number): Pick<Settled, "asked"> {
  const last = heard?.end || heard?.pieces.at(-1);
  const isQuestion = /[?？؟][^\p{L}\p{N}]*$/u.test(last ?? "");
  return isQuestion ? { asked: { at, ...(startedBy === undefined ? {} : { startedBy }) } } : {};
}

/** Null where nothing can be said about changes. */
function unseenEditOf({ itemId, sentAt, text, before, undoes }: TurnInFlight, at: number): UnseenEdit | null {
  if (!before) return null;
  const id = `${itemId}:${sentAt}`;
  return { id, at, words: briefWords(text), before, ...(undoes === undefined ? {} : { undoes }) };
}

function isSame(current: TurnInFlight | null, turn: TurnInFlight): current is TurnInFlight {
  return current?.itemId === turn.itemId && current.sentAt === turn.sentAt;
}

/** Names the message that ends the turn, whichever process sends it. */
export function endKeyOf({ itemId, sentAt }: TurnInFlight): string {
  return `${itemId}:end:${sentAt}`;
}
