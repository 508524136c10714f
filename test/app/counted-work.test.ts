/** What `/metrics` tells of real work. */
import { describe, expect, it } from "vitest";
import { PATIENTLY, startTelegramProcessScene, startTelegramScene } from "../adapters/telegram/scene.ts";
import { clipBytes } from "../support/test-chat.ts";

describe("the metrics of a bot at work", () => {
  it("count its turns, uploads, exports, first words and calls", async () => {
    await using scene = await startTelegramScene();
    const { telegram, nemo, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    const bytes = await clipBytes();
    chat.sendFile({ kind: "video", bytes, name: "clip.mp4", caption: 'add the title "Hello"' });
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    chat.say("export");
    await chat.nextBotMessage((message) => message.file !== null, PATIENTLY);
    const read = async () => (await fetch(`${await bot.url()}/metrics`)).text();
    await expect.poll(read, { timeout: 10_000 }).toMatch(/^nemobot_queue_depth 0$/m);
    nemo.scenario.add({ on: "render", do: { kind: "error", code: 2001 }, times: 6 });
    chat.say("export");
    await chat.nextBotMessage((message) => message.text.includes("Register"), PATIENTLY);
    telegram.flood({ times: 1 });
    chat.say("/help");
    await chat.nextBotMessage((message) => message.text.includes("/credits"), PATIENTLY);
    await expect.poll(read, { timeout: 10_000 }).toMatch(/^nemobot_queue_depth 0$/m);
    const metrics = await read();
    expect(metrics).toMatch(/^nemobot_turns_total\{outcome="done"\} 1$/m);
    expect(metrics).toMatch(/^nemobot_exports_total\{outcome="delivered"\} 1$/m);
    expect(metrics).toMatch(/^nemobot_exports_total\{outcome="failed"\} 1$/m);
    expect(metrics).toMatch(new RegExp(`^nemobot_upload_bytes_total ${bytes.length}$`, "m"));
    expect(metrics).toMatch(/^nemobot_active_streams 0$/m);
    expect(metrics).toMatch(/^nemobot_first_reply_seconds_count [1-9]/m);
    expect(metrics).toMatch(/^nemobot_platform_api_calls_total\{platform="telegram",status="429"\} 1$/m);
  });

  it("count what was taken up after a crash", async () => {
    await using scene = await startTelegramProcessScene();
    const { telegram, nemo, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    scene.holdTurn("turn");
    chat.say("make a video of the sea");
    await nemo.scenario.held("turn");
    await bot.stop("SIGKILL");
    bot.restart();
    await chat.nextBotMessage((message) => message.text.includes("lost contact"), PATIENTLY);
    const read = async () => (await fetch(`${await bot.url()}/metrics`)).text();
    await expect.poll(read, { timeout: 10_000 }).toMatch(/^nemobot_recoveries_total\{kind="turn"\} 1$/m);
  });
});
