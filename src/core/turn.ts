/**
 * One turn: a person's words go to the agent once, its answer comes back as it is written, and the person
 * always learns what became of it. Source: nemo-api.md, "The SSE stream"; DESIGN.md, rules 4, 5 and 7.
 */
import { BackendError } from "./backend-error.ts";
import type { Chat } from "./chat.ts";
import type { GuiAction } from "./gui-translation.ts";
import type { ProjectState, SessionRef } from "./ports.ts";
import { Progress } from "./progress.ts";
import { awaitOutcome, type Outcome } from "./recovery.ts";
import type { Timeline } from "./timeline.ts";
import { TurnAnswer } from "./turn-answer.ts";
import { TurnReport } from "./turn-report.ts";
import { type StreamEnd, watchStream } from "./turn-stream.ts";

/** After a stream that closed without a word the state may lag a moment behind. */
const SILENT_READS = 2;
const SILENT_RECHECK_MS = 3_000;

/**
 * Runs a turn to its end and tells the person everything. Returns the follow-ups that the engine carries
 * out. Throws `session-lost` (the engine starts over) and the signal's reason.
 */
export async function runTurn(
  chat: Chat,
  session: SessionRef,
  turn: { itemId: string; text: string },
  signal: AbortSignal,
): Promise<GuiAction[]> {
  const { world } = chat;
  const caller = await chat.caller();
  const readState = (readSignal: AbortSignal) =>
    world.backend.readState(caller, session.sessionId, readSignal);
  const before = await readBefore(chat, readState, signal);
  // Written before the request leaves: a restart then asks for the outcome and never sends it again.
  await chat.update((current) => ({
    ...current,
    timeline: before,
    inFlight: { itemId: turn.itemId, text: turn.text, before, sentAt: world.clock.now() },
    lastFailed: null,
  }));
  const progress = new Progress(world, chat.speaker).start();
  const answer = new TurnAnswer(chat);
  const watch = watchStream(
    world,
    (streamSignal) =>
      world.backend.runTurn(caller, { sessionId: session.sessionId, text: turn.text }, streamSignal),
    (event) => answer.take(event),
    signal,
  );
  const report = new TurnReport(chat, turn.text, before);
  try {
    const end = await watch.end;
    if (end.kind === "closed") await closeTurn(report, answer, readState, signal);
    else {
      await answer.flush();
      await recoverTurn(report, answer, end, progress, watch.closed, readState, signal);
    }
    await finish(chat);
    return answer.actions;
  } catch (error) {
    await answer.flush();
    if (isShutdown(signal)) throw error;
    await finish(chat);
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    await report.failed(error);
    return [];
  } finally {
    watch.hangUp();
    answer.stop();
    await progress.finish();
  }
}

/** The stream closed by itself: show the rest, and look at the state when nothing was said. */
async function closeTurn(
  report: TurnReport,
  answer: TurnAnswer,
  readState: (signal: AbortSignal) => Promise<ProjectState>,
  signal: AbortSignal,
): Promise<void> {
  const { world } = report.chat;
  const { failure } = answer;
  if (failure?.kind === "session-lost") throw failure;
  if (failure?.kind === "no-credits" || failure?.kind === "bad-token") {
    await answer.flush();
    return report.failed(failure);
  }
  await answer.finish();
  if (answer.hasShown && !failure) return;
  const outcome = await awaitOutcome(readState, report.before, {
    firstWaitMs: 0,
    waitMs: Math.min(SILENT_RECHECK_MS, world.limits.recoveryFirstWaitMs),
    maxReads: SILENT_READS,
    clock: world.clock,
    signal,
  });
  if (outcome.kind === "changed")
    await report.changed(outcome.after, failure ? "turn.changed-but-failed" : "turn.changed");
  else if (failure) await report.failed(failure);
  else if (answer.isOnlyApology) await report.unchanged("turn.temporary-problem");
  else if (answer.actions.length === 0 && answer.offers.length === 0)
    await report.unchanged("turn.unchanged");
}

/** The connection broke or the time was up: the outcome is read from the state. The request stays sent once. */
async function recoverTurn(
  report: TurnReport,
  answer: TurnAnswer,
  end: Exclude<StreamEnd, { kind: "closed" }>,
  progress: Progress,
  closed: Promise<void>,
  readState: (signal: AbortSignal) => Promise<ProjectState>,
  signal: AbortSignal,
): Promise<void> {
  const { world, speaker } = report.chat;
  world.log.warn(
    { conversation: report.chat.id, end: end.kind === "lost" ? end.error.message : end.why },
    "a turn's stream did not end by itself; reading the outcome from the state",
  );
  await progress.note(speaker.rich(end.kind === "lost" ? "turn.connection-lost" : "turn.timed-out"));
  const stopReading = new AbortController();
  const { limits, clock } = world;
  const reading = awaitOutcome(readState, report.before, {
    firstWaitMs: limits.recoveryFirstWaitMs,
    waitMs: limits.recoveryWaitMs,
    maxReads: limits.recoveryMaxReads,
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
  await answer.finish();
  if (outcome.kind === "changed") await report.changed(outcome.after, "turn.recovered");
  else if (outcome.kind === "unchanged") await report.unchanged("turn.not-recovered");
  else await report.unchanged("turn.outcome-unknown");
}

async function readBefore(
  chat: Chat,
  readState: (signal: AbortSignal) => Promise<ProjectState>,
  signal: AbortSignal,
): Promise<Timeline> {
  try {
    return (await readState(signal)).timeline;
  } catch (error) {
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    // What we saw last is good enough to compare with; the turn itself will tell if the backend is away.
    chat.world.log.warn(
      { err: error, conversation: chat.id },
      "the timeline before a turn could not be read",
    );
    return chat.record.timeline;
  }
}

async function finish(chat: Chat): Promise<void> {
  await chat.update((current) => ({ ...current, inFlight: null }));
}

function isShutdown(signal: AbortSignal): boolean {
  const reason: unknown = signal.reason;
  return signal.aborted && reason instanceof Error && "kind" in reason && reason.kind === "shutdown";
}
