/** A turn that another process left in flight. Source: DESIGN.md, rule 4. */
import { isHandedOver } from "../../model/stop.ts";
import { LivingMessage } from "../../reply/living-message.ts";
import { type Chat, FOLLOW_UP, stopButtons } from "../chat.ts";
import { closeTurn, openTurn, type Turn } from "./at-work.ts";
import type { TurnEnd } from "./end.ts";
import { markTurnEnded, type TurnInFlight } from "./in-flight.ts";
import { awaitOutcome, endByOutcome, lagWaitsMs, recoveryWaitsMs, SHORT_READS } from "./outcome.ts";
import { settleTurn } from "./report.ts";

/**
 * Reads and tells the outcome of the turn in flight, if there is one, before anything else happens in the
 * conversation. It is never sent again. Throws `session-lost` and the signal's reason; it stays in flight then.
 */
export async function resumeTurn(chat: Chat, signal: AbortSignal): Promise<void> {
  const { session, context, record } = chat;
  const { inFlight } = record;
  if (!inFlight) return;
  if (!session) return markTurnEnded(chat, inFlight, inFlight.pending ?? [], null, false);
  const living = livingOf(chat, inFlight).start();
  try {
    const turn = await openTurn(chat, session, inFlight, living, signal);
    const end = await findEnd(turn);
    context.metrics.recovered("turn");
    await settleTurn(turn, end);
  } catch (error) {
    if (isHandedOver(error, signal)) await living.release();
    throw error;
  } finally {
    // What was settled has ended it already.
    await living.close();
  }
}

/** The message that the other process has shown. */
function livingOf(chat: Chat, { itemId, sentAt, progress, pending }: TurnInFlight): LivingMessage {
  const living = new LivingMessage(chat.context, chat.speaker, {
    itemId,
    askedAt: sentAt,
    buttons: stopButtons(chat.speaker, itemId),
    shown: progress ?? null,
  });
  return pending === undefined ? living : living.renew(FOLLOW_UP);
}

async function findEnd(turn: Turn): Promise<TurnEnd> {
  const { chat, inFlight, answer, readState, signal } = turn;
  const { limits, clock } = chat.context;
  // The agent was done: what it said is said, as if nothing had happened.
  if (typeof inFlight.heard?.end === "string" || answer.question) return closeTurn(turn);
  // The agent may still be at it; long after its hard limit it is not.
  const isOver = clock.now() - inFlight.sentAt > limits.turnTimeoutMs;
  const waitsMs = isOver ? lagWaitsMs(limits, SHORT_READS) : recoveryWaitsMs(limits, 0);
  const outcome = await awaitOutcome(readState, inFlight.before, { waitsMs, clock, signal });
  // What the beginning of an answer asks for is not done without its end.
  return endByOutcome(outcome, []);
}
