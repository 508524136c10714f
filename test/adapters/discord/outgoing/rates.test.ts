import { describe, expect, it } from "vitest";
import { clip, community, editInThread, hasTitle, startDiscordScene, TITLE } from "../scene.ts";

describe("Discord's rate limits", { timeout: 40_000 }, () => {
  it("lose and double nothing in a storm", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    discord.flood({ times: 8, retryAfterS: 0.2, routes: /messages/ });
    discord.flood({ times: 2, retryAfterS: 0.3, isGlobal: true });
    const [one, two] = await Promise.all([editInThread(anna, channel), startSecond()]);
    expect(one.thread.botMessages().filter(hasTitle)).toHaveLength(1);
    expect(two.botMessages().filter((message) => message.text.includes('title "Two"'))).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(discord.violations("rate-limit-ignored")).toEqual([]);

    async function startSecond() {
      const dm = discord.dm(bob);
      bob.says(dm, 'add the title "Two"', { attachments: [await clip()] });
      await dm.nextBotMessage((message) => message.text.includes('title "Two"'), 20_000);
      return dm;
    }
  });

  it("are kept with real buckets", async () => {
    const { discord } = await startDiscordScene({ discord: { rateLimits: true } });
    const { anna, channel } = community(discord);
    const { thread, answer } = await editInThread(anna, channel);
    anna.press(answer, "Export");
    await thread.nextBotMessage((message) => message.text.includes("video is ready"), 30_000);
    expect(discord.violations()).toEqual([]);
  });

  it("hold up progress, not answers: nothing stale is shown afterwards", async () => {
    const { discord, nemo } = await startDiscordScene({ env: { STILL_WORKING_MS: "20" } });
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const edits = "PATCH /channels/:channel/messages/:message";
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await nemo.scenario.held("turn");
    await discord.until(() => discord.calls(edits).length > 3, "progress");
    const before = discord.calls(edits).length;
    discord.flood({ times: 1, retryAfterS: 2, routes: edits });
    await discord.until(() => discord.calls(edits).some((call) => call.status === 429), "the limit");
    nemo.scenario.release("turn");
    // No edit is possible for two seconds: a new message is there at once, and the one that showed progress goes.
    await dm.nextBotMessage(hasTitle, 1_500);
    await expect.poll(() => dm.botMessages().map(hasTitle), { timeout: 5_000 }).toEqual([true]);
    // A hundred were due in two seconds.
    expect(discord.calls(edits).length - before).toBeLessThan(15);
    expect(discord.violations()).toEqual([]);
  });
});
