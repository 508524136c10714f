/** What is told while something outside cannot be reached: its cause, at most once a minute, and when it is over. */
import type { Log } from "../core/ports/runtime.ts";

const EVERY_MS = 60_000;
/** Causes of causes; a longer chain says nothing more. */
const MAX_DEPTH = 8;

export class MinuteLog {
  readonly #log: Log;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Writes `message` with the cause, without a stack: it is no fault of the program. */
  tell(error: unknown, message: string): void {
    const now = performance.now();
    if (now - this.#toldAt < EVERY_MS) return;
    this.#toldAt = now;
    this.#log.warn({ cause: innermostCause(error) }, message);
  }

  /** Says that it is over, if it was told that it began. */
  over(message: string): void {
    if (this.#toldAt !== Number.NEGATIVE_INFINITY) this.#log.info({}, message);
    this.#toldAt = Number.NEGATIVE_INFINITY;
  }
}

/** The innermost reason: what wraps it says less. */
export function innermostCause(error: unknown): string {
  let inner = error;
  for (let depth = 0; depth < MAX_DEPTH && inner instanceof Error; depth++) {
    // Node tries all addresses of a name, and tells of each.
    const next = inner instanceof AggregateError ? inner.errors[0] : (inner.cause ?? wrapped(inner));
    if (next === undefined) break;
    inner = next;
  }
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

/** grammY keeps what went wrong in a field of its own. */
function wrapped(error: Error): unknown {
  return "error" in error ? error.error : undefined;
}
