/** What a platform said a moment ago, so that it is not asked again and again. Bounded; a failure is not remembered. */
import type { Clock } from "../../core/ports/runtime.ts";

export interface RememberedOptions {
  forMs: number;
  /** Answers that are kept; the oldest goes first. */
  max: number;
  clock: Pick<Clock, "now">;
}

export class Remembered<T> {
  readonly #options: RememberedOptions;
  readonly #answers = new Map<string, { answer: T; until: number }>();

  constructor(options: RememberedOptions) {
    this.#options = options;
  }

  /** The answer to `key`; `ask` is called when there is none that is young enough. Rejects as `ask` does. */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const { clock, forMs, max } = this.#options;
    const known = this.#answers.get(key);
    if (known && known.until > clock.now()) return known.answer;
    const answer = await ask();
    this.#answers.delete(key);
    this.#answers.set(key, { answer, until: clock.now() + forMs });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > max && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }
}
