import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "./scene.ts";

const REFUSED = "Only the person who started this project, or an admin, can do that.";
const isRefused = (message: { text: string }) => message.text.includes(REFUSED);
const isAsked = (message: { text: string }) => message.text.includes("Start a new project?");
const isNew = (message: { text: string }) => message.text.includes("New project started");

describe("a project in a channel", { timeout: 60_000 }, () => {
  it("is emptied by who started it and by moderators, not by a command or a mention of others", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, guild, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const refused = await bob.slash(thread, "new");
    await refused.reply(isRefused, 15_000);
    bob.says(thread, "new project", { mentions: [discord.bot] });
    await thread.nextBotMessage(isRefused, 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(1);
    const mia = discord.user({ name: "mia" });
    guild.join(mia);
    guild.role("moderator", ["MANAGE_THREADS"], mia);
    mia.says(thread, "new project", { mentions: [discord.bot] });
    mia.press(await thread.nextBotMessage(isAsked, 15_000), "Start new");
    await thread.nextBotMessage(isNew, 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(2);
    expect(discord.violations()).toEqual([]);
  });

  it("is managed by the channel's own rules, and nobody is asked about twice a minute", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, guild, channel } = community(discord);
    const other = guild.textChannel("elsewhere");
    for (const place of [channel, other]) place.forbid(["CREATE_PUBLIC_THREADS"]);
    channel.allow(["MANAGE_CHANNELS"], { kind: "member", id: bob.id });
    for (const place of [channel, other]) {
      await anna.slash(place, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
      await place.nextBotMessage(hasTitle, 15_000);
    }
    bob.says(channel, "new project", { mentions: [discord.bot] });
    await channel.nextBotMessage(isAsked, 15_000);
    for (let count = 0; count < 3; count++) {
      bob.says(other, "new project", { mentions: [discord.bot] });
      await other.nextBotMessage(isRefused, 15_000);
    }
    const asked = discord.calls("GET /guilds/:guild/members/:user");
    expect(asked).toHaveLength(2);
  });

  it("is nobody's else while Discord does not say", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, guild, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    guild.role("moderator", ["MANAGE_THREADS"], bob);
    discord.fail({ route: "GET /guilds/:guild/members/:user", status: 403, times: 1 });
    bob.says(thread, "new project", { mentions: [discord.bot] });
    await thread.nextBotMessage((message) => message.text.includes("I can't find out right now"), 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(1);
  });
});
