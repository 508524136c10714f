import { describe, expect, it } from "vitest";
import { DEFAULT_SEND_LIMITS } from "../../../../src/adapters/telegram/outgoing/send-queue.ts";
import { PATIENTLY, startTelegramScene, until } from "../scene.ts";

const sea = "make a video of the sea";

describe.concurrent("a flood of 429", () => {
  it("is waited out, and every answer arrives once and in order", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const chat = telegram.privateChat();
    chat.say(sea);
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    telegram.flood({ times: 3, retryAfter: 1 });
    for (const words of ["help", "skills", "language", "status"]) chat.say(words);
    await until(() => chat.botMessages().some((message) => message.text.includes("Timeline (")));
    await until(() => chat.botMessages().some((message) => message.text.includes("Which language")));
    for (const words of ["Commands", "Skills\n", "Which language", "Timeline ("]) {
      expect(chat.botMessages().filter((message) => message.text.includes(words))).toHaveLength(1);
    }
    expect(telegram.violations()).toEqual([]);
    expect(telegram.calls().filter((call) => call.status === 429)).toHaveLength(3);
  });

  it("in one chat does not hold up another", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [anna, ben] = [telegram.privateChat(), telegram.privateChat()];
    telegram.flood({ chatId: anna.id, times: 1, retryAfter: 25 });
    anna.say("help");
    await telegram.waitForCall("sendMessage", (call) => call.status === 429, PATIENTLY);
    ben.say("help");
    await ben.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(anna.botMessages()).toEqual([]);
    expect(telegram.violations()).toEqual([]);
  });

  it("drops no answer for a progress edit", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "300" } });
    const { telegram, nemo } = scene;
    const chat = telegram.privateChat();
    scene.holdTurn("long");
    chat.say(sea);
    const progress = await chat.nextBotMessage(
      (message) => message.text.includes("Still working"),
      PATIENTLY,
    );
    telegram.flood({ times: 2, retryAfter: 1, methods: ["editMessageText"] });
    await telegram.waitForCall("editMessageText", (call) => call.status === 429, PATIENTLY);
    chat.say("help");
    const help = await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    // The answer went before the edits that Telegram had put off.
    const edits = chat.message(progress.id).history.filter((text) => text.at > help.sentAt);
    nemo.scenario.release("long");
    await chat.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    expect(edits).toEqual([]);
    expect(telegram.violations()).toEqual([]);
  });
});

describe.concurrent("a storm of server errors", () => {
  it.for<[name: string, status: 500 | 502 | "disconnect"]>([
    ["500", 500],
    ["502", 502],
    ["a broken connection", "disconnect"],
  ])("of %s loses and doubles nothing", async ([, status]) => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    telegram.fail({ method: "sendMessage", status, times: 3 });
    telegram.fail({ method: "editMessageText", status, times: 2 });
    const chat = telegram.privateChat();
    chat.say(sea);
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    await until(() => chat.botMessages().some((message) => message.text.includes("is ready")));
    expect(chat.botMessages()).toHaveLength(2);
    expect(scene.turns()).toEqual([sea]);
  });

  it("around polling itself loses and doubles no update", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    telegram.fail({ method: "getUpdates", status: 502, times: 2 });
    telegram.fail({ method: "getUpdates", status: 502, afterEffect: true });
    const chat = telegram.privateChat();
    for (const words of ["help", "skills", "language"]) chat.say(words);
    for (const words of ["Commands", "Skills\n", "Which language"]) {
      await until(() => chat.botMessages().some((message) => message.text.includes(words)));
    }
    await telegram.allConfirmed(PATIENTLY);
    expect(chat.botMessages()).toHaveLength(3);
  });
});

describe.concurrent("Telegram's real limits", () => {
  it("are kept in a busy group and in many chats at once", async () => {
    await using scene = await startTelegramScene({
      telegram: { rates: true },
      limits: DEFAULT_SEND_LIMITS,
      env: { STILL_WORKING_MS: "200" },
    });
    const { telegram, nemo } = scene;
    const members = Array.from({ length: 4 }, () => telegram.user());
    const group = telegram.group({ members });
    const chats = Array.from({ length: 20 }, () => telegram.privateChat());
    scene.holdTurn("group");
    group.say(`@nemobot ${sea}`);
    await nemo.scenario.held("group");
    for (const from of members) group.say("/help@nemobot", { from });
    for (const chat of chats) chat.say("/start");
    for (const chat of chats) {
      await until(() => chat.botMessages().some((message) => message.text.includes("is ready")));
    }
    nemo.scenario.release("group");
    await group.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    const helps = () => group.botMessages().filter((message) => message.text.includes("Commands"));
    await until(() => helps().length === members.length);
    expect(telegram.violations()).toEqual([]);
    expect(telegram.calls().filter((call) => call.status === 429)).toEqual([]);
  }, 60_000);
});
