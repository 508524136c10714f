/** Redis goes away while the bot is at work, and comes back. Source: DESIGN.md, rules 2, 3 and 5. */
import { describe, it } from "vitest";
import { PATIENTLY, until } from "../adapters/telegram/scene.ts";
import type { SeenMessage } from "../fakes/telegram/players.ts";
import { HAS_REDIS, type RedisServer } from "../support/redis.ts";
import { isAlive, startCluster } from "./scene.ts";

const says = (text: string) => (message: SeenMessage) => message.text.includes(text);

describe.runIf(HAS_REDIS).concurrent("a Redis that goes away", () => {
  it.for([
    { how: "stops", away: (redis: RedisServer) => redis.stop(), back: (redis: RedisServer) => redis.start() },
    {
      how: "hangs",
      away: async (redis: RedisServer) => redis.freeze(),
      back: async (redis: RedisServer) => redis.thaw(),
    },
  ])(
    "and $how: what runs goes on, people are told what is coming, nothing is lost or doubled",
    { timeout: 120_000 },
    async ({ away, back }, { expect }) => {
      await using scene = await startCluster({ workers: 2 });
      const { telegram, nemo, redis, ingress } = scene;
      const anna = telegram.privateChat({ first_name: "Anna", language_code: "en" });
      const bob = telegram.privateChat({ first_name: "Bob", language_code: "en" });
      for (const chat of [anna, bob]) {
        chat.say("/start");
        await chat.nextBotMessage(says("ready"), PATIENTLY);
      }
      nemo.scenario.add({
        on: "turn",
        do: {
          kind: "steps",
          steps: [
            { kind: "hold", name: "turn" },
            { kind: "text", text: "The sea is ready." },
          ],
        },
      });
      anna.say("generate a video of the sea");
      await nemo.scenario.held("turn");
      await away(redis);
      bob.say("generate a video of a forest");
      bob.say("/help");
      for (const words of ["No need to resend", "/credits"]) {
        await bob.waitFor(() => bob.botMessages().some(says(words)), { what: words, ...PATIENTLY });
      }
      nemo.scenario.release("turn");
      // What another process may have told is told when that can be known.
      await anna.nextBotMessage(says("Your answer is here"), { what: "a word of the outage", ...PATIENTLY });
      await back(redis);
      await anna.waitFor(() => anna.botMessages().some(says("The sea is ready.")), PATIENTLY);
      await telegram.allConfirmed(PATIENTLY);
      await bob.nextBotMessage(says("forest"), { what: "what waited", ...PATIENTLY });
      anna.say('add the title "After"');
      await anna.nextBotMessage(says('I added the title "After".'), PATIENTLY);
      expect(scene.turns().toSorted()).toEqual([
        'add the title "After"',
        "generate a video of a forest",
        "generate a video of the sea",
      ]);
      expect(anna.botMessages().filter(says("The sea is ready."))).toHaveLength(1);
      for (const chat of [anna, bob]) {
        await chat.waitFor(() => !chat.botMessages().some(isAlive), { what: "an end of all work" });
      }
      expect(anna.botMessages().filter(says("Your answer is here"))).toEqual([]);
      expect(anna.botMessages().filter(says("lost contact"))).toEqual([]);
      expect(bob.botMessages().filter(says("No need to resend"))).toHaveLength(1);
      expect(bob.botMessages().filter(says("/credits"))).toHaveLength(1);
      await until(() => ingress.log.includes("Redis can be reached again"));
      expect(telegram.violations()).toEqual([]);
    },
  );
});
