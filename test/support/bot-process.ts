/** The bot as a process, as an operator runs it: `npm start` with settings, a log, and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAST_SETTINGS, RunningBot } from "./running-bot.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

export class BotProcess extends RunningBot {
  #child: ChildProcess;
  #exited: Promise<number | null>;

  constructor(env: Record<string, string>, dataDir: string) {
    super(env, dataDir);
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
    const exited = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
    const collect = this.collect(exited);
    child.stdout.on("data", (chunk: Buffer) => collect(chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => collect(chunk.toString()));
    return [child, exited];
  }

  /** Sends a signal and goes on. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and resolves with the exit code; null when the signal itself ended it. */
  override async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exited;
  }

  /** Resolves with the exit code once the process ends by itself. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  override restart(): void {
    [this.#child, this.#exited] = this.#spawn();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a bot with `env` on a data folder of its own; both are gone when it is disposed of. */
export async function startBotProcess(env: Record<string, string>): Promise<BotProcess> {
  return new BotProcess({ ...FAST_SETTINGS, ...env }, await mkdtemp(join(tmpdir(), "nemobot-process-")));
}
