/** Why running work is stopped before its end. */
const REASONS = {
  cancelled: "the person cancelled",
  gone: "the chat is gone",
  shutdown: "the process shuts down",
} as const;

/** True when `signal` was aborted because the process ends: the work itself is to go on later. */
export function isShutdown(signal: AbortSignal): boolean {
  return signal.reason instanceof StopError && signal.reason.kind === "shutdown";
}

/** Why running work was stopped. */
export class StopError extends Error {
  /** `cancelled`: the person does not want to wait. `gone`: nothing can be answered any more. `shutdown`: the process ends, the work does not. */
  readonly kind: "cancelled" | "gone" | "shutdown";

  constructor(kind: StopError["kind"]) {
    super(REASONS[kind]);
    this.name = "StopError";
    this.kind = kind;
  }
}
