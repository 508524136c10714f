/** The bot as a service: the platforms whose tokens are set, from their start to an orderly stop. */
import { startBot } from "./bot.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { ChatPlatform, Log } from "./core/ports.ts";
import type { HttpServer } from "./http-server.ts";
import { createLog } from "./log.ts";
import { NO_METRICS } from "./metrics.ts";
import { StartError } from "./start-error.ts";

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
  const { telegram, discord, nemo } = config;
  const tokens = [nemo.token, telegram?.token, telegram?.webhook?.secret, discord?.token];
  const secrets = tokens.filter((secret) => secret != null);
  const log = await createLog({ level: config.logLevel, secrets });
  const bot = await startBot(config, { log, storage: "disk" });
  const { engine, locales, skills } = bot;
  const world = { engine, locales, skills, clock: systemClock, log };
  const adapters: Adapter[] = [];
  let http: HttpServer | null = null;
  try {
    // Each platform is loaded only when it runs: the start is faster without the others.
    if (telegram) {
      http = telegram.webhook ? await startHttp(config, log) : null;
      const { TelegramAdapter } = await import("./adapters/telegram/adapter.ts");
      const options = { ...telegram, isShared: false };
      const memory = bot.memoryOf("telegram");
      adapters.push(new TelegramAdapter(options, { ...world, memory, http, metrics: NO_METRICS }));
    }
    if (discord) {
      const { DiscordAdapter } = await import("./adapters/discord/adapter.ts");
      adapters.push(new DiscordAdapter(discord, { ...world, memory: bot.memoryOf("discord") }));
    }
    for (const adapter of adapters) bot.addPlatform(adapter.platform);
    await engine.start();
    const started = Promise.all(adapters.map((adapter) => adapter.start()));
    started.catch(() => {
      // Looked at below, or told to stop before it had connected.
    });
    // A signal while a platform cannot be reached ends the waiting too.
    await Promise.race([started, stopped]);
    await stopped;
    log.info({}, "stopping");
    await Promise.all(adapters.map((adapter) => adapter.stopReceiving()));
    await engine.stop();
    return 0;
  } finally {
    await Promise.all(adapters.map((adapter) => adapter.stopSending()));
    await http?.stop();
    await bot.stop();
  }
}

async function startHttp(config: Config, log: Log): Promise<HttpServer> {
  const { startHttpServer } = await import("./http-server.ts");
  try {
    return await startHttpServer({ ...config.http, log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError("The web server cannot start:", [`HTTP_HOST, HTTP_PORT: ${reason}`], {
      cause: error,
    });
  }
}
