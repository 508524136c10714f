/** A Telegram, a backend and a bot between them. `await using` one for each test, so that tests can overlap. */
import { createServer } from "node:http";
import { vi } from "vitest";
import { DEFAULT_SEND_LIMITS, type SendLimits } from "../../../src/adapters/telegram/outgoing/send-queue.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../../src/sandbox/sandbox.ts";
import type { TurnStep } from "../../../src/sandbox/scenario.ts";
import {
  type FakeTelegram,
  type FakeTelegramOptions,
  startFakeTelegram,
} from "../../fakes/telegram/fake-telegram.ts";
import { startBotInProcess } from "../../support/bot-in-process.ts";
import { type BotProcess, startBotProcess } from "../../support/bot-process.ts";
import type { RunningBot } from "../../support/running-bot.ts";

const PATIENCE_MS = 30_000;
export const PATIENTLY = { timeoutMs: PATIENCE_MS };

/** Room for every decoration, so that tests of anything else see each of it. */
const ROOM_FOR_ALL: SendLimits = {
  ...DEFAULT_SEND_LIMITS,
  perMinute: 1_000,
  minuteMs: 1,
  privateUpdateMs: 0,
  groupUpdateMs: 0,
  retryWaitMs: 10,
};

interface SceneOptions {
  telegram?: FakeTelegramOptions;
  nemo?: SandboxOptions;
  env?: Record<string, string>;
  /** Updates come by webhook. Default: the bot polls. */
  webhook?: boolean;
}

export class TelegramScene<Bot extends RunningBot = RunningBot> implements AsyncDisposable {
  readonly telegram: FakeTelegram;
  readonly nemo: Sandbox;
  readonly bot: Bot;
  #successor: RunningBot | null = null;

  constructor(telegram: FakeTelegram, nemo: Sandbox, bot: Bot) {
    this.telegram = telegram;
    this.nemo = nemo;
    this.bot = bot;
  }

  /** Files the backend took, each of them whole, in order. */
  uploads(): { name: string; sizeBytes: number; sha256: string }[] {
    return this.nemo
      .requests("POST /api/upload-video/")
      .flatMap((request) => (request.status === 200 ? (request.files ?? []) : []));
  }

  /** What was said to the agent, in order. */
  turns(): string[] {
    return this.nemo.requests("POST /run_sse").map((request) => {
      const { new_message } = request.json as { new_message: { parts: { text: string }[] } };
      return new_message.parts.map((part) => part.text).join("\n");
    });
  }

  /** Sessions that were made. */
  get sessions(): number {
    return this.nemo.requests("POST /api/tasks/me/with-session").length;
  }

  /** The next turn stops in the middle until `nemo.scenario.release(name)`, then says `text`. */
  holdTurn(name: string, text = "All done."): void {
    const steps: TurnStep[] = [
      { kind: "hold", name },
      { kind: "text", text },
    ];
    this.nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
  }

  /** The next turn answers with `text` and changes nothing. */
  answerNext(text: string): void {
    this.nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "text", text }] } });
  }

  /** Stops the bot in order and starts it again on the same data; resolves when it listens. */
  async restart(): Promise<void> {
    await this.bot.stop();
    const before = this.telegram.calls("getMe").length;
    this.bot.restart();
    await this.telegram.waitFor(() => this.telegram.calls("getMe").length > before, PATIENTLY);
    await this.telegram.waitFor(() => this.telegram.isPolled, PATIENTLY);
  }

  /** A bot in this process goes on where the one that has ended left off, whatever ended it. */
  async succeed(): Promise<void> {
    this.#successor = await startBotInProcess(this.bot.env, { telegramLimits: ROOM_FOR_ALL });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#successor?.[Symbol.asyncDispose]();
    await this.bot[Symbol.asyncDispose]();
    await this.telegram.stop();
    await this.nemo.stop();
  }
}

/**
 * Starts all three in this process; resolves when the bot listens. `limits`: of sending; absent: none, where a bot
 * of its own keeps Telegram's.
 */
export function startTelegramScene(
  options: SceneOptions & { limits?: SendLimits } = {},
): Promise<TelegramScene> {
  const { limits = ROOM_FOR_ALL } = options;
  return startSceneWith((env) => startBotInProcess(env, { telegramLimits: limits }), options);
}

/** As `startTelegramScene`, with a process for the bot: for tests of what only a process does. */
export function startTelegramProcessScene(options: SceneOptions = {}): Promise<TelegramScene<BotProcess>> {
  return startSceneWith(startBotProcess, options);
}

async function startSceneWith<Bot extends RunningBot>(
  startBot: (env: Record<string, string>) => Promise<Bot>,
  options: SceneOptions,
): Promise<TelegramScene<Bot>> {
  const telegram = await startTelegram(options.telegram);
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  const env = { ...options.env, ...(options.webhook ? await webhookSettings() : {}) };
  const bot = await startBot(settingsFor(telegram, nemo, env));
  const scene = new TelegramScene(telegram, nemo, bot);
  try {
    await telegram.waitFor(() => telegram.commandLists().size >= 2, { what: "the bot", timeoutMs: 60_000 });
  } catch (error) {
    await scene[Symbol.asyncDispose]();
    throw new Error(`the bot did not start:\n${bot.log}`, { cause: error });
  }
  return scene;
}

/** A fake server with the waits of a test. */
export function startTelegram(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  return startFakeTelegram({ pollTimeoutCapMs: 500, conflictDelayMs: 100, ...options });
}

/** The settings of a bot between the two. */
export function settingsFor(
  telegram: FakeTelegram,
  nemo: Sandbox,
  env: Record<string, string> = {},
): Record<string, string> {
  return {
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    ...env,
  };
}

/** Settings for a webhook on a free port. */
async function webhookSettings(): Promise<Record<string, string>> {
  const port = await freePort();
  return {
    HTTP_PORT: String(port),
    TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${port}/telegram`,
    TELEGRAM_WEBHOOK_SECRET: "a-secret-for-tests",
  };
}

/** A port that no other program is given until the bot takes it: servers and bots beside us get theirs from 32768 on. */
async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!isFree) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until `condition` gives something; for what neither chat nor server tell of by themselves. */
export function until<T>(condition: () => T | Promise<T>): Promise<T> {
  return vi.waitUntil(condition, { timeout: PATIENCE_MS, interval: 20 }) as Promise<T>;
}
