/** Waits between tries that double from the first up to the longest. */

export interface BackoffOptions {
  firstMs: number;
  longestMs: number;
  /** A random number from 0 to 1, such as `Math.random`: takes up to half off a wait, so that processes do not all come at once. */
  jitter?: () => number;
}

/** `sleep` rejects with the signal's reason. */
export interface Sleeper {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ms to wait after the try that failed for the `failures`-th time in a row; 1 is the first. */
export function backoffMs(failures: number, { firstMs, longestMs, jitter }: BackoffOptions): number {
  const waitMs = Math.min(firstMs * 2 ** (failures - 1), longestMs);
  return jitter === undefined ? waitMs : Math.round(waitMs * (1 - jitter() / 2));
}

/** The waits of one thing that is tried again and again. */
export class Backoff {
  readonly #options: BackoffOptions & { clock: Sleeper };
  #failures = 0;

  constructor(options: BackoffOptions & { clock: Sleeper }) {
    this.#options = options;
  }

  /** Waits after one more failure, never shorter than `atLeastMs`. Rejects with the signal's reason. */
  async wait(signal: AbortSignal, atLeastMs = 0): Promise<void> {
    this.#failures += 1;
    await this.#options.clock.sleep(Math.max(atLeastMs, backoffMs(this.#failures, this.#options)), signal);
  }

  /** It worked: the next wait is the first again. */
  reset(): void {
    this.#failures = 0;
  }
}

/**
 * The result of `call` once it succeeds. `onFailure` decides after each failure: it throws what is to end the tries,
 * or returns how long to wait at least. Rejects with the signal's reason while it waits.
 */
export async function retried<T>(
  call: () => Promise<T>,
  options: BackoffOptions & {
    clock: Sleeper;
    signal: AbortSignal;
    onFailure: (error: unknown) => number | undefined;
  },
): Promise<T> {
  const backoff = new Backoff(options);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await backoff.wait(options.signal, options.onFailure(error));
    }
  }
}
