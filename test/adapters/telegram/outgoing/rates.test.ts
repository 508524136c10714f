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
    for (const words of ["I generated", "is ready"]) {
      expect(chat.botMessages().filter((message) => message.text.includes(words))).toHaveLength(1);
    }
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

describe.concurrent("a chat that was sent much", () => {
  it("reads the answer to a command at once", async () => {
    await using scene = await startTelegramScene({ limits: DEFAULT_SEND_LIMITS });
    const { telegram } = scene;
    const chat = telegram.privateChat();
    for (let index = 0; index < 18; index++) chat.say("skills");
    chat.say("help");
    const askedAt = Date.now();
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    // It took 19.7 s when a chat was sent three messages in 3.3 s.
    expect(Date.now() - askedAt).toBeLessThan(5_000);
    expect(telegram.calls().filter((call) => call.status === 429)).toEqual([]);
  });
});
