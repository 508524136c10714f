import { describe, expect, it } from "vitest";
import { HAS_REDIS, startRedis } from "../../support/redis.ts";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "./scene.ts";

describe.runIf(HAS_REDIS)("while Redis is away", { timeout: 60_000 }, () => {
  it("messages and commands are kept, and answered once and in order when it is back", async () => {
    const redis = await startRedis();
    const { discord, nemo, bot } = await startDiscordScene({ env: { REDIS_URL: redis.url } });
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const dm = discord.dm(bob);
    bob.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage(hasTitle, 15_000);
    await redis.stop();
    await expect.poll(() => bot.log, { timeout: 10_000 }).toContain("Redis cannot be reached");
    bob.says(dm, 'add the title "One"');
    bob.says(dm, 'add the title "Two"');
    const used = await anna.slash(thread, "status");
    await used.acknowledged();
    expect(used.tookMs).toBeLessThan(3_000);
    await redis.start();
    await dm.nextBotMessage((message) => message.text.includes('title "Two"'), 20_000);
    const told = dm.botMessages().map((message) => /title "(One|Two)"/.exec(message.text)?.[1] ?? []);
    expect(told.flat()).toEqual(["One", "Two"]);
    const isStatus = (message: { text: string }) => message.text.includes("Timeline (");
    await expect.poll(() => thread.botMessages().filter(isStatus).length, { timeout: 15_000 }).toBe(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(4);
    expect(discord.violations()).toEqual([]);
  });

  it("an interaction is acknowledged in time although Redis has frozen", async () => {
    const redis = await startRedis();
    const { discord } = await startDiscordScene({ env: { REDIS_URL: redis.url } });
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    redis.freeze();
    const used = [await anna.slash(thread, "status"), anna.press(answer, "Status")];
    for (const one of used) await one.acknowledged();
    expect(Math.max(...used.map((one) => one.tookMs ?? Infinity))).toBeLessThan(3_000);
    redis.thaw();
    const isStatus = (message: { text: string }) => message.text.includes("Timeline (");
    await expect.poll(() => thread.botMessages().filter(isStatus).length, { timeout: 20_000 }).toBe(2);
    expect(discord.violations()).toEqual([]);
  });
});
