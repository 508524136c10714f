/** How much one person may have under way at once, so that a flood of theirs keeps no other person waiting. */

/** More than a person has who waits for an answer now and then, and little for the store and for Discord. */
const MAX_AT_ONCE = 20;

interface Use {
  count: number;
  wasRefused: boolean;
}

export class Allowance {
  readonly limit: number;
  /** People with something under way. */
  readonly #uses = new Map<string, Use>();

  constructor(limit: number = MAX_AT_ONCE) {
    this.limit = limit;
  }

  /**
   * Runs `task`, unless the person has too much under way: then `refuse`, the first time until everything of
   * theirs has ended, and nothing after that. Rejects as these do.
   */
  async run(userId: string, task: () => Promise<void>, refuse: () => Promise<void>): Promise<void> {
    const use = this.#uses.get(userId) ?? { count: 0, wasRefused: false };
    if (use.count >= this.limit) {
      if (use.wasRefused) return;
      use.wasRefused = true;
      return refuse();
    }
    use.count += 1;
    this.#uses.set(userId, use);
    try {
      await task();
    } finally {
      use.count -= 1;
      if (use.count === 0) this.#uses.delete(userId);
    }
  }
}
