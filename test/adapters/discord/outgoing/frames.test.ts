import { describe, expect, it } from "vitest";
import { targetOf } from "../../../../src/adapters/discord/place.ts";
import type { OutgoingMessage } from "../../../../src/core/model/message.ts";
import type { FakeDiscordOptions } from "../../../fakes/discord/fake-discord.ts";
import type { FakeMessage } from "../../../fakes/discord/fake-message.ts";
import { allComponents } from "../../../fakes/discord/messages.ts";
import { ComponentType, MessageFlag } from "../../../fakes/discord/wire.ts";
import { openVideo, startAdapterScene, VIDEO, words } from "../adapters.ts";
import { clip, community, editInThread, startDiscordScene } from "../scene.ts";

const EXPORT: OutgoingMessage["buttons"] = [
  [{ kind: "action", label: "Export", action: { kind: "export" } }],
];

function isFramed(message: FakeMessage): boolean {
  return (message.state.flags & MessageFlag.componentsV2) !== 0;
}

/** The kinds of components of a message, outer ones first. */
function kindsOf(message: FakeMessage): number[] {
  return allComponents(message.state.components).map((one) => Number(one.type));
}

/** A direct message, and a platform that writes there. */
async function directly(options: FakeDiscordOptions = {}) {
  const { discord, adapter } = await startAdapterScene(options);
  const { anna } = community(discord);
  const dm = discord.dm(anna);
  const { platform } = await adapter();
  const target = targetOf(`discord:${dm.id}`, { channelId: dm.id, userId: anna.id });
  return { discord, dm, platform, target };
}

describe("a frame", { timeout: 30_000 }, () => {
  it("holds what is looked over, with buttons that work; the agent's words stay words", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    expect(isFramed(answer)).toBe(false);
    const status = await (await anna.slash(thread, "status")).reply();
    expect(isFramed(status)).toBe(true);
    expect(status.text).toContain("Timeline (2 tracks)");
    const help = await (await anna.slash(thread, "help")).reply();
    expect([isFramed(help), help.isEphemeral]).toEqual([true, true]);
    anna.press(status, "Export");
    const video = await thread.nextBotMessage((message) => message.files.length > 0, 15_000);
    expect(isFramed(video)).toBe(true);
    expect(kindsOf(video)).toContain(ComponentType.mediaGallery);
    expect(video.text).toContain("/files/");
    expect(video.buttons.map((one) => one.label)).toContain("Download");
    expect(discord.violations()).toEqual([]);
  });

  it("holds the link where the video is too large to be sent along", async () => {
    const { discord } = await startDiscordScene({ discord: { uploadLimitBytes: 10 } });
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "trim to 2 seconds", { attachments: [await clip()] });
    anna.press(await dm.nextBotMessage((message) => message.buttons.some(isExport), 15_000), "Export");
    const video = await dm.nextBotMessage((message) => message.text.includes("/files/"), 15_000);
    expect(video.files).toEqual([]);
    expect(isFramed(video)).toBe(true);
    expect(kindsOf(video)).not.toContain(ComponentType.mediaGallery);
  });

  it("takes up to 4000 characters; what is longer goes on in the next, and the buttons stand below the last", async () => {
    const { discord, dm, platform, target } = await directly();
    const text = `Begin. ${"A sentence that says nothing. ".repeat(300)}The end.`;
    await platform.send(target, words(text, { isCard: true, buttons: EXPORT }));
    const shown = dm.botMessages();
    expect(shown).toHaveLength(3);
    expect(shown.every(isFramed)).toBe(true);
    expect(shown.map((one) => one.buttons.length > 0)).toEqual(shown.map((_, at) => at === shown.length - 1));
    expect(shown.map((one) => one.text).join("")).toMatch(/^Begin\..*The end\.$/s);
    expect(discord.violations()).toEqual([]);
  });

  it("takes the place of words, and words do not go into it: they are a new message", async () => {
    const { discord, dm, platform, target } = await directly();
    const sent = await platform.send(target, words("Working", { tone: "progress" }));
    const framed = await platform.edit(sent, words("All of it.", { isCard: true, idempotencyKey: "a" }));
    expect(framed).toEqual(sent);
    expect(dm.botMessages().map((one) => [one.text, one.content, isFramed(one)])).toEqual([
      ["All of it.", "", true],
    ]);
    const plain = await platform.edit(framed, words("Words.", { idempotencyKey: "b" }));
    expect(plain).not.toEqual(framed);
    expect(dm.botMessages().map((one) => [one.text, isFramed(one)])).toEqual([["Words.", false]]);
    expect(discord.violations()).toEqual([]);
  });

  it("is left out where Discord refuses it: the words come as text, and so does everything after them", async () => {
    const { discord, dm, platform, target } = await directly();
    discord.fail({
      route: (call) => JSON.stringify(call.body).includes(`"flags":${MessageFlag.componentsV2}`),
      status: 400,
      times: 5,
      body: { code: 50035, message: "Invalid Form Body", errors: {} },
    });
    const card = words("All of it.", { isCard: true, buttons: EXPORT, idempotencyKey: "a" });
    await platform.send(target, card);
    await platform.send(target, { ...card, idempotencyKey: "b" });
    const signal = AbortSignal.timeout(10_000);
    await platform.deliverVideo(target, words("Your video.", { video: VIDEO }), openVideo, signal);
    expect(dm.botMessages().map((one) => [one.content, one.buttons.length > 0, one.files.length])).toEqual([
      ["All of it.", true, 0],
      ["All of it.", true, 0],
      ["Your video.", false, 1],
    ]);
    expect(discord.calls((call) => call.status === 400)).toHaveLength(1);
  });

  it("holds no video whose name Discord would write in its own way: that comes as text with its file", async () => {
    const { dm, platform, target } = await directly();
    const video = { ...VIDEO, name: "海滩-1.mp4" };
    const signal = AbortSignal.timeout(10_000);
    await platform.deliverVideo(target, words("Your video.", { video }), openVideo, signal);
    expect(dm.botMessages().map((one) => [one.content, one.files[0]?.name])).toEqual([
      ["Your video.", "海滩-1.mp4"],
    ]);
  });
});

function isExport({ label }: { label: string }): boolean {
  return label === "Export";
}
