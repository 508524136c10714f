/** A few tasks at once, the others wait; one that something waits for can be moved to the front. */
export class ConcurrencyLimit {
  readonly #max: number;
  #running = 0;
  #waiting: { key: string; start: () => void }[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Rejects as `task` does. */
  async run(key: string, task: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#max) {
      await new Promise<void>((resolve) => this.#waiting.push({ key, start: resolve }));
    } else this.#running += 1;
    try {
      await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  /** Runs the task of `key` next, if it waits. */
  hurry(key: string): void {
    const at = this.#waiting.findIndex((one) => one.key === key);
    if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
  }
}
