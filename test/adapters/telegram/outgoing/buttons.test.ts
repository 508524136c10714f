import { describe, expect, it } from "vitest";
import { PATIENTLY, startTelegramScene, until } from "../scene.ts";

const LONG_EXAMPLE = "make a 10-second opening scene of a city at night";

describe.concurrent("a button", () => {
  it("with long words fits Telegram's 64 bytes, and works after a restart", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("/start");
    const greeting = await chat.nextBotMessage();
    await until(() => chat.message(greeting.id).buttons.length > 0);
    for (const button of chat.message(greeting.id).buttons.flat()) {
      expect(Buffer.byteLength(button.callback_data ?? "")).toBeLessThanOrEqual(64);
    }
    await scene.restart();
    chat.press(greeting.id, chat.message(greeting.id).buttons[0]?.[0]?.text ?? "");
    await until(() => scene.turns().length > 0);
    expect(scene.turns()).toEqual([LONG_EXAMPLE]);
  });

  it("is answered at once, while a turn runs", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    const answer = await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    scene.holdTurn("running");
    chat.say("make it shorter");
    await scene.nemo.scenario.held("running");
    const status = chat.press(answer, "Status");
    const exported = chat.press(answer, "Export");
    expect((await status.answered(PATIENTLY)).text).toBe("");
    expect((await exported.answered(PATIENTLY)).text).toBe("");
    await chat.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    scene.nemo.scenario.release("running");
    await chat.nextBotMessage((message) => message.file !== null, PATIENTLY);
    expect(scene.telegram.violations()).toEqual([]);
  });

  it("pressed in one update and again in its redelivery acts once", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("help");
    const help = await chat.nextBotMessage();
    const press = chat.press(help, "Skills");
    await chat.nextBotMessage((message) => message.text.startsWith("Skills"), PATIENTLY);
    scene.telegram.redeliver(press.updateId ?? 0);
    chat.say("language");
    await chat.nextBotMessage((message) => message.text.includes("Which language"), PATIENTLY);
    expect(chat.botMessages().filter((message) => message.text.startsWith("Skills"))).toHaveLength(1);
  });

  it("of another conversation is refused", async () => {
    await using scene = await startTelegramScene();
    const [anna, ben] = [scene.telegram.privateChat(), scene.telegram.privateChat()];
    anna.say("/start");
    const greeting = await anna.nextBotMessage();
    await until(() => anna.message(greeting.id).buttons.length > 0);
    const data = anna.message(greeting.id).buttons[1]?.[0]?.callback_data ?? "";
    ben.say("help");
    const help = await ben.nextBotMessage();
    const press = ben.press(help, data, { isForged: true });
    expect((await press.answered(PATIENTLY)).text).toContain("This button has expired");
    ben.say("status");
    await ben.nextBotMessage((message) => message.text.includes("The timeline is empty"), PATIENTLY);
    expect(scene.turns()).toEqual([]);
  });

  it("that is not known any more says so", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("help");
    const help = await chat.nextBotMessage();
    for (const data of ["#AAAAAAAAAAAAAAAAAAAAAA", "from an older bot", "{}", "sk", ""]) {
      const press = chat.press(help, data, { isForged: true });
      const { text } = await press.answered(PATIENTLY);
      expect(text === "").toBe(data === "sk");
    }
  });

  it("speaks the language of the person who presses it", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat({ language_code: "zh-hans" });
    chat.say("/help");
    const help = await chat.nextBotMessage();
    const press = chat.press(help, "#AAAAAAAAAAAAAAAAAAAAAA", { isForged: true });
    expect((await press.answered(PATIENTLY)).text).toMatch(/\p{Script=Han}/u);
  });
});
