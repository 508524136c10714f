/** Time, log and counters of the process. Implemented by `src/app`. */
/** Time, so that a test can hold it in its hand. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Rejects with the signal's reason; leaves no timer and no listener behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Structured log; pino fits. Facts first, then what happened. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What the operator counts; see `/metrics`. Times in ms. */
export interface Metrics {
  /** A person's request came to its end. */
  turnEnded(outcome: TurnOutcome): void;
  /** From the moment a message came in to the first word the person read. */
  firstReply(ms: number): void;
  exportEnded(outcome: "delivered" | "failed" | "timed-out" | "cancelled", ms: number): void;
  uploaded(bytes: number): void;
  /** A stream of the backend was opened (1) or closed (-1). */
  streams(change: 1 | -1): void;
  /** Work of a process that died was taken up. */
  recovered(what: "turn" | "export"): void;
  /** An answer of a platform's API; null: there was none. */
  apiCall(platform: string, status: number | null): void;
  /** An event of a platform led to nothing: it could not be read, or its handling failed for good. */
  eventSetAside(platform: string, reason: "unreadable" | "failed"): void;
  /** An unexpected error has ended what it happened in, and nothing more; `where` is a platform, or `process`. */
  unexpectedError(where: string): void;
}

/** `done`: the agent did or said something. `unchanged`: it did nothing. `recovered`: its outcome was read from the state. */
export type TurnOutcome = "done" | "unchanged" | "recovered" | "failed" | "cancelled";
