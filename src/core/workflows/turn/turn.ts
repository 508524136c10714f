/**
 * One turn: a person's words go to the agent once, its answer comes back as it is written, and the person
 * always learns what became of it. Source: nemo-api.md, "The SSE stream"; DESIGN.md, rules 4, 5 and 7.
 */

import { BackendError, type BackendErrorKind } from "../../model/backend-error.ts";
import type { Conversation, Heard } from "../../model/conversation.ts";
import type { GuiAction } from "../../model/gui-action.ts";
import type { SentMessage } from "../../model/message.ts";
import type { OpenQuestion } from "../../model/question.ts";
import { isShutdown, StopError } from "../../model/stop.ts";
import type { Timeline } from "../../model/timeline.ts";
import type { Limits } from "../../ports/context.ts";
import type { TurnOutcome } from "../../ports/runtime.ts";
import { StoreTroubleError } from "../../ports/store.ts";
import type { ProjectState, SessionRef } from "../../ports/video-backend.ts";
import { Progress } from "../../reply/progress.ts";
import { languageWasTold, wordsForAgent } from "../agent-language.ts";
import type { Chat } from "../chat.ts";
import { TurnAnswer } from "./answer.ts";
import { awaitOutcome, type Outcome } from "./outcome.ts";
import { TurnReport } from "./report.ts";
import { type StreamEnd, watchStream } from "./stream.ts";

/** Looks at the state where nothing is said about it: the agent gave an instruction, or is long done. */
export const SHORT_READS = 2;
/** Looks at it before a failure is told, seconds that a person waits for bad news. */
const FAILURE_READS = 4;
/** An edit does not wait longer for the timeline before it; without one nothing is claimed about changes. */
const BEFORE_TIMEOUT_MS = 20_000;
/** Refusals of the account: there is no change to look for. */
const NOTHING_WAS_DONE: readonly BackendErrorKind[] = ["no-credits", "plan-required", "bad-token"];
/** An answer that waits longer for the store says so. */
const STORE_PATIENCE_MS = 3_000;

/** What is asked for in one turn. */
export interface TurnRequest {
  text: string;
  /**
   * For a turn that an earlier turn of the same item has asked for: what else that one asked for, kept with the
   * end of this one. Null for the first turn: only what that asks for may be another turn.
   */
  pending: GuiAction[] | null;
}

/**
 * Runs a turn to its end and tells the person everything but what its actions will tell: what the agent's answer
 * asks for, which is nothing when the turn did not come to a good end. Throws `session-lost`
 * (the worker starts over) and the signal's reason.
 */
export async function runTurn(
  chat: Chat,
  session: SessionRef,
  request: TurnRequest,
  signal: AbortSignal,
): Promise<GuiAction[]> {
  const onFirstShown = (sent: SentMessage) => keepProgress(chat, sent);
  const progress = new Progress(chat.context, chat.speaker, { onFirstShown }).start();
  try {
    return await carryOut(chat, session, request, progress, signal);
  } finally {
    // A turn that began has ended it already; this is for one that never did.
    await progress.finish(isShutdown(signal) ? "handed-over" : "stopped");
  }
}

async function carryOut(
  chat: Chat,
  session: SessionRef,
  { text, pending }: TurnRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<GuiAction[]> {
  const { context } = chat;
  const caller = await chat.caller();
  const readState: ReadState = (readSignal) =>
    context.backend.readState(caller, session.sessionId, readSignal);
  const before = await readBefore(chat, readState, signal);
  // Written before the request leaves: whoever takes over asks for the outcome and never sends it again.
  const inFlight: InFlight = {
    itemId: chat.itemId,
    ...(chat.userId === null ? {} : { startedBy: chat.userId }),
    text,
    before,
    sentAt: context.clock.now(),
    ...(pending ? { pending } : {}),
  };
  await chat.update((current) => {
    // Taken for dead meanwhile: another process is at it, and this one must not send anything.
    if (current.inFlight || (pending === null && current.settled?.itemId === chat.itemId)) {
      throw new StopError("shutdown");
    }
    if (current.language) inFlight.language = current.language.wanted;
    return { ...current, inFlight, lastFailed: null, openQuestion: null };
  });
  const words = wordsForAgent(chat, text);
  const answer = new TurnAnswer(chat, pending === null, (heard) =>
    keepHeard(chat, inFlight, heard, progress),
  );
  const watch = watchStream(
    context,
    (streamSignal) =>
      context.backend.runTurn(caller, { sessionId: session.sessionId, text: words }, streamSignal),
    (event) => answer.take(event),
    signal,
  );
  const report = new TurnReport(chat, inFlight);
  context.metrics.streams(1);
  let isGood = false;
  try {
    const end = await watch.end;
    if (end.kind === "closed") isGood = await closeTurn(report, answer, readState, signal);
    else {
      await answer.flush();
      isGood = await recoverTurn(report, answer, end, progress, watch.closed, readState, signal);
    }
    if (isGood) await languageWasTold(chat, inFlight.language);
    const actions = isGood ? answer.actions : [];
    await landed(chat, inFlight, pending ? [...pending, ...actions.filter(isNoTurn)] : actions, answer);
    context.metrics.turnEnded(outcomeOf(isGood, report, end));
    return actions;
  } catch (error) {
    await answer.flush();
    if (isShutdown(signal)) throw error;
    const isToldHere = error instanceof BackendError && error.kind !== "session-lost";
    // Before it counts as over: whoever finds it in flight tells it.
    if (isToldHere) await report.failed(error);
    await landed(chat, inFlight, pending ?? []);
    context.metrics.turnEnded(signal.aborted ? "cancelled" : "failed");
    if (!isToldHere) throw error;
    return [];
  } finally {
    watch.hangUp();
    context.metrics.streams(-1);
    answer.stop();
    await progress.finish(isShutdown(signal) ? "handed-over" : isGood ? "done" : "stopped");
  }
}

type InFlight = NonNullable<Conversation["inFlight"]>;

export type ReadState = (signal: AbortSignal) => Promise<ProjectState>;

/**
 * The stream closed by itself: show the rest, and look at the state when nothing was said. True when the turn
 * did something or said something.
 */
export async function closeTurn(
  report: TurnReport,
  answer: TurnAnswer,
  readState: ReadState,
  signal: AbortSignal,
): Promise<boolean> {
  const { context } = report.chat;
  const { failure } = answer;
  if (failure?.kind === "session-lost") throw failure;
  if (failure && NOTHING_WAS_DONE.includes(failure.kind)) {
    await answer.flush();
    await report.failed(failure);
    return false;
  }
  // What the agent says last is the end, unless there is a failure to tell of.
  await answer.finish(failure ? undefined : report.idempotencyKey);
  if (answer.hasShown && !failure) return true;
  const isInstruction = answer.actions.length + answer.offers.length > 0;
  // Before it is said that nothing changed, the state may lag behind.
  const reads = failure ? FAILURE_READS : isInstruction ? SHORT_READS : undefined;
  const outcome = await awaitOutcome(readState, report.before, {
    waitsMs: lagWaitsMs(context.limits, reads),
    clock: context.clock,
    signal,
  });
  if (outcome.kind === "changed") {
    await report.changed(outcome.after, failure ? "turn.changed-but-failed" : "turn.changed");
    return !failure;
  }
  if (failure) {
    await report.failed(failure);
    return false;
  }
  if (answer.isOnlyApology) {
    await report.unchanged("turn.temporary-problem");
    return false;
  }
  if (outcome.kind === "incomparable") await report.incomparable(outcome.after);
  else if (outcome.kind === "unreadable") await report.unchanged("turn.outcome-unknown");
  else if (!isInstruction) await report.unchanged("turn.unchanged");
  return isInstruction;
}

/**
 * The connection broke or the time was up: the outcome is read from the state. The request stays sent once.
 * True when the turn did something.
 */
async function recoverTurn(
  report: TurnReport,
  answer: TurnAnswer,
  end: Exclude<StreamEnd, { kind: "closed" }>,
  progress: Progress,
  closed: Promise<void>,
  readState: ReadState,
  signal: AbortSignal,
): Promise<boolean> {
  const { context, speaker } = report.chat;
  // It has asked: whatever it did before, the person's word is next.
  if (answer.question) return closeTurn(report, answer, readState, signal);
  context.log.warn(
    { conversation: report.chat.id, end: end.kind === "lost" ? end.error.message : end.why },
    "a turn's stream did not end by itself; reading the outcome from the state",
  );
  await progress.note(speaker.rich(end.kind === "lost" ? "turn.connection-lost" : "turn.timed-out"));
  const stopReading = new AbortController();
  const { limits, clock } = context;
  const reading = awaitOutcome(readState, report.before, {
    waitsMs: recoveryWaitsMs(limits, limits.recoveryFirstWaitMs),
    clock,
    signal: AbortSignal.any([signal, stopReading.signal]),
  });
  // The stream of a timed-out turn is still open: if it closes after all, its answer counts.
  const outcome: Outcome | "closed" = await Promise.race([reading, closed.then(() => "closed" as const)]);
  if (outcome === "closed") {
    stopReading.abort();
    await reading.catch(() => {
      // Stopped by us.
    });
    return closeTurn(report, answer, readState, signal);
  }
  // It has asked meanwhile.
  if (answer.question) return closeTurn(report, answer, readState, signal);
  await answer.finish();
  await tellOutcome(report, outcome);
  return outcome.kind === "changed";
}

export async function tellOutcome(report: TurnReport, outcome: Outcome): Promise<void> {
  switch (outcome.kind) {
    case "changed":
      return report.changed(outcome.after, "turn.recovered");
    case "unchanged":
      return report.unchanged("turn.not-recovered");
    case "incomparable":
    case "unreadable":
      return report.unchanged("turn.outcome-unknown");
  }
}

/** The timeline to compare with; null when it cannot be read, and then nothing is claimed about changes. */
async function readBefore(chat: Chat, readState: ReadState, signal: AbortSignal): Promise<Timeline | null> {
  try {
    return (await readState(AbortSignal.any([signal, AbortSignal.timeout(BEFORE_TIMEOUT_MS)]))).timeline;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BackendError && error.kind === "session-lost") throw error;
    chat.context.log.warn(
      { err: error, conversation: chat.id },
      "the timeline before a turn could not be read",
    );
    return null;
  }
}

/** A state that lags shows an edit seconds later; the waits are never longer than those after a broken connection. */
export function lagWaitsMs({ lagWaitsMs, recoveryFirstWaitMs }: Limits, reads?: number): number[] {
  return lagWaitsMs.slice(0, reads).map((waitMs) => Math.min(waitMs, recoveryFirstWaitMs));
}

export function recoveryWaitsMs({ recoveryWaitMs, recoveryMaxReads }: Limits, firstWaitMs: number): number[] {
  return [firstWaitMs, ...Array.from({ length: recoveryMaxReads - 1 }, () => recoveryWaitMs)];
}

/** Whoever takes the turn over goes on with the same message. */
async function keepProgress(chat: Chat, progress: SentMessage): Promise<void> {
  const { itemId } = chat;
  await chat.update((current) =>
    current.inFlight?.itemId === itemId
      ? { ...current, inFlight: { ...current.inFlight, progress } }
      : current,
  );
}

/**
 * Writes down what the agent has said, and says that the answer is coming when the store takes long. A store that
 * stays away does not keep the answer from the person. Throws a `StopError` when the turn is another process's.
 */
export async function keepHeard(chat: Chat, turn: InFlight, heard: Heard, progress: Progress): Promise<void> {
  const { speaker, context } = chat;
  const notice = setTimeout(() => {
    // The speaker has logged what went wrong.
    progress.note(speaker.rich("store.answer-waits")).catch(() => {});
  }, STORE_PATIENCE_MS);
  try {
    await chat.update((current) => {
      // Taken for dead meanwhile: another process has told how the turn went.
      if (!isSame(current.inFlight, turn)) throw new StopError("shutdown");
      return { ...current, inFlight: { ...current.inFlight, heard } };
    });
  } catch (error) {
    if (!(error instanceof StoreTroubleError)) throw error;
    context.log.error({ err: error, conversation: chat.id }, "an answer could not be written down");
  } finally {
    clearTimeout(notice);
  }
}

function isSame(current: InFlight | null, turn: InFlight): current is InFlight {
  return current?.itemId === turn.itemId && current.sentAt === turn.sentAt;
}

/**
 * The turn is over, whichever way: it is in flight no more, and what it asks for is kept until it is done. A
 * turn that another process has begun since stays untouched.
 */
export async function landed(
  chat: Chat,
  turn: InFlight,
  actions: GuiAction[],
  answer?: Pick<TurnAnswer, "asked" | "questionShown">,
): Promise<void> {
  const { itemId, startedBy } = turn;
  const question = answer?.asked ?? null;
  const openQuestion: OpenQuestion | null = question && {
    itemId,
    ...(startedBy === undefined ? {} : { startedBy }),
    question,
    answers: [],
    chosen: [],
    shown: answer?.questionShown ?? null,
  };
  await chat.update((current) =>
    isSame(current.inFlight, turn)
      ? { ...current, inFlight: null, settled: { itemId, actions }, openQuestion }
      : current,
  );
}

/** True for what is done without sending words to the agent. */
export function isNoTurn(action: GuiAction): boolean {
  return action.kind !== "edit";
}

function outcomeOf(isGood: boolean, report: TurnReport, end: StreamEnd): TurnOutcome {
  if (!isGood) return report.hasFailed ? "failed" : "unchanged";
  return end.kind === "closed" ? "done" : "recovered";
}
