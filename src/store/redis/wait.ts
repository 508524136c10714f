/**
 * Waits at the start for a Redis that is away, as the bot waits for Telegram. What waiting does not mend ends the start:
 * a password that is wrong, a right that is missing, a version that is too old.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";
import { innermostCause } from "../../lib/innermost-cause.ts";
import { OutageLog } from "../../lib/log-limit.ts";

const TRY_EVERY_MS = 1_000;
/** How Redis says that it does not want us, or this. "ERR max number of clients reached" passes. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|NOPROTO|DENIED|ERR (?!max number))/;

/** The result of `connect` once Redis answers. Throws what it throws for a refusal, and the reason of `signal`. */
export async function whenRedisAnswers<T>(
  connect: () => Promise<T>,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<T> {
  const minutely = new OutageLog(log);
  for (;;) {
    signal.throwIfAborted();
    try {
      const connected = await connect();
      minutely.over("Redis can be reached");
      return connected;
    } catch (error) {
      if (!(error instanceof StoreTroubleError) || REFUSALS.test(innermostCause(error))) throw error;
      minutely.tell(error, "Redis does not answer; waiting for it");
    }
    await sleep(TRY_EVERY_MS, undefined, { signal });
  }
}
