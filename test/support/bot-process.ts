/** The bot as a process, as an operator runs it: `npm start` with settings, a log, and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./test-chat.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** Waits that a test can live with. */
const FAST_SETTINGS = {
  RETRY_WAIT_MS: "50",
  RECOVERY_FIRST_WAIT_MS: "50",
  RECOVERY_WAIT_MS: "50",
  EXPORT_POLL_MS: "50",
  LOG_LEVEL: "debug",
};

export class BotProcess {
  /** Everything it wrote to standard error and output. */
  log = "";
  readonly env: Record<string, string>;
  #child: ChildProcess;
  #exited: Promise<number | null>;

  constructor(env: Record<string, string>) {
    this.env = env;
    [this.#child, this.#exited] = this.#spawn();
  }

  #spawn(): [ChildProcess, Promise<number | null>] {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH ?? "", ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const collect = (chunk: Buffer) => {
      this.log += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    return [child, new Promise((resolve) => child.on("close", (code) => resolve(code)))];
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
}

/** Starts a bot with `env` on a data folder of its own; it is killed when the test ends. */
export async function startBotProcess(env: Record<string, string>): Promise<BotProcess> {
  const bot = new BotProcess({ ...FAST_SETTINGS, DATA_DIR: await temporaryFolder(), ...env });
  onTestFinished(async () => {
    await bot.stop("SIGKILL");
  });
  return bot;
}
