import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../../src/app/config.ts";
import { createAdapterMemory } from "../../../../src/store/adapter-memory.ts";
import { openStorage } from "../../../../src/store/storage.ts";
import type { SeenMessage } from "../../../fakes/telegram/players.ts";
import { locales } from "../../../support/content.ts";
import { TestLog } from "../../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, until } from "../scene.ts";

const LANGUAGES = locales.languages.length;
const COMMANDS = [
  "start",
  "help",
  "new",
  "projects",
  "history",
  "undo",
  "export",
  "credits",
  "status",
  "skill",
  "language",
  "cancel",
];

describe.concurrent("the command menu", () => {
  it("is sent in every language, and not again by the next start", async () => {
    await using scene = await startTelegramScene();
    const sent = () => scene.telegram.calls("setMyCommands").filter(({ status }) => status === 200);
    await scene.telegram.waitFor(() => sent().length === LANGUAGES, PATIENTLY);
    const lists = scene.telegram.commandLists();
    expect(lists.get("default ")?.map(({ command }) => command)).toEqual(COMMANDS);
    expect(lists.get("default zh")?.map(({ command }) => command)).toEqual(COMMANDS);
    expect(lists.get("default ")).not.toEqual(lists.get("default zh"));
    expect(scene.telegram.calls("setMyCommands")).toHaveLength(LANGUAGES);
    const chat = scene.telegram.privateChat();
    const isHelp = (message: SeenMessage) => message.text.includes("Commands");
    chat.say("help");
    // By then it has written down what it sent.
    await chat.nextBotMessage(isHelp, PATIENTLY);
    await scene.restart();
    chat.say("help");
    await chat.nextBotMessage(isHelp, PATIENTLY);
    expect(scene.telegram.calls("setMyCommands")).toHaveLength(LANGUAGES);
  });

  it("is sent again in the language whose words have changed", async () => {
    await using scene = await startTelegramScene();
    await scene.telegram.waitFor(() => scene.telegram.calls("setMyCommands").length === LANGUAGES, PATIENTLY);
    await scene.bot.stop();
    const storage = await openStorage(loadConfig({ DATA_DIR: scene.bot.dataDir }).storage, new TestLog());
    await createAdapterMemory(storage.records, "telegram").set("commands:zh", "other words");
    await storage.close();
    await scene.restart();
    await scene.telegram.waitFor(
      () => scene.telegram.calls("setMyCommands").at(LANGUAGES)?.status === 200,
      PATIENTLY,
    );
    expect(scene.telegram.calls("setMyCommands").at(LANGUAGES)?.params.language_code).toBe("zh");
  });
});

describe.concurrent("a command", () => {
  it("answers, each of them", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const expected = {
      "/start": "Film Maker is ready",
      "/help": "Commands",
      "/new": "New project started",
      "/projects": "There's no other project here yet",
      "/history": "There are no finished edits here yet",
      "/undo": "There's nothing to undo here yet",
      "/export": "There's nothing to export yet",
      "/credits": "100 available",
      "/status": "The timeline is empty",
      "/skill": "Skills",
      "/language": "Which language do you prefer?",
      "/cancel": "There's nothing to cancel",
    };
    const chats = Object.entries(expected).map(([command, words]) => {
      const chat = telegram.privateChat();
      chat.say(command);
      return { chat, words };
    });
    for (const { chat, words } of chats) {
      await until(() => chat.botMessages().some((message) => message.text.includes(words)));
    }
    expect(scene.turns()).toEqual([]);
    expect(telegram.violations()).toEqual([]);
  });

  it("from a deep link opens its skill", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("/start video-object-ops");
    const greeting = await chat.nextBotMessage();
    await until(() => chat.message(greeting.id).text.includes("is ready"));
    expect(chat.message(greeting.id).text).not.toContain("Film Maker");
    chat.say("/status");
    const asked = () => scene.nemo.requests("POST /api/tasks/me/with-session");
    await until(() => asked().length > 0);
    expect(asked()[0]?.headers["x-skill-source"]).toBe("video-object-ops");
  });

  it("from a deep link to a skill that is not there greets with the usual one", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("/start no-such-skill");
    const greeting = await chat.nextBotMessage();
    await until(() => chat.message(greeting.id).text.includes("Film Maker is ready"));
  });

  it("chooses the language, which then counts more than Telegram's", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat({ language_code: "en" });
    chat.say("/language");
    const list = await chat.nextBotMessage();
    chat.press(list, "l:zh");
    await chat.nextBotMessage((message) => /\p{Script=Han}/u.test(message.text), PATIENTLY);
    await scene.restart();
    chat.say("/help");
    const help = await chat.nextBotMessage(() => true, PATIENTLY);
    expect(help.text).toMatch(/\p{Script=Han}/u);
  });
});
