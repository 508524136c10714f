/** A Discord, a backend and a bot between them. */
import { onTestFinished } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../../src/sandbox/sandbox.ts";
import type { FakeChannel } from "../../fakes/discord/fake-channel.ts";
import {
  type FakeDiscord,
  type FakeDiscordOptions,
  startFakeDiscord,
} from "../../fakes/discord/fake-discord.ts";
import type { FakeMessage } from "../../fakes/discord/fake-message.ts";
import type { FakeUser } from "../../fakes/discord/fake-user.ts";
import type { FileSpec } from "../../fakes/discord/files.ts";
import { startBotInProcess } from "../../support/bot-in-process.ts";
import { type BotProcess, startBotProcess } from "../../support/bot-process.ts";
import type { RunningBot } from "../../support/running-bot.ts";
import { clipBytes } from "../../support/test-chat.ts";

/** The words that the sandbox answers with a title of that name. */
export const TITLE = 'add the title "Hello"';

/** A clip as people send it. */
export async function clip(name = "clip.mp4"): Promise<FileSpec> {
  return { name, contentType: "video/mp4", bytes: await clipBytes() };
}

/** True for the answer to `TITLE`. */
export function hasTitle(message: { text: string }): boolean {
  return message.text.includes('title "Hello"');
}

/** A guild with two members and a channel. */
export function community(discord: FakeDiscord) {
  const anna = discord.user({ name: "anna" });
  const bob = discord.user({ name: "bob" });
  const guild = discord.guild({ name: "Creators", members: [anna, bob] });
  return { anna, bob, guild, channel: guild.textChannel("videos") };
}

/** An edit with a clip in a channel, up to the answer in its thread. */
export async function editInThread(
  user: FakeUser,
  channel: FakeChannel,
): Promise<{ thread: FakeChannel; answer: FakeMessage }> {
  const known = new Set(channel.threads().map((one) => one.id));
  await user.slash(channel, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
  const thread = await channel.nextThread((one) => !known.has(one.id));
  return { thread, answer: await thread.nextBotMessage(hasTitle, 15_000) };
}

export interface DiscordScene<B extends RunningBot = RunningBot> {
  discord: FakeDiscord;
  nemo: Sandbox;
  bot: B;
}

export interface SceneOptions {
  discord?: FakeDiscordOptions;
  nemo?: SandboxOptions;
  env?: Record<string, string>;
}

/** Starts all three in this process; resolves when the bot is connected and its commands are registered. */
export function startDiscordScene(options: SceneOptions = {}): Promise<DiscordScene> {
  return startSceneWith(startBotInProcess, options);
}

/** As `startDiscordScene`, with a process for the bot: for tests of what only a process does. */
export function startDiscordProcessScene(options: SceneOptions = {}): Promise<DiscordScene<BotProcess>> {
  return startSceneWith(startBotProcess, options);
}

async function startSceneWith<B extends RunningBot>(
  startBot: (env: Record<string, string>) => Promise<B>,
  options: SceneOptions,
): Promise<DiscordScene<B>> {
  const discord = await startFakeDiscord(options.discord);
  onTestFinished(() => discord.stop());
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  onTestFinished(() => nemo.stop());
  const bot = await startBot({
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    ...options.env,
  });
  onTestFinished(() => bot[Symbol.asyncDispose]());
  await discord.whenReady();
  return { discord, nemo, bot };
}
