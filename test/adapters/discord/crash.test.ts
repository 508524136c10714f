import { describe, expect, it, onTestFinished } from "vitest";
import type { FakeMessage } from "../../fakes/discord/fake-message.ts";
import { startBotInProcess } from "../../support/bot-in-process.ts";
import type { BotProcess } from "../../support/bot-process.ts";
import type { RunningBot } from "../../support/running-bot.ts";
import {
  clip,
  community,
  type DiscordScene,
  editInThread,
  hasTitle,
  startDiscordProcessScene,
  startDiscordScene,
  TITLE,
} from "./scene.ts";

const CALLBACK = "POST /interactions/:interaction/:token/callback";
const ORIGINAL = "GET /webhooks/:webhook/:token/messages/:message";
const SIGNPOST = "PATCH /webhooks/:webhook/:token/messages/:message";
const HISTORY = "GET /channels/:channel/messages";
const THREAD = "POST /channels/:channel/messages/:message/threads";

/** The process dies as it stands. */
async function kill({ discord, bot }: DiscordScene<BotProcess>): Promise<void> {
  await bot.stop("SIGKILL");
  await discord.until(() => discord.gateway.liveSessions === 0, "the end of the connection");
}

/** The next one goes on with what the dead one has kept. */
async function restart({ discord, bot }: DiscordScene): Promise<RunningBot> {
  const next = await startBotInProcess(bot.env);
  onTestFinished(() => next[Symbol.asyncDispose]());
  await discord.whenReady();
  return next;
}

/** A message to the bot and its answer mark where everything before them has been dealt with. */
async function settle(scene: DiscordScene): Promise<void> {
  const { discord } = scene;
  const carl = discord.user({ name: "carl", hasInstalledApp: true });
  const dm = discord.dm(carl);
  carl.says(dm, "help");
  await dm.nextBotMessage((message) => message.text.includes("Send me a clip"), 30_000);
}

function titled(messages: FakeMessage[], title: string): FakeMessage[] {
  return messages.filter((message) => message.text.includes(`title "${title}"`));
}

describe("an interaction of a process that died", { timeout: 40_000 }, () => {
  it.each([
    ["before it was acknowledged", CALLBACK, "before"],
    ["right after it was acknowledged", CALLBACK, "after"],
    ["while the thread was prepared", ORIGINAL, "after"],
    ["right after the thread was opened", THREAD, "after"],
    ["before the command's answer showed the way", SIGNPOST, "before"],
  ] as const)("is carried out once by the next one: %s", async (_when, route, stage) => {
    // The next process has to start within that time.
    const scene = await startDiscordProcessScene({ discord: { interactionDeadlineMs: 20_000 } });
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const held = discord.hold(route, stage);
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    await held.reached;
    await kill(scene);
    await restart(scene);
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 30_000);
    expect((await used.reply()).text).toContain(`<#${thread.id}>`);
    await settle(scene);
    expect(channel.threads()).toHaveLength(1);
    expect(titled(thread.botMessages(), "Hello")).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("is answered in place where the person is alone with the bot", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const held = discord.hold(CALLBACK);
    const used = await anna.slash(dm, "help");
    await held.reached;
    await kill(scene);
    await restart(scene);
    expect((await used.reply(undefined, 30_000)).text).toContain("Send me a clip");
    await settle(scene);
    expect(dm.botMessages()).toHaveLength(1);
  });

  it("whose turn was running comes to one end", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "running" } });
    const used = await anna.slash(thread, "edit", { options: { prompt: 'add the title "Late"' } });
    await nemo.scenario.held("running");
    await kill(scene);
    nemo.scenario.release("running");
    await restart(scene);
    await thread.nextBotMessage((message) => message.text.includes("I lost contact with the editor"), 20_000);
    await settle(scene);
    expect(used.original?.isLoading ?? false).toBe(false);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("is answered by a message of the bot when its token has run out", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const held = discord.hold(CALLBACK);
    await anna.slash(thread, "edit", { options: { prompt: 'add the title "Late"' } });
    await held.reached;
    await kill(scene);
    discord.expireTokens();
    const next = await restart(scene);
    const late = await thread.nextBotMessage((message) => message.text.includes('title "Late"'), 30_000);
    expect(late.state.interaction).toBeNull();
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    for (const { token } of discord.interactions())
      for (const { log } of [scene.bot, next]) expect(log).not.toContain(token);
  });

  it("is answered by direct message when its token has run out and the answer is private", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna, channel } = community(discord);
    const held = discord.hold(CALLBACK);
    await anna.slash(channel, "credits");
    await held.reached;
    await kill(scene);
    discord.expireTokens();
    await restart(scene);
    const dm = discord.dm(anna);
    await dm.nextBotMessage((message) => message.text.includes("100 available"), 30_000);
  });

  it("and was never acknowledged is answered by a message of the bot", async () => {
    const scene = await startDiscordProcessScene({ discord: { interactionDeadlineMs: 300 } });
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    discord.fail({ route: CALLBACK, status: 503, times: 3 });
    const used = await anna.slash(thread, "edit", { options: { prompt: 'add the title "Late"' } });
    await discord.until(() => used.hasFailed, "the deadline");
    await kill(scene);
    const next = await restart(scene);
    const late = await thread.nextBotMessage((message) => message.text.includes('title "Late"'), 20_000);
    expect(late.state.interaction).toBeNull();
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(next.log).toContain("an interaction was not acknowledged");
    for (const { log } of [scene.bot, next]) expect(log).not.toContain(used.token);
  });

  it.each(["press", "form"] as const)("is carried out once by the next one: a %s", async (what) => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    if (what === "press") {
      const held = discord.hold(CALLBACK);
      anna.press(answer, "Status");
      await held.reached;
    } else {
      const opened = anna.press(answer, "Edit more");
      await opened.modal();
      const held = discord.hold(CALLBACK);
      await anna.submitModal(opened, { prompt: 'add the title "More"' });
      await held.reached;
    }
    await kill(scene);
    await restart(scene);
    const words = what === "press" ? "Timeline (" : '"More"';
    await thread.nextBotMessage((message) => message.text.includes(words), 30_000);
    await settle(scene);
    expect(nemo.requests("POST /run_sse")).toHaveLength(what === "press" ? 1 : 2);
  });

  it("is not carried out again when Discord tells of it once more", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 30_000);
    await settle(scene);
    const before = thread.botMessages().length;
    await kill(scene);
    await restart(scene);
    discord.redeliver(used);
    await discord.until(() => discord.violations("answered-twice").length > 0, "the second delivery");
    await settle(scene);
    expect(thread.botMessages()).toHaveLength(before);
    expect(channel.threads()).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("what is said while the bot is down", { timeout: 40_000 }, () => {
  it("is answered once and in order: in a thread, a direct message, a channel in place", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, guild, channel } = community(discord);
    const inPlace = guild.textChannel("in-place");
    inPlace.forbid(["CREATE_PUBLIC_THREADS"]);
    const { thread } = await editInThread(anna, channel);
    const dm = discord.dm(anna);
    const places = [
      { place: thread, mentions: [discord.bot] },
      { place: dm, mentions: [] },
      { place: inPlace, mentions: [discord.bot] },
    ];
    for (const { place, mentions } of places.slice(1)) {
      anna.says(place, TITLE, { mentions, attachments: [await clip()] });
      await place.nextBotMessage(hasTitle, 30_000);
    }
    await kill(scene);
    for (const { place, mentions } of places) {
      anna.says(place, 'add the title "One"', { mentions });
      anna.says(place, 'add the title "Two"', { mentions });
    }
    // Not for the bot.
    anna.says(inPlace, 'add the title "No"');
    await restart(scene);
    for (const { place } of places) {
      await place.nextBotMessage((message) => message.text.includes('title "Two"'), 20_000);
      const told = place.botMessages().map((message) => /title "(One|Two)"/.exec(message.text)?.[1] ?? []);
      expect(told.flat()).toEqual(["One", "Two"]);
    }
    expect(nemo.requests("POST /run_sse")).toHaveLength(9);
    expect(discord.violations("rate-limit-ignored")).toEqual([]);
  });

  it("starts a project of its own where projects are threads", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna, channel } = community(discord);
    await editInThread(anna, channel);
    await kill(scene);
    anna.says(channel, 'add the title "New"', { mentions: [discord.bot], attachments: [await clip()] });
    await restart(scene);
    const thread = await channel.nextThread((one) => one.name.includes("New"), 30_000);
    await thread.nextBotMessage((message) => message.text.includes('title "New"'), 30_000);
    expect(channel.threads()).toHaveLength(2);
  });

  it("is not answered again by a later start, nor what was answered before", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
    for (let n = 0; n < 2; n++) {
      await settle(scene);
      await kill(scene);
      if (n === 0) anna.says(dm, "credits");
      // As a process: it is killed again.
      scene.bot.restart();
      await discord.whenReady();
      if (n === 0) await dm.nextBotMessage((message) => message.text.includes("100 available"), 30_000);
    }
    await settle(scene);
    expect(dm.botMessages().filter((message) => message.text.includes("100 available"))).toHaveLength(1);
    expect(dm.botMessages().filter((message) => message.text.includes("Send me a clip"))).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("is answered when the process died with the message in its hands", async () => {
    const scene = await startDiscordProcessScene();
    const { discord, nemo } = scene;
    const { anna, channel } = community(discord);
    const held = discord.hold(THREAD);
    anna.says(channel, TITLE, { mentions: [discord.bot], attachments: [await clip()] });
    await held.reached;
    await kill(scene);
    await restart(scene);
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 30_000);
    expect(channel.threads()).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("comes before what is said afterwards, channel by channel", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna, bob } = community(discord);
    const [dm, other] = [discord.dm(anna), discord.dm(bob)];
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
    await settle(scene);
    await kill(scene);
    anna.says(dm, 'add the title "One"', { attachments: [await clip()] });
    const held = discord.hold((call) => call.route === HISTORY && call.params.channel === dm.id);
    await restart(scene);
    await held.reached;
    anna.says(dm, 'add the title "Two"');
    // Other channels do not wait.
    bob.says(other, "help");
    await other.nextBotMessage((message) => message.text.includes("Send me a clip"), 10_000);
    expect(dm.botMessages()).toHaveLength(1);
    held.release();
    await dm.nextBotMessage((message) => message.text.includes('title "Two"'), 30_000);
    const told = dm.botMessages().map((message) => /title "(One|Two)"/.exec(message.text)?.[1] ?? []);
    expect(told.flat()).toEqual(["One", "Two"]);
  });

  it("is found behind many messages of others", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna, bob, channel } = community(discord);
    anna.says(channel, "help", { mentions: [discord.bot] });
    await channel.nextBotMessage((message) => message.text.includes("Send me a clip"));
    await settle(scene);
    await kill(scene);
    for (let n = 0; n < 250; n++) bob.says(channel, `chatter ${n}`);
    anna.says(channel, "help", { mentions: [discord.bot] });
    await restart(scene);
    await channel.nextBotMessage((message) => message.text.includes("Send me a clip"), 30_000);
    const looks = discord.calls("GET /channels/:channel/messages");
    expect(looks.filter((call) => call.params.channel === channel.id)).toHaveLength(3);
  });

  it("is not looked for in places that are gone, and those are forgotten", async () => {
    const scene = await startDiscordProcessScene();
    const { discord } = scene;
    const { anna, guild, channel } = community(discord);
    anna.installApp();
    const { thread } = await editInThread(anna, channel);
    await kill(scene);
    thread.delete();
    guild.kickBot();
    const looks = () => discord.calls("GET /channels/:channel/messages").map((call) => call.status);
    const second = await restart(scene);
    await discord.until(() => looks().length >= 2 && looks().every((status) => status > 0), "both looks");
    expect(looks().sort()).toEqual([403, 404]);
    await settle(scene);
    expect(await second.stop()).toBe(0);
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    const before = looks().length;
    const third = await restart(scene);
    await settle(scene);
    // Only the direct message of `settle` is left to look at.
    expect(looks().length - before).toBeLessThanOrEqual(1);
    for (const bot of [scene.bot, second, third]) expect(bot.logged(50)).toEqual([]);
  });

  it("is found after a session that could not be resumed, without a restart", async () => {
    const scene = await startDiscordScene();
    const { discord } = scene;
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    await dm.nextBotMessage((message) => message.text.includes("Send me a clip"));
    discord.gateway.forgetSessions();
    discord.gateway.dropConnection();
    anna.says(dm, "credits");
    await dm.nextBotMessage((message) => message.text.includes("100 available"), 20_000);
    expect(discord.gateway.identifies).toBe(2);
  });
});
