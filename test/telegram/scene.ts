/** A Telegram, a backend and a bot between them. */
import { onTestFinished } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import {
  type FakeTelegram,
  type FakeTelegramOptions,
  startFakeTelegram,
} from "../fakes/telegram/fake-telegram.ts";
import { type BotProcess, startBotProcess } from "../support/bot-process.ts";

export interface TelegramScene {
  telegram: FakeTelegram;
  nemo: Sandbox;
  bot: BotProcess;
}

/** Starts all three; resolves when the bot listens. */
export async function startTelegramScene(
  options: { telegram?: FakeTelegramOptions; nemo?: SandboxOptions; env?: Record<string, string> } = {},
): Promise<TelegramScene> {
  const telegram = await startFakeTelegram({
    pollTimeoutCapMs: 500,
    conflictDelayMs: 100,
    ...options.telegram,
  });
  onTestFinished(() => telegram.stop());
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  onTestFinished(() => nemo.stop());
  const bot = await startBotProcess({
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    ...options.env,
  });
  await telegram.waitForCall("setMyCommands", undefined, { timeoutMs: 15_000 });
  return { telegram, nemo, bot };
}
