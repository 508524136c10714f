/** What a faulty server sends, or a later Bot API: by polling and by webhook, in this test's own process. */

import { describe, expect, it, onTestFinished } from "vitest";
import { startHttpServer } from "../../../../src/adapters/shared/http-server.ts";
import { NO_METRICS } from "../../../../src/app/no-metrics.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import type { Clock } from "../../../../src/core/ports/runtime.ts";
import { StoreTroubleError } from "../../../../src/core/ports/store.ts";
import type { FakeTelegram } from "../../../fakes/telegram/fake-telegram.ts";
import { sendEndlessly } from "../../../support/endless-request.ts";
import { TestLog } from "../../../support/test-chat.ts";
import { createProcess, type Process, sharedMemory, telegramForTest } from "../processes.ts";
import { PATIENTLY, until } from "../scene.ts";

const SECRET = "a-secret-for-tests";

type By = "polling" | "webhook";
const WAYS: By[] = ["polling", "webhook"];

interface Counts {
  setAside: string[];
  unexpected: number;
}

/** A bot that takes updates one way or the other, with what it counted. */
async function start(by: By, options: { memory?: ReturnType<typeof sharedMemory>; hurry?: number } = {}) {
  const telegram = await telegramForTest();
  return { telegram, ...(await startBot(telegram, by, options)) };
}

async function startBot(
  telegram: FakeTelegram,
  by: By,
  { memory = sharedMemory(), hurry = 1 }: { memory?: ReturnType<typeof sharedMemory>; hurry?: number } = {},
): Promise<Process & { counts: Counts }> {
  const counts: Counts = { setAside: [], unexpected: 0 };
  const metrics = {
    ...NO_METRICS,
    eventSetAside: (platform: string, reason: string) => counts.setAside.push(`${platform} ${reason}`),
    unexpectedError: () => {
      counts.unexpected++;
    },
  };
  const http = await startHttpServer({ host: "127.0.0.1", port: 0, log: new TestLog() });
  onTestFinished(() => http.stop());
  const webhook = by === "webhook" ? { url: `http://127.0.0.1:${http.port}/telegram`, secret: SECRET } : null;
  const process = await createProcess(telegram, memory, {
    clock: fastClock(hurry),
    metrics,
    http,
    webhook,
  });
  await process.adapter.start();
  return { ...process, counts };
}

const errorsOf = (log: TestLog) => log.lines.filter((line) => line.startsWith("error"));

/** Time that runs so many times faster. */
function fastClock(times: number): Clock {
  const began = Date.now();
  return {
    now: () => began + (Date.now() - began) * times,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}

/** A message as Telegram sends it, with fields of the test's own. */
function message(chatId: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    message_id: 77,
    from: { id: chatId, is_bot: false, first_name: "Ada", language_code: "en" },
    chat: { id: chatId, type: "private", first_name: "Ada" },
    date: 1_790_000_000,
    text: "hello",
    ...fields,
  };
}

const CHAT = 70_900_001;

/** Content that nothing can be made of, by what is wrong with it. */
const UNREADABLE: [what: string, type: string, content: Record<string, unknown>][] = [
  ["a message without a chat", "message", { message: message(CHAT, { chat: undefined }) }],
  ["a chat that is null", "message", { message: message(CHAT, { chat: null }) }],
  ["a chat id in words", "message", { message: message(CHAT, { chat: { id: "7", type: "private" } }) }],
  ["a sender in words", "message", { message: message(CHAT, { from: "Ada" }) }],
  ["a sender without an id", "message", { message: message(CHAT, { from: { is_bot: false } }) }],
  ["a text that is a number", "message", { message: message(CHAT, { text: 5 }) }],
  ["a message that is a list", "message", { message: [] }],
  ["a video without a file", "message", { message: message(CHAT, { text: undefined, video: {} }) }],
  ["an edit without a chat", "edited_message", { edited_message: message(CHAT, { chat: undefined }) }],
  ["a press by nobody", "callback_query", { callback_query: { id: "1", data: "h", chat_instance: "1" } }],
  ["a press that is text", "callback_query", { callback_query: "h" }],
  ["a change of nobody's membership", "my_chat_member", { my_chat_member: { chat: { id: CHAT } } }],
];

/** Content that something can be made of, or that is none of our business. */
const READABLE: [what: string, content: Record<string, unknown>, isTaken: boolean][] = [
  ["fields that nobody knows", { message: message(CHAT, { hologram: { id: 1 } }), fresh: 1 }, true],
  ["entities that are no list", { message: message(CHAT, { entities: 7 }) }, true],
  [
    "entities that lead nowhere",
    {
      message: message(CHAT, {
        entities: [
          null,
          { type: "mention", offset: -5, length: 1e9 },
          { type: "text_mention", offset: 0, length: 2 },
        ],
      }),
    },
    true,
  ],
  ["an answer to something odd", { message: message(CHAT, { reply_to_message: { from: 5 } }) }, true],
  [
    "a language that is none",
    { message: message(CHAT, { from: { id: CHAT, is_bot: false, language_code: 7 } }) },
    true,
  ],
  [
    "a message by an anonymous admin",
    { message: message(CHAT, { from: undefined, sender_chat: { id: -1 } }) },
    false,
  ],
  [
    "a press of a message that is gone",
    { callback_query: { id: "9", from: { id: CHAT, is_bot: false }, data: "h" } },
    false,
  ],
  ["a kind of update that nobody knows", { telepathy: { chat: null } }, false],
  ["nothing at all", {}, false],
];

describe.each(WAYS)("by %s", (by) => {
  it.each(UNREADABLE)(
    "%s is left out, reported once with id and kind, and holds up nobody",
    async (_, type, content) => {
      const { telegram, sink, log, counts } = await start(by);
      const before = telegram.privateChat();
      before.say("before");
      const id = telegram.sendAny((updateId) => ({ update_id: updateId, ...content }));
      telegram.privateChat().say("behind");
      await telegram.allConfirmed(PATIENTLY);
      await until(() => sink.received.length === 2);
      expect(sink.texts().sort()).toEqual(["before", "behind"]);
      const reports = errorsOf(log);
      expect(reports).toHaveLength(1);
      expect(reports[0]).toContain("cannot be read");
      expect(reports[0]).toContain(String(id));
      expect(reports[0]).toContain(type);
      expect(counts).toEqual({ setAside: ["telegram unreadable"], unexpected: 0 });
    },
  );

  it.each(READABLE)("%s is no trouble", async (_, content, isTaken) => {
    const { telegram, sink, log, counts } = await start(by);
    telegram.sendAny((updateId) => ({ update_id: updateId, ...content }));
    telegram.privateChat().say("behind");
    await telegram.allConfirmed(PATIENTLY);
    await until(() => sink.texts().includes("behind"));
    expect(sink.texts().includes("hello")).toBe(isTaken);
    expect(errorsOf(log)).toEqual([]);
    expect(counts).toEqual({ setAside: [], unexpected: 0 });
  });

  it("an update that fails by a fault of ours is tried again beside all others, and left out in the end", async () => {
    const { telegram, sink, log, counts } = await start(by, { hurry: 200 });
    sink.refuse = ({ text }) => (text === "poison" ? new Error("a fault") : null);
    const [anna, ben] = [telegram.privateChat(), telegram.privateChat()];
    anna.say("poison");
    ben.say("hello");
    anna.say("after it");
    await telegram.allConfirmed(PATIENTLY);
    await until(() => sink.texts().length === 2);
    expect(sink.texts().sort()).toEqual(["after it", "hello"]);
    await until(() => counts.setAside.length > 0);
    expect(counts.setAside).toEqual(["telegram failed"]);
    expect(sink.offered.filter(({ text }) => text === "poison")).toHaveLength(8);
    expect(errorsOf(log).join()).toContain("is left out");
  });

  it("an update that failed is taken later, by the next process too", async () => {
    const memory = sharedMemory();
    const { telegram, sink, adapter } = await start(by, { memory });
    sink.refuse = ({ text }) => (text === "poison" ? new Error("a fault") : null);
    const chat = telegram.privateChat();
    chat.say("poison");
    await telegram.allConfirmed(PATIENTLY);
    await adapter.stopReceiving();
    const next = await startBot(telegram, by, { memory });
    await until(() => next.sink.texts().includes("poison"));
    await until(() => next.log.lines.some((line) => line.includes("is taken")));
    expect(await memory.get("failed-updates")).toBeNull();
  });

  it("an update that fails while the store is away is not lost", async () => {
    const memory = sharedMemory();
    let isAway = true;
    const { telegram, sink } = await start(by, {
      memory: {
        ...memory,
        update: (...args) =>
          isAway ? Promise.reject(new StoreTroubleError("away")) : memory.update(...args),
      },
    });
    let failures = 1;
    sink.refuse = () => (failures-- > 0 ? new Error("a fault") : null);
    telegram.privateChat().say("hello");
    await until(() => sink.offered.length >= 1);
    expect(telegram.pendingUpdateIds()).toHaveLength(1);
    isAway = false;
    await until(() => sink.texts().includes("hello"));
    await telegram.allConfirmed(PATIENTLY);
  });
});

describe("an answer of getUpdates that is", () => {
  const one = (updateId: unknown, text = "odd") => ({
    update_id: updateId,
    message: message(CHAT, { text }),
  });
  it.each<[string, unknown]>([
    ["no list", {}],
    ["null", null],
    ["a number", 7],
    ["text", "[]"],
    ["a list of nothing", [null, null, undefined]],
    ["a list of lists", [[], [[]]]],
    ["full of updates without an id", [{}, { message: message(CHAT) }]],
    ["full of ids that are none", [one("500000"), one(1.5), one(-3), one(null), one(2 ** 53), one({})]],
    ["far ahead", [one(2 ** 31 - 1), one(499_999)]],
  ])("%s neither stops nor stalls the polling", async (_, answer) => {
    const { telegram, sink } = await start("polling");
    await telegram.waitFor(() => telegram.isPolled);
    await telegram.answerPolls(answer);
    const chat = telegram.privateChat();
    for (const words of ["one", "two"]) {
      chat.say(words);
      await until(() => sink.texts().includes(words));
    }
    await telegram.allConfirmed(PATIENTLY);
  });

  it("out of order and doubled is taken in order, once", async () => {
    const { telegram, sink } = await start("polling");
    await telegram.waitFor(() => telegram.isPolled);
    await telegram.answerPolls([
      one(499_003, "c"),
      one(499_001, "a"),
      one(499_002, "b"),
      one(499_001, "again"),
    ]);
    telegram.privateChat().say("behind");
    await until(() => sink.texts().includes("behind"));
    expect(sink.texts()).toEqual(["a", "b", "c", "behind"]);
  });

  it("without end is taken in parts", async () => {
    const { telegram, sink } = await start("polling");
    await telegram.waitFor(() => telegram.isPolled);
    await telegram.answerPolls(
      Array.from({ length: 30_000 }, (_, index) => one(400_000 + index, `n${index}`)),
    );
    telegram.privateChat().say("behind");
    await until(() => sink.texts().includes("behind"));
    expect(sink.texts().slice(0, 2)).toEqual(["n0", "n1"]);
  });

  it("full of what has no id is stepped over when nothing else comes", async () => {
    const { telegram, sink } = await start("polling", { hurry: 20 });
    const chat = telegram.privateChat();
    chat.say("before");
    await telegram.allConfirmed(PATIENTLY);
    // As many as an answer can hold: nothing behind them is to be seen before they are gone.
    for (let count = 0; count < 100; count++) telegram.sendAny(() => ({ message: message(CHAT) }));
    chat.say("behind");
    await until(() => sink.texts().includes("behind"));
    await telegram.allConfirmed(PATIENTLY);
  });
});

describe("an update by webhook that is", () => {
  it.each([
    ["no JSON", "{"],
    ["empty", ""],
    ["a list", "[]"],
    ["too long", JSON.stringify({ update_id: 5, message: message(CHAT, { text: "x".repeat(2_000_000) }) })],
    ["nested without end", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])("%s is answered with 200, so that it does not come for ever", async (_, body) => {
    const { telegram, counts } = await start("webhook");
    const set = telegram.calls("setWebhook")[0]?.params ?? {};
    const headers = { "x-telegram-bot-api-secret-token": SECRET };
    const response = await fetch(String(set.url), { method: "POST", headers, body });
    expect(response.status).toBe(200);
    expect(counts.setAside).toEqual(["telegram unreadable"]);
  });

  it.each([
    ["more than anyone sends by mistake is refused", SECRET, "", 413],
    ["from somebody who does not know the secret is refused unread", "guess", "", 401],
    ["for another path is refused unread", SECRET, "/elsewhere", 404],
  ])("%s, and the connection closes", async (_, secret, path, status) => {
    const { telegram, counts } = await start("webhook");
    const set = telegram.calls("setWebhook")[0]?.params ?? {};
    const headers = { "x-telegram-bot-api-secret-token": secret };
    const maxBytes = 400 * 1024 * 1024;
    const sent = await sendEndlessly(String(set.url) + path, { headers, maxBytes });
    expect(sent).toMatchObject({ status, connection: "close" });
    expect(sent.sentBytes).toBeLessThan(maxBytes);
    expect(counts.setAside).toEqual([]);
  });
});
