import { describe, expect, it } from "vitest";
import type { OutgoingMessage, ReplyTarget, SentMessage } from "../../../../src/core/model/message.ts";
import type { ChatPlatform } from "../../../../src/core/ports/chat-platform.ts";
import type { FakeDiscordOptions } from "../../../fakes/discord/fake-discord.ts";
import { type AdapterScene, openVideo, startAdapterScene, VIDEO, words } from "../adapters.ts";
import { community } from "../scene.ts";

const EDIT = "PATCH /channels/:channel/messages/:message";
const EDIT_ANSWER = "PATCH /webhooks/:webhook/:token/messages/:message";
const MINUTE_MS = 60_000;

/** What shows that work goes on, with its Cancel button. */
function living(text: string): OutgoingMessage {
  return words(text, {
    tone: "progress",
    idempotencyKey: "item:live",
    buttons: [[{ kind: "action", label: "Cancel", action: { kind: "drop", itemId: "item" } }]],
  });
}

/** A person's message in a channel where threads are not opened, as the core has it. */
async function mention(options: FakeDiscordOptions = {}, now?: () => number) {
  const scene = await startAdapterScene(options);
  const people = community(scene.discord);
  people.channel.forbid(["CREATE_PUBLIC_THREADS"]);
  const adapter = await scene.adapter(now ? { now } : {});
  await adapter.start();
  await scene.discord.whenReady();
  const said = people.anna.says(people.channel, "make it warmer", { mentions: [scene.discord.bot] });
  const { replyTo } = await scene.inbox.next();
  return { ...scene, ...people, said, platform: adapter.platform, replyTo };
}

/** A command in place, as the core has it. */
async function command(scene: AdapterScene, name: string, isAppOnly = false) {
  const { discord } = scene;
  const anna = discord.user({ name: "anna", hasInstalledApp: isAppOnly });
  const guild = discord.guild({ members: [anna], hasBot: !isAppOnly });
  const channel = guild.textChannel("videos");
  const adapter = await scene.adapter();
  await adapter.start();
  await discord.whenReady();
  const used = await anna.slash(channel, name);
  const { replyTo } = await scene.inbox.next();
  return { anna, channel, platform: adapter.platform, used, replyTo };
}

async function shownFirst(platform: ChatPlatform, target: ReplyTarget): Promise<SentMessage> {
  const shown = await platform.showProgress(target, null, living("Connecting..."));
  if (!shown) throw new Error("there was no room for the first one");
  return shown;
}

describe("what shows that work goes on", { timeout: 30_000 }, () => {
  it("is not sent when its bucket is used up, and leaves room for what is owed", async () => {
    const { discord, platform, replyTo, channel } = await mention({ rateLimits: true });
    const shown = await shownFirst(platform, replyTo);
    const began = Date.now();
    const results: (SentMessage | null)[] = [];
    for (let n = 1; n <= 8; n++)
      results.push(await platform.showProgress(replyTo, shown, living(`Working ${n}`)));
    expect(results.filter((one) => one === null).length).toBeGreaterThanOrEqual(4);
    await platform.edit(shown, words("Done.", { idempotencyKey: "item:answer" }));
    expect(Date.now() - began).toBeLessThan(3_000);
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(discord.violations()).toEqual([]);
  });

  it("is left out while Discord says to wait; what is owed comes as a new message in its place", async () => {
    const { discord, platform, replyTo, channel } = await mention();
    const shown = await shownFirst(platform, replyTo);
    discord.flood({ times: 1, retryAfterS: 2, routes: EDIT });
    const began = Date.now();
    expect(await platform.showProgress(replyTo, shown, living("One"))).toBeNull();
    expect(await platform.showProgress(replyTo, shown, living("Two"))).toBeNull();
    await platform.edit(shown, words("Done.", { idempotencyKey: "item:answer" }));
    expect(Date.now() - began).toBeLessThan(1_500);
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(discord.calls(EDIT)).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
  });

  it("keeps nothing waiting that is owed, not even when Discord is slow with it", async () => {
    const { discord, platform, replyTo, channel } = await mention();
    const shown = await shownFirst(platform, replyTo);
    const answer = await platform.send(replyTo, words("One."));
    const hold = discord.hold(EDIT, "before");
    const slow = platform.showProgress(replyTo, shown, living("Working"));
    await hold.reached;
    await platform.edit(answer, words("Two."));
    await platform.send(replyTo, words("Three."));
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Connecting...", "Two.", "Three."]);
    hold.release();
    await slow;
  });

  it("hangs below the person's message, and what an earlier process showed is taken up", async () => {
    const scene = await mention();
    await shownFirst(scene.platform, scene.replyTo);
    const next = (await scene.adapter()).platform;
    await next.showProgress(scene.replyTo, null, living("Working"));
    const [message, ...others] = scene.channel.botMessages();
    expect(others).toEqual([]);
    expect(message?.content).toBe("Working");
    expect(message?.replyTo).toBe(scene.said.id);
    expect(message?.pinged).toEqual([]);
    expect(message?.buttons.map((one) => one.label)).toEqual(["Cancel"]);
  });

  it("is not shown again once it was taken away", async () => {
    const { platform, replyTo, channel } = await mention();
    const shown = await shownFirst(platform, replyTo);
    await platform.remove(shown);
    expect(await platform.showProgress(replyTo, shown, living("Working"))).toBeNull();
    await platform.remove(shown);
    expect(channel.botMessages()).toEqual([]);
  });
});

describe("an answer that came late", { timeout: 30_000 }, () => {
  it("hangs below the person's message and calls them back, and nobody else", async () => {
    const { discord, platform, replyTo, channel, anna, said } = await mention();
    await platform.send(replyTo, words("Soon."));
    await platform.send(replyTo, words("<@1> Late.", { isReply: true, idempotencyKey: "late" }));
    const [soon, late] = channel.botMessages();
    expect([soon?.replyTo, soon?.pinged]).toEqual([said.id, []]);
    expect([late?.replyTo, late?.pinged]).toEqual([said.id, [anna.id]]);
    expect(discord.violations()).toEqual([]);
  });

  it("hangs below the person's message in a direct message too", async () => {
    const scene = await startAdapterScene();
    const { anna } = community(scene.discord);
    const { platform } = await startReceiving(scene);
    const said = anna.says(scene.discord.dm(anna), "make it warmer");
    const { replyTo } = await scene.inbox.next();
    await platform.send(replyTo, words("Soon."));
    await platform.send(replyTo, words("Late.", { isReply: true }));
    expect(
      scene.discord
        .dm(anna)
        .botMessages()
        .map((one) => one.replyTo),
    ).toEqual([null, said.id]);
  });

  it("is sent although the person has deleted their message", async () => {
    const { platform, replyTo, channel, said } = await mention();
    said.delete();
    await platform.send(replyTo, words("Late.", { isReply: true }));
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Late."]);
  });
});

describe("a command", { timeout: 30_000 }, () => {
  it("shows what goes on where it was deferred, and is answered there when it was quick", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo, used, channel } = await command(scene, "status");
    const shown = await shownFirst(platform, replyTo);
    expect(used.original?.content).toBe("Connecting...");
    await platform.showProgress(replyTo, shown, living("Working"));
    await platform.edit(shown, words("Done.", { idempotencyKey: "answer" }));
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(used.followUps).toEqual([]);
    expect(scene.discord.violations()).toEqual([]);
  });

  it("gets a late answer as a follow-up, and what went on is taken away", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo, used, channel } = await command(scene, "status");
    const shown = await shownFirst(platform, replyTo);
    await platform.send(replyTo, words("Done.", { isReply: true, idempotencyKey: "answer" }));
    await platform.remove(shown);
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(used.followUps.map((one) => one.content)).toEqual(["Done."]);
  });

  it.each([
    ["had left", "after", undefined],
    ["had not left", "before", undefined],
    ["had left in a frame", "after", true],
  ] as const)("has its late answer once when a process dies that %s it", async (_what, stage, isCard) => {
    const scene = await startAdapterScene();
    const { platform, replyTo, used } = await command(scene, "status");
    const shown = await shownFirst(platform, replyTo);
    const answer = words("Done.", {
      isReply: true,
      idempotencyKey: "answer",
      ...(isCard ? { isCard } : {}),
    });
    // No answer of Discord comes back: what the process knows ends here.
    const hold = scene.discord.hold("POST /webhooks/:webhook/:token", stage);
    platform.send(replyTo, answer).catch(() => {});
    await hold.reached;
    const next = await scene.adapter();
    await next.platform.send(replyTo, answer);
    await next.platform.remove(shown);
    expect(used.followUps.map((one) => one.text)).toEqual(["Done."]);
    expect(used.original).toBeNull();
  });

  it("goes on with messages of the bot when its token has run out", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo, channel } = await command(scene, "status");
    await shownFirst(platform, replyTo);
    scene.discord.expireTokens();
    const later = await scene.adapter({ now: () => Date.now() + 16 * MINUTE_MS });
    const shown = await later.platform.showProgress(replyTo, null, living("Still working"));
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Still working"]);
    await later.platform.send(replyTo, words("Done.", { isReply: true, idempotencyKey: "answer" }));
    if (shown) await later.platform.remove(shown);
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(scene.discord.calls(EDIT_ANSWER)).toHaveLength(1);
  });

  it("that is answered for the person alone has its late answer in place", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo, used } = await command(scene, "credits");
    const shown = await shownFirst(platform, replyTo);
    await platform.send(replyTo, words("100 left.", { tone: "private", isReply: true }));
    await platform.remove(shown);
    expect(used.original?.content).toBe("100 left.");
    expect(used.original?.isEphemeral).toBe(true);
    expect(used.followUps).toEqual([]);
  });

  it("of an app that only the person installed has room for the answer and the video", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo, used, anna } = await command(scene, "export", true);
    const shown = await shownFirst(platform, replyTo);
    for (let n = 1; n <= 6; n++) await platform.showProgress(replyTo, shown, living(`Working ${n}`));
    for (let n = 1; n <= 6; n++) await platform.send(replyTo, words(`Answer ${n}.`, { isReply: true }));
    await platform.deliverVideo(
      replyTo,
      words("Your video.", { isReply: true, video: VIDEO }),
      openVideo,
      AbortSignal.timeout(10_000),
    );
    await platform.remove(shown);
    expect(used.original).toBeNull();
    const followUps = used.followUps.map((one) => [one.text, one.files.length]);
    expect(followUps).toEqual([...[1, 2, 3, 4].map((n) => [`Answer ${n}.`, 0]), ["Your video.", 1]]);
    const dm = scene.discord.dm(anna).botMessages();
    expect(dm.map((one) => one.content)).toEqual(["Answer 5.", "Answer 6."]);
    expect(scene.discord.violations()).toEqual([]);
  });
});

describe("an hour-old message", { timeout: 30_000 }, () => {
  it.each(["by its age", "by what Discord says"])("is replaced: %s", async (how) => {
    let offsetMs = 0;
    const { platform, replyTo, channel, discord } = await mention({}, () => Date.now() + offsetMs);
    const first = await shownFirst(platform, replyTo);
    const pass = () => {
      if (how === "by its age") offsetMs += 61 * MINUTE_MS;
      else for (const one of channel.botMessages()) one.age(61 * MINUTE_MS);
    };
    pass();
    const second = await platform.showProgress(replyTo, first, living("Still working"));
    expect(second).not.toBeNull();
    await expect.poll(() => channel.botMessages().map((one) => one.content)).toEqual(["Still working"]);
    // The clock of the first way makes every message an old one.
    if (how !== "by its age")
      expect(await platform.showProgress(replyTo, null, living("And on"))).toEqual(second);
    pass();
    if (second) await platform.edit(second, words("Done.", { idempotencyKey: "answer" }));
    expect(channel.botMessages().map((one) => one.content)).toEqual(["Done."]);
    expect(discord.violations()).toEqual([]);
    if (how === "by its age") expect(discord.calls(EDIT)).toEqual([]);
  });
});

describe("a reaction", { timeout: 30_000 }, () => {
  it("stands on the person's message", async () => {
    const { platform, replyTo, said } = await mention();
    expect(await platform.react(replyTo, "👍")).toBe(true);
    expect(await platform.react(replyTo, "❤")).toBe(true);
    expect(said.reactions).toEqual(["👍", "❤️"]);
  });

  it.each([
    ["there is no message", 404, 10008],
    ["the person has blocked the bot", 403, 90001],
    ["the bot may not", 403, 50013],
  ])("is left out where %s", async (_why, status, code) => {
    const { platform, replyTo, discord, said } = await mention();
    discord.fail({ route: /reactions/, status, times: 1, body: { code, message: "no" } });
    expect(await platform.react(replyTo, "👍")).toBe(false);
    expect(said.reactions).toEqual([]);
  });

  it("is none for a command", async () => {
    const scene = await startAdapterScene();
    const { platform, replyTo } = await command(scene, "status");
    expect(await platform.react(replyTo, "👍")).toBe(false);
  });
});

async function startReceiving(scene: AdapterScene): Promise<{ platform: ChatPlatform }> {
  const adapter = await scene.adapter();
  await adapter.start();
  await scene.discord.whenReady();
  return adapter;
}
