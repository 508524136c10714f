/** A Discord, a backend and a bot between them. */
import { onTestFinished } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import {
  type FakeDiscord,
  type FakeDiscordOptions,
  startFakeDiscord,
} from "../fakes/discord/fake-discord.ts";
import { type BotProcess, startBotProcess } from "../support/bot-process.ts";

export interface DiscordScene {
  discord: FakeDiscord;
  nemo: Sandbox;
  bot: BotProcess;
}

/** Starts all three; resolves when the bot is connected and its commands are registered. */
export async function startDiscordScene(
  options: { discord?: FakeDiscordOptions; nemo?: SandboxOptions; env?: Record<string, string> } = {},
): Promise<DiscordScene> {
  const discord = await startFakeDiscord(options.discord);
  onTestFinished(() => discord.stop());
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  onTestFinished(() => nemo.stop());
  const bot = await startBotProcess({
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    ...options.env,
  });
  await discord.whenReady(1, 15_000);
  return { discord, nemo, bot };
}
