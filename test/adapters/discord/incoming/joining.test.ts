import { describe, expect, it } from "vitest";
import type { FakeChannel } from "../../../fakes/discord/fake-channel.ts";
import type { FakeGuild } from "../../../fakes/discord/fake-guild.ts";
import { startAdapterScene } from "../adapters.ts";
import { type DiscordScene, startDiscordScene } from "../scene.ts";

const HELLO = /Mention me and say what you want.*\/edit/;

/** A server without the bot, where `anna` is. */
function server({ discord }: Pick<DiscordScene, "discord">, locale = "en-US") {
  const anna = discord.user({ name: "anna", hasInstalledApp: true });
  const guild = discord.guild({ members: [anna], locale, hasBot: false });
  return { anna, guild, first: guild.textChannel("general"), second: guild.textChannel("talk") };
}

/** Everything that was told before is taken in once an answer comes. */
async function answered({ discord }: Pick<DiscordScene, "discord">, anna: ReturnType<typeof server>["anna"]) {
  const dm = discord.dm(anna);
  anna.says(dm, "help");
  await dm.nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
}

const textsOf = (...channels: FakeChannel[]) =>
  channels.map((channel) => channel.botMessages().map(({ text }) => text));

describe("the bot that comes into a server", { timeout: 40_000 }, () => {
  it("says once how to talk to it, whatever becomes of the connection", async () => {
    const scene = await startDiscordScene();
    const { discord, nemo, bot } = scene;
    const { anna, guild, first, second } = server(scene);
    guild.addBot();
    const hello = await first.nextBotMessage();
    expect(hello.text).toMatch(HELLO);
    guild.becomeUnavailable();
    guild.becomeAvailable();
    discord.gateway.dropConnection();
    await discord.until(() => discord.gateway.resumes === 1, "a resume", 15_000);
    discord.gateway.invalidSession(false);
    await discord.until(() => discord.gateway.identifies === 2, "a new session", 20_000);
    await discord.whenReady();
    guild.becomeAvailable();
    await answered(scene, anna);
    expect(textsOf(first, second)).toEqual([[hello.text], []]);
    expect(nemo.requests("POST /")).toEqual([]);
    expect(bot.logged(50)).toEqual([]);
    expect(discord.violations()).toEqual([]);
  });

  it("speaks the server's language, in the channel for its news", async () => {
    const scene = await startDiscordScene();
    const { guild, first, second } = server(scene, "zh-CN");
    guild.setSystemChannel(second);
    guild.addBot();
    expect((await second.nextBotMessage()).text).toContain("大家好");
    expect(textsOf(first)).toEqual([[]]);
  });

  it.each<[string, (guild: FakeGuild, channels: [FakeChannel, FakeChannel]) => void, number | null]>([
    [
      "the first channel, where it may not write in the one for news",
      (guild, [, second]) => {
        guild.setSystemChannel(second);
        second.forbid(["SEND_MESSAGES"]);
      },
      0,
    ],
    [
      "the next channel, where it does not see the first",
      (_guild, [first]) => first.forbid(["VIEW_CHANNEL"]),
      1,
    ],
    [
      "a channel that a role lets it write in",
      (guild, [, second]) => {
        guild.forbid(["SEND_MESSAGES"]);
        second.allow(["SEND_MESSAGES"]);
      },
      1,
    ],
    ["nothing, where it may write nowhere", (guild) => guild.forbid(["SEND_MESSAGES"]), null],
  ])("says it in %s", async (_case, arrange, place) => {
    const scene = await startDiscordScene();
    const { anna, guild, first, second } = server(scene);
    arrange(guild, [first, second]);
    guild.addBot();
    if (place !== null) await [first, second][place]?.nextBotMessage();
    await answered(scene, anna);
    const said = textsOf(first, second).map(({ length }) => length);
    expect(said).toEqual([0, 1].map((number) => (number === place ? 1 : 0)));
    const refused = scene.discord.calls().filter(({ status }) => status >= 400);
    expect(refused).toEqual([]);
  });

  it("says it again where it was thrown out and taken back", async () => {
    const scene = await startDiscordScene();
    const { guild, first } = server(scene);
    guild.addBot();
    await first.nextBotMessage();
    guild.kickBot();
    guild.addBot();
    expect((await first.nextBotMessage()).text).toMatch(HELLO);
  });

  it("says nothing in servers that it was in when it started, however late they come", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna, guild } = server({ discord });
    guild.addBot();
    await (await adapter()).start();
    await discord.whenReady();
    guild.becomeAvailable();
    anna.says(discord.dm(anna), "help");
    await inbox.next();
    expect(inbox.texts()).toEqual(["help"]);
  });

  it("is told of by several processes as one thing, and later by none", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { guild } = server({ discord });
    for (const one of [await adapter(), await adapter()]) await one.start();
    await discord.whenReady(2);
    guild.addBot();
    const { id } = await inbox.next();
    await (await adapter()).start();
    await discord.whenReady(3);
    guild.becomeAvailable();
    const bob = discord.user({ name: "bob", hasInstalledApp: true });
    bob.says(discord.dm(bob), "help");
    await inbox.next(({ text }) => text === "help");
    expect(inbox.received.filter(({ text }) => text === "").map((one) => one.id)).toEqual([id]);
  });

  it("waits for a store in trouble", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { guild } = server({ discord });
    await (await adapter()).start();
    await discord.whenReady();
    store.isInTrouble = true;
    guild.addBot();
    await expect.poll(() => inbox.refusals, { timeout: 5_000 }).toBeGreaterThan(0);
    store.isInTrouble = false;
    expect((await inbox.next()).action).toEqual({ kind: "introduce" });
  });
});
