/** How long Telegram asks us to wait. Source: Bot API, ResponseParameters. */
import { GrammyError } from "grammy";
import type { Clock } from "../../core/ports/runtime.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";

/** A number that is out of all reason must not keep the bot quiet for ever: it asks again then. */
const MAX_WAIT_S = 3_600;
/** Chats whose wait is remembered. */
const MAX_PAUSES = 5_000;

/** Ms that `error` asks to wait; 0 when it does not. */
export function askedWaitMs(error: unknown): number {
  const asked: unknown = error instanceof GrammyError ? error.parameters.retry_after : undefined;
  if (typeof asked !== "number" || !(asked > 0)) return 0;
  return Math.min(asked, MAX_WAIT_S) * 1_000;
}

/** Which chats want none of one kind of call for a while: of one that is outside of their allowance. */
export class Pauses {
  readonly #clock: Clock;
  /** Epoch ms. */
  readonly #until = new BoundedMap<string, number>(MAX_PAUSES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isPaused(chatId: string): boolean {
    return this.#clock.now() < (this.#until.get(chatId) ?? 0);
  }

  /** Remembers what `error` asks to wait, if it does. */
  note(chatId: string, error: unknown): void {
    const waitMs = askedWaitMs(error);
    if (waitMs > 0) this.#until.set(chatId, this.#clock.now() + waitMs);
  }
}
