/** How long Telegram asks us to wait. Source: Bot API, ResponseParameters. */
import { GrammyError } from "grammy";

/** A number that is out of all reason must not keep the bot quiet for ever: it asks again then. */
const MAX_WAIT_S = 3_600;

/** Ms that `error` asks to wait; 0 when it does not. */
export function askedWaitMs(error: unknown): number {
  const asked: unknown = error instanceof GrammyError ? error.parameters.retry_after : undefined;
  if (typeof asked !== "number" || !(asked > 0)) return 0;
  return Math.min(asked, MAX_WAIT_S) * 1_000;
}
