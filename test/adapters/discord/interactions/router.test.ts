import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "../scene.ts";

const DEADLINE_MS = 3_000;

describe("an interaction", { timeout: 30_000 }, () => {
  it("is acknowledged in time while the backend hangs", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    for (const on of ["state", "credits", "turn", "render"] as const)
      nemo.scenario.add({ on, do: { kind: "hold", name: on }, times: 5 });
    const attachments = { clip: await clip() };
    const used = [
      await anna.slash(channel, "edit", { options: { prompt: TITLE }, attachments }),
      await anna.slash(thread, "credits"),
      await anna.slash(thread, "status"),
      await anna.slash(thread, "export"),
      await anna.slash(thread, "help"),
      anna.press(answer, "Status"),
    ];
    for (const one of used) await one.acknowledged();
    expect(Math.max(...used.map((one) => one.tookMs ?? Infinity))).toBeLessThan(DEADLINE_MS);
    expect(discord.violations()).toEqual([]);
  });

  it("is worked on once when the connection is cut after its acknowledgement arrived", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    discord.fail({
      route: "POST /interactions/:interaction/:token/callback",
      status: "cut",
      times: 1,
      afterEffect: true,
    });
    await anna.slash(thread, "edit", { options: { prompt: 'add the title "Once"' } });
    await discord.nextBotMessage((message) => message.text.includes('"Once"'), 15_000);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("outlives its token: the job goes on with ordinary messages of the bot", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "long" } });
    await anna.slash(thread, "edit", { options: { prompt: 'add the title "Late"' } });
    await nemo.scenario.held("long");
    discord.expireTokens();
    nemo.scenario.release("long");
    const late = await thread.nextBotMessage((message) => message.text.includes('title "Late"'), 15_000);
    expect(late.state.interaction).toBeNull();
    expect(discord.violations()).toEqual([]);
  });

  it("whose work waits in line is told its place, and nothing overwrites the other's answer", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
    await anna.slash(thread, "edit", { options: { prompt: 'add the title "One"' } });
    await nemo.scenario.held("first");
    const second = await bob.slash(thread, "edit", { options: { prompt: 'add the title "Two"' } });
    await second.reply((message) => message.text.includes("#1 in the queue"));
    nemo.scenario.release("first");
    await discord.nextBotMessage((message) => message.text.includes('title "Two"'), 15_000);
    expect(thread.botMessages().some((message) => message.text.includes('title "One"'))).toBe(true);
  });
});

describe("what is for the person alone", { timeout: 30_000 }, () => {
  it.each([
    ["an edit", "turn", 2001, "Your free credits are used up"],
    ["an export", "render", 402, "Register or upgrade your plan"],
  ] as const)("is the word that %s costs more than there is", async (_what, on, code, words) => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    nemo.scenario.add({ on, do: { kind: "error", code } });
    if (on === "turn") await anna.slash(thread, "edit", { options: { prompt: TITLE } });
    else anna.press(answer, "Export");
    const told = await discord.nextBotMessage((message) => message.text.includes(words), 15_000);
    expect(told.isEphemeral).toBe(true);
    expect(told.text).toContain("/register?bind=");
    const seen = discord
      .channel(thread.id)
      ?.botMessages()
      .filter((message) => !message.isEphemeral);
    expect(seen?.some((message) => message.text.includes("/register"))).toBe(false);
    expect(discord.violations()).toEqual([]);
  });

  it("takes the place of no message that everybody sees", async () => {
    const { discord } = await startDiscordScene({
      nemo: { ipLimitPerHour: 0 },
      env: { RETRY_WAIT_MS: "20" },
    });
    const { anna, channel } = community(discord);
    const used = await anna.slash(channel, "status");
    const told = await used.reply((message) => message.text.includes("No free accounts are left"), 15_000);
    expect(told.isEphemeral).toBe(true);
    // What loaded for everybody does not go on loading.
    expect(used.original).toBeNull();
    const shown = channel.botMessages().filter((message) => !message.isEphemeral);
    expect(JSON.stringify(shown.map(({ history }) => history))).not.toContain("account");
    expect(discord.violations()).toEqual([]);
  });

  it("comes where the command was given when the work is in a new thread, and the thread says so", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 2001 } });
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    const told = await used.reply((message) => message.text.includes("credits are used up"), 15_000);
    expect(told.isEphemeral).toBe(true);
    const thread = await channel.nextThread();
    await thread.nextBotMessage((message) => message.text.includes("privately"));
  });

  it("comes by direct message to whoever asked by mention", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    anna.says(channel, "credits", { mentions: [discord.bot] });
    const dm = discord.dm(anna);
    await dm.nextBotMessage((message) => message.text.includes("100 available"), 15_000);
    const notice = await channel.nextBotMessage((message) => message.text.includes("privately"));
    expect(notice.text).not.toContain("available");
  });

  it("is not said aloud to whoever takes no direct messages", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    anna.acceptDms(false);
    anna.says(channel, "credits", { mentions: [discord.bot] });
    const notice = await channel.nextBotMessage((message) => message.text.includes("/credits"), 15_000);
    expect(notice.text).not.toContain("available");
  });
});

describe("an app that only the person installed", { timeout: 30_000 }, () => {
  async function stranger() {
    const scene = await startDiscordScene();
    const anna = scene.discord.user({ name: "anna", hasInstalledApp: true });
    const channel = scene.discord.guild({ members: [anna], hasBot: false }).textChannel("elsewhere");
    return { ...scene, anna, channel };
  }

  it("edits and exports by its interactions alone, with at most five follow-ups each", async () => {
    const { discord, anna, channel } = await stranger();
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    const answer = await used.reply(hasTitle, 15_000);
    const pressed = anna.press(answer, "Export");
    const video = await pressed.reply((message) => message.text.includes("video is ready"), 15_000);
    expect(video.files).toHaveLength(1);
    for (const one of discord.interactions()) expect(one.state.followUpCount).toBeLessThanOrEqual(5);
    expect(discord.calls("POST /channels/:channel/messages")).toEqual([]);
    expect(discord.violations()).toEqual([]);
  });

  it("gets the rest of a long answer by direct message", async () => {
    const { discord, nemo, anna, channel } = await stranger();
    const texts = Array.from({ length: 9 }, (_, n) => `Part ${n + 1}. ${"All is well here. ".repeat(100)}`);
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts } });
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    const dm = discord.dm(anna);
    await dm.nextBotMessage((message) => message.text.includes("Part 9."), 15_000);
    const all = [used.original, ...used.followUps, ...dm.botMessages()].map((one) => one?.text).join("\n");
    for (let n = 1; n <= 9; n++) expect(all.split(`Part ${n}.`)).toHaveLength(2);
    expect(used.state.followUpCount).toBeLessThanOrEqual(5);
  });

  it("gets its result by direct message when the token has run out", async () => {
    const { discord, nemo, anna, channel } = await stranger();
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "long" } });
    await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip() },
    });
    await nemo.scenario.held("long");
    discord.fail({
      route: /^(PATCH|POST|DELETE) \/webhooks\//,
      status: 401,
      times: 50,
      body: { message: "Invalid Webhook Token", code: 50027 },
    });
    nemo.scenario.release("long");
    await discord.dm(anna).nextBotMessage(hasTitle, 15_000);
  });

  it("gets its result by the last follow-up when it takes no direct messages", async () => {
    const { nemo, anna, channel } = await stranger();
    anna.acceptDms(false);
    const text = `${"All is well here. ".repeat(600)}The end.`;
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: [text] } });
    const used = await anna.slash(channel, "edit", {
      options: { prompt: TITLE },
      attachments: { clip: await clip("a.mp4"), clip2: await clip("b.mp4"), clip3: await clip("c.mp4") },
    });
    await used.reply((message) => message.text.includes("The end."), 15_000);
    expect(used.followUps).toHaveLength(5);
  });
});
