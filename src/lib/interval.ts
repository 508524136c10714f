/** Does something again and again, never twice at once, until it is stopped. */
export class Interval {
  readonly #task: () => Promise<void>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isWantedSoon = false;
  #isStopped = false;

  /** `task` handles its own errors. */
  constructor(task: () => Promise<void>, everyMs: number) {
    this.#task = task;
    this.#everyMs = everyMs;
  }

  /** The first or next time now, or as soon as the present one has ended. */
  soon(): void {
    if (this.#isStopped) return;
    if (this.#isRunning) {
      this.#isWantedSoon = true;
      return;
    }
    clearTimeout(this.#timer);
    void this.#run();
  }

  /** A task under way ends by itself. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#isWantedSoon = false;
    const startedAt = performance.now();
    await this.#task();
    this.#isRunning = false;
    if (this.#isStopped) return;
    const waitMs = this.#isWantedSoon ? 0 : Math.max(0, this.#everyMs - (performance.now() - startedAt));
    this.#timer = setTimeout(() => void this.#run(), waitMs);
  }
}
