/**
 * A turn at work, in the process that began it or in one that took it over: what its answer comes to once the stream
 * is closed. Source: nemo-api.md, "The SSE stream"; DESIGN.md, rules 4 and 5.
 */
import type { BackendErrorKind } from "../../model/backend-error.ts";
import type { Heard } from "../../model/conversation.ts";
import { orGoOn } from "../../ports/retrying.ts";
import type { SessionRef } from "../../ports/video-backend.ts";
import type { LivingMessage } from "../../reply/living-message.ts";
import type { Chat } from "../chat.ts";
import { TurnAnswer } from "./answer.ts";
import type { TurnEnd } from "./end.ts";
import { keepHeard, type TurnInFlight } from "./in-flight.ts";
import { awaitOutcome, lagWaitsMs, type ReadState, SHORT_READS } from "./outcome.ts";

/** Looks at the state before a failure is told, seconds that a person waits for bad news. */
const FAILURE_READS = 4;
/** Refusals of the account: there is no change to look for. */
const NOTHING_WAS_DONE: readonly BackendErrorKind[] = ["no-credits", "plan-required", "bad-token"];
/** An answer that waits longer for the store says so. */
const STORE_NOTICE_MS = 3_000;

export interface Turn {
  chat: Chat;
  inFlight: TurnInFlight;
  answer: TurnAnswer;
  living: LivingMessage;
  readState: ReadState;
  signal: AbortSignal;
}

/** The turn that is in flight, with what an earlier process has heard of its answer. */
export async function openTurn(
  chat: Chat,
  session: SessionRef,
  inFlight: TurnInFlight,
  living: LivingMessage,
  signal: AbortSignal,
): Promise<Turn> {
  const readState = await stateReader(chat, session);
  const isFirst = inFlight.pending === undefined;
  const keep = (heard: Heard) => writeDown(chat, inFlight, heard, living);
  const answer = new TurnAnswer(chat, { living, mayEdit: isFirst, keep, heard: inFlight.heard });
  return { chat, inFlight, answer, living, readState, signal };
}

async function stateReader(chat: Chat, { sessionId }: SessionRef): Promise<ReadState> {
  const caller = await chat.caller();
  return (signal) => chat.context.backend.readState(caller, sessionId, signal);
}

/**
 * The stream closed by itself: shows the rest, and looks at the state when nothing was said. Throws `session-lost`
 * and the signal's reason.
 */
export async function closeTurn({ chat, inFlight, answer, readState, signal }: Turn): Promise<TurnEnd> {
  const { clock, limits } = chat.context;
  const { failure, actions } = answer;
  if (failure?.kind === "session-lost") throw failure;
  if (failure && NOTHING_WAS_DONE.includes(failure.kind)) {
    await answer.finish(false);
    return { kind: "failed", error: failure, after: null };
  }
  // What the agent says last is the end, unless there is a failure to tell of.
  const said = await answer.finish(!failure);
  if (said === "something" && !failure) return { kind: "answered", actions, doubt: null };
  const isInstruction = actions.length + answer.offers.length > 0;
  // Before it is said that nothing changed, the state may lag behind.
  const reads = failure ? FAILURE_READS : isInstruction ? SHORT_READS : undefined;
  const waitsMs = lagWaitsMs(limits, reads);
  const outcome = await awaitOutcome(readState, inFlight.before, { waitsMs, clock, signal });
  const after = outcome.kind === "changed" ? outcome.after : null;
  if (failure) return { kind: "failed", error: failure, after };
  if (after) return { kind: "changed", after, actions };
  if (said === "apology") return { kind: "unchanged", key: "turn.temporary-problem" };
  if (outcome.kind === "unchanged") {
    return isInstruction
      ? { kind: "answered", actions, doubt: null }
      : { kind: "unchanged", key: "turn.unchanged" };
  }
  const doubt = { after: outcome.kind === "incomparable" ? outcome.after : null };
  return isInstruction ? { kind: "answered", actions, doubt } : { kind: "unknown", doubt };
}

/** Says that the answer is coming when the store takes long; one that stays away does not keep it from the person. */
async function writeDown(chat: Chat, turn: TurnInFlight, heard: Heard, living: LivingMessage): Promise<void> {
  const { speaker, context } = chat;
  const notice = setTimeout(() => {
    living.status(speaker.rich("store.answer-waits"));
  }, STORE_NOTICE_MS);
  try {
    await orGoOn(keepHeard(chat, turn, heard), (error) => {
      context.log.error({ err: error, conversation: chat.id }, "an answer could not be written down");
    });
  } finally {
    clearTimeout(notice);
  }
}
