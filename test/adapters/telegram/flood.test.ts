/** One person presses, or writes, without end, and Telegram answers slowly: the next person does not wait for it. */
import { describe, expect, it } from "vitest";
import type { FakeTelegram } from "../../fakes/telegram/fake-telegram.ts";
import { PATIENTLY, startTelegramScene } from "./scene.ts";

const FLOOD = 500;
/** A second for a bot that has the processor to itself, and room for one that shares it with other tests. */
const SOON_MS = 5_000;

/** A new person asks for help and gets it soon. */
async function expectStrangerServed(telegram: FakeTelegram): Promise<void> {
  const stranger = telegram.privateChat();
  const asked = Date.now();
  stranger.say("help");
  await stranger.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
  expect(Date.now() - asked).toBeLessThan(SOON_MS);
}

describe.each([
  ["polling", false],
  ["webhook", true],
] as const)("by %s, a stranger behind", (_, webhook) => {
  it("five hundred presses is served while none of them is answered", async () => {
    await using scene = await startTelegramScene({ webhook });
    const { telegram } = scene;
    const [group, other] = [telegram.group(), telegram.privateChat()];
    for (const chat of [group, other]) chat.say("@nemobot help");
    const help = await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    const theirs = await other.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    const release = telegram.holdAnswers("answerCallbackQuery", FLOOD);
    const presses = Array.from({ length: FLOOD }, () => group.press(help, "Skills"));
    await expectStrangerServed(telegram);
    await telegram.allConfirmed(PATIENTLY);
    // No more at once than leaves room for the buttons of others.
    const press = other.press(theirs, "Skills");
    await press.answered(PATIENTLY);
    const calls = telegram.calls("answerCallbackQuery");
    expect(calls.filter((call) => call.status !== null)).toEqual([]);
    expect(calls.length).toBeLessThan(30);
    release();
    await telegram.waitFor(() => presses.every((one) => one.isAnswered), PATIENTLY);
  });

  it("five hundred times /cancel is served while rights are still being asked", async () => {
    await using scene = await startTelegramScene({ webhook });
    const { telegram } = scene;
    const [ann, bob] = [telegram.user(), telegram.user()];
    const group = telegram.group({ admins: [ann], members: [bob] });
    scene.holdTurn("running");
    group.say("@nemobot make a video of the sea", { from: ann });
    await scene.nemo.scenario.held("running");
    const release = telegram.holdAnswers("getChatMember", FLOOD);
    for (let count = 0; count < FLOOD; count++) group.say("/cancel", { from: bob });
    await expectStrangerServed(telegram);
    await telegram.allConfirmed(PATIENTLY);
    await expectStrangerServed(telegram);
    // A busy machine asks again; no answer has come to any of them.
    expect(new Set(telegram.calls("getChatMember").map((call) => call.status))).toEqual(new Set([null]));
    release();
    scene.nemo.scenario.release("running");
  });

  it("a hundred and fifty albums is served before they are all in", async () => {
    await using scene = await startTelegramScene({ webhook });
    const { telegram } = scene;
    const chat = telegram.privateChat();
    const parts = Array.from({ length: 5 }, () => ({
      kind: "document" as const,
      name: "a.txt",
      sizeBytes: 10,
    }));
    for (let count = 0; count < 150; count++) chat.sendAlbum(parts);
    await expectStrangerServed(telegram);
  });
});
