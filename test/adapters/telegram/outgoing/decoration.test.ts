/** Answers at once, decoration from what is over: what people see in a chat that is busy. */
import { describe, expect, it } from "vitest";
import type { TelegramAdapter } from "../../../../src/adapters/telegram/adapter.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import type { ReplyTarget, SentMessage } from "../../../../src/core/model/message.ts";
import type { Clock } from "../../../../src/core/ports/runtime.ts";
import type { FakeTelegram } from "../../../fakes/telegram/fake-telegram.ts";
import { outgoing, sharedMemory, startSender, targetOf, telegramForTest } from "../processes.ts";
import { until } from "../scene.ts";

const progress = (text: string, idempotencyKey = "item:live") =>
  outgoing(text, { tone: "progress", idempotencyKey });

const topicOf = (chatId: number, topicId: number): ReplyTarget => ({
  platform: "telegram",
  conversationId: `telegram:${chatId}:${topicId}`,
  details: { chatId: String(chatId), topicId, isForum: true },
});

function refusals(telegram: FakeTelegram): number {
  return telegram.calls().filter((call) => call.status === 429).length;
}

/** A minute takes two seconds of the test. */
const TIMES_FASTER = 30;
const MINUTE_MS = 60_000;

function fastClock(): Clock {
  const startedAt = Date.now();
  return {
    now: () => startedAt + (Date.now() - startedAt) * TIMES_FASTER,
    sleep: (ms, signal) => systemClock.sleep(ms / TIMES_FASTER, signal),
  };
}

/** One project of a busy forum: requests that take 30 to 90 s, one after another, with help asked in between. */
async function project({ platform }: TelegramAdapter, clock: Clock, target: ReplyTarget, index: number) {
  const delays: number[] = [];
  const owed = async (send: () => Promise<unknown>) => {
    const askedAt = Date.now();
    await send();
    delays.push(Date.now() - askedAt);
  };
  let firsts = 0;
  const startedAt = clock.now();
  for (let request = 0; clock.now() - startedAt < 10 * MINUTE_MS; request++) {
    await clock.sleep(((index * 7 + request * 13) % 60) * 1_000);
    const key = `${index}:${request}:live`;
    const askedAt = clock.now();
    const takesMs = (30 + ((index * 17 + request * 29) % 60)) * 1_000;
    let shown: SentMessage | null = null;
    for (const atMs of [0, 5, 15, 30, 60].map((s) => s * 1_000)) {
      if (atMs > takesMs) break;
      await clock.sleep(Math.max(0, askedAt + atMs - clock.now()));
      shown = (await platform.showProgress(target, shown, progress(`${key} after ${atMs} ms`, key))) ?? shown;
      if (atMs === 0 && shown) firsts++;
    }
    await clock.sleep(Math.max(0, askedAt + takesMs - clock.now()));
    await owed(() => platform.send(target, outgoing(`answer ${key}`, { idempotencyKey: `${key}:answer` })));
    if (shown) await platform.remove(shown);
    if (request % 3 === 0) await owed(() => platform.send(target, outgoing(`help ${key}`)));
  }
  return { delays, firsts };
}

describe("a busy forum of ten projects", () => {
  it("gets every answer at once for ten minutes, and Telegram refuses next to nothing", async () => {
    const rates = { perMinute: 20, burst: 20, minuteMs: MINUTE_MS / TIMES_FASTER };
    const telegram = await telegramForTest({ rates, retryAfterScale: 1 / TIMES_FASTER });
    const forum = telegram.forum();
    const clock = fastClock();
    const { adapter } = await startSender(telegram, sharedMemory(), { clock });
    const topics = Array.from({ length: 10 }, (_, index) => forum.addTopic(`Project ${index}`));
    const projects = await Promise.all(
      topics.map((topic, index) => project(adapter, clock, topicOf(forum.id, topic), index)),
    );
    const delays = projects.flatMap((one) => one.delays).sort((a, b) => a - b);
    const messages = forum.botMessages();
    // Living messages are gone, answers stay.
    expect(messages).toHaveLength(delays.length);
    expect(delays.length).toBeGreaterThan(80);
    expect(delays[Math.floor(delays.length * 0.95)]).toBeLessThan(300);
    expect(refusals(telegram)).toBeLessThanOrEqual(2);
    expect(telegram.violations()).toEqual([]);
    const updates = telegram.calls("editMessageText").map(({ at }) => at);
    const most = Math.max(
      ...updates.map((from) => updates.filter((at) => at >= from && at < from + rates.minuteMs).length),
    );
    // Six and one of the next minute, as calls are on their way for different times.
    expect(most).toBeLessThanOrEqual(7);
    expect(updates.length).toBeGreaterThan(5);
    expect(projects.reduce((sum, { firsts }) => sum + firsts, 0)).toBeGreaterThan(25);
  }, 60_000);
});

describe("a chat whose allowance is used up", () => {
  it("is sent an answer at once, and no decoration", async () => {
    const telegram = await telegramForTest();
    const { adapter } = await startSender(telegram, sharedMemory());
    const group = telegram.group();
    const target = targetOf(group.id);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => adapter.platform.send(target, outgoing(`answer ${index}`))),
    );
    expect(await adapter.platform.showProgress(target, null, progress("Working"))).toBe(null);
    const askedAt = Date.now();
    const answer = adapter.platform.send(target, outgoing("one more"));
    await telegram.waitFor(() => telegram.calls("sendMessage").length === 21);
    expect(Date.now() - askedAt).toBeLessThan(1_000);
    // It waits for what Telegram asks, and no longer.
    await answer;
    expect(Date.now() - askedAt).toBeLessThan(6_000);
    expect(refusals(telegram)).toBe(1);
    expect(telegram.violations()).toEqual([]);
  });

  it("by a 429 of decoration is left alone, and has its answer when the time is up", async () => {
    const telegram = await telegramForTest();
    const { adapter } = await startSender(telegram, sharedMemory());
    const { platform } = adapter;
    const chat = telegram.privateChat();
    const target = targetOf(chat.id);
    telegram.flood({ times: 1, retryAfter: 1 });
    expect(await platform.showProgress(target, null, progress("Working"))).toBe(null);
    expect(await platform.showProgress(target, null, progress("Working"))).toBe(null);
    expect(telegram.calls("sendMessage")).toHaveLength(1);
    await platform.send(target, outgoing("the answer"));
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["the answer"]);
    expect(telegram.violations()).toEqual([]);
  });
});

describe("the end of a request", () => {
  async function working() {
    const telegram = await telegramForTest();
    const { adapter } = await startSender(telegram, sharedMemory());
    const { platform } = adapter;
    const chat = telegram.privateChat();
    const target = targetOf(chat.id);
    const shown = await platform.showProgress(target, null, progress("Working"));
    if (!shown) throw new Error("there is room in a quiet chat");
    return { telegram, platform, chat, target, shown };
  }

  it("stands last where an update was on its way", async () => {
    const { telegram, platform, chat, target, shown } = await working();
    const release = telegram.holdAnswers("editMessageText");
    const update = platform.showProgress(target, shown, progress("Still working"));
    await telegram.waitForCall("editMessageText");
    const answer = platform.edit(shown, outgoing("The answer"));
    expect(await platform.showProgress(target, shown, progress("Too late"))).toBe(null);
    release();
    expect(await answer).toEqual(shown);
    await update;
    expect(chat.message(Number(shown.messageId)).history.map(({ text }) => text)).toEqual([
      "Working",
      "Still working",
      "The answer",
    ]);
    expect(await platform.showProgress(target, shown, progress("Too late"))).toBe(null);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["The answer"]);
  });

  it("is a new message where the update does not end, and the old one goes", async () => {
    const { telegram, platform, chat, target, shown } = await working();
    const release = telegram.holdAnswers("editMessageText");
    void platform.showProgress(target, shown, progress("Still working"));
    await telegram.waitForCall("editMessageText");
    const answer = await platform.edit(shown, outgoing("The answer"));
    expect(answer.messageId).not.toBe(shown.messageId);
    await until(() => chat.botMessages().length === 1);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["The answer"]);
    release();
  });

  it("finds the message that was shown while Telegram had not said yet which one it is", async () => {
    const { telegram, platform, chat, target } = await working();
    const release = telegram.holdAnswers("sendMessage");
    const place = platform.showProgress(target, null, progress("#1 in the queue", "next:live"));
    await chat.nextBotMessage(({ text }) => text.includes("queue"));
    expect(await platform.showProgress(target, null, progress("Working", "next:live"))).toBe(null);
    release();
    const shown = await place;
    expect(await platform.showProgress(target, null, progress("Working", "next:live"))).toEqual(shown);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["Working", "Working"]);
  });

  it.each(["message can't be edited", "TOPIC_CLOSED"])(
    "is a new message where Telegram refuses the edit (%s), and the old one goes",
    async (refusal) => {
      const { telegram, platform, chat, shown } = await working();
      telegram.fail({ method: "editMessageText", refusal });
      const answer = await platform.edit(shown, outgoing("The answer"));
      expect(answer.messageId).not.toBe(shown.messageId);
      await until(() => chat.botMessages().length === 1);
      expect(chat.botMessages().map(({ text }) => text)).toEqual(["The answer"]);
    },
  );

  it("takes the living message away however late Telegram says which one it is", async () => {
    const { telegram, platform, chat, target } = await working();
    telegram.slow("sendMessage", 17_000);
    expect(await platform.showProgress(target, null, progress("Much too slow", "next:live"))).toBe(null);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["Working", "Much too slow"]);
    await until(() => chat.botMessages().length === 1);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["Working"]);
  });

  it("takes the living message away, after a 429 too, and holds up nothing meanwhile", async () => {
    const { telegram, platform, chat, target, shown } = await working();
    telegram.flood({ times: 2, retryAfter: 1, methods: ["deleteMessage"] });
    const answer = platform.send(target, outgoing("The answer"));
    const removed = platform.remove(shown);
    await answer;
    await telegram.waitForCall("deleteMessage", (call) => call.status === 429);
    await platform.send(target, outgoing("Another answer"));
    expect(chat.botMessages()).toHaveLength(3);
    await removed;
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["The answer", "Another answer"]);
    const [, firstAnswer] = telegram.calls("sendMessage");
    expect(telegram.calls("deleteMessage")[0]?.at).toBeGreaterThanOrEqual(firstAnswer?.at ?? Number.NaN);
    expect(telegram.violations()).toEqual([]);
  });
});

describe("a slow upload", () => {
  it("holds up no other topic, and what follows it in its own for a moment", async () => {
    const telegram = await telegramForTest();
    const { adapter } = await startSender(telegram, sharedMemory());
    const { platform } = adapter;
    const forum = telegram.forum();
    const [one, other] = ["One", "Other"].map((name) => topicOf(forum.id, forum.addTopic(name)));
    if (!one || !other) throw new Error("there are two topics");
    const { promise: hanging, resolve: go } = Promise.withResolvers<void>();
    const stream = (async function* () {
      yield new Uint8Array(1_000);
      await hanging;
      yield new Uint8Array(1_000);
    })();
    const video = { name: "film.mp4", sizeBytes: 2_000, durationS: 5, width: 640, height: 360 };
    const upload = platform.deliverVideo(
      one,
      outgoing("The video", { video }),
      async () => ({ stream, sizeBytes: 2_000 }),
      new AbortController().signal,
    );
    await telegram.waitForCall("sendVideo");
    await platform.send(other, outgoing("elsewhere"));
    await platform.send(one, outgoing("in the same topic"));
    expect(forum.botMessages().map(({ text }) => text)).toEqual(["elsewhere", "in the same topic"]);
    go();
    expect(await upload).toEqual({ isFileSent: true });
    expect(forum.botMessages()).toHaveLength(3);
  });
});
