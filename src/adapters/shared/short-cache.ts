/** What a platform said a moment ago, so that it is not asked again and again. Bounded; a failure is not remembered. */
import { type Aging, BoundedMap } from "../../lib/bounded-map.ts";

export class ShortCache<T> {
  readonly #answers: BoundedMap<string, { answer: T }>;

  /** At most `max` answers, the oldest going first. */
  constructor(max: number, aging: Aging) {
    this.#answers = new BoundedMap(max, aging);
  }

  /** The answer to `key`; `ask` is called when there is none that is young enough. Rejects as `ask` does. */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known) return known.answer;
    const answer = await ask();
    this.#answers.set(key, { answer });
    return answer;
  }
}
