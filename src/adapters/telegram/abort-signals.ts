/** Why requests end early, in Node's abort signals; grammY's types ask for those of a polyfill, which are of one kind. */
import type { Api } from "grammy";

type GrammySignal = NonNullable<Parameters<Api["getMe"]>[0]>;

export function nativeSignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}

/** A request ended because its answer did not come in time, not because it is not wanted any more. */
export class UnansweredError extends Error {
  constructor() {
    super("Telegram did not answer in time");
    this.name = "UnansweredError";
  }
}

/** True when we ended a request that Telegram might still have answered. */
export function isOurEnd(signal: GrammySignal | undefined): boolean {
  const native = signal as unknown as AbortSignal | undefined;
  return native?.aborted === true && !(native.reason instanceof UnansweredError);
}
