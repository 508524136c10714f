import { describe, expect, it } from "vitest";
import { clipBytes } from "../../support/test-chat.ts";
import { PATIENTLY, startTelegramProcessScene } from "./scene.ts";

describe("the main job in a private chat", () => {
  it("takes a clip with a caption, edits it, and delivers the exported video with its link", async () => {
    await using scene = await startTelegramProcessScene();
    const { telegram, nemo, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    chat.sendFile({
      kind: "video",
      bytes: await clipBytes(),
      name: "clip.mp4",
      caption: 'add the title "Hello"',
    });
    const answer = await chat.nextBotMessage((message) => message.text.includes("title"), PATIENTLY);
    expect(answer.buttons.flat().map((button) => button.text)).toContain("Export");
    chat.say("export");
    const video = await chat.nextBotMessage((message) => message.file !== null, PATIENTLY);
    expect(video.text).toContain("Your video is ready");
    expect(JSON.stringify(video.entities)).toContain("/files/");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(telegram.violations()).toEqual([]);
    expect(bot.log).not.toContain(telegram.token);
    expect(await bot.stop()).toBe(0);
  }, 60_000);
});
