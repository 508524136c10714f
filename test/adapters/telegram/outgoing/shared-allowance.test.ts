/** The allowance of several processes together, and what is outside of it. */
import { describe, expect, it } from "vitest";
import type { FakeTelegram } from "../../../fakes/telegram/fake-telegram.ts";
import { HAS_REDIS, startRedis } from "../../../support/redis.ts";
import {
  memoryOnRedis,
  outgoing,
  type Process,
  sharedMemory,
  startSender,
  targetOf,
  telegramForTest,
} from "../processes.ts";
import { until } from "../scene.ts";

const IS_SHARED = { isShared: true };

function refusals(telegram: FakeTelegram): number {
  return telegram.calls().filter((call) => call.status === 429).length;
}

/** Shows a message of decoration that is new; whether there was room. */
async function shows({ adapter }: Process, chatId: number, text: string): Promise<boolean> {
  const message = outgoing(text, { tone: "progress" });
  return (await adapter.platform.showProgress(targetOf(chatId), null, message)) !== null;
}

describe.runIf(HAS_REDIS)("two processes that send for one bot", () => {
  async function twoProcesses(telegram: FakeTelegram) {
    const redis = await startRedis();
    const start = async () => startSender(telegram, await memoryOnRedis(redis), IS_SHARED);
    return { redis, one: await start(), other: await start() };
  }

  it("take decoration from one allowance, the answers of both included", async () => {
    const telegram = await telegramForTest();
    const { one, other } = await twoProcesses(telegram);
    const group = telegram.group();
    // 20 a minute less two that are kept for answers.
    for (let index = 0; index < 17; index++) {
      await one.adapter.platform.send(targetOf(group.id), outgoing(`answer ${index}`));
    }
    expect(await shows(one, group.id, "the last")).toBe(true);
    expect(await shows(other, group.id, "one too many")).toBe(false);
    await other.adapter.platform.send(targetOf(group.id), outgoing("an answer all the same"));
    expect(group.botMessages()).toHaveLength(19);
    expect(refusals(telegram)).toBe(0);
  });

  it("both wait as long as Telegram asks one of them to", async () => {
    const telegram = await telegramForTest();
    const { one, other } = await twoProcesses(telegram);
    const [chat, quiet] = [telegram.privateChat(), telegram.privateChat()];
    telegram.flood({ chatId: chat.id, times: 1, retryAfter: 3 });
    const first = one.adapter.platform.send(targetOf(chat.id), outgoing("one"));
    await until(() => one.log.lines.some((line) => line.includes("asks us to wait")));
    await other.adapter.platform.send(targetOf(quiet.id), outgoing("at once"));
    // It shows no signs of activity from the moment when it has heard of it.
    await until(async () => {
      const before = chat.actions().length;
      await other.adapter.platform.showActivity(targetOf(chat.id), "typing");
      return chat.actions().length === before;
    });
    expect(chat.botMessages()).toEqual([]);
    await Promise.all([first, other.adapter.platform.send(targetOf(chat.id), outgoing("other"))]);
    expect(telegram.violations()).toEqual([]);
    expect(refusals(telegram)).toBe(1);
  });

  it("go on with the allowance of each while Redis is away", async () => {
    const telegram = await telegramForTest();
    const { redis, one } = await twoProcesses(telegram);
    const chats = Array.from({ length: 20 }, () => telegram.privateChat());
    await redis.stop();
    await Promise.all(chats.map(({ id }) => one.adapter.platform.send(targetOf(id), outgoing("hello"))));
    const [first] = chats;
    if (!first) throw new Error("there is a first chat");
    expect(await shows(one, first.id, "progress")).toBe(true);
    await redis.start();
    await one.adapter.platform.send(targetOf(first.id), outgoing("again"));
    for (const chat of chats) expect(chat.botMessages().length).toBeGreaterThan(0);
  });
});

describe("a shared allowance", () => {
  it("asks the store nothing before an answer leaves", async () => {
    const telegram = await telegramForTest();
    const memory = sharedMemory();
    const release = Promise.withResolvers<void>();
    let isHeld = false;
    /** Asks that are answered only after the answer is there. */
    const held: typeof memory = {
      ...memory,
      get: async (key) => {
        if (isHeld) await release.promise;
        return memory.get(key);
      },
      update: async (...args) => {
        if (isHeld) await release.promise;
        return memory.update(...args);
      },
    };
    const { adapter } = await startSender(telegram, held, IS_SHARED);
    const chat = telegram.privateChat();
    await adapter.platform.send(targetOf(chat.id), outgoing("first"));
    isHeld = true;
    await adapter.platform.send(targetOf(chat.id), outgoing("second"));
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["first", "second"]);
    release.resolve();
  });
});

describe.each([
  ["of one process", false],
  ["of several processes", true],
] as const)("the allowance %s", (_, isShared) => {
  it("has nothing to do with signs of activity, and none is shown while Telegram wants none", async () => {
    const telegram = await telegramForTest();
    const { adapter, log } = await startSender(telegram, sharedMemory(), { isShared });
    const { platform } = adapter;
    const [chat, other] = [telegram.privateChat(), telegram.privateChat()];
    for (let index = 0; index < 30; index++) await platform.showActivity(targetOf(chat.id), "typing");
    expect(chat.actions()).toHaveLength(30);
    // A refusal of theirs is their own.
    telegram.flood({ chatId: chat.id, times: 1, retryAfter: 60, methods: ["sendChatAction"] });
    await platform.showActivity(targetOf(chat.id), "typing");
    await platform.showActivity(targetOf(chat.id), "typing");
    expect(refusals(telegram)).toBe(1);
    await platform.send(targetOf(chat.id), outgoing("an answer"));
    expect(chat.botMessages()).toHaveLength(1);
    // While an answer has to wait, so do they.
    telegram.flood({ chatId: other.id, times: 1, retryAfter: 2 });
    const answer = platform.send(targetOf(other.id), outgoing("a late answer"));
    await until(() => log.lines.some((line) => line.includes("asks us to wait")));
    await platform.showActivity(targetOf(other.id), "typing");
    expect(other.actions()).toEqual([]);
    await answer;
    expect(telegram.violations()).toEqual([]);
  });
});
