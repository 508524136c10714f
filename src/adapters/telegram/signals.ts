/** Node's abort signals where grammY's types ask for those of a polyfill: they are of one kind. */
import type { Api } from "grammy";

type GrammySignal = NonNullable<Parameters<Api["getMe"]>[0]>;

export function nativeSignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}
