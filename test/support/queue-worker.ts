/** Processes of their own that work on a queue on Redis: they can be killed, frozen, and told to stop. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { RedisQueueOptions } from "../../src/jobs/redis/options.ts";
import type { RedisServer } from "./redis.ts";

const MAIN = join(import.meta.dirname, "queue-worker-main.ts");

export class QueueWorker {
  /** What its hands did: "a starts", "a ends". */
  readonly events: string[] = [];
  #isReady = false;
  readonly #child: ChildProcess;
  /** Resolves with its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;

  constructor(url: string, options: Partial<RedisQueueOptions>) {
    this.#child = fork(MAIN, [url, JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (event) => {
      if (event === "ready") this.#isReady = true;
      else this.events.push(String(event));
    });
    this.ended = new Promise((resolve) => this.#child.on("close", (code) => resolve(code)));
  }

  /** Resolves once it works. */
  async ready(): Promise<void> {
    await expect.poll(() => this.#isReady, { timeout: 10_000 }).toBe(true);
  }

  finish(id: string): void {
    this.#child.send({ finish: id });
  }

  /** An orderly end. */
  stop(): void {
    this.#child.send("stop");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Starts one that is gone when the test ends. */
export async function startQueueWorker(
  redis: RedisServer,
  options: Partial<RedisQueueOptions> = {},
): Promise<QueueWorker> {
  const worker = new QueueWorker(redis.url, options);
  onTestFinished(async () => {
    worker.signal("SIGKILL");
    await worker.ended;
  });
  await worker.ready();
  return worker;
}
