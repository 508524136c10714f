/**
 * Which messages were shown, so that a message with a `once` key is shown once, whoever sends it again and
 * whenever. Telegram has no key of its own for that. Source: `OutgoingMessage.once`.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type AdapterMemory, type Clock, type Log, StoreTroubleError } from "../../core/ports.ts";

/** A message that went out, or may have: then its process died before it knew. */
export interface Shown {
  chatId: string;
  /** 0 when Telegram did not say. */
  messageId: number;
  /** It was the video itself, not its link. */
  isFile: boolean;
}

/** Longer than a store that failed is left alone, and than a connection takes to be made anew. */
const SECOND_LOOK_MS = 1_500;
/** An outage that goes on is no reason to make every message wait. */
const LONG_OUTAGE_MS = 30_000;
const KEPT_FOR_MS = 2 * 86_400_000;

const markSchema = z.object({
  chatId: z.string(),
  messageId: z.number(),
  isFile: z.boolean(),
  /** The process that sent it. */
  by: z.string(),
});
type Mark = z.infer<typeof markSchema>;

/** Trouble of the store is no reason not to send: without it the promise is kept as well as it can be. */
export class OnceMarks {
  readonly #memory: AdapterMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #me = randomUUID();
  #lookedAgainAt = Number.NEGATIVE_INFINITY;

  constructor(memory: AdapterMemory, clock: Clock, log: Log) {
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The message that was shown under this key; null when there is none, as far as we can know. A store in trouble
   * is asked once more: a process that was frozen finds its connections dead, and somebody else may have been at it.
   */
  async find(key: string): Promise<Shown | null> {
    const look = async () => readMark(await this.#memory.get(nameOf(key)));
    return this.#orGoOn(null, async () => {
      try {
        return await look();
      } catch (error) {
        const now = this.#clock.now();
        const isLongOutage = now - this.#lookedAgainAt < LONG_OUTAGE_MS;
        if (!(error instanceof StoreTroubleError) || isLongOutage) throw error;
        this.#lookedAgainAt = now;
        await this.#clock.sleep(SECOND_LOOK_MS);
        return look();
      }
    });
  }

  /**
   * To be called when the request leaves. Null: it is ours to send, and counts as sent if we die now. A message:
   * another process was faster.
   */
  async claim(key: string, shown: Shown): Promise<Shown | null> {
    return this.#orGoOn(null, async () => {
      const mine: Mark = { ...shown, by: this.#me };
      const text = await this.#memory.update(
        nameOf(key),
        (current) => (isOf(current, this.#me) ? JSON.stringify(mine) : current),
        KEPT_FOR_MS,
      );
      const mark = readMark(text);
      return mark && mark.by !== this.#me ? mark : null;
    });
  }

  /** The request was answered: this is the message. */
  async remember(key: string, shown: Shown): Promise<void> {
    const mark: Mark = { ...shown, by: this.#me };
    await this.#orGoOn(undefined, () => this.#memory.set(nameOf(key), JSON.stringify(mark), KEPT_FOR_MS));
  }

  /** The request was refused or never left: whoever comes next may send it. */
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

  /** The message that was shown is not there any more, and another one takes its place. */
  async forget(key: string): Promise<void> {
    await this.#orGoOn(undefined, () => this.#memory.delete(nameOf(key)));
  }

  async #orGoOn<T>(otherwise: T, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      const facts = { err: error };
      if (error instanceof StoreTroubleError) this.#log.debug(facts, "a message goes out without its mark");
      else this.#log.warn(facts, "a message goes out without its mark");
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
