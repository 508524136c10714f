/**
 * One turn: a person's words go to the agent once, its answer comes back as it is written, and the person
 * always learns what became of it. Source: nemo-api.md, "The SSE stream"; DESIGN.md, rules 4, 5 and 7.
 */

import { BackendError } from "../../model/backend-error.ts";
import type { GuiAction } from "../../model/gui-action.ts";
import type { Timeline } from "../../model/timeline.ts";
import type { SessionRef } from "../../ports/video-backend.ts";
import { wordsForAgent } from "../agent-language.ts";
import type { Chat } from "../chat.ts";
import { readProject } from "../history/versions.ts";
import { closeTurn, openTurn, type Turn } from "./at-work.ts";
import { endOf, type TurnEnd } from "./end.ts";
import { markTurnBegun, type TurnRequest } from "./in-flight.ts";
import { awaitOutcome, endByOutcome, recoveryWaitsMs } from "./outcome.ts";
import { settleTurn } from "./report.ts";
import { type StreamEnd, watchStream } from "./stream.ts";

/** An edit does not wait longer for the timeline before it; without one nothing is claimed about changes. */
const BEFORE_TIMEOUT_MS = 20_000;

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
  const living = chat.living.start();
  if (request.pending === null) living.status([]);
  const before = await readBefore(chat, session, signal);
  const inFlight = await markTurnBegun(chat, request, before);
  const turn = await openTurn(chat, session, inFlight, living, signal);
  return settleTurn(turn, await sendTurn(turn, session));
}

/** The timeline to compare with; null when it cannot be read, and then nothing is claimed about changes. */
async function readBefore(chat: Chat, session: SessionRef, signal: AbortSignal): Promise<Timeline | null> {
  try {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(BEFORE_TIMEOUT_MS)]);
    return (await readProject(chat, session, deadline)).timeline;
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

/** Sends the words, once, and follows the answer. */
async function sendTurn(turn: Turn, { sessionId }: SessionRef): Promise<TurnEnd> {
  const { chat, inFlight, answer, signal } = turn;
  const { backend, metrics } = chat.context;
  const caller = await chat.caller();
  const text = wordsForAgent(chat, inFlight.text);
  const watch = watchStream(
    chat.context,
    (streamSignal) => backend.runTurn(caller, { sessionId, text }, streamSignal),
    (event) => answer.take(event),
    signal,
  );
  metrics.streams(1);
  try {
    const end = await watch.end;
    return end.kind === "closed" ? await closeTurn(turn) : await recoverTurn(turn, end, watch.closed);
  } catch (error) {
    await answer.finish(false);
    return endOf(error, signal);
  } finally {
    watch.hangUp();
    metrics.streams(-1);
    answer.stop();
  }
}

/** The connection broke or the time was up: the outcome is read from the state. The request stays sent once. */
async function recoverTurn(
  turn: Turn,
  end: Exclude<StreamEnd, { kind: "closed" }>,
  closed: Promise<void>,
): Promise<TurnEnd> {
  const { chat, inFlight, answer, living, readState, signal } = turn;
  const { speaker, context } = chat;
  const { limits, clock, log } = context;
  answer.hear();
  // It has asked: whatever it did before, the person's word is next.
  if (answer.question) return closeTurn(turn);
  log.warn(
    { conversation: chat.id, end: end.kind === "lost" ? end.error.message : end.why },
    "a turn's stream did not end by itself; reading the outcome from the state",
  );
  living.status(speaker.rich(end.kind === "lost" ? "turn.connection-lost" : "turn.timed-out"));
  const stopReading = new AbortController();
  const reading = awaitOutcome(readState, inFlight.before, {
    waitsMs: recoveryWaitsMs(limits, limits.recoveryFirstWaitMs),
    clock,
    signal: AbortSignal.any([signal, stopReading.signal]),
  });
  // The stream of a timed-out turn is still open: if it closes after all, its answer counts.
  const outcome = await Promise.race([reading, closed.then(() => "closed" as const)]);
  if (outcome === "closed") {
    stopReading.abort();
    await reading.catch(() => {
      // Stopped by us.
    });
    return closeTurn(turn);
  }
  // It may have asked while the state was read.
  if (answer.question) return closeTurn(turn);
  await answer.finish(false);
  return endByOutcome(outcome, answer.actions);
}
