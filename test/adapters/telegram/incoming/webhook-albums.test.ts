/** Webhooks of one bot that land on any of its processes: albums whose parts are spread over them. */
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { Background } from "../../../../src/adapters/shared/background.ts";
import { startHttpServer } from "../../../../src/adapters/shared/http-server.ts";
import { SetAside } from "../../../../src/adapters/telegram/incoming/set-aside.ts";
import { UpdateHandler } from "../../../../src/adapters/telegram/incoming/update-handler.ts";
import { Webhook } from "../../../../src/adapters/telegram/incoming/webhook.ts";
import { Migrations } from "../../../../src/adapters/telegram/migrations.ts";
import { CallbackAnswers } from "../../../../src/adapters/telegram/outgoing/callback-answers.ts";
import { Topics } from "../../../../src/adapters/telegram/topics.ts";
import { NO_METRICS } from "../../../../src/app/no-metrics.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import type { Clock } from "../../../../src/core/ports/runtime.ts";
import { type AdapterMemory, StoreTroubleError } from "../../../../src/core/ports/store.ts";
import type { ChatPlayer } from "../../../fakes/telegram/players.ts";
import type { WireUpdate } from "../../../fakes/telegram/wire.ts";
import { HAS_REDIS, startRedis } from "../../../support/redis.ts";
import { TestLog } from "../../../support/test-chat.ts";
import {
  memoryOnRedis,
  RecordingSink,
  sharedMemory,
  telegramForTest,
  testApi,
  testLocales,
} from "../processes.ts";
import { PATIENTLY, until } from "../scene.ts";

const SECRET = "a-secret-for-tests";

/** One process that takes webhooks. */
interface Ingress {
  /** Hands it an update as Telegram does; the status of its answer. */
  take(update: WireUpdate | undefined): Promise<number>;
  /** It does nothing more, like a process that was killed. */
  die(): void;
  log: TestLog;
}

/** A bot with processes that take webhooks, all of them of one core. */
async function setting() {
  const telegram = await telegramForTest();
  const sink = new RecordingSink();
  const group = telegram.group({ privacyMode: false });
  const start = async (memory: AdapterMemory, clock: Clock = systemClock): Promise<Ingress> => {
    const log = new TestLog();
    const api = testApi(telegram);
    const background = new Background({ platform: "telegram", clock, log, metrics: NO_METRICS });
    const locales = await testLocales();
    const stopped = new AbortController().signal;
    const handler = new UpdateHandler({
      bot: { id: telegram.bot.id, username: telegram.bot.username ?? "" },
      engine: sink,
      memory,
      buttons: memory,
      migrations: new Migrations(memory, memory, log),
      topics: new Topics({ api, memory, locales, log, stopped, areOn: async () => false }),
      answers: new CallbackAnswers({ api, locales, log, background }),
      log,
    });
    const take = handler.take.bind(handler);
    const setAside = new SetAside({ memory, take, clock, log, metrics: NO_METRICS, background });
    const webhook = new Webhook({ handler, setAside, memory, secret: SECRET, clock, log, background });
    const http = await startHttpServer({ host: "127.0.0.1", port: 0, log });
    http.route("POST /telegram", webhook.handle);
    webhook.start();
    onTestFinished(async () => {
      webhook.stop();
      await http.stop();
    });
    return {
      async take(update) {
        const response = await fetch(`http://127.0.0.1:${http.port}/telegram`, {
          method: "POST",
          headers: { "x-telegram-bot-api-secret-token": SECRET },
          body: JSON.stringify(update),
        });
        return response.status;
      },
      die: () => webhook.stop(),
      log,
    };
  };
  /** The updates of an album; `words` stand on the part of that number. */
  const album = (chat: ChatPlayer, parts: number, words: Record<number, string> = {}) => {
    const before = telegram.updates().length;
    for (let index = 0; index < parts; index++) {
      chat.sendFile({
        kind: "video",
        name: `${index}.mp4`,
        sizeBytes: 1_000,
        mediaGroupId: `14${chat.id}${before}`,
        caption: words[index] ?? "",
      });
    }
    return telegram.updates().slice(before);
  };
  return { telegram, sink, group, start, album };
}

/** Hands the updates over in their order, each to the next process. */
async function spread(updates: WireUpdate[], processes: Ingress[]): Promise<void> {
  for (const [index, update] of updates.entries()) {
    expect(await processes[index % processes.length]?.take(update)).toBe(200);
  }
}

const names = (sink: RecordingSink) =>
  sink.received.map((message) => message.attachments.map((file) => file.name));

async function expectNothingKept(memory: AdapterMemory, updates: WireUpdate[]): Promise<void> {
  const { chat, media_group_id: group } = updates[0]?.message ?? {};
  await expect.poll(() => memory.get("open-albums"), { timeout: PATIENTLY.timeoutMs }).toBeNull();
  expect(await memory.get(`album:${chat?.id}:${group}`)).toBeNull();
}

describe.each([["in one memory", false], ...(HAS_REDIS ? [["on one Redis", true] as const] : [])] as const)(
  "two processes %s",
  (_, isRedis) => {
    /** Memories of one store, one a process. */
    async function memories(): Promise<[AdapterMemory, AdapterMemory]> {
      if (!isRedis) {
        const memory = sharedMemory();
        return [memory, memory];
      }
      const redis = await startRedis();
      return [await memoryOnRedis(redis), await memoryOnRedis(redis)];
    }

    it("take an album whose parts are spread over them as one message, once", async () => {
      const { telegram, sink, start, album } = await setting();
      const [here, there] = await memories();
      const processes = [await start(here), await start(there)];
      const updates = album(telegram.privateChat(), 5, { 0: "cut these" });
      await spread(updates, processes);
      await until(() => sink.received.length > 0);
      expect(names(sink)).toEqual([["0.mp4", "1.mp4", "2.mp4", "3.mp4", "4.mp4"]]);
      expect(sink.texts()).toEqual(["cut these"]);
      await expectNothingKept(here, updates);
      // Once more, the other way round: all of it is known.
      await spread(updates, processes.toReversed());
      await expectNothingKept(here, updates);
      expect(sink.received).toHaveLength(1);
    });

    it("take parts that come at the same moment", async () => {
      const { telegram, sink, start, album } = await setting();
      const [here, there] = await memories();
      const processes = [await start(here), await start(there)];
      const updates = album(telegram.privateChat(), 6);
      await Promise.all(updates.map((update, index) => processes[index % 2]?.take(update)));
      await until(() => sink.received.length > 0);
      await expectNothingKept(here, updates);
      expect(names(sink)).toEqual([["0.mp4", "1.mp4", "2.mp4", "3.mp4", "4.mp4", "5.mp4"]]);
    });

    it("take an album of ten as soon as its last part is there", async () => {
      const { telegram, sink, start, album } = await setting();
      const [here, there] = await memories();
      const processes = [await start(here), await start(there)];
      const updates = album(telegram.privateChat(), 10);
      await spread(updates, processes);
      const lastAt = Date.now();
      await until(() => sink.received.length > 0);
      expect(Date.now() - lastAt).toBeLessThan(500);
      expect(names(sink)[0]).toHaveLength(10);
      await expectNothingKept(here, updates);
    });

    it("take an album that goes on coming 1.2 seconds after its first part", async () => {
      const { telegram, sink, start, album } = await setting();
      const [here, there] = await memories();
      const processes = [await start(here), await start(there)];
      const updates = album(telegram.privateChat(), 9);
      const startedAt = Date.now();
      for (let index = 0; index < updates.length && sink.received.length === 0; index++) {
        await processes[index % 2]?.take(updates[index]);
        await Promise.race([wait(200), until(() => sink.received.length > 0)]);
      }
      expect(sink.received).toHaveLength(1);
      expect(Date.now() - startedAt).toBeLessThan(1_500);
    });

    it("lose no album when one of them dies before it is whole", async () => {
      const { telegram, sink, start, album } = await setting();
      const [here, there] = await memories();
      const [dying, other] = [await start(here), await start(there)];
      const updates = album(telegram.privateChat(), 2);
      await spread(updates, [dying]);
      dying.die();
      await until(() => sink.received.length > 0);
      expect(names(sink)).toEqual([["0.mp4", "1.mp4"]]);
      expect(other.log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
    });

    it.each([
      ["first", { 0: "@nemobot cut these" }],
      ["in the middle", { 1: "@nemobot cut these" }],
      ["last", { 3: "@nemobot cut these" }],
    ])("put a group's album together when the words for the bot come %s", async (_when, words) => {
      const { sink, group, start, album } = await setting();
      const [here, there] = await memories();
      const updates = album(group, 4, words);
      await spread(updates, [await start(here), await start(there)]);
      await until(() => sink.received.length > 0);
      expect(names(sink)).toEqual([["0.mp4", "1.mp4", "2.mp4", "3.mp4"]]);
      await expectNothingKept(here, updates);
    });

    it("store nothing of an album that is not for the bot", async () => {
      const { sink, group, start, album } = await setting();
      const [here, there] = await memories();
      const processes = [await start(here), await start(there)];
      const updates = album(group, 4, { 1: "look at these" });
      await spread(updates, processes);
      await expectNothingKept(here, updates);
      // Long enough for an album of the same time that is for the bot.
      await spread(album(group, 2, { 0: "@nemobot cut these" }), processes);
      await until(() => sink.received.length > 0);
      expect(sink.texts()).toEqual(["cut these"]);
    });
  },
);

describe("an album that is being handed over", () => {
  it("is taken over as it was when the process dies in the middle of it, and its late part follows", async () => {
    const { telegram, sink, start, album } = await setting();
    const memory = sharedMemory();
    const dying = await start(memory);
    const updates = album(telegram.privateChat(), 3);
    const { promise: hanging } = Promise.withResolvers<never>();
    const receive = sink.receive.bind(sink);
    // The core owns it, and the process dies before it can note that.
    sink.receive = async (message) => {
      await receive(message);
      await hanging;
    };
    await spread(updates.slice(0, 2), [dying]);
    await until(() => sink.received.length === 1);
    dying.die();
    sink.receive = receive;
    const late = await start(memory, { ...systemClock, now: () => Date.now() + 31_000 });
    expect(await late.take(updates[2])).toBe(200);
    await until(() => sink.received.length === 2);
    expect(names(sink)).toEqual([["0.mp4", "1.mp4"], ["2.mp4"]]);
    await expectNothingKept(memory, updates);
  });

  it("waits for a store that is away as long as that takes, and this is said once", async () => {
    const { telegram, sink, start, album } = await setting();
    const memory = sharedMemory();
    const ingress = await start(memory);
    let failures = 3;
    sink.refuse = () => (failures-- > 0 ? new StoreTroubleError("it is away") : null);
    const updates = album(telegram.privateChat(), 2);
    await spread(updates, [ingress]);
    await until(() => sink.received.length > 0);
    expect(sink.offered).toHaveLength(4);
    expect(names(sink)).toEqual([["0.mp4", "1.mp4"]]);
    expect(ingress.log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
    await expectNothingKept(memory, updates);
  });
});

describe("a webhook while the store is away", () => {
  it("gives updates back, and says so once", async () => {
    const { telegram, sink, start } = await setting();
    const ingress = await start(sharedMemory());
    sink.refuse = () => new StoreTroubleError("it is away");
    const chat = telegram.privateChat();
    for (const words of ["one", "two", "three"]) chat.say(words);
    for (const update of telegram.updates()) expect(await ingress.take(update)).toBe(503);
    sink.refuse = () => null;
    for (const update of telegram.updates()) expect(await ingress.take(update)).toBe(200);
    expect(sink.texts()).toEqual(["one", "two", "three"]);
    expect(ingress.log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
    expect(ingress.log.lines.filter((line) => line.includes("can be stored again"))).toHaveLength(1);
  });

  it("gives updates back once it stops, for another process", async () => {
    const { telegram, sink, start } = await setting();
    const ingress = await start(sharedMemory());
    ingress.die();
    telegram.privateChat().say("hello");
    expect(await ingress.take(telegram.updates()[0])).toBe(503);
    expect(sink.offered).toEqual([]);
  });
});
