import { describe, expect, it } from "vitest";
import { startAdapterScene } from "../adapters.ts";
import { community } from "../scene.ts";

/** A bot that may read everything, with a thread of its own and a channel that it has heard of. */
async function listening() {
  const scene = await startAdapterScene({ privilegedIntents: ["MESSAGE_CONTENT"] });
  const { discord, inbox, adapter } = scene;
  const people = community(discord);
  const { anna, bob, guild, channel } = people;
  const bot = await adapter({ hasMessageContent: true });
  await bot.start();
  const chatter = guild.textChannel("chatter");
  bob.says(chatter, "good morning");
  anna.says(channel, "trim it", { mentions: [discord.bot] });
  await inbox.next();
  const thread = await channel.nextThread();
  // Earlier messages have been dealt with by then.
  anna.says(chatter, "credits", { mentions: [discord.bot] });
  await inbox.next((message) => message.text === "credits");
  return { ...scene, ...people, thread, chatter };
}

describe("the talk of others while the store is in trouble", { timeout: 30_000 }, () => {
  it.each(["a channel that is known", "a channel that is not known yet"])(
    "does not push out what is said to the bot: in %s",
    async (where) => {
      const { discord, store, inbox, anna, bob, guild, channel, thread, chatter } = await listening();
      const place = where === "a channel that is known" ? chatter : guild.textChannel("new");
      store.isInTrouble = true;
      for (let n = 0; n < 1_010; n++) bob.says(place, `good morning ${n}`);
      anna.says(thread, "make it shorter");
      anna.says(channel, "status", { mentions: [discord.bot] });
      // Tried, and held: what was said before has arrived, too.
      await expect.poll(() => inbox.refusals, { timeout: 10_000 }).toBeGreaterThan(1);
      store.isInTrouble = false;
      await inbox.next((message) => message.text === "make it shorter");
      await inbox.next((message) => message.text === "status");
      expect(inbox.texts().filter((text) => text.startsWith("good morning"))).toEqual([]);
    },
  );

  it("is held where it may be meant for the bot: in its threads of an earlier process", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene({
      privilegedIntents: ["MESSAGE_CONTENT"],
    });
    const { anna, channel } = community(discord);
    const first = await adapter({ hasMessageContent: true });
    await first.start();
    anna.says(channel, "trim it", { mentions: [discord.bot] });
    await inbox.next();
    const thread = await channel.nextThread();
    await first.stopReceiving();
    await first.stopSending();
    const next = await adapter({ hasMessageContent: true });
    await next.start();
    const asked: string[] = [];
    store.onGet = (key) => asked.push(key);
    store.isInTrouble = true;
    anna.says(thread, "make it shorter");
    await expect.poll(() => asked).toContain(`thread:${thread.id}`);
    store.isInTrouble = false;
    await inbox.next((message) => message.text === "make it shorter");
  });

  it("costs no question to the store in a channel that is known", async () => {
    const { store, inbox, anna, bob, discord, chatter } = await listening();
    const asked: string[] = [];
    store.onGet = (key) => asked.push(key);
    for (let n = 0; n < 20; n++) bob.says(chatter, `good morning ${n}`);
    anna.says(chatter, "status", { mentions: [discord.bot] });
    await inbox.next((message) => message.text === "status");
    expect(asked.filter((key) => key.startsWith("thread:"))).toEqual([]);
  });
});
