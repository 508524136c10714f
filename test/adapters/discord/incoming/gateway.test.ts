import { describe, expect, it, onTestFinished } from "vitest";
import { startFakeDiscord } from "../../../fakes/discord/fake-discord.ts";
import { startBotInProcess } from "../../../support/bot-in-process.ts";
import { startBotProcess } from "../../../support/bot-process.ts";
import { HAS_REDIS, startRedis } from "../../../support/redis.ts";
import {
  clip,
  community,
  editInThread,
  hasTitle,
  startDiscordProcessScene,
  startDiscordScene,
  TITLE,
} from "../scene.ts";

describe("the connection to Discord", { timeout: 40_000 }, () => {
  it("is resumed after a drop, and what was said meanwhile is answered once", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage(hasTitle, 15_000);
    discord.gateway.dropConnection();
    await discord.until(() => discord.gateway.liveSessions === 0, "the drop");
    anna.says(dm, 'add the title "Meanwhile"');
    await dm.nextBotMessage((message) => message.text.includes('"Meanwhile"'), 20_000);
    expect(discord.gateway.resumes).toBe(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("is resumed when Discord asks to reconnect", async () => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    // A bot that has answered has taken in that it is connected.
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
    discord.gateway.requestReconnect();
    await discord.until(() => discord.gateway.resumes === 1, "a resume", 15_000);
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
  });

  it("starts over when its session is over", async () => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    // A bot that has answered has taken in that it is connected.
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
    discord.gateway.invalidSession(false);
    await discord.until(() => discord.gateway.identifies === 2, "a new session", 20_000);
    await discord.whenReady();
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
  });

  it.each([
    ["by setting", { DISCORD_SHARDS: "2" }, 1, 2],
    ["as Discord advises", {}, 2, 2],
  ])("has several shards %s, and each guild is served", async (_how, env, advised, count) => {
    const { discord } = await startDiscordScene({
      discord: { shards: advised, maxConcurrency: 2 },
      env,
    });
    await discord.whenReady(count, 20_000);
    const { anna } = community(discord);
    for (let n = 0; n < 4; n++) {
      const channel = discord.guild({ members: [anna] }).textChannel();
      anna.says(channel, "help", { mentions: [discord.bot] });
      await channel.nextBotMessage((message) => message.text.includes("Send me a clip"));
    }
    expect(discord.gateway.identifies).toBe(count);
  });
});

describe("a place that is gone", { timeout: 30_000 }, () => {
  it("ends its work quietly: the bot was thrown out of the guild", async () => {
    const { discord, nemo, bot } = await startDiscordScene();
    const { anna, guild, channel } = community(discord);
    anna.installApp();
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    anna.says(thread, 'add the title "Gone"', { mentions: [discord.bot] });
    await nemo.scenario.held("running");
    guild.kickBot();
    await expect.poll(() => bot.log, { timeout: 5_000 }).toContain("a chat is gone");
    const before = discord.calls().length;
    nemo.scenario.release("running");
    // Somewhere else the bot is at work as before.
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
    const spoken = discord.calls("POST /channels/:channel/messages").filter((call) => call.status !== 200);
    expect(spoken).toEqual([]);
    expect(discord.calls().length - before).toBeLessThan(8);
    expect(dm.botMessages()).toHaveLength(1);
    expect(bot.logged(50)).toEqual([]);
  });

  it.each(["thread", "channel"] as const)("ends its work quietly: the %s was deleted", async (what) => {
    const { discord, nemo, bot } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    anna.says(thread, 'add the title "Gone"', { mentions: [discord.bot] });
    await nemo.scenario.held("running");
    (what === "thread" ? thread : channel).delete();
    await expect.poll(() => bot.log, { timeout: 5_000 }).toContain("a chat is gone");
    nemo.scenario.release("running");
    expect(await bot.stop()).toBe(0);
    expect(bot.logged(50)).toEqual([]);
  });

  it("is not a guild with an outage", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, guild, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    anna.says(thread, 'add the title "Still here"', { mentions: [discord.bot] });
    await nemo.scenario.held("running");
    guild.becomeUnavailable();
    nemo.scenario.release("running");
    await thread.nextBotMessage((message) => message.text.includes('title "Still here"'), 15_000);
  });
});

describe("starting and stopping", { timeout: 30_000 }, () => {
  async function startAlone(env: Record<string, string>) {
    const discord = await startFakeDiscord();
    const bot = await startBotProcess({
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_BOT_TOKEN: discord.token,
      ...env,
    });
    const code = await bot.ended();
    await bot[Symbol.asyncDispose]();
    await discord.stop();
    return { code, log: bot.log };
  }

  it("prints the link that invites the bot", async () => {
    const { discord, bot } = await startDiscordScene();
    await expect.poll(() => bot.log, { timeout: 5_000 }).toContain('"invite":"');
    const [, link = ""] = /"invite":"([^"]+)"/.exec(bot.log) ?? [];
    const query = new URL(link).searchParams;
    expect(query.get("client_id")).toBe(discord.applicationId);
    expect(query.get("scope")).toBe("bot applications.commands");
    expect(BigInt(query.get("permissions") ?? "0") & (1n << 3n)).toBe(0n);
  });

  it("says in one sentence that the token is wrong", async () => {
    const { code, log } = await startAlone({ DISCORD_BOT_TOKEN: "not.a.token" });
    expect(code).toBe(1);
    expect(log).toContain("DISCORD_BOT_TOKEN: Discord does not know this token");
    expect(log).not.toMatch(/^\s+at /m);
    expect(log).not.toContain("not.a.token");
  });

  it("names the portal's switch when the message content was not granted", async () => {
    const { code, log } = await startAlone({ DISCORD_MESSAGE_CONTENT: "on" });
    expect(code).toBe(1);
    expect(log).toContain("Message Content Intent");
    expect(log).not.toMatch(/^\s+at /m);
  });

  it.each(["all", "worker"].filter((role) => role === "all" || HAS_REDIS))(
    "waits for a Discord that cannot be reached, says why once, and can be stopped: %s",
    async (role) => {
      // Nothing listens there any more.
      const gone = await startFakeDiscord();
      const url = gone.apiUrl;
      await gone.stop();
      await using redis = role === "worker" ? await startRedis() : null;
      await using bot = await startBotInProcess({
        DISCORD_BOT_TOKEN: "some.bot.token",
        DISCORD_API_URL: url,
        ROLE: role,
        ...(redis ? { REDIS_URL: redis.url, ENCRYPTION_KEY: "0f".repeat(32) } : {}),
      });
      const ready = await fetch(`${await bot.url()}/readyz`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({ waitingFor: expect.arrayContaining(["discord"]) });
      await expect.poll(() => bot.logged(40), { timeout: 10_000 }).toHaveLength(1);
      const [line = ""] = bot.logged(40);
      expect(line).toMatch(/"cause":"[^"]*ECONNREFUSED/);
      expect(line).not.toContain("stack");
      expect(await bot.stop()).toBe(0);
      expect(bot.logged(40)).toHaveLength(1);
    },
  );

  it("is connected as soon as Discord is there", async () => {
    const discord = await startFakeDiscord();
    onTestFinished(() => discord.stop());
    discord.gateway.isDown = true;
    discord.fail({ route: "GET /applications/@me", status: 502, times: 2 });
    discord.fail({ route: "GET /gateway/bot", status: 200, times: 2, body: { url: "nowhere" } });
    await using bot = await startBotInProcess({
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_BOT_TOKEN: discord.token,
    });
    await discord.until(() => discord.calls("GET /gateway/bot").length >= 3, "its wish to connect", 15_000);
    await expect.poll(() => bot.log, { timeout: 10_000 }).toContain("the connection to Discord had an error");
    expect(await (await fetch(`${await bot.url()}/readyz`)).json()).toMatchObject({
      waitingFor: ["discord"],
    });
    discord.gateway.isDown = false;
    await discord.whenReady(1, 20_000);
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
    expect((await fetch(`${await bot.url()}/readyz`)).status).toBe(200);
    expect(bot.logged(50)).toEqual([]);
  });

  it("ends with 0 in the middle of work", async () => {
    const { discord, nemo, bot } = await startDiscordProcessScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    anna.says(thread, TITLE, { mentions: [discord.bot] });
    await nemo.scenario.held("running");
    expect(await bot.stop()).toBe(0);
    expect(bot.logged(50)).toEqual([]);
  });
});
