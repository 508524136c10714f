/** The bot in the test's own process: everything that the process would run, but for its signals and its exit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/app/config.ts";
import { createLog, secretsOf } from "../../src/app/log.ts";
import { PrometheusMetrics } from "../../src/app/prometheus.ts";
import { type ServiceParts, serve } from "../../src/app/service.ts";
import { Deadline } from "../../src/app/shutdown-deadline.ts";
import { contentFor } from "./content.ts";
import { FAST_SETTINGS, RunningBot } from "./running-bot.ts";

class BotInProcess extends RunningBot {
  #stop: () => void = () => {};
  #ended: Promise<number>;
  readonly #given: Partial<ServiceParts>;
  #parts: ServiceParts | null = null;

  constructor(env: Record<string, string>, dataDir: string, parts: Partial<ServiceParts>) {
    super(env, dataDir);
    this.#given = parts;
    this.#ended = this.#run();
  }

  async #run(): Promise<number> {
    const config = loadConfig(this.env);
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    const exit = Promise.withResolvers<number>();
    const write = this.collect(exit.promise);
    const log = await createLog({ level: config.logLevel, secrets: secretsOf(config), write });
    const metrics = new PrometheusMetrics({ version: "test", role: config.role });
    // A stop that takes too long is told of in the log; the test ends by its own deadline.
    const deadline = new Deadline(log, () => {});
    this.#parts = { log, metrics, deadline, content: contentFor(this.env), ...this.#given };
    const running = serve(config, this.#parts, stopped);
    running.then(exit.resolve, exit.reject);
    return running;
  }

  override stop(): Promise<number> {
    this.#stop();
    return this.#ended;
  }

  override restart(): void {
    this.#ended = this.#run();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The test is over: what still runs is not waited for.
    if (this.#parts) this.#parts.graceMs = 0;
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a bot with `env`, on a data folder of its own unless that names one; both are gone when it is disposed of. */
export async function startBotInProcess(
  env: Record<string, string>,
  parts: Partial<ServiceParts> = {},
): Promise<RunningBot> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), "nemobot-test-")));
  return new BotInProcess({ ...FAST_SETTINGS, ...env }, dataDir, parts);
}
