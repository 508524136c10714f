/** The rate limit of several processes together, and what gives way to it. */
import { describe, expect, it } from "vitest";
import { DEFAULT_SEND_LIMITS } from "../../../../src/adapters/telegram/outgoing/send-queue.ts";
import { StopError } from "../../../../src/core/model/stop.ts";
import type { FakeTelegram } from "../../../fakes/telegram/fake-telegram.ts";
import { HAS_REDIS, startRedis } from "../../../support/redis.ts";
import {
  memoryOnRedis,
  outgoing,
  sharedMemory,
  startSender,
  targetOf,
  telegramForTest,
} from "../processes.ts";
import { until } from "../scene.ts";

const IS_SHARED = { isShared: true };

/** Nothing refused, nothing too fast. */
function expectPeace(telegram: FakeTelegram): void {
  expect(telegram.calls().filter((call) => call.status === 429)).toEqual([]);
  expect(telegram.violations()).toEqual([]);
}

describe.runIf(HAS_REDIS)("two processes that send for one bot", () => {
  it("keep Telegram's limits together", async () => {
    const [telegram, redis] = await Promise.all([telegramForTest({ rates: true }), startRedis()]);
    const processes = [
      await startSender(telegram, await memoryOnRedis(redis), IS_SHARED),
      await startSender(telegram, await memoryOnRedis(redis), IS_SHARED),
    ];
    const chats = Array.from({ length: 15 }, () => telegram.privateChat());
    const group = telegram.group();
    const send = (chatId: number, text: string) =>
      processes.map(({ adapter }, index) =>
        adapter.platform.send(targetOf(chatId), outgoing(`${text} of ${index}`)),
      );
    await Promise.all([
      ...chats.flatMap(({ id }) => [...send(id, "one"), ...send(id, "two")]),
      ...Array.from({ length: 3 }, (_, index) => send(group.id, String(index))).flat(),
    ]);
    for (const chat of chats) expect(chat.botMessages()).toHaveLength(4);
    expect(group.botMessages()).toHaveLength(6);
    expectPeace(telegram);
  });

  it("keep Telegram's limit of 20 a minute in a group together", async () => {
    // Of a chat's other limit nothing is felt here.
    const rates = { perChatMs: 10, chatBurst: 3 };
    const options = { ...IS_SHARED, limits: { ...DEFAULT_SEND_LIMITS, chatWindowMs: 50 } };
    const [telegram, redis] = await Promise.all([telegramForTest({ rates }), startRedis()]);
    const processes = [
      await startSender(telegram, await memoryOnRedis(redis), options),
      await startSender(telegram, await memoryOnRedis(redis), options),
    ];
    const group = telegram.group();
    const sending = Array.from({ length: 24 }, (_, index) =>
      processes[index % 2]?.adapter.platform.send(targetOf(group.id), outgoing(String(index))),
    ).map((one) => one?.catch((error: unknown) => error));
    await until(() => group.botMessages().length === 18);
    for (const { adapter } of processes) await adapter.stopSending();
    const left = (await Promise.all(sending)).filter((end) => end instanceof StopError);
    expect(left).toHaveLength(6);
    expectPeace(telegram);
  });

  it("both wait as long as Telegram asks one of them to", async () => {
    const [telegram, redis] = await Promise.all([telegramForTest(), startRedis()]);
    const one = await startSender(telegram, await memoryOnRedis(redis), IS_SHARED);
    const other = await startSender(telegram, await memoryOnRedis(redis), IS_SHARED);
    const [chat, quiet] = [telegram.privateChat(), telegram.privateChat()];
    telegram.flood({ chatId: chat.id, times: 1, retryAfter: 2 });
    const first = one.adapter.platform.send(targetOf(chat.id), outgoing("one"));
    await until(() => one.log.lines.some((line) => line.includes("asks us to wait")));
    await other.adapter.platform.send(targetOf(quiet.id), outgoing("at once"));
    expect(chat.botMessages()).toEqual([]);
    await Promise.all([first, other.adapter.platform.send(targetOf(chat.id), outgoing("other"))]);
    expect(telegram.violations()).toEqual([]);
    expect(telegram.calls("sendMessage").filter((call) => call.status === 429)).toHaveLength(1);
  });

  it("go on at the rate of each while Redis is away", async () => {
    const [telegram, redis] = await Promise.all([telegramForTest(), startRedis()]);
    const { adapter } = await startSender(telegram, await memoryOnRedis(redis), IS_SHARED);
    const chats = Array.from({ length: 20 }, () => telegram.privateChat());
    await redis.stop();
    await Promise.all(chats.map(({ id }) => adapter.platform.send(targetOf(id), outgoing("hello"))));
    await redis.start();
    const [first] = chats;
    if (!first) throw new Error("there is a first chat");
    await adapter.platform.send(targetOf(first.id), outgoing("again"));
    for (const chat of chats) expect(chat.botMessages().length).toBeGreaterThan(0);
  });
});

describe("a shared rate limit", () => {
  it("takes one change of the memory for all that waits, and leaves nothing in it that does not count", async () => {
    const telegram = await telegramForTest({ rates: true });
    const memory = sharedMemory();
    let changes = 0;
    const counted: typeof memory = {
      ...memory,
      update: (...args) => {
        changes++;
        return memory.update(...args);
      },
    };
    const { adapter } = await startSender(telegram, counted, IS_SHARED);
    const chats = Array.from({ length: 50 }, () => telegram.privateChat());
    await Promise.all(chats.map(({ id }) => adapter.platform.send(targetOf(id), outgoing("hello"))));
    expect(changes).toBeLessThanOrEqual(50);
    expectPeace(telegram);
    await until(() => Date.now() - (chats.at(-1)?.botMessages()[0]?.sentAt ?? Date.now()) > 3_400);
    await adapter.platform.send(targetOf(chats[0]?.id ?? 0), outgoing("again"));
    const record = JSON.parse((await memory.get("pace")) ?? "{}");
    expect(record).toMatchObject({ all: [0], chats: { [String(chats[0]?.id)]: [0] }, blocked: {} });
  });
});

describe.each([
  ["of one process", false],
  ["of several processes", true],
] as const)("the rate limit %s", (_, isShared) => {
  it("leaves signs of activity out where many people get answers, and holds up no answer for them", async () => {
    const telegram = await telegramForTest({ rates: true });
    const { adapter } = await startSender(telegram, sharedMemory(), { isShared });
    const [busy, chats] = [0, 1].map(() => Array.from({ length: 60 }, () => telegram.privateChat()));
    if (!busy || !chats) throw new Error("there are two lists");
    const startedAt = Date.now();
    const show = () => busy.map(({ id }) => adapter.platform.showActivity(targetOf(id), "typing"));
    const answers = chats.map(async ({ id }) => {
      await adapter.platform.send(targetOf(id), outgoing("hello"));
      await Promise.all(show());
    });
    await Promise.all([...show(), ...answers]);
    const tookMs = Date.now() - startedAt;
    const shown = telegram.calls("sendChatAction").length;
    expect(shown).toBeLessThan(30);
    // 60 answers take 2.4 s at 25 a second.
    expect(tookMs).toBeLessThan(5_000);
    expectPeace(telegram);
  });

  it("lets every sign of activity through where there is room", async () => {
    const telegram = await telegramForTest({ rates: true });
    const { adapter } = await startSender(telegram, sharedMemory(), { isShared });
    const chat = telegram.privateChat();
    await adapter.platform.showActivity(targetOf(chat.id), "typing");
    await adapter.platform.showActivity(targetOf(chat.id), "uploading-video");
    expect(chat.actions().map(({ action }) => action)).toEqual(["typing", "upload_video"]);
  });
});
