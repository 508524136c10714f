import { describe, expect, it } from "vitest";
import { startSandbox } from "../../../../src/sandbox/sandbox.ts";
import { startBotInProcess } from "../../../support/bot-in-process.ts";
import { startBotProcess } from "../../../support/bot-process.ts";
import {
  PATIENTLY,
  settingsFor,
  startTelegram,
  startTelegramProcessScene,
  startTelegramScene,
  until,
} from "../scene.ts";

describe.concurrent("a second poller on the same token", () => {
  it("is named in the log, and the bot goes on when it is gone", async () => {
    await using scene = await startTelegramScene();
    const { telegram, bot } = scene;
    await telegram.waitFor(() => telegram.isPolled);
    // Either of the two is refused, whichever asks first.
    await until(async () => {
      await fetch(`${telegram.apiRoot}/bot${telegram.token}/getUpdates?timeout=1`);
      return bot.logged(50).some((line) => line.includes("another process polls Telegram"));
    });
    const chat = telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
  });
});

describe.concurrent("a stop", () => {
  it("ends the process with 0 and confirms what was handled", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage();
    expect(await scene.bot.stop()).toBe(0);
    expect(scene.telegram.pendingUpdateIds()).toEqual([]);
    expect(scene.bot.logged(50)).toEqual([]);
  });

  it("ends the process with 0 in the middle of a turn", async () => {
    await using scene = await startTelegramProcessScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("running");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    expect(await scene.bot.stop("SIGINT")).toBe(0);
  });

  it("ends the process with 0 while Telegram cannot be reached", async () => {
    const telegram = await startTelegram();
    await using nemo = await startSandbox().then((sandbox) => ({
      ...sandbox,
      [Symbol.asyncDispose]: () => sandbox.stop(),
    }));
    await telegram.stop();
    await using bot = await startBotInProcess(settingsFor(telegram, nemo));
    await until(() => bot.log.includes("Telegram does not answer"));
    expect(await bot.stop()).toBe(0);
    expect(bot.log).not.toContain(telegram.token);
  });
});

describe.concurrent("a start", () => {
  it("without Telegram in reach is made good when Telegram comes back", async () => {
    await using scene = await startTelegramScene();
    await scene.bot.stop();
    scene.telegram.fail({ method: "getMe", status: 502, times: 2 });
    scene.telegram.fail({ method: "deleteWebhook", status: "disconnect" });
    scene.bot.restart();
    const chat = scene.telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
  });

  it("with a token that Telegram does not know says so in plain words", async () => {
    await using scene = await startTelegramScene();
    const token = `654321:${"B".repeat(35)}`;
    await using bot = await startBotProcess({ ...scene.bot.env, TELEGRAM_BOT_TOKEN: token });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain("TELEGRAM_BOT_TOKEN: Telegram does not know this token");
    expect(bot.log).not.toMatch(/\n\s+at /);
    expect(bot.log).not.toContain(token);
  });

  it("with settings that cannot work names each of them", async () => {
    await using bot = await startBotProcess({
      TELEGRAM_BOT_TOKEN: "not a token",
      TELEGRAM_API_ROOT: "ftp://example.com",
      TELEGRAM_WEBHOOK_URL: "nowhere",
      TELEGRAM_WEBHOOK_SECRET: "with spaces in it",
    });
    expect(await bot.ended()).toBe(1);
    for (const name of ["BOT_TOKEN", "API_ROOT", "WEBHOOK_URL", "WEBHOOK_SECRET"]) {
      expect(bot.log).toContain(`TELEGRAM_${name}: `);
    }
    for (const value of ["not a token", "ftp://example.com", "nowhere", "with spaces in it"]) {
      expect(bot.log).not.toContain(value);
    }
  });

  it.for<[given: string, missing: string]>([
    ["TELEGRAM_WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET"],
    ["TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_URL"],
  ])("with %s alone asks for %s", async ([given, missing]) => {
    await using bot = await startBotProcess({
      [given]: given.endsWith("URL") ? "https://example.com/t" : "s",
    });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain(`${missing}: is needed`);
  });
});

describe.concurrent("a webhook", () => {
  it("takes updates with the right secret, and leaves everything else alone", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    const { telegram } = scene;
    const url = scene.bot.env.TELEGRAM_WEBHOOK_URL ?? "";
    const chat = telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    const body = JSON.stringify({ ...telegram.updates()[0], update_id: 999_999 });
    const secret = scene.bot.env.TELEGRAM_WEBHOOK_SECRET ?? "";
    const post = (headers: Record<string, string>, text = body) =>
      fetch(url, { method: "POST", headers, body: text }).then((response) => response.status);
    const header = "x-telegram-bot-api-secret-token";
    expect(await post({})).toBe(401);
    expect(await post({ [header]: "wrong" })).toBe(401);
    expect(await post({ [header]: `${secret}x` })).toBe(401);
    // Who knows the secret is Telegram, which would send it again for a day.
    expect(await post({ [header]: secret }, "not json")).toBe(200);
    expect(await post({ [header]: secret }, "[1]")).toBe(200);
    expect(chat.botMessages()).toHaveLength(1);
    expect(telegram.webhookAttempts().map(({ status }) => status)).toEqual([200]);
    expect(await scene.bot.stop()).toBe(0);
    expect(scene.bot.log).not.toContain(secret);
  });

  it("leaves a redelivered update alone", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    scene.telegram.redeliver(scene.telegram.updates()[0]?.update_id ?? 0);
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(scene.turns()).toHaveLength(1);
    expect(scene.telegram.webhookAttempts().map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("takes an album as one message with its files in order, each part once", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    const group = scene.telegram.group({ privacyMode: false });
    const part = (name: string, caption = "") =>
      group.sendFile({ kind: "video", name, sizeBytes: 2_000, mediaGroupId: "14000000000000001", caption });
    part("one.mp4");
    part("two.mp4", '@nemobot add the title "Hello"');
    part("three.mp4");
    await group.nextBotMessage((message) => message.text.includes("I added the title"), {
      timeoutMs: 40_000,
    });
    expect(scene.uploads().map((upload) => upload.name)).toEqual(["one.mp4", "two.mp4", "three.mp4"]);
    scene.telegram.redeliver(scene.telegram.updates()[1]?.update_id ?? 0);
    await until(() => scene.telegram.webhookAttempts().length === 4);
    group.say("@nemobot status");
    await group.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(scene.uploads()).toHaveLength(3);
    expect(scene.turns()).toHaveLength(1);
  }, 60_000);

  it("does not lose an album when the process stops before it is whole", async () => {
    await using scene = await startTelegramProcessScene({ webhook: true });
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "video", name: "one.mp4", sizeBytes: 2_000, mediaGroupId: "14000000000000001" });
    await until(() => scene.telegram.webhookAttempts().length === 1);
    await scene.bot.stop("SIGKILL");
    scene.bot.restart();
    await until(() => scene.uploads().length === 1);
  });

  it("gives way to polling when the settings say so", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    await scene.bot.stop();
    const { TELEGRAM_WEBHOOK_URL: _url, TELEGRAM_WEBHOOK_SECRET: _secret, ...polling } = scene.bot.env;
    await using bot = await startBotInProcess(polling);
    const chat = scene.telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(await bot.stop()).toBe(0);
  });
});
