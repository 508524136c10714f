/**
 * Thousands of damaged updates, through the Bot API to the bot. `FUZZ_SEED=7 FUZZ_UPDATES=50000 npm test
 * -- test/adapters/telegram/incoming/fuzz.test.ts` looks further.
 */
import { describe, expect, it } from "vitest";
import type { FakeTelegram } from "../../../fakes/telegram/fake-telegram.ts";
import type { ChatPlayer } from "../../../fakes/telegram/players.ts";
import { pick, seededRandom } from "../../../support/odd-json.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene } from "../scene.ts";
import { harmed } from "./mutations.ts";
import {
  CONTENTS,
  type Fields,
  MESSAGE_KINDS,
  messageSample,
  type Origin,
  otherSamples,
} from "./update-samples.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_718);
const UPDATES = Number(process.env.FUZZ_UPDATES ?? 5_000);
/** Whatever is said to a chat before, as fast as Telegram allows. */
const ANSWER_MS = 45_000;
/** One in so many keeps all its fields. */
const WHOLE_ONE_IN = 10;

describe.each([
  ["polling", false, UPDATES],
  ["webhook", true, Math.ceil(UPDATES / 10)],
] as const)(`damaged updates (FUZZ_SEED=${SEED}) by %s`, (_, webhook, count) => {
  it("end no process and leave no chat without an answer, after a restart either", async () => {
    await using scene = await startTelegramScene({ webhook });
    const { telegram, bot } = scene;
    const chats = chatsOf(telegram);
    const random = seededRandom(SEED);
    const origins = chats.map((chat): Origin => {
      const { wire } = chat.say("hello");
      return { chat: { ...wire.chat }, from: { ...wire.from } };
    });
    for (let index = 0; index < count; index++) sendDamaged(telegram, pick(random, origins), random, index);
    await telegram.waitFor(() => telegram.pendingUpdateIds().length < 20, PATIENTLY);
    await expectAnswers(scene, chats, "first");
    expect(telegram.pendingUpdateIds()).toEqual([]);
    expect(bot.log).not.toContain("could not be taken");
    expect(bot.log).not.toContain("unexpected error");
    expect(bot.log).not.toContain("begins again");
    expect(await bot.stop()).toBe(0);
    bot.restart();
    await expectAnswers(scene, chats, "second");
    expect(await bot.stop()).toBe(0);
  }, 150_000);
});

/** So many of each kind, since a chat gets a message a second at most, and a group eighteen a minute. */
const CHATS_OF_A_KIND = 10;

function chatsOf(telegram: FakeTelegram): ChatPlayer[] {
  return Array.from({ length: CHATS_OF_A_KIND }, () => [
    telegram.privateChat(),
    telegram.privateChat({ language_code: "zh-hans" }),
    telegram.privateChat({ topics: ["Clips"] }),
    telegram.group(),
    telegram.group({ type: "supergroup", privacyMode: false }),
    telegram.forum({ topics: ["Clips"] }),
  ]).flat();
}

function sendDamaged(telegram: FakeTelegram, origin: Origin, random: () => number, index: number): void {
  const isMessage = random() < 0.7;
  const message = messageSample(origin, 100_000 + index, pick(random, CONTENTS));
  const content: Fields = isMessage
    ? { [pick(random, MESSAGE_KINDS)]: message }
    : pick(random, otherSamples(origin, 100_000 + index));
  telegram.sendAny((updateId) => {
    const update = { update_id: updateId, ...content };
    return random() * WHOLE_ONE_IN < 1 ? update : harmed(update, random);
  });
}

/** Every chat asks for something of its own, and gets it. */
async function expectAnswers({ telegram }: TelegramScene, chats: ChatPlayer[], word: string): Promise<void> {
  const answers = chats.map(async (chat, index) => {
    const name = `${word}${index}`;
    chat.say(`/skill@nemobot ${name}`);
    await chat.nextBotMessage((message) => message.text.includes(name), {
      timeoutMs: ANSWER_MS,
      what: `${name}`,
    });
  });
  await Promise.all(answers);
  await telegram.allConfirmed(PATIENTLY);
}
