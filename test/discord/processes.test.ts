import { describe, expect, it } from "vitest";
import type { ByteSource } from "../../src/core/ports.ts";
import { StartError } from "../../src/start-error.ts";
import { shardOf } from "../fakes/discord/snowflakes.ts";
import { startAdapterScene, words } from "./adapters.ts";
import { clip, community } from "./scene.ts";

const MESSAGES = "POST /channels/:channel/messages";
const VIDEO = { name: "film.mp4", url: "https://example.org/film.mp4", sizeBytes: 5, durationS: 1 };
const SIZED = { ...VIDEO, width: 640, height: 360 };

async function openVideo(): Promise<ByteSource> {
  async function* bytes() {
    yield Buffer.from("movie");
  }
  return { stream: bytes(), sizeBytes: 5 };
}

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
      words("Film", { video: SIZED }),
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
    expect(statuses).toEqual([429, null, 502, 200]);
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

describe("a message with a name for good", { timeout: 30_000 }, () => {
  /** A person's words that wait for an answer, and two processes that can give it. */
  async function twoWorkers(where: "dm" | "slash") {
    const scene = await startAdapterScene();
    const { discord, inbox, adapter } = scene;
    const { anna, channel } = community(discord);
    await (await adapter()).start();
    const dm = discord.dm(anna);
    if (where === "dm") anna.says(dm, "trim it");
    const used = where === "slash" ? await anna.slash(channel, "status") : null;
    const { replyTo } = await inbox.next();
    const [first, second] = [await adapter(), await adapter()];
    return { ...scene, replyTo, first, second, dm, channel, used };
  }

  it("is shown once when it is sent again, by whichever process", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const sent = await first.platform.send(replyTo, words("Done", { once: "turn 1" }));
    const calls = discord.calls(MESSAGES).length;
    expect(await second.platform.send(replyTo, words("Done", { once: "turn 1" }))).toEqual(sent);
    await second.platform.edit(sent, words("Done!"));
    await second.platform.send(replyTo, words("Done", { once: "turn 2" }));
    expect(discord.calls(MESSAGES).length).toBe(calls + 1);
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Done!", "Done"]);
    expect(discord.violations()).toEqual([]);
  });

  it("is shown once when the process died right after it was posted", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const held = discord.hold(MESSAGES);
    const lost = first.platform.send(replyTo, words("Done", { once: "turn 1" })).catch(() => "died");
    await held.reached;
    await first.stopSending();
    expect(await lost).toBe("died");
    const sent = await second.platform.send(replyTo, words("Done", { once: "turn 1" }));
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Done"]);
    expect(sent.messageId).toBe(`${dm.id}/${dm.botMessages()[0]?.id}`);
  });

  it("is continued where the process died between its parts", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const long = `${"All is well here. ".repeat(300)}The end.`;
    const held = discord.hold(
      (call) => call.route === MESSAGES && JSON.stringify(call.body).includes("The end."),
    );
    void first.platform.send(replyTo, words(long, { once: "long" })).catch(() => "died");
    await held.reached;
    await first.stopSending();
    await second.platform.send(replyTo, words(long, { once: "long" }));
    const shown = dm.botMessages().map((message) => message.text);
    expect(shown.length).toBeGreaterThan(2);
    expect(shown.join(" ").split("The end.")).toHaveLength(2);
    expect(shown.join("").replace(/\s/g, "")).toBe(long.replace(/\s/g, ""));
  });

  it("fills a command's answer once, and nothing else overwrites it", async () => {
    const { discord, replyTo, first, second, channel, used } = await twoWorkers("slash");
    const held = discord.hold("PATCH /webhooks/:webhook/:token/messages/:message");
    void first.platform.send(replyTo, words("Done", { once: "turn 1" })).catch(() => "died");
    await held.reached;
    await first.stopSending();
    const sent = await second.platform.send(replyTo, words("Done", { once: "turn 1" }));
    expect(await second.platform.send(replyTo, words("Done", { once: "turn 1" }))).toEqual(sent);
    await second.platform.send(replyTo, words("More", { once: "turn 2" }));
    expect(used?.original?.text).toBe("Done");
    expect(channel.botMessages().map((message) => message.text)).toEqual(["Done", "More"]);
  });

  it("is sent once as a word for the person alone", async () => {
    const { replyTo, first, second, used } = await twoWorkers("slash");
    await first.platform.send(replyTo, words("Done"));
    const secret = words("For you", { tone: "private", once: "bill" });
    const sent = await first.platform.send(replyTo, secret);
    expect(await second.platform.send(replyTo, secret)).toEqual(sent);
    expect(used?.followUps.map((message) => message.text)).toEqual(["For you"]);
  });

  it("is delivered once with its video", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const film = words("Film", { video: SIZED, once: "export 1" });
    const { signal } = new AbortController();
    const held = discord.hold(MESSAGES);
    void first.platform.deliverVideo(replyTo, film, openVideo, signal).catch(() => "died");
    await held.reached;
    await first.stopSending();
    expect(await second.platform.deliverVideo(replyTo, film, openVideo, signal)).toEqual({
      isFileSent: true,
    });
    const calls = discord.calls(MESSAGES).length;
    expect(await second.platform.deliverVideo(replyTo, film, openVideo, signal)).toEqual({
      isFileSent: true,
    });
    expect(discord.calls(MESSAGES)).toHaveLength(calls);
    expect(dm.botMessages().map((message) => message.files.length)).toEqual([1]);
  });

  it("whose file was too large is not sent again with its link alone", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const film = words("Film", { video: SIZED, once: "export 1" });
    const { signal } = new AbortController();
    discord.fail({ route: MESSAGES, status: 413, times: 1, body: { message: "Too large", code: 40005 } });
    expect(await first.platform.deliverVideo(replyTo, film, openVideo, signal)).toEqual({
      isFileSent: false,
    });
    expect(await second.platform.deliverVideo(replyTo, film, openVideo, signal)).toEqual({
      isFileSent: false,
    });
    expect(dm.botMessages().map((message) => message.files.length)).toEqual([0]);
  });

  it("is shown anew where it was deleted before its edit", async () => {
    const { replyTo, first, second, dm } = await twoWorkers("dm");
    const sent = await first.platform.send(replyTo, words("Working", { once: "turn 1" }));
    dm.botMessages()[0]?.delete();
    const done = words("Done", { once: "turn 1" });
    const anew = await first.platform.edit(sent, done);
    expect(await second.platform.edit(sent, done)).toEqual(anew);
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Done"]);
  });

  it("is shown while the store is in trouble, with what it needs no store for", async () => {
    const { store, replyTo, first, channel, used } = await twoWorkers("slash");
    store.isInTrouble = true;
    const drop = {
      kind: "action",
      label: "Take out",
      action: { kind: "drop", itemId: "x".repeat(80) },
    } as const;
    const help = { kind: "action", label: "Help", action: { kind: "help" } } as const;
    await first.platform.send(replyTo, words("Later", { once: "a", buttons: [[drop, help]] }));
    await first.platform.send(replyTo, words("Now", { once: "b" }));
    expect(used?.original?.text).toBe("Later");
    expect(used?.original?.buttons.map((button) => button.label)).toEqual(["Help"]);
    expect(channel.botMessages().map((message) => message.text)).toEqual(["Later", "Now"]);
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
    const used = await bob.slash(channel, "edit", { options: { prompt: "from bob" } });
    await used.acknowledged();
    const credits = await bob.slash(channel, "credits");
    await credits.acknowledged();
    await expect.poll(() => inbox.refusals).toBeGreaterThan(3);
    expect(inbox.received).toHaveLength(1);
    store.isInTrouble = false;
    await inbox.next((message) => message.text === "three");
    await inbox.next((message) => message.action?.kind === "credits");
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

  it("the context menu still opens its window, and the clip is not forgotten", async () => {
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
    // Nobody was sent away for coming too soon.
    expect(discord.gateway.received.filter((call) => call.op === 2)).toHaveLength(2);
  });
});
