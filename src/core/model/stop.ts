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

/**
 * True when another process goes on with the work of `signal`, which has thrown `error`: this one ends, or it was
 * taken for dead. What the person sees of the work is that one's.
 */
export function isHandedOver(error: unknown, signal: AbortSignal): boolean {
  return isShutdown(signal) || (!signal.aborted && error instanceof StopError);
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
