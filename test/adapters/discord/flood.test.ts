import { describe, expect, it } from "vitest";
import type { FakeInteraction } from "../../fakes/discord/fake-interaction.ts";
import { community, editInThread, startDiscordProcessScene } from "./scene.ts";

const FLOOD = 500;

const isHelp = (message: { text: string }) => message.text.includes("Send me a clip");
const isTooMuch = (message: { text: string }) => message.text.includes("The queue is full");

/** A person who will flood the bot from a thread, and a stranger who wants an answer. */
async function crowd() {
  const scene = await startDiscordProcessScene({ env: { LOG_LEVEL: "info" } });
  const { discord } = scene;
  const { anna, bob, guild, channel } = community(discord);
  const { thread, answer } = await editInThread(bob, channel);
  const other = guild.textChannel("other");
  /** The stranger asks in every way, and has every answer within Discord's own deadline for the first word. */
  const strangerIsAnswered = async () => {
    const dm = discord.dm(anna);
    anna.says(dm, "help");
    anna.says(other, "help", { mentions: [discord.bot] });
    const used = [await anna.slash(other, "help"), await anna.slash(thread, "help")];
    await Promise.all([dm.nextBotMessage(isHelp), other.nextBotMessage(isHelp)]);
    for (const one of used) await one.reply(isHelp);
  };
  return { ...scene, bob, thread, answer, strangerIsAnswered };
}

describe(`${FLOOD} times the same by one person`, { timeout: 90_000 }, () => {
  it.each(["presses of a button", "slash commands"])(
    "keep no stranger waiting, even if none of them gets through: %s",
    async (what) => {
      const { discord, bob, thread, answer, strangerIsAnswered } = await crowd();
      const flood: FakeInteraction[] = [];
      const isOfFlood = (path: string) => flood.some((one) => path.includes(one.token));
      const held = discord.holdAll((call) => isOfFlood(call.path));
      for (let count = 0; count < FLOOD; count++) {
        flood.push(
          what === "slash commands" ? await bob.slash(thread, "status") : bob.press(answer, "Status"),
        );
      }
      await strangerIsAnswered();
      held.release();
      // It is the flood alone that is told to wait, once.
      const told = flood.filter((one) => one.callback !== null && one.original && isTooMuch(one.original));
      expect(told.length).toBeLessThanOrEqual(1);
      expect(discord.calls((call) => isOfFlood(call.path)).length).toBeLessThan(FLOOD / 2);
    },
  );

  it.each(["cancel", "help", "trim it"])(
    "keep no stranger waiting: messages that say “%s”",
    async (words) => {
      const { discord, bob, thread, strangerIsAnswered } = await crowd();
      for (let count = 0; count < FLOOD; count++) bob.says(thread, words, { mentions: [discord.bot] });
      await strangerIsAnswered();
      expect(discord.violations("not-acknowledged")).toEqual([]);
    },
  );

  it("are told that it is too much, and are heard again afterwards", async () => {
    const { bob, thread, answer } = await crowd();
    const flood = Array.from({ length: FLOOD }, () => bob.press(answer, "Status"));
    await expect.poll(() => flood.filter((one) => one.original && isTooMuch(one.original))).toHaveLength(1);
    const isHeard = async () => {
      const used = await bob.slash(thread, "help");
      return used.reply(isHelp, 2_000).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(isHeard, { timeout: 20_000 }).toBe(true);
  });
});
