/** Updates that come while the store cannot take them: by polling, in this test's own process. */
import { describe, expect, it } from "vitest";
import { StoreTroubleError } from "../../../src/core/ports/store.ts";
import { createProcess, hurriedClock, type Process, sharedMemory, telegramForTest } from "./processes.ts";
import { PATIENTLY, until } from "./scene.ts";

const away = () => new StoreTroubleError("it is away");

/** A bot that polls, with waits so many times shorter. */
async function startPolling(hurry = 1, memory = sharedMemory()) {
  const telegram = await telegramForTest();
  const bot = await createProcess(telegram, memory, { clock: hurriedClock(hurry) });
  await bot.adapter.start();
  await telegram.waitFor(() => telegram.isPolled);
  return { telegram, memory, ...bot };
}

const errors = ({ log }: Pick<Process, "log">) => log.lines.filter((line) => line.startsWith("error"));

describe("while the store is away", () => {
  it("every update is offered, none is confirmed and none left out, however often it fails", async () => {
    const { telegram, sink, log } = await startPolling(50);
    sink.refuse = away;
    const chats = [telegram.privateChat(), telegram.privateChat(), telegram.privateChat()];
    for (const [index, chat] of chats.entries()) chat.say(`hello ${index}`);
    await until(() => sink.offered.filter((message) => message.text === "hello 0").length > 40);
    expect(telegram.pendingUpdateIds()).toHaveLength(3);
    expect(new Set(sink.offered.map((message) => message.text)).size).toBe(3);
    expect(errors({ log })).toHaveLength(1);
    sink.refuse = () => null;
    await telegram.allConfirmed(PATIENTLY);
    expect(sink.texts().sort()).toEqual(["hello 0", "hello 1", "hello 2"]);
    expect(log.lines.filter((line) => line.includes("can be stored again"))).toHaveLength(1);
  });

  it("is asked for again within two seconds", async () => {
    const { telegram, sink } = await startPolling();
    let lastAt = 0;
    let longestMs = 0;
    sink.refuse = () => {
      const now = Date.now();
      if (lastAt > 0) longestMs = Math.max(longestMs, now - lastAt);
      lastAt = now;
      return away();
    };
    telegram.privateChat().say("hello");
    await until(() => sink.offered.length >= 5);
    expect(longestMs).toBeLessThan(2_000);
  });

  it("the later updates of a chat wait for the first one, even when they could be taken", async () => {
    const { telegram, sink } = await startPolling();
    const [anna, ben] = [telegram.privateChat(), telegram.privateChat()];
    let failures = 2;
    sink.refuse = ({ text }) => (text === "one" && failures-- > 0 ? away() : null);
    for (const words of ["one", "two", "three"]) anna.say(words);
    ben.say("hello");
    await telegram.allConfirmed(PATIENTLY);
    const ofAnna = sink.received.filter((message) => message.conversationId === `telegram:${anna.id}`);
    expect(ofAnna.map((message) => message.text)).toEqual(["one", "two", "three"]);
    // Taken with the first try, and not offered again with the updates before it.
    expect(sink.offered.filter((message) => message.text === "hello")).toHaveLength(1);
    expect(sink.texts()[0]).toBe("hello");
  });

  it("an album is offered as one message, and taken as one later", async () => {
    const { telegram, sink } = await startPolling();
    const chat = telegram.privateChat();
    let failures = 2;
    sink.refuse = () => (failures-- > 0 ? away() : null);
    chat.sendAlbum([1_000, 1_001, 1_002].map((sizeBytes) => ({ kind: "video", sizeBytes })));
    await telegram.allConfirmed(PATIENTLY);
    expect(sink.offered.map((message) => message.attachments.length)).toEqual([3, 3, 3]);
    expect(sink.received).toHaveLength(1);
  });

  it("a button does not keep spinning, and is carried out later", async () => {
    const memory = sharedMemory();
    let isAway = true;
    const { telegram, sink } = await startPolling(1, {
      ...memory,
      get: (key) => (isAway && key.startsWith("button:") ? Promise.reject(away()) : memory.get(key)),
    });
    const chat = telegram.privateChat();
    const conversationId = `telegram:${chat.id}`;
    const action = { kind: "edit", text: "make it shorter" } as const;
    await memory.set("button:abc", JSON.stringify({ conversationId, action }));
    // A message of the bot whose button can be pressed.
    await fetch(`${telegram.apiRoot}/bot${telegram.token}/sendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        chat_id: chat.id,
        text: "Well?",
        reply_markup: { inline_keyboard: [[{ text: "Shorter", callback_data: "#abc" }]] },
      }),
    });
    const message = await chat.nextBotMessage();
    expect((await chat.press(message, "Shorter").answered()).text).toContain("as soon as I can");
    // Behind the one that waits, and answered all the same.
    expect((await chat.press(message, "Shorter").answered()).text).toContain("as soon as I can");
    isAway = false;
    await telegram.allConfirmed(PATIENTLY);
    expect(sink.received.map((one) => one.action)).toEqual([action, action]);
    expect(telegram.calls("answerCallbackQuery")).toHaveLength(2);
  });

  it("a group that has moved keeps its conversation, as far as this process knows", async () => {
    const memory = sharedMemory();
    let isAway = false;
    const { telegram, sink } = await startPolling(1, {
      ...memory,
      get: (key) => (isAway ? Promise.reject(away()) : memory.get(key)),
    });
    const group = telegram.group();
    const oldId = group.id;
    group.migrateToSupergroup();
    await telegram.allConfirmed(PATIENTLY);
    isAway = true;
    group.say("@nemobot hello");
    await until(() => sink.received.length === 1);
    expect(sink.received[0]?.conversationId).toBe(`telegram:${oldId}`);
  });
});
