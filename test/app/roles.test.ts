import { describe, expect, it } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import {
  PATIENTLY,
  settingsFor,
  startTelegram,
  startTelegramScene,
  until,
} from "../adapters/telegram/scene.ts";
import { startBotInProcess } from "../support/bot-in-process.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";

describe("a process with a role", () => {
  it.each(["ingress", "worker"])("needs a platform's token as %s", async (role) => {
    await using bot = await startBotProcess({ ROLE: role, REDIS_URL: "redis://127.0.0.1:1" });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain(`ROLE=${role} needs TELEGRAM_BOT_TOKEN or DISCORD_BOT_TOKEN`);
    expect(bot.log).not.toMatch(/\n\s+at /);
  });
});

describe.runIf(HAS_REDIS)("a process with a role, on Redis", () => {
  it("takes messages as an ingress, and leaves the work to others", async () => {
    const redis = await startRedis();
    await using scene = await startTelegramScene({ env: { ROLE: "ingress", REDIS_URL: redis.url } });
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    chat.say("make it blue");
    // Its place in the line is told by the process that took it in.
    await chat.nextBotMessage((message) => message.text.includes("in the queue"), PATIENTLY);
    expect(scene.turns()).toEqual([]);
    const metrics = await (await fetch(`${await scene.bot.url()}/metrics`)).text();
    expect(metrics).toMatch(/^nemobot_queue_depth 2$/m);
    expect(metrics).toMatch(/^nemobot_info\{version="[^"]+",role="ingress"\} 1$/m);
    expect(await scene.bot.stop()).toBe(0);
  });

  it("connects to no platform as a worker, and is ready", async () => {
    const redis = await startRedis();
    await using telegram = await startTelegram().then((server) => ({
      server,
      [Symbol.asyncDispose]: () => server.stop(),
    }));
    await using nemo = await startSandbox().then((sandbox) => ({
      sandbox,
      [Symbol.asyncDispose]: () => sandbox.stop(),
    }));
    await using bot = await startBotInProcess(
      settingsFor(telegram.server, nemo.sandbox, { ROLE: "worker", REDIS_URL: redis.url }),
    );
    const url = await bot.url();
    const isReady = async () => (await fetch(`${url}/readyz`)).status === 200;
    await until(isReady);
    expect(telegram.server.calls("getUpdates")).toEqual([]);
    expect(telegram.server.calls("setWebhook")).toEqual([]);
    expect(telegram.server.calls("deleteWebhook")).toEqual([]);
    expect(await bot.stop()).toBe(0);
  });
});
