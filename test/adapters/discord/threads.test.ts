import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "./scene.ts";

describe("a project in a guild", { timeout: 30_000 }, () => {
  it("gets a thread named after the prompt, and the command's answer leads there", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const prompt = `${TITLE}\n**now** ${"x".repeat(150)}`;
    const attachments = { clip: await clip() };
    const edit = await anna.slash(channel, "edit", { options: { prompt }, attachments });
    const thread = await channel.nextThread();
    expect(thread.name).toMatch(/^add the title "Hello" \*\*now\*\* x+…$/);
    expect(Array.from(thread.name).length).toBeLessThanOrEqual(100);
    const signpost = await edit.reply();
    expect(signpost.text).toContain(`<#${thread.id}>`);
    expect(signpost.thread?.id).toBe(thread.id);
  });

  it("has a session of its own: several people work in several threads at once", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "anna" } });
    await anna.slash(channel, "edit", {
      options: { prompt: 'add the title "Anna"' },
      attachments: { clip: await clip() },
    });
    await nemo.scenario.held("anna");
    await bob.slash(channel, "edit", {
      options: { prompt: 'add the title "Bob"' },
      attachments: { clip: await clip() },
    });
    const bobs = await channel.nextThread((one) => one.name.includes("Bob"));
    await bobs.nextBotMessage((message) => message.text.includes('title "Bob"'), 15_000);
    nemo.scenario.release("anna");
    const annas = await channel.nextThread((one) => one.name.includes("Anna"));
    await annas.nextBotMessage((message) => message.text.includes('title "Anna"'), 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(2);
    expect(annas.botMessages().some((message) => message.text.includes("Bob"))).toBe(false);
    expect(bobs.botMessages().some((message) => message.text.includes("Anna"))).toBe(false);
  });

  it("stays in place in a thread that somebody else opened", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const thread = channel.startThread("holiday", anna.state);
    await anna.slash(thread, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
    await thread.nextBotMessage(hasTitle, 15_000);
    expect(channel.threads()).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
  });

  it("stays in place where the bot may not open threads", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["CREATE_PUBLIC_THREADS"]);
    await anna.slash(channel, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
    await channel.nextBotMessage(hasTitle, 15_000);
    anna.says(channel, 'add the title "Second"', { mentions: [discord.bot] });
    await channel.nextBotMessage((message) => message.text.includes('"Second"'), 15_000);
    expect(channel.threads()).toEqual([]);
  });

  it("stays in place in a guild that prefers it, until it changes its mind", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, guild, channel } = community(discord);
    guild.role("admin", ["MANAGE_GUILD"], bob);
    await expect(anna.slash(channel, "threads", { options: { on: false } })).rejects.toThrow("not offered");
    const off = await bob.slash(channel, "threads", { options: { on: false } });
    expect((await off.reply()).text).toContain("reply in the channel");
    expect(off.isEphemeral).toBe(true);
    await anna.slash(channel, "edit", { options: { prompt: TITLE }, attachments: { clip: await clip() } });
    await channel.nextBotMessage(hasTitle, 15_000);
    expect(channel.threads()).toEqual([]);
    await (await bob.slash(channel, "threads", { options: { on: true } })).reply();
    await editInThread(anna, channel);
    expect(channel.threads()).toHaveLength(1);
  });

  it("goes on in a thread that has been archived meanwhile", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    thread.archive();
    anna.press(answer, "Status");
    await thread.nextBotMessage((message) => message.text.includes("Timeline"), 15_000);
  });

  it("gets a thread in an announcement channel, too", async () => {
    const { discord } = await startDiscordScene();
    const { anna, guild } = community(discord);
    const news = guild.announcementChannel();
    const { thread, answer } = await editInThread(anna, news);
    expect(thread.state.type).toBe(10);
    anna.press(answer, "Status");
    await thread.nextBotMessage((message) => message.text.includes("Timeline"), 15_000);
    anna.says(news, 'add the title "Second"', { mentions: [discord.bot], attachments: [await clip()] });
    const second = await news.nextThread((one) => one.id !== thread.id);
    await second.nextBotMessage((message) => message.text.includes('"Second"'), 15_000);
    expect(discord.violations()).toEqual([]);
  });

  it("is told by direct message that its thread was locked; who may write in it goes on", async () => {
    const { discord, bot } = await startDiscordScene();
    const { anna, guild, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    thread.lock();
    anna.says(thread, "help", { mentions: [discord.bot] });
    const told = await discord.dm(anna).nextBotMessage();
    expect(told.text).toContain(`<#${thread.id}>`);
    expect(told.text).toContain("“Manage Threads”");
    guild.role("helper", ["MANAGE_THREADS"], "bot");
    anna.says(thread, "help", { mentions: [discord.bot] });
    await thread.nextBotMessage((message) => message.text.includes("Send me a clip"));
    expect(bot.logged(50).length).toBeLessThanOrEqual(1);
  });
});

describe("a missing permission", { timeout: 30_000 }, () => {
  it("is named at once to whoever uses a command", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["SEND_MESSAGES", "CREATE_PUBLIC_THREADS"]);
    const used = await anna.slash(channel, "edit", { options: { prompt: TITLE } });
    expect((await used.reply()).text).toContain("“Send Messages”");
    expect(used.isEphemeral).toBe(true);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("is named by direct message to whoever mentions the bot", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["SEND_MESSAGES", "CREATE_PUBLIC_THREADS"]);
    anna.says(channel, "help", { mentions: [discord.bot] });
    const told = await discord.dm(anna).nextBotMessage();
    expect(told.text).toContain(`<#${channel.id}>`);
    expect(told.text).toContain("“Send Messages”");
  });

  it("to write in threads is named too", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["SEND_MESSAGES_IN_THREADS"]);
    anna.says(channel, TITLE, { mentions: [discord.bot], attachments: [await clip()] });
    const told = await discord.dm(anna).nextBotMessage();
    expect(told.text).toContain("“Send Messages in Threads”");
  });

  it("to read the history does not keep the bot from answering", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["READ_MESSAGE_HISTORY"]);
    anna.says(channel, "help", { mentions: [discord.bot] });
    expect((await channel.nextBotMessage()).text).toContain("Send me a clip");
  });

  it("to attach files costs the file, not the link", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    channel.forbid(["ATTACH_FILES"]);
    const { thread, answer } = await editInThread(anna, channel);
    anna.press(answer, "Export");
    const video = await thread.nextBotMessage((message) => message.text.includes("video is ready"), 15_000);
    expect(video.files).toEqual([]);
    expect(video.text).toContain("/files/");
    expect(video.text).toContain("“Attach Files”");
  });
});
