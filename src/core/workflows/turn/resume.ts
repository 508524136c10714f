/** A turn that an earlier process left in flight. Source: DESIGN.md, rule 4. */
import { isShutdown } from "../../model/stop.ts";
import type { TurnOutcome } from "../../ports/runtime.ts";
import { Progress } from "../../reply/progress.ts";
import { languageWasTold } from "../agent-language.ts";
import type { Chat } from "../chat.ts";
import { TurnAnswer } from "./answer.ts";
import { awaitOutcome } from "./outcome.ts";
import { TurnReport } from "./report.ts";
import {
  closeTurn,
  isNoTurn,
  keepHeard,
  lagWaitsMs,
  landed,
  type ReadState,
  recoveryWaitsMs,
  SHORT_READS,
  tellOutcome,
} from "./turn.ts";

/**
 * A turn that a process left in flight when it ended: its outcome is read and told, before anything else
 * happens in the conversation. It is never sent again.
 */
export async function settleInterruptedTurn(chat: Chat, signal: AbortSignal): Promise<void> {
  const { inFlight } = chat.record;
  const { session, context } = chat;
  if (!inFlight) return;
  const pending = inFlight.pending ?? [];
  if (!session) return landed(chat, inFlight, pending);
  const { limits, clock } = context;
  const caller = await chat.caller();
  const report = new TurnReport(chat, inFlight);
  const progress = new Progress(context, chat.speaker, {
    sent: inFlight.progress ?? null,
    startedAt: inFlight.sentAt,
  }).start();
  try {
    const readState: ReadState = (readSignal) =>
      context.backend.readState(caller, session.sessionId, readSignal);
    const answer = new TurnAnswer(
      chat,
      inFlight.pending === undefined,
      (heard) => keepHeard(chat, inFlight, heard, progress),
      inFlight.heard,
    );
    let end: TurnOutcome;
    if (typeof inFlight.heard?.end === "string" || answer.question) {
      // The agent was done: what it said is said, as if nothing had happened.
      const isGood = await closeTurn(report, answer, readState, signal);
      if (isGood) await languageWasTold(chat, inFlight.language);
      const actions = isGood ? answer.actions : [];
      const owed = inFlight.pending ? [...pending, ...actions.filter(isNoTurn)] : actions;
      await landed(chat, inFlight, owed, answer);
      end = isGood ? "done" : "unchanged";
    } else {
      await answer.flush();
      // The agent may still be at it; long after its hard limit it is not.
      const isOver = clock.now() - inFlight.sentAt > limits.turnTimeoutMs;
      const outcome = await awaitOutcome(readState, inFlight.before, {
        waitsMs: isOver ? lagWaitsMs(limits, SHORT_READS) : recoveryWaitsMs(limits, 0),
        clock,
        signal,
      });
      await tellOutcome(report, outcome);
      await landed(chat, inFlight, pending);
      end = outcome.kind === "changed" ? "recovered" : "unchanged";
    }
    context.metrics.recovered("turn");
    context.metrics.turnEnded(end);
    await progress.finish(end === "unchanged" ? "stopped" : "done");
  } finally {
    // An outcome that was told has ended it already.
    await progress.finish(isShutdown(signal) ? "handed-over" : "stopped");
  }
}
