import { describe, expect, it } from "vitest";
import { clipBytes } from "../../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, until } from "../scene.ts";

describe.concurrent("text from outside", () => {
  it("is shown as it is, whatever markup it looks like", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const hostile = "Done: *x* _y_ <b>z</b> &amp; ~a~ ||b|| [c](tg://user?id=1) \\_ {d} #e ```f";
    scene.answerNext(hostile);
    chat.say("do something");
    const answer = await chat.nextBotMessage((message) => message.text.startsWith("Done:"), PATIENTLY);
    expect(answer.text).toBe(hostile);
    expect(answer.entities.filter((entity) => entity.type !== "hashtag")).toEqual([]);
    for (const call of scene.telegram.calls()) expect(call.params.parse_mode).toBeUndefined();
  });

  it("with half a character is shown with a mark in its place", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    scene.answerNext("Done: a\ud83db");
    chat.say("do something");
    const answer = await chat.nextBotMessage((message) => message.text.startsWith("Done:"), PATIENTLY);
    expect(answer.text).toBe("Done: a\ufffdb");
  });

  it("keeps the formatting that the agent means, as entities", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    scene.answerNext("I kept **the best** takes, see [the notes](https://example.com/notes).");
    chat.say("do something");
    const answer = await chat.nextBotMessage((message) => message.text.startsWith("I kept"), PATIENTLY);
    expect(answer.text).toBe("I kept the best takes, see the notes.");
    expect(answer.entities).toEqual([
      { type: "bold", offset: 7, length: 8 },
      { type: "text_link", url: "https://example.com/notes", offset: 27, length: 9 },
    ]);
  });

  it("is a file's name too", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const name = "<i>*a*_&\u202Egpj.exe</i>.mp4";
    chat.sendFile({ kind: "video", bytes: await clipBytes(), name });
    const done = await chat.nextBotMessage(
      (message) => message.text.includes("is in your project"),
      PATIENTLY,
    );
    // A character that would turn the name around is left out.
    expect(done.text).toContain("<i>*a*_&gpj.exe</i>.mp4");
    expect(done.entities).toEqual([]);
  });
});

describe.concurrent("a long answer", () => {
  it("comes in messages that Telegram takes, cut between paragraphs, none of it lost", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const paragraphs = Array.from(
      { length: 60 },
      (_, index) => `Step ${index}: ${"the 👨‍👩‍👧 cut, the title 🎬 and the music 🎵 ".repeat(3)}fit.`,
    );
    scene.answerNext(paragraphs.join("\n\n"));
    chat.say("do something");
    await chat.nextBotMessage((message) => message.text.includes("Step 59:"), PATIENTLY);
    const parts = chat.botMessages().filter((message) => message.text.includes("Step "));
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(part.text.length).toBeLessThanOrEqual(4096);
      expect(part.text).toMatch(/^Step \d+: [\s\S]*fit\.$/);
      expect(part.text.isWellFormed()).toBe(true);
    }
    expect(parts.map((part) => part.text).join("\n\n")).toBe(paragraphs.join("\n\n"));
    expect(parts.map((part) => part.buttons.length > 0)).toEqual(parts.map((part) => part === parts.at(-1)));
  });
});

describe.concurrent("a running turn", () => {
  it("shows its progress in one message, edited in place", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "200" } });
    const chat = scene.telegram.privateChat();
    scene.holdTurn("long");
    chat.say("make a video of the sea");
    const progress = await chat.nextBotMessage(
      (message) => message.text.includes("Still working"),
      PATIENTLY,
    );
    await until(() => chat.message(progress.id).history.length >= 3);
    scene.nemo.scenario.release("long");
    await until(() => chat.message(progress.id).text === "All done.");
    expect(chat.botMessages().map(({ id }) => id)).toEqual([progress.id]);
    expect(
      chat
        .message(progress.id)
        .buttons.flat()
        .map(({ text }) => text),
    ).toEqual(["Export", "Status"]);
    expect(scene.telegram.violations()).toEqual([]);
  });

  it("posts its progress again when the message was deleted", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "200" } });
    const chat = scene.telegram.privateChat();
    scene.holdTurn("long");
    chat.say("make a video of the sea");
    const isProgress = (message: { text: string }) => message.text.includes("Still working");
    const first = await chat.nextBotMessage(isProgress, PATIENTLY);
    chat.delete(first.id);
    const second = await chat.nextBotMessage(isProgress, PATIENTLY);
    expect(second.id).not.toBe(first.id);
    await until(() => chat.message(second.id).history.length >= 2);
    scene.nemo.scenario.release("long");
  });

  it("shows that the bot is typing", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("long");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("long");
    await until(() => chat.actions().some(({ action }) => action === "typing"));
    scene.nemo.scenario.release("long");
  });
});

describe.concurrent("a person who reads Chinese", () => {
  it("sees Chinese from the first word on, in the command menu too", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const chat = telegram.privateChat({ language_code: "zh-hans" });
    chat.say("/start");
    const greeting = await chat.nextBotMessage((message) => /\p{Script=Han}/u.test(message.text), PATIENTLY);
    await until(() => chat.message(greeting.id).text.includes("电影制作"));
    chat.say("加标题“你好”");
    await chat.nextBotMessage((message) => message.text.includes("标题“你好”"), PATIENTLY);
    for (const message of chat.botMessages()) expect(message.text).toMatch(/\p{Script=Han}/u);
    const menu = telegram.commandLists().get("default zh") ?? [];
    expect(menu.map(({ command }) => command)).toContain("export");
    for (const { description } of menu) expect(description).toMatch(/\p{Script=Han}/u);
  });
});
