import { describe, expect, it } from "vitest";
import { StopError } from "../../../src/core/model/stop.ts";
import type { FakeDiscord } from "../../fakes/discord/fake-discord.ts";
import { openVideo, startAdapterScene, VIDEO, words } from "./adapters.ts";
import { clip, community, editInThread, startDiscordScene } from "./scene.ts";

const MESSAGES = "POST /channels/:channel/messages";
const MESSAGE = "PATCH /channels/:channel/messages/:message";
const ORIGINAL = "GET /webhooks/:webhook/:token/messages/:message";

/** A process, and a person's words in a direct message that wait for an answer. */
async function asked() {
  const scene = await startAdapterScene();
  const { discord, inbox, adapter } = scene;
  const { anna } = community(discord);
  const bot = await adapter();
  await bot.start();
  const dm = discord.dm(anna);
  anna.says(dm, "trim it");
  const { replyTo } = await inbox.next();
  return { ...scene, bot, dm, replyTo };
}

/** Resolves when a message was tried to be sent after `prepare`. */
function tried(prepare: (discord: FakeDiscord) => void) {
  return (discord: FakeDiscord) => {
    prepare(discord);
    return discord.until(() => discord.calls(MESSAGES).length > 0, "the first try");
  };
}

describe("a stop while something is on its way to Discord", { timeout: 30_000 }, () => {
  it.each<[string, (discord: FakeDiscord) => Promise<unknown>]>([
    ["Discord does not answer", (discord) => discord.hold(MESSAGES, "before").reached],
    ["its answer is on its way", (discord) => discord.hold(MESSAGES, "after").reached],
    [
      "Discord asks to wait",
      tried((discord) => discord.flood({ routes: MESSAGES, times: 1, retryAfterS: 20 })),
    ],
    [
      "the connection is cut",
      tried((discord) => discord.fail({ route: MESSAGES, status: "cut", times: 50 })),
    ],
    ["Discord has an outage", tried((discord) => discord.fail({ route: MESSAGES, status: 502, times: 50 }))],
  ])("says of everything that waits that the process ends: %s", async (_what, prepare) => {
    const { discord, bot, replyTo, dm } = await asked();
    const reached = prepare(discord);
    const sent = ["One", "Two"].map((text) =>
      bot.platform.send(replyTo, words(text)).catch((error: unknown) => error),
    );
    await reached;
    const began = performance.now();
    await bot.stopSending();
    for (const outcome of await Promise.all(sent)) expect(outcome).toBeInstanceOf(StopError);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(dm.botMessages().filter((message) => message.text === "Two")).toEqual([]);
    await expect(bot.platform.send(replyTo, words("Three"))).rejects.toBeInstanceOf(StopError);
  });

  it("says so of an edit", async () => {
    const { discord, bot, replyTo } = await asked();
    const sent = await bot.platform.send(replyTo, words("One"));
    const held = discord.hold(MESSAGE, "before");
    const edited = bot.platform.edit(sent, words("Two")).catch((error: unknown) => error);
    await held.reached;
    await bot.stopSending();
    expect(await edited).toBeInstanceOf(StopError);
  });

  it("says so of a video, and sends no link instead", async () => {
    const { discord, bot, replyTo, dm } = await asked();
    const film = words("Film", { video: VIDEO });
    const held = discord.hold(MESSAGES, "before");
    const { signal } = new AbortController();
    const uploaded = bot.platform
      .deliverVideo(replyTo, film, openVideo, signal)
      .catch((error: unknown) => error);
    await held.reached;
    const waiting = bot.platform
      .deliverVideo(replyTo, film, openVideo, signal)
      .catch((error: unknown) => error);
    await bot.stopSending();
    expect(await uploaded).toBeInstanceOf(StopError);
    expect(await waiting).toBeInstanceOf(StopError);
    expect(dm.botMessages()).toEqual([]);
  });

  it("leaves an edit whose thread is not open yet to the next process", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna, channel } = community(discord);
    const first = await adapter();
    await first.start();
    await discord.until(() => discord.commands.list().length > 0, "the commands");
    const held = discord.hold(ORIGINAL, "before");
    await anna.slash(channel, "edit", {
      options: { prompt: "trim it" },
      attachments: { clip: await clip() },
    });
    await held.reached;
    await first.stopReceiving();
    await first.stopSending();
    expect(await store.get("pending")).not.toBeNull();
    await (await adapter()).start();
    const { conversationId } = await inbox.next();
    expect(inbox.received).toHaveLength(1);
    expect(channel.threads().map((thread) => `discord:${thread.id}`)).toEqual([conversationId]);
  });

  it("keeps an answer that Discord did not take: the next process gives it", async () => {
    const { discord, nemo, bot } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    anna.says(thread, 'add the title "Late"', { mentions: [discord.bot] });
    await nemo.scenario.held("running");
    const held = discord.hold(
      (call) => call.route === MESSAGES && JSON.stringify(call.body).includes("Late"),
      "before",
    );
    nemo.scenario.release("running");
    await held.reached;
    expect(await bot.stop()).toBe(0);
    bot.restart();
    await discord.whenReady();
    await thread.nextBotMessage((message) => /"Late"|lost contact/.test(message.text), 20_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(bot.logged(50)).toEqual([]);
  });
});
