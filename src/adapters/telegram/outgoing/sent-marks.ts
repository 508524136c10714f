/**
 * Which messages were shown, so that a message with an idempotency key is shown once, whoever sends it again and
 * whenever. Telegram has no key of its own for that. A mark says "being sent" before the request can leave, and
 * "sent" once it was answered: only the second is proof. Source: `OutgoingMessage.idempotencyKey`.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { patiently } from "../../../core/ports/retrying.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { type AdapterMemory, StoreTroubleError } from "../../../core/ports/store.ts";

/** A message that went out. */
export interface Shown {
  chatId: string;
  /** 0 when Telegram did not say, or when its process died before it knew. */
  messageId: number;
  /** It was the video itself, not its link. */
  isFile: boolean;
}

/** What is known of a message before it is sent. */
export interface Look {
  /** Null: it was not shown. */
  shown: Shown | null;
  /** It is on its way in another process, or was when that one died. */
  isBeingSent: boolean;
  /** The mark as it stood: who claims the message must find it unchanged. */
  mark: string | null;
}

const KEPT_FOR_MS = 2 * 86_400_000;
/** How long what a person is owed waits for the store; then it goes out without a mark. */
const LONGEST_OUTAGE_MS = 5 * 60_000;

const markSchema = z.object({
  chatId: z.string(),
  messageId: z.number(),
  isFile: z.boolean(),
  /** The process that sent it. */
  by: z.string(),
  /** True until Telegram has answered; absent in marks of old versions, which were set as the request left. */
  isBeingSent: z.boolean().optional(),
});
type Mark = z.infer<typeof markSchema>;

export class OnceMarks {
  readonly #memory: AdapterMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Ends all waiting for the store. */
  readonly #stopped: AbortSignal;
  readonly #me = randomUUID();

  constructor(memory: AdapterMemory, clock: Clock, log: Log, stopped: AbortSignal) {
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
    this.#stopped = stopped;
  }

  /** As far as the store can say now; null for what was not shown. Never throws. */
  find(key: string): Promise<Shown | null> {
    return this.#orGoOn(null, async () => (await this.look(key)).shown);
  }

  /** Throws `StoreTroubleError`. */
  async look(key: string): Promise<Look> {
    const text = await this.#memory.get(nameOf(key));
    const mark = readMark(text);
    return { shown: mark, isBeingSent: mark?.isBeingSent === true, mark: text };
  }

  /**
   * Marks a message as being sent; to be called when nothing can hold its request back any more. Null: it is ours
   * to send. A message: another process has claimed it since `look`. Throws `StoreTroubleError` when the mark
   * could not be written.
   */
  async claim(key: string, look: Look, shown: Shown): Promise<Shown | null> {
    const mine: Mark = { ...shown, by: this.#me, isBeingSent: true };
    const mayClaim = (current: string | null) => current === look.mark || isOf(current, this.#me);
    const text = await this.#memory.update(
      nameOf(key),
      (current) => (mayClaim(current) ? JSON.stringify(mine) : current),
      KEPT_FOR_MS,
    );
    const mark = readMark(text);
    return mark && mark.by !== this.#me ? mark : null;
  }

  /**
   * Repeats `attempt` while the store is in trouble: what is sent without its mark may be shown twice. Throws its
   * last trouble when that takes longer than five minutes, and the reason of a stop.
   */
  waitForStore<T>(attempt: () => Promise<T>): Promise<T> {
    const [clock, log, signal] = [this.#clock, this.#log, this.#stopped];
    return patiently(attempt, { clock, log, signal, maxWaitMs: LONGEST_OUTAGE_MS });
  }

  /** The request was answered: this is the message. Never throws. */
  async remember(key: string, shown: Shown): Promise<void> {
    const mark: Mark = { ...shown, by: this.#me };
    await this.#orGoOn(undefined, () => this.#memory.set(nameOf(key), JSON.stringify(mark), KEPT_FOR_MS));
  }

  /** The request was refused, cut off or never left: whoever comes next may send it. Never throws. */
  async release(key: string): Promise<void> {
    const name = nameOf(key);
    await this.#orGoOn(undefined, async () => {
      try {
        await this.#memory.update(name, (current) => (isOf(current, this.#me) ? null : current));
      } catch (error) {
        if (!(error instanceof StoreTroubleError)) throw error;
        await this.#memory.delete(name);
      }
    });
  }

  /** The message that was shown is not there any more, and another one takes its place. Never throws. */
  async forget(key: string): Promise<void> {
    await this.#orGoOn(undefined, () => this.#memory.delete(nameOf(key)));
  }

  async #orGoOn<T>(otherwise: T, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      const facts = { err: error };
      if (error instanceof StoreTroubleError) this.#log.debug(facts, "a message's mark was left alone");
      else this.#log.warn(facts, "a message's mark was left alone");
      return otherwise;
    }
  }
}

function nameOf(key: string): string {
  return `once:${key}`;
}

function isOf(text: string | null, process: string): boolean {
  const mark = readMark(text);
  return mark === null || mark.by === process;
}

/** Null for what is not there and for what cannot be read. */
function readMark(text: string | null): Mark | null {
  if (text === null) return null;
  try {
    return markSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: as good as nothing.
    return null;
  }
}
