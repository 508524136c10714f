/** The bot as a service: the platforms whose tokens are set, from their start to an orderly stop. */
import { startBot } from "./bot.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { ChatPlatform } from "./core/ports.ts";
import { createLog } from "./log.ts";

/** What every platform's adapter can do. */
interface Adapter {
  readonly platform: ChatPlatform;
  /** Connects and takes messages. Throws `StartError` when the platform refuses. */
  start(): Promise<void>;
  stopReceiving(): Promise<void>;
  stopSending(): Promise<void>;
}

/** Runs until `stopped` resolves; returns the exit code. */
export async function runService(config: Config, stopped: Promise<void>): Promise<number> {
  const { discord, nemo } = config;
  const secrets = [nemo.token, discord?.token].filter((secret) => secret != null);
  const log = await createLog({ level: config.logLevel, secrets });
  const bot = await startBot(config, { log, storage: "disk" });
  const { engine, locales, skills } = bot;
  const world = { engine, locales, skills, clock: systemClock, log };
  const adapters: Adapter[] = [];
  try {
    // Each platform is loaded only when it runs: the start is faster without the others.
    if (discord) {
      const { DiscordAdapter } = await import("./adapters/discord/adapter.ts");
      adapters.push(new DiscordAdapter(discord, { ...world, memory: bot.memoryOf("discord") }));
    }
    for (const adapter of adapters) bot.addPlatform(adapter.platform);
    await engine.start();
    // A signal while a platform cannot be reached ends the waiting too.
    await Promise.race([Promise.all(adapters.map((adapter) => adapter.start())), stopped]);
    await stopped;
    log.info({}, "stopping");
    await Promise.all(adapters.map((adapter) => adapter.stopReceiving()));
    await engine.stop();
    return 0;
  } finally {
    await Promise.all(adapters.map((adapter) => adapter.stopSending()));
    await bot.stop();
  }
}
