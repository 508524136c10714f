import { describe, expect, it } from "vitest";
import { PATIENTLY, startTelegramScene } from "./scene.ts";

const isRefused = (message: { text: string }) => message.text.includes("Only the person who started");
const isStopped = (message: { text: string }) => message.text.includes("I stopped waiting");
const isAsked = (message: { text: string }) => message.text.includes("Start a new project?");
const isNew = (message: { text: string }) => message.text.includes("New project started");

describe.concurrent("in a group a project", () => {
  it("is emptied by who started it and by admins, not by a command, a word or a press of others", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [ann, bob, admin] = [telegram.user(), telegram.user(), telegram.user()];
    const group = telegram.group({ members: [ann, bob], admins: [admin] });
    group.say('@nemobot add the title "Hello"', { from: ann });
    await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
    group.say("@nemobot help", { from: ann });
    const help = await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    group.say("/new@nemobot", { from: bob });
    await group.nextBotMessage(isRefused, PATIENTLY);
    group.say("@nemobot new project", { from: bob });
    await group.nextBotMessage(isRefused, PATIENTLY);
    const press = group.press(help, "New project", { from: bob });
    await press.answered(PATIENTLY);
    await group.nextBotMessage(isRefused, PATIENTLY);
    expect(scene.sessions).toBe(1);
    group.press(help, "New project", { from: admin });
    const asked = await group.nextBotMessage(isAsked, PATIENTLY);
    group.press(asked, "Start new", { from: bob });
    await group.nextBotMessage(isRefused, PATIENTLY);
    expect(scene.sessions).toBe(1);
    group.press(asked, "Start new", { from: admin });
    await group.nextBotMessage(isNew, PATIENTLY);
    expect(scene.sessions).toBe(2);
    expect(telegram.violations()).toEqual([]);
  }, 60_000);

  it("is managed by an admin who stays anonymous, too", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [ann, admin] = [telegram.user(), telegram.user()];
    const group = telegram.group({ members: [ann], admins: [admin] });
    group.say('@nemobot add the title "Hello"', { from: ann });
    await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
    group.say("/new@nemobot", { isAnonymous: true });
    await group.nextBotMessage(isAsked, PATIENTLY);
    expect(telegram.calls("getChatMember")).toEqual([]);
  }, 60_000);
});

describe.concurrent("an admin", () => {
  it.each(["/cancel@nemobot", "/stop@nemobot", "@nemobot abort", "@nemobot 算了"])(
    "stops what others started with %s",
    async (words) => {
      await using scene = await startTelegramScene();
      const { telegram, nemo } = scene;
      const [ann, admin] = [telegram.user(), telegram.user()];
      const group = telegram.group({ members: [ann], admins: [admin] });
      scene.holdTurn("turn");
      group.say("@nemobot make a video of the sea", { from: ann });
      await nemo.scenario.held("turn");
      group.say(words, { from: admin });
      await group.nextBotMessage(
        (message) => isStopped(message) || message.text.includes("已停止等待"),
        PATIENTLY,
      );
    },
    60_000,
  );
});

describe.concurrent("who may manage a group", () => {
  it("is asked once a minute for each person, and beside intake", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [ann, bob] = [telegram.user(), telegram.user()];
    const group = telegram.group({ members: [ann, bob] });
    group.say('@nemobot add the title "Hello"', { from: ann });
    await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
    for (let count = 0; count < 5; count++) {
      group.say("/new@nemobot", { from: bob });
      await group.nextBotMessage(isRefused, PATIENTLY);
    }
    expect(telegram.calls("getChatMember")).toHaveLength(1);
  }, 60_000);

  it("is nobody while Telegram does not say", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [ann, admin] = [telegram.user(), telegram.user()];
    const group = telegram.group({ members: [ann], admins: [admin] });
    group.say('@nemobot add the title "Hello"', { from: ann });
    await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
    telegram.fail({ method: "getChatMember", status: 502 });
    group.say("/new@nemobot", { from: admin });
    await group.nextBotMessage((message) => message.text.includes("I can't find out right now"), PATIENTLY);
    expect(scene.sessions).toBe(1);
    group.say("/new@nemobot", { from: admin });
    await group.nextBotMessage(isAsked, PATIENTLY);
  }, 60_000);
});
