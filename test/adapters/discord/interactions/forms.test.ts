import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../../src/sandbox/sandbox.ts";
import type { FakeInteraction } from "../../../fakes/discord/fake-interaction.ts";
import type { JsonObject } from "../../../fakes/discord/wire.ts";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "../scene.ts";

/** The fields of the form that was opened: their names, and what is filled in. */
async function fieldsOf(opened: FakeInteraction): Promise<Record<string, JsonObject>> {
  const { components } = await opened.modal();
  const fields = (components as { component: JsonObject }[]).map((one) => one.component);
  return Object.fromEntries(fields.map((one) => [String(one.custom_id), one]));
}

/** What can be chosen of a field. */
function optionsOf(field: JsonObject | undefined): JsonObject[] {
  return (field?.options ?? []) as JsonObject[];
}

/** What the editor was asked to do, last. */
function lastWords(nemo: Sandbox): string {
  return JSON.stringify(nemo.requests("POST /run_sse").at(-1)?.json);
}

describe("the form for an edit", { timeout: 30_000 }, () => {
  it("is opened by /edit alone, and asks for clips, words, the shape and the skill", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const opened = await anna.slash(channel, "edit");
    const { clips, prompt, ratio, skill } = await fieldsOf(opened);
    expect(clips).toMatchObject({ min_values: 0, max_values: 10, required: false });
    expect(clips?.file_types).toEqual(expect.arrayContaining(["video", "image", "audio", ".mkv"]));
    expect(prompt).toMatchObject({ required: true });
    const values = optionsOf(ratio).map((one) => [one.value, one.default]);
    expect(values).toEqual([["same", true], ...["9:16", "16:9", "1:1", "4:5"].map((one) => [one, false])]);
    expect(optionsOf(skill)[0]).toMatchObject({ value: "film-maker", default: true });
    const submitted = await anna.submitModal(opened, {
      clips: [await clip("a.mp4"), await clip("b.mp4")],
      prompt: TITLE,
      ratio: "9:16",
      skill: "video-object-ops",
    });
    await submitted.acknowledged();
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 15_000);
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(2);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(lastWords(nemo)).toContain("Change the aspect ratio of the video to 9:16.");
    expect(nemo.requests("POST /run_sse")[0]?.headers["x-skill-source"]).toBe("video-object-ops");
    expect(discord.violations()).toEqual([]);
  });

  it("has the words already that /edit was given without a clip, and may be sent without one", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const opened = await anna.slash(discord.dm(anna), "edit", { options: { prompt: TITLE } });
    expect((await fieldsOf(opened)).prompt).toMatchObject({ value: TITLE });
    await (await anna.submitModal(opened, {})).acknowledged();
    await discord.dm(anna).nextBotMessage(hasTitle, 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(lastWords(nemo)).not.toContain("aspect ratio");
  });

  it("asks for no clips where /edit was given one without words, and the clip is not forgotten", async () => {
    const { discord, nemo, bot } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const opened = await anna.slash(dm, "edit", { attachments: { clip: await clip("mine.mp4") } });
    expect(Object.keys(await fieldsOf(opened))).not.toContain("clips");
    // It outlives a restart of the bot.
    await bot.stop();
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    bot.restart();
    await discord.whenReady();
    const submitted = await anna.submitModal(opened, { prompt: TITLE });
    await submitted.acknowledged();
    discord.redeliver(submitted);
    await dm.nextBotMessage(hasTitle, 15_000);
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it.each([
    [
      "with a clip and words",
      async () => ({ options: { prompt: TITLE }, attachments: { clip: await clip() } }),
    ],
    ["with words about a link", async () => ({ options: { prompt: `https://example.org/a.mp4 ${TITLE}` } })],
  ])("is left out where nothing is missing: %s", async (_what, input) => {
    const { discord } = await startDiscordScene();
    const { anna } = community(discord);
    const used = await anna.slash(discord.dm(anna), "edit", await input());
    expect((await used.acknowledged()).type).toBe(5);
  });

  it("is left out where the project has something, and words were given", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const used = await anna.slash(thread, "edit", { options: { prompt: 'add the title "More"' } });
    expect((await used.acknowledged()).type).toBe(5);
    await thread.nextBotMessage((message) => message.text.includes('"More"'), 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect((await (await anna.slash(thread, "edit")).modal()).custom_id).toBeTruthy();
  });

  it("must hold a clip for /upload, and need not hold words", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const opened = await anna.slash(channel, "upload");
    expect(await fieldsOf(opened)).toMatchObject({ clips: { required: true }, prompt: { required: false } });
    await (await anna.submitModal(opened, { clips: [await clip("beach.mp4")] })).acknowledged();
    const thread = await channel.nextThread();
    await thread.nextBotMessage((message) => message.text.includes("What should I do"), 15_000);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("shows only media to choose from", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const opened = await anna.slash(channel, "upload");
    await opened.modal();
    const sent = anna.submitModal(opened, { clips: [{ name: "notes.pdf", contentType: "application/pdf" }] });
    await expect(sent).rejects.toThrow("notes.pdf is not among");
  });

  it("asks for no clips where a message holds them", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const said = bob.says(channel, "my holiday", { attachments: [await clip("holiday.mp4")] });
    const opened = await anna.contextMenu(said, "Edit this video");
    expect(Object.keys(await fieldsOf(opened))).toEqual(["prompt", "ratio", "skill"]);
    await (await anna.submitModal(opened, { prompt: TITLE, ratio: "1:1" })).acknowledged();
    await (await channel.nextThread()).nextBotMessage(hasTitle, 15_000);
    expect(lastWords(nemo)).toContain("to 1:1.");
  });

  it("is in the person's language, and so are the words about the shape", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    anna.state.locale = "zh-CN";
    const opened = await anna.slash(discord.dm(anna), "edit");
    expect((await opened.modal()).title).toMatch(/\p{Script=Han}/u);
    await (await anna.submitModal(opened, { prompt: "加标题", ratio: "4:5" })).acknowledged();
    await discord.until(() => nemo.requests("POST /run_sse").length === 1, "the turn");
    expect(lastWords(nemo)).toMatch(/\p{Script=Han}+ 4:5/u);
  });

  it("changes the skill of no project that is another person's, and nothing is sent to the editor", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const opened = await bob.slash(thread, "edit");
    const values = { prompt: 'add the title "Bob"', skill: "video-object-ops" };
    await (await bob.submitModal(opened, values)).reply(
      (message) => message.text.includes("project"),
      15_000,
    );
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    const again = await anna.slash(thread, "edit");
    const { skill } = await fieldsOf(again);
    expect(optionsOf(skill)[0]).toMatchObject({ value: "film-maker" });
    await (await anna.submitModal(again, values)).acknowledged();
    await thread.nextBotMessage((message) => message.text.includes('"Bob"'), 15_000);
    expect(nemo.requests("POST /run_sse").at(-1)?.headers["x-skill-source"]).toBe("video-object-ops");
  });
});
