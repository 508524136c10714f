import { describe, expect, it } from "vitest";
import { StartError } from "../../../src/lib/start-error.ts";
import { shardOf } from "../../fakes/discord/snowflakes.ts";
import { openVideo, startAdapterScene, VIDEO, words } from "./adapters.ts";
import { clip, community } from "./scene.ts";

const MESSAGES = "POST /channels/:channel/messages";
describe("a process that only works", { timeout: 30_000 }, () => {
  it("sends, edits, delivers and opens files without a connection of its own", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    await (await adapter()).start();
    const worker = await adapter();
    await worker.startSending();
    anna.says(dm, "trim it", { attachments: [await clip()] });
    const { replyTo, attachments } = await inbox.next();
    const sent = await worker.platform.send(replyTo, words("One"));
    await worker.platform.edit(sent, words("Two"));
    const { signal } = new AbortController();
    const delivered = await worker.platform.deliverVideo(
      replyTo,
      words("Film", { video: VIDEO }),
      openVideo,
      signal,
    );
    expect(delivered.isFileSent).toBe(true);
    const [file] = attachments;
    if (!file) throw new Error("no file came in");
    expect(await worker.platform.openAttachment(file, signal)).toMatchObject({ kind: "url" });
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Two", "Film"]);
    expect(discord.gateway.liveSessions).toBe(1);
    expect(discord.violations()).toEqual([]);
  });

  it("answers a command that another process acknowledged, and knows what is private", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna, channel } = community(discord);
    await (await adapter()).start();
    const worker = await adapter();
    await worker.startSending();
    const used = await anna.slash(channel, "status");
    const { replyTo } = await inbox.next();
    await worker.platform.send(replyTo, words("Here it is"));
    expect((await used.reply()).text).toBe("Here it is");
    await worker.platform.send(replyTo, words("For you", { tone: "private" }));
    expect(used.followUps.map((message) => message.isEphemeral)).toEqual([true]);
  });

  it("has its work stopped by the process that hears that a channel is gone", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna, channel } = community(discord);
    await (await adapter()).start();
    anna.says(channel, "trim it", { mentions: [discord.bot] });
    const { conversationId } = await inbox.next();
    channel.delete();
    await expect.poll(() => inbox.abandoned).toContain(conversationId);
  });

  it.each(["startSending", "start"] as const)("says with %s that the token is wrong", async (how) => {
    const { adapter } = await startAdapterScene();
    const wrong = await adapter({ token: "not.a.token" });
    const failed = await wrong[how]().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StartError);
    expect(String(failed)).toContain("DISCORD_BOT_TOKEN: Discord does not know this token");
    expect(String(failed)).not.toContain("not.a.token");
  });

  it("is connected once it can send; one that listens, while it can hear", async () => {
    const { discord, adapter } = await startAdapterScene();
    const [worker, ingress] = [await adapter(), await adapter()];
    expect([worker.isConnected, ingress.isConnected]).toEqual([false, false]);
    await worker.startSending();
    await ingress.start();
    await expect.poll(() => [worker.isConnected, ingress.isConnected]).toEqual([true, true]);
    discord.gateway.isDown = true;
    discord.gateway.dropConnection();
    await expect.poll(() => ingress.isConnected).toBe(false);
    discord.gateway.isDown = false;
    await expect.poll(() => ingress.isConnected, { timeout: 10_000 }).toBe(true);
    await ingress.stopReceiving();
    expect(ingress.isConnected).toBe(false);
  });

  it("counts every answer of Discord, and requests without one", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna } = community(discord);
    const statuses: (number | null)[] = [];
    const bot = await adapter({ onCall: (status) => statuses.push(status) });
    await bot.start();
    anna.says(discord.dm(anna), "help");
    const { replyTo } = await inbox.next();
    await expect.poll(() => discord.calls("PUT /applications/:application/commands")[0]?.status).toBe(200);
    await expect.poll(() => statuses).toContain(200);
    statuses.length = 0;
    discord.flood({ routes: MESSAGES, times: 1, retryAfterS: 0.05 });
    discord.fail({ route: MESSAGES, status: "cut", times: 1 });
    discord.fail({ route: MESSAGES, status: 502, times: 1 });
    await bot.platform.send(replyTo, words("Hello"));
    // A call of the start may have ended in between.
    expect(statuses.filter((status) => status !== 200)).toEqual([429, null, 502]);
    expect(statuses.at(-1)).toBe(200);
  });

  it("ends within moments though Discord does not answer any more", async () => {
    const { discord, inbox, adapter } = await startAdapterScene();
    const { anna, channel } = community(discord);
    const bot = await adapter();
    await bot.start();
    const held = discord.hold(MESSAGES);
    anna.says(channel, "help", { mentions: [discord.bot] });
    const { replyTo } = await inbox.next();
    const sending = bot.platform.send(replyTo, words("Hello")).catch((error: unknown) => error);
    await held.reached;
    const opening = discord.hold("POST /channels/:channel/messages/:message/threads");
    anna.says(channel, "trim it", { mentions: [discord.bot] });
    await opening.reached;
    const began = performance.now();
    await bot.stopReceiving();
    await bot.stopSending();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await sending).toBeInstanceOf(Error);
  });
});

describe("while the store is in trouble", { timeout: 30_000 }, () => {
  it("what people say and use is kept, and comes to the core in order once it is back", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna, bob, channel } = community(discord);
    await (await adapter()).start();
    const known = await anna.slash(channel, "status");
    await known.acknowledged();
    await inbox.next();
    store.isInTrouble = true;
    const dm = discord.dm(anna);
    for (const text of ["one", "two", "three"]) anna.says(dm, text);
    const attachments = { clip: await clip() };
    const used = await bob.slash(channel, "edit", { options: { prompt: "from bob" }, attachments });
    await used.acknowledged();
    const credits = await bob.slash(channel, "credits");
    await credits.acknowledged();
    await expect.poll(() => inbox.refusals).toBeGreaterThan(3);
    expect(inbox.received).toHaveLength(1);
    store.isInTrouble = false;
    await inbox.next((message) => message.text === "three");
    await inbox.next((message) => message.action?.kind === "credits");
    await inbox.next((message) => message.text === "from bob");
    expect(inbox.texts().filter((text) => ["one", "two", "three"].includes(text))).toEqual([
      "one",
      "two",
      "three",
    ]);
    expect(inbox.received.filter((message) => message.text === "from bob")).toHaveLength(1);
    expect(channel.threads()).toHaveLength(1);
    expect(discord.violations()).toEqual([]);
  });

  it("a button that the store keeps is answered once it is back", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna } = community(discord);
    const bot = await adapter();
    await bot.start();
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    const { replyTo } = await inbox.next();
    const drop = {
      kind: "action",
      label: "Take out",
      action: { kind: "drop", itemId: "x".repeat(80) },
    } as const;
    await bot.platform.send(replyTo, words("In line", { buttons: [[drop]] }));
    store.isInTrouble = true;
    await anna.press(await dm.nextBotMessage(), "Take out").acknowledged();
    store.isInTrouble = false;
    const pressed = await inbox.next((message) => message.action?.kind === "drop");
    expect(pressed.action).toMatchObject({ itemId: "x".repeat(80) });
  });

  it("the context menu still opens its form, and the clip is not forgotten", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna, bob, channel } = community(discord);
    await (await adapter()).start();
    await discord.until(() => discord.commands.list().length > 0, "the commands");
    store.isInTrouble = true;
    const said = bob.says(channel, "holiday", { attachments: [await clip("holiday.mp4")] });
    const opened = await anna.contextMenu(said, "Edit this video");
    const submitted = await anna.submitModal(opened, { prompt: "trim it" });
    await submitted.acknowledged();
    store.isInTrouble = false;
    const message = await inbox.next((one) => one.text === "trim it");
    expect(message.attachments.map((file) => file.name)).toEqual(["holiday.mp4"]);
  });

  it("at the start, the bot starts, and looks for what was missed once it is back", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const before = await adapter();
    await before.start();
    anna.says(dm, "one");
    await inbox.next();
    await before.stopReceiving();
    anna.says(dm, "two");
    store.isInTrouble = true;
    await (await adapter()).start();
    store.isInTrouble = false;
    await inbox.next((message) => message.text === "two");
    expect(inbox.texts()).toEqual(["one", "two"]);
  });
});

describe("shards that are spread over processes", { timeout: 30_000 }, () => {
  it("each look after their own guilds, and the first one after direct messages", async () => {
    const { discord, inbox, adapter } = await startAdapterScene({ shards: 2, maxConcurrency: 2 });
    const { anna } = community(discord);
    const guilds = [discord.guild({ members: [anna] }), discord.guild({ members: [anna] })];
    const channelOf = (shard: number) => {
      const guild = guilds.find((one) => shardOf(one.id, 2) === shard);
      if (!guild) throw new Error(`no guild for shard ${shard}`);
      return guild.textChannel();
    };
    const [zero, one, dm] = [channelOf(0), channelOf(1), discord.dm(anna)];
    const before = await adapter();
    await before.start();
    for (const place of [zero, one]) anna.says(place, "help", { mentions: [discord.bot] });
    anna.says(dm, "help");
    await expect.poll(() => inbox.received).toHaveLength(3);
    await before.stopReceiving();
    anna.says(zero, "credits", { mentions: [discord.bot] });
    anna.says(one, "status", { mentions: [discord.bot] });
    anna.says(dm, "what is this");
    await (await adapter({ shards: 2, shardIds: [1] })).start();
    await inbox.next((message) => message.text === "status");
    const looks = () =>
      discord.calls("GET /channels/:channel/messages").map((call) => call.params.channel ?? "");
    expect(looks()).toEqual([one.id]);
    await (await adapter({ shards: 2, shardIds: [0] })).start();
    await inbox.next((message) => message.text === "credits");
    await inbox.next((message) => message.text === "what is this");
    expect(looks().sort()).toEqual([one.id, zero.id, dm.id].sort());
    expect(inbox.received).toHaveLength(6);
  });

  it("take up the interactions that a process with the same shards left", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna, channel } = community(discord);
    const first = await adapter({ shards: 1, shardIds: [0] });
    await first.start();
    await discord.until(() => discord.commands.list().length > 0, "the commands");
    const held = discord.hold("POST /interactions/:interaction/:token/callback");
    const used = await anna.slash(channel, "help");
    await held.reached;
    await first.stopReceiving();
    await first.stopSending();
    expect(inbox.received).toEqual([]);
    expect(await store.get("pending")).toContain(used.id);
    await (await adapter({ shards: 1, shardIds: [0] })).start();
    expect((await inbox.next()).id).toBe(`discord:interaction:${used.id}`);
    await expect.poll(() => store.get("pending")).toBeNull();
  });

  it("identify one after another, as Discord wants it", async () => {
    const { discord, adapter } = await startAdapterScene({ shards: 2, identifyIntervalMs: 4_900 });
    const bot = await adapter();
    await bot.start();
    expect(bot.isConnected).toBe(true);
    expect(discord.gateway.identifies).toBe(2);
    // No session was refused for coming too soon.
    expect(discord.gateway.received.filter((call) => call.op === 2)).toHaveLength(2);
  });
});
