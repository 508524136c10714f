/**
 * What an adapter does in the background, without a caller that waits. An unexpected error ends what it
 * happened in and nothing more: it is logged and counted. Source: DESIGN.md, rule 5.
 */
import type { Clock, Log, Metrics } from "../../core/ports/runtime.ts";

/** How long a loop rests after such an error. */
const REST_MS = 1_000;

export interface BackgroundOptions {
  /** The platform's name. */
  platform: string;
  clock: Clock;
  log: Log;
  metrics: Pick<Metrics, "unexpectedError">;
}

export class Background {
  readonly #options: BackgroundOptions;

  constructor(options: BackgroundOptions) {
    this.#options = options;
  }

  /** Starts `task`; `stopped` makes its errors no news. */
  run(what: string, task: () => Promise<unknown>, stopped?: AbortSignal): void {
    void this.#caught(what, task, stopped);
  }

  /** Runs `task` until it returns or `stopped` fires; after an error it begins again in a moment. Never rejects. */
  async loop(what: string, task: () => Promise<void>, stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      if (await this.#caught(what, task, stopped)) return;
      await this.#options.clock.sleep(REST_MS, stopped).catch(() => {
        // The stop ends the rest.
      });
    }
  }

  /** An unexpected error; `what` says what it has ended. */
  unexpected(error: unknown, what: string, facts: object = {}): void {
    const { platform, log, metrics } = this.#options;
    metrics.unexpectedError(platform);
    log.error({ ...facts, err: error, platform }, what);
  }

  /** False when the task failed. */
  async #caught(what: string, task: () => Promise<unknown>, stopped?: AbortSignal): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      if (!stopped?.aborted) this.unexpected(error, what);
      return false;
    }
  }
}
