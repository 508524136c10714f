/** Waiting for a condition instead of for time. */

/** Options of every waiting helper. */
export interface WaitOptions {
  /** Default 5000. */
  timeoutMs?: number;
  /** Named in the error when the time is up. */
  what?: string;
}

/** Wakes its waiters whenever something changed. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();

  /** Tells all waiters to look again. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves with the first value of `probe` that is neither null, undefined nor false; rejects in time. */
  waitFor<T>(probe: () => T | null | undefined | false, options: WaitOptions = {}): Promise<T> {
    const { timeoutMs = 20_000, what = "the awaited condition" } = options;
    return new Promise<T>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const look = (): void => {
        try {
          const value = probe();
          if (value !== null && value !== undefined && value !== false) finish(() => resolve(value));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const giveUp = (): void =>
        finish(() => reject(new Error(`fake Telegram: ${what} did not come within ${timeoutMs} ms`)));
      const timer = setTimeout(giveUp, timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }
}
