import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "../scene.ts";

describe("ways to ask for an edit", { timeout: 30_000 }, () => {
  it("/edit takes up to three clips, and all of them are in the project", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip("a.mp4"), clip2: await clip("b.mp4"), clip3: await clip("c.mp4") },
    });
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 15_000);
    const uploads = JSON.stringify(nemo.requests("POST /api/upload-video").map(({ json }) => json));
    for (const name of ["a.mp4", "b.mp4", "c.mp4"]) expect(uploads).toContain(name);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
  });

  it("/upload puts the clip into the project and asks what to do with it", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    await anna.slash(channel, "upload", { attachments: { clip: await clip("beach.mp4") } });
    const thread = await channel.nextThread();
    expect(thread.name).toBe("beach.mp4");
    await thread.nextBotMessage((message) => message.text.includes("What should I do"), 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(0);
  });

  it("the context menu takes anybody's message with a clip, and asks for the prompt in a form", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const said = bob.says(channel, "my holiday", { attachments: [await clip("holiday.mp4")] });
    const opened = await anna.contextMenu(said, "Edit this video");
    const submitted = await anna.submitModal(opened, { prompt: TITLE });
    await submitted.acknowledged();
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 15_000);
    expect(JSON.stringify(nemo.requests("POST /api/upload-video")[0]?.json)).toContain("holiday.mp4");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
  });

  it("the context menu takes a message with a link to a clip", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    // Somewhere the bot is not.
    const elsewhere = discord.guild({ members: [bob], hasBot: false }).textChannel();
    const source = bob.says(elsewhere, "here", { attachments: [await clip("far.mp4")] });
    const said = bob.says(channel, `look: ${source.files[0]?.url}`);
    const submitted = await anna.submitModal(await anna.contextMenu(said, "Edit this video"), {
      prompt: TITLE,
    });
    await submitted.acknowledged();
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 15_000);
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
  });

  it("the context menu says for the person alone that a message holds nothing to edit", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const used = await anna.contextMenu(bob.says(channel, "just words"), "Edit this video");
    expect((await used.reply()).text).toContain("no clip or link");
    expect(used.isEphemeral).toBe(true);
  });

  it("a direct message with a clip is worked on in place", async () => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, TITLE, { attachments: [await clip()] });
    const answer = await dm.nextBotMessage(hasTitle, 15_000);
    expect(answer.buttons.map((button) => button.label)).toEqual(["Export", "Status", "Edit more"]);
  });

  it("a mention with a clip opens a thread below the message", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const said = anna.says(channel, TITLE, { mentions: [discord.bot], attachments: [await clip()] });
    const thread = await channel.nextThread();
    expect(said.thread?.id).toBe(thread.id);
    expect(thread.name).toBe(TITLE);
    await thread.nextBotMessage(hasTitle, 15_000);
  });

  it("a mention without anything is answered with help, in place", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const said = anna.says(channel, "", { mentions: [discord.bot] });
    const answer = await channel.nextBotMessage();
    expect(answer.text).toContain("Send me a clip");
    expect(answer.replyTo).toBe(said.id);
    expect(channel.threads()).toEqual([]);
  });

  it("a mention in a thread goes on with the project of that thread", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    anna.says(thread, 'add the title "Second"', { mentions: [discord.bot] });
    await thread.nextBotMessage((message) => message.text.includes('"Second"'), 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(1);
    expect(channel.threads()).toHaveLength(1);
  });

  it("a reply with a ping to the bot goes on with the project", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    anna.says(thread, 'add the title "Second"', { replyTo: answer });
    await thread.nextBotMessage((message) => message.text.includes('"Second"'), 15_000);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toHaveLength(1);
  });

  it("a reply that mentions the bot means the clip it answers", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const sent = anna.says(dm, "", { attachments: [await clip("quoted.mp4")] });
    await dm.nextBotMessage((message) => message.text.includes("What should I do"), 15_000);
    anna.says(dm, TITLE, { replyTo: sent });
    await dm.nextBotMessage(hasTitle, 15_000);
    // The project has it already.
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
  });

  it("a question what was meant has its own two answers, and no Edit more beside them", async () => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "ok looks good, download it");
    const question = await dm.nextBotMessage((message) => message.buttons.length > 0, 15_000);
    expect(question.buttons.map((button) => button.label)).toEqual(["Export", "Send it to the editor"]);
  });

  it("the Edit more button asks for the next prompt in a form", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    const pressed = anna.press(answer, "Edit more");
    const submitted = await anna.submitModal(pressed, { prompt: 'add the title "More"' });
    await submitted.acknowledged();
    await discord.nextBotMessage((message) => message.text.includes('"More"'), 15_000);
    expect(thread.botMessages().some((message) => message.text.includes('"More"'))).toBe(true);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(discord.violations()).toEqual([]);
  });
});

describe("the content of messages", { timeout: 30_000 }, () => {
  it("is not asked for: the bot identifies without any privileged intent", async () => {
    const { discord } = await startDiscordScene();
    const identify = discord.gateway.received.find((call) => call.op === 2);
    const { intents } = (identify as { d: unknown }).d as { intents: number };
    // Members, presences and message content.
    expect(intents & ((1 << 1) | (1 << 8) | (1 << 15))).toBe(0);
  });

  it("is none of the bot's business where nobody speaks to it", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    bob.says(thread, 'add the title "No"');
    bob.says(channel, 'add the title "No"', { attachments: [await clip()] });
    anna.says(thread, 'add the title "Yes"', { mentions: [discord.bot] });
    await thread.nextBotMessage((message) => message.text.includes('"Yes"'), 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("makes every message in the bot's own threads an edit, where the operator was granted it", async () => {
    const { discord, nemo } = await startDiscordScene({
      discord: { privilegedIntents: ["MESSAGE_CONTENT"] },
      env: { DISCORD_MESSAGE_CONTENT: "on" },
    });
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const foreign = channel.startThread("chatter", bob.state);
    foreign.addMember();
    bob.says(foreign, 'add the title "No"');
    bob.says(channel, 'add the title "No"');
    bob.says(thread, 'add the title "Plain"');
    await thread.nextBotMessage((message) => message.text.includes('"Plain"'), 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });
});
