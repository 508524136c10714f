/** The bot as a process, as an operator runs it: `npm start` with settings, a log, and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** Waits that a test can live with. */
const FAST_SETTINGS = {
  RETRY_WAIT_MS: "50",
  RECOVERY_FIRST_WAIT_MS: "50",
  RECOVERY_WAIT_MS: "50",
  EXPORT_POLL_MS: "50",
  LOG_LEVEL: "debug",
  // Any free port: bots of other tests run beside this one.
  HTTP_PORT: "0",
};

export class BotProcess implements AsyncDisposable {
  /** Everything it wrote to standard error and output. */
  log = "";
  readonly env: Record<string, string>;
  /** Where it keeps what it must remember. */
  readonly dataDir: string;
  #child: ChildProcess;
  #exited: Promise<number | null>;
  #listening = Promise.withResolvers<string>();

  constructor(env: Record<string, string>, dataDir: string) {
    this.env = { ...env, DATA_DIR: dataDir };
    this.dataDir = dataDir;
    [this.#child, this.#exited] = this.#spawn();
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #spawn(): [ChildProcess, Promise<number | null>] {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH ?? "", ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const start = this.log.length;
    const listening = Promise.withResolvers<string>();
    listening.promise.catch(() => {
      // Not every test asks for it.
    });
    this.#listening = listening;
    const collect = (chunk: Buffer) => {
      this.log += chunk.toString();
      const address = /"http":"([^"]+)"/.exec(this.log.slice(start))?.[1];
      if (address) listening.resolve(`http://${address}`);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const exited = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
    void exited.then(() => listening.reject(new Error(`the bot has no web server:\n${this.log}`)));
    return [child, exited];
  }

  /** Address of its web server, once it listens. */
  url(): Promise<string> {
    return this.#listening.promise;
  }

  /** Sends a signal and goes on. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Log lines of at least this level; pino writes 40 for a warning, 50 for an error. */
  logged(level: 40 | 50): string[] {
    return this.log.split("\n").filter((line) => Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 0) >= level);
  }

  /** Sends a signal and resolves with the exit code; null when the signal itself ended it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exited;
  }

  /** Resolves with the exit code once the process ends by itself. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** Starts it anew with the same settings and data. */
  restart(): void {
    [this.#child, this.#exited] = this.#spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a bot with `env` on a data folder of its own; both are gone when it is disposed of. */
export async function startBotProcess(env: Record<string, string>): Promise<BotProcess> {
  return new BotProcess({ ...FAST_SETTINGS, ...env }, await mkdtemp(join(tmpdir(), "nemobot-process-")));
}
