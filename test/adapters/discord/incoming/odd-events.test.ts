import { describe, expect, it } from "vitest";
import { community, startDiscordProcessScene } from "../scene.ts";

describe("an event that libraries stumble over", { timeout: 40_000 }, () => {
  it("does not end the bot: a poll in a guild without it, through somebody's own app", async () => {
    const { discord, bot } = await startDiscordProcessScene();
    const { bob, channel } = community(discord);
    const anna = discord.user({ name: "anna", hasInstalledApp: true });
    const elsewhere = discord.guild({ members: [anna], hasBot: false }).textChannel("elsewhere");
    const poll = anna.says(elsewhere, "Which song?", { poll: ["This one", "That one"] });
    const used = await anna.contextMenu(poll, "Edit this video");
    expect((await used.reply()).text).toContain("no clip or link");
    bob.says(channel, "help", { mentions: [discord.bot] });
    await channel.nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
    expect(bot.logged(40)).toEqual([]);
    expect(await bot.stop()).toBe(0);
  });

  it("does not lose what is said in a gap: a number that no event has", async () => {
    const { discord, bot } = await startDiscordProcessScene();
    const { bob } = community(discord);
    discord.gateway.sendText('{"op":0,"t":"ODD","s":1e308,"d":{}}');
    discord.gateway.dropConnection();
    bob.says(discord.dm(bob), "help");
    await discord.dm(bob).nextBotMessage((message) => message.text.includes("Send me a clip"), 15_000);
    expect(bot.log).toContain("resumed on Discord");
  });
});
