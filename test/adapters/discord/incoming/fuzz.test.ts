import { describe, expect, it } from "vitest";
import { mutated, pick, seededRandom } from "../../../support/odd-json.ts";
import { community, startDiscordProcessScene } from "../scene.ts";
import { eventSamples } from "./event-samples.ts";

/** `FUZZ_SEED=<number>` tries other events; a failing run names its own. */
const SEED = Number(process.env.FUZZ_SEED ?? 9);
const EVENTS = 5_000;
/** So many at a time, so that both ends stay within their buffers. */
const BATCH = 250;

const isHelp = (message: { text: string }) => message.text.includes("Send me a clip");

describe("events that went wrong on their way", { timeout: 120_000 }, () => {
  it(`end alone, ${EVENTS} of them: nobody is left without an answer (seed ${SEED})`, async () => {
    const { discord, bot } = await startDiscordProcessScene({ env: { LOG_LEVEL: "info" } });
    const { anna, bob, guild, channel } = community(discord);
    const other = discord.guild({ members: [anna, bob] }).textChannel("other");
    const random = seededRandom(SEED);
    let lastId = (BigInt(Date.now() - 1_420_070_400_000) << 22n) + 1n;
    const samples = eventSamples({
      applicationId: discord.applicationId,
      botId: discord.bot.id,
      userId: bob.id,
      guildId: guild.id,
      channelId: channel.id,
      dmId: discord.dm(bob).id,
      nextId: () => String(lastId++),
    });
    for (let count = 0; count < EVENTS; count++) {
      const { t, d } = (samples[count % samples.length] ?? pick(random, samples))();
      const event = { op: 0, t, s: null, d: mutated(d, random) };
      discord.gateway.sendText(JSON.stringify(random() < 0.02 ? mutated(event, random) : event));
      if (random() < 0.01)
        discord.gateway.sendText(pick(random, ["", "{", "null", "[]", '"text"', '{"op":99}']));
      if (count % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    anna.says(other, "help", { mentions: [discord.bot] });
    await other.nextBotMessage(isHelp, 60_000);
    anna.says(discord.dm(anna), "help");
    const helped = await discord.dm(anna).nextBotMessage(isHelp, 20_000);
    const [button] = helped.buttons;
    const pressed = anna.press(helped, button?.label ?? "");
    await pressed.acknowledged();
    const used = await anna.slash(channel, "help");
    await used.reply(isHelp, 20_000);
    // What it believes about its session may be wrong by now: it comes back all the same.
    discord.gateway.dropConnection();
    await discord.until(() => discord.gateway.liveSessions === 0, "the drop");
    await discord.whenReady(1, 30_000);
    bob.says(other, "help", { mentions: [discord.bot] });
    await other.nextBotMessage(isHelp, 20_000);

    const counts = await (await fetch(`${await bot.url()}/metrics`)).text();
    expect(counts).toMatch(/nemobot_events_set_aside_total\{platform="discord",reason="unreadable"\} [1-9]/);
    expect(counts).not.toMatch(/nemobot_unexpected_errors_total\{.*\} [1-9]/);
    expect(await bot.stop()).toBe(0);
  });
});
