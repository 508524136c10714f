import { describe, expect, it } from "vitest";
import { nonceFor } from "../../../../src/adapters/discord/nonce.ts";
import { conversationOf, targetOf } from "../../../../src/adapters/discord/place.ts";
import { describeSentMarks } from "../../../contracts/sent-marks.ts";
import { openVideo, startAdapterScene, VIDEO, words } from "../adapters.ts";
import { community } from "../scene.ts";

const MESSAGES = "POST /channels/:channel/messages";

describeSentMarks("Discord", async () => {
  const { discord, store, adapter } = await startAdapterScene();
  const { anna } = community(discord);
  const dm = discord.dm(anna);
  return {
    start: async () => (await adapter()).platform,
    target: targetOf(conversationOf(dm.id), { channelId: dm.id, userId: anna.id }),
    read: () => dm.botMessages().map(({ text, files }) => ({ text, hasFile: files.length > 0 })),
    markAsBefore: (key, { messageId }) =>
      store.set(`shown:${nonceFor(`${key} 0`)}`, JSON.stringify({ messageId, hasFile: false })),
    refuseFile: () =>
      discord.fail({ route: MESSAGES, status: 413, times: 1, body: { message: "Too large", code: 40005 } }),
    setStoreAway: (isAway) => {
      store.isInTrouble = isAway;
    },
  };
});

describe("a message with an idempotency key, on Discord", { timeout: 30_000 }, () => {
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
    const sent = await first.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" }));
    const calls = discord.calls(MESSAGES).length;
    expect(await second.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" }))).toEqual(sent);
    await second.platform.edit(sent, words("Done!"));
    await second.platform.send(replyTo, words("Done", { idempotencyKey: "turn 2" }));
    expect(discord.calls(MESSAGES).length).toBe(calls + 1);
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Done!", "Done"]);
    expect(discord.violations()).toEqual([]);
  });

  it("is shown once when the process died right after it was posted", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const held = discord.hold(MESSAGES);
    const lost = first.platform
      .send(replyTo, words("Done", { idempotencyKey: "turn 1" }))
      .catch(() => "died");
    await held.reached;
    await first.stopSending();
    expect(await lost).toBe("died");
    const sent = await second.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" }));
    expect(dm.botMessages().map((message) => message.text)).toEqual(["Done"]);
    expect(sent.messageId).toBe(`${dm.id}/${dm.botMessages()[0]?.id}`);
  });

  it("is continued where the process died between its parts", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const long = `${"All is well here. ".repeat(300)}The end.`;
    const held = discord.hold(
      (call) => call.route === MESSAGES && JSON.stringify(call.body).includes("The end."),
    );
    void first.platform.send(replyTo, words(long, { idempotencyKey: "long" })).catch(() => "died");
    await held.reached;
    await first.stopSending();
    await second.platform.send(replyTo, words(long, { idempotencyKey: "long" }));
    const shown = dm.botMessages().map((message) => message.text);
    expect(shown.length).toBeGreaterThan(2);
    expect(shown.join(" ").split("The end.")).toHaveLength(2);
    expect(shown.join("").replace(/\s/g, "")).toBe(long.replace(/\s/g, ""));
  });

  it("fills a command's answer once, and nothing else overwrites it", async () => {
    const { discord, replyTo, first, second, channel, used } = await twoWorkers("slash");
    const held = discord.hold("PATCH /webhooks/:webhook/:token/messages/:message");
    void first.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" })).catch(() => "died");
    await held.reached;
    await first.stopSending();
    const sent = await second.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" }));
    expect(await second.platform.send(replyTo, words("Done", { idempotencyKey: "turn 1" }))).toEqual(sent);
    await second.platform.send(replyTo, words("More", { idempotencyKey: "turn 2" }));
    expect(used?.original?.text).toBe("Done");
    expect(channel.botMessages().map((message) => message.text)).toEqual(["Done", "More"]);
  });

  it("is sent once as a word for the person alone", async () => {
    const { replyTo, first, second, used } = await twoWorkers("slash");
    await first.platform.send(replyTo, words("Done"));
    const secret = words("For you", { tone: "private", idempotencyKey: "bill" });
    const sent = await first.platform.send(replyTo, secret);
    expect(await second.platform.send(replyTo, secret)).toEqual(sent);
    expect(used?.followUps.map((message) => message.text)).toEqual(["For you"]);
  });

  it("is delivered once with its video", async () => {
    const { discord, replyTo, first, second, dm } = await twoWorkers("dm");
    const film = words("Film", { video: VIDEO, idempotencyKey: "export 1" });
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

  it("is shown anew where it was deleted before its edit", async () => {
    const { replyTo, first, second, dm } = await twoWorkers("dm");
    const sent = await first.platform.send(replyTo, words("Working", { idempotencyKey: "turn 1" }));
    dm.botMessages()[0]?.delete();
    const done = words("Done", { idempotencyKey: "turn 1" });
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
    await first.platform.send(replyTo, words("Later", { idempotencyKey: "a", buttons: [[drop, help]] }));
    await first.platform.send(replyTo, words("Now", { idempotencyKey: "b" }));
    expect(used?.original?.text).toBe("Later");
    expect(used?.original?.buttons.map((button) => button.label)).toEqual(["Help"]);
    expect(channel.botMessages().map((message) => message.text)).toEqual(["Later", "Now"]);
  });
});
