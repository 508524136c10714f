/** The bot as an operator runs it, wherever it runs: settings, a log, a data folder, a start and a stop. */

/** Waits that a test can live with. */
export const FAST_SETTINGS = {
  RETRY_WAIT_MS: "50",
  RECOVERY_FIRST_WAIT_MS: "50",
  RECOVERY_WAIT_MS: "50",
  EXPORT_POLL_MS: "50",
  LOG_LEVEL: "debug",
  // Any free port: bots of other tests run beside this one.
  HTTP_PORT: "0",
};

export abstract class RunningBot implements AsyncDisposable {
  /** Everything it wrote to standard error and output. */
  log = "";
  readonly env: Record<string, string>;
  /** Where it keeps what it must remember. */
  readonly dataDir: string;
  #listening = Promise.withResolvers<string>();

  constructor(env: Record<string, string>, dataDir: string) {
    this.env = { ...env, DATA_DIR: dataDir };
    this.dataDir = dataDir;
  }

  /** Address of its web server, once it listens. */
  url(): Promise<string> {
    return this.#listening.promise;
  }

  /** Log lines of at least this level; pino writes 40 for a warning, 50 for an error. */
  logged(level: 40 | 50): string[] {
    return this.log.split("\n").filter((line) => Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 0) >= level);
  }

  /** Stops it in order and resolves with the exit code. */
  abstract stop(): Promise<number | null>;

  /** Starts it again with the same settings and data. */
  abstract restart(): void;

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** What it writes from now on belongs to a start that `exited` ends. */
  protected collect(exited: Promise<unknown>): (chunk: string) => void {
    const start = this.log.length;
    const listening = Promise.withResolvers<string>();
    listening.promise.catch(() => {
      // Not every test asks for it.
    });
    this.#listening = listening;
    const noAddress = () => listening.reject(new Error(`the bot has no web server:\n${this.log}`));
    exited.then(noAddress, noAddress);
    return (chunk) => {
      this.log += chunk;
      const address = /"http":"([^"]+)"/.exec(this.log.slice(start))?.[1];
      if (address) listening.resolve(`http://${address}`);
    };
  }
}
