/**
 * The process under measurement of `bench/telegram-latency.ts`: the bot with Telegram alone. Settings as usual.
 */
import { TelegramAdapter } from "../../src/adapters/telegram/adapter.ts";
import { startBot } from "../../src/app/compose.ts";
import { loadConfig } from "../../src/app/config.ts";
import { createLog } from "../../src/app/log.ts";
import { NO_METRICS } from "../../src/app/no-metrics.ts";
import { systemClock } from "../../src/app/system-clock.ts";
import { answerParent } from "./child.ts";
import { liveHeapBytes } from "./live-heap.ts";

const config = loadConfig(process.env);
const log = await createLog({ level: config.logLevel, secrets: [] });
const bot = await startBot(config, { log, storage: "disk" });
if (!config.telegram) throw new Error("TELEGRAM_BOT_TOKEN is needed");
const adapter = new TelegramAdapter(
  { ...config.telegram, isShared: false },
  {
    engine: bot.engine,
    locales: bot.locales,
    memory: bot.memoryOf("telegram"),
    clock: systemClock,
    log,
    http: null,
    metrics: NO_METRICS,
  },
);
bot.addPlatform(adapter.platform);
await bot.engine.start();
await adapter.start();
answerParent({ liveHeapBytes });
