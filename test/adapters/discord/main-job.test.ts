import { describe, expect, it } from "vitest";
import { clipBytes } from "../../support/test-chat.ts";
import { startDiscordProcessScene } from "./scene.ts";

describe("the main job in a guild", () => {
  it("opens a thread for an edit, works in it, and delivers the exported video with its link", async () => {
    const { discord, nemo, bot } = await startDiscordProcessScene();
    const anna = discord.user({ name: "anna", locale: "en-US" });
    const guild = discord.guild({ name: "Creators", members: [anna] });
    const channel = guild.textChannel("videos");
    const edit = await anna.slash(channel, "edit", {
      options: { prompt: 'add the title "Hello"' },
      attachments: { clip: { name: "clip.mp4", contentType: "video/mp4", bytes: await clipBytes() } },
    });
    await edit.acknowledged();
    const thread = await channel.nextThread();
    const answer = await thread.nextBotMessage((message) => message.text.includes('title "Hello"'), 15_000);
    expect(answer.buttons.map((button) => button.label)).toContain("Export");
    anna.press(answer, "Export");
    const video = await thread.nextBotMessage((message) => message.files.length > 0, 15_000);
    expect(video.text).toContain("Your video is ready");
    expect(video.text).toContain("/files/");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
    expect(bot.log).not.toContain(discord.token);
    expect(await bot.stop()).toBe(0);
  }, 60_000);
});
