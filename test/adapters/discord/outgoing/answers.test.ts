import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "../scene.ts";

const MIB = 1024 * 1024;

describe("text from outside", { timeout: 30_000 }, () => {
  it("is shown as it is: it formats, mentions and links nothing", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const text = `Hi @everyone @here ${bob.mention} *bold* _it_ ~~no~~ ||spoiler|| \`x\` [click](javascript:x)`;
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: [text] } });
    await anna.slash(channel, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
    const thread = await channel.nextThread();
    const answer = await thread.nextBotMessage((message) => message.text.includes("Hi @"), 15_000);
    expect(answer.pinged).toEqual([]);
    expect(answer.text).not.toMatch(/@everyone|@here|(?<!\\)<@\d/);
    expect(answer.text).toContain("\\_it\\_ \\~\\~no\\~\\~ \\|\\|spoiler\\|\\|");
    expect(answer.text).not.toContain("](javascript");
    expect(discord.violations()).toEqual([]);
  });

  it("keeps its addresses whole", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["See https://example.org/a_b_c?d_e=1 there."] },
    });
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage((message) => message.text.includes("https://example.org/a_b_c?d_e=1"), 15_000);
  });

  it.each([
    ["long", "A sentence that says nothing. ".repeat(300)],
    ["full of marks", "*_~`|\\".repeat(800)],
    ["without a gap", "x".repeat(7_000)],
    ["of wide characters", "🎬".repeat(3_000)],
  ])("arrives whole, in messages below 2000 characters: %s", async (_what, text) => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: [`Begin. ${text} The end.`] } });
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage((message) => message.text.includes("The end."), 15_000);
    const shown = dm.botMessages().map((message) => message.content);
    expect(Math.max(...shown.map((one) => one.length))).toBeLessThanOrEqual(2000);
    const bare = (words: string) => words.replaceAll("\\", "").replace(/\s/g, "");
    expect(shown.map(bare).join("")).toContain(bare(`Begin. ${text} The end.`));
  });
});

describe("buttons", { timeout: 30_000 }, () => {
  it("still work after a restart of the bot", async () => {
    const { discord, bot } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    await bot.stop();
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    bot.restart();
    await discord.whenReady();
    anna.press(answer, "Export");
    await thread.nextBotMessage((message) => message.files.length > 0, 15_000);
    expect(discord.violations()).toEqual([]);
  });

  it("are for everybody where they take nothing away, and say nothing about whom they are for", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    channel.forbid(["CREATE_PUBLIC_THREADS"]);
    await anna.slash(channel, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
    const answer = await channel.nextBotMessage(hasTitle, 15_000);
    for (const { customId } of answer.buttons) expect(customId).not.toContain(anna.id);
    bob.press(answer, "Export");
    await channel.nextBotMessage((message) => message.text.includes("video is ready"), 15_000);
    expect(discord.violations()).toEqual([]);
  });

  it("open forms that belong to who opened them: nobody gets at another one's clip", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const said = anna.says(channel, "mine", { attachments: [await clip("secret.mp4")] });
    const hers = await (await anna.contextMenu(said, "Edit this video")).modal();
    const opened = await bob.contextMenu(said, "Edit this video");
    // As a changed client would send it.
    (await opened.modal()).custom_id = hers.custom_id;
    const submitted = await bob.submitModal(opened, { prompt: TITLE });
    expect((await submitted.reply()).text).toContain("has expired");
    expect(channel.threads()).toEqual([]);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("that the bot does not know any more say so", async () => {
    const { discord, bot } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "", { attachments: [await clip()] });
    const asked = await dm.nextBotMessage((message) => message.buttons.length > 0, 15_000);
    const button = asked.buttons.find((one) => one.customId?.startsWith("#"));
    await bot.stop();
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    const { rm } = await import("node:fs/promises");
    await rm(bot.dataDir, { recursive: true });
    bot.restart();
    await discord.whenReady();
    const pressed = anna.press(asked, button?.customId ?? "");
    expect((await pressed.reply()).text).toContain("has expired");
  });
});

describe("a finished video", { timeout: 30_000 }, () => {
  it("comes as a file with its link in a direct message", async () => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, TITLE, { attachments: [await clip()] });
    anna.press(await dm.nextBotMessage(hasTitle, 15_000), "Export");
    const video = await dm.nextBotMessage((message) => message.text.includes("video is ready"), 15_000);
    expect(video.files).toMatchObject([{ contentType: "video/mp4" }]);
    expect(video.text).toContain("/files/");
  });

  it.each([
    ["is larger than the bot may send", 400, 40005],
    ["makes a larger request than Discord takes", 413, 0],
  ])("that %s comes as its link alone, and the text is not lost", async (_what, status, code) => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    discord.fail({
      route: (call) => call.files.length > 0,
      status,
      times: 1,
      body: { message: "Request entity too large", code },
    });
    anna.press(answer, "Export");
    const video = await thread.nextBotMessage((message) => message.text.includes("video is ready"), 15_000);
    expect(video.files).toEqual([]);
    expect(video.text).toContain("/files/");
    expect(discord.calls((call) => call.files.length > 0)).toHaveLength(1);
  });

  it.each([
    [0, false],
    [2, true],
  ])("of 20 MiB in a guild of boost tier %i is attached: %s", async (premiumTier, isAttached) => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, guild, channel } = community(discord);
    guild.setPremiumTier(premiumTier);
    const { thread, answer } = await editInThread(anna, channel);
    nemo.scenario.add({
      on: "file",
      do: {
        kind: "http",
        status: 200,
        body: "v".repeat(20 * MIB),
        headers: { "content-type": "video/mp4" },
      },
    });
    anna.press(answer, "Export");
    const video = await thread.nextBotMessage((message) => message.text.includes("video is ready"), 20_000);
    expect(video.files.length > 0).toBe(isAttached);
    expect(video.text).toContain("/files/");
  });
});

describe("a message whose connection is cut", { timeout: 30_000 }, () => {
  it.each([
    ["after Discord took it", true],
    ["before Discord took it", false],
  ])("%s arrives once: the second try carries the same nonce", async (_when, afterEffect) => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    discord.fail({ route: "POST /channels/:channel/messages", status: "cut", times: 2, afterEffect });
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
    const calls = await discord.until(() => {
      const all = discord.calls("POST /channels/:channel/messages");
      return all.at(-1)?.status === 200 && all;
    }, "the last try");
    expect(calls).toHaveLength(3);
    const nonces = calls.map((call) => (call.body as { nonce: string }).nonce);
    expect(new Set(nonces).size).toBe(1);
    expect(dm.botMessages()).toHaveLength(1);
  });

  it("opens no second thread", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    discord.fail({ route: /\/threads$/, status: "cut", times: 1, afterEffect: true });
    const { thread } = await editInThread(anna, channel);
    expect(channel.threads().map((one) => one.id)).toEqual([thread.id]);
  });
});
