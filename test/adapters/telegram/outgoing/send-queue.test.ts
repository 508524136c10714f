import { GrammyError } from "grammy";
import { describe, expect, it } from "vitest";
import {
  type AllowanceLimits,
  DEFAULT_ALLOWANCE,
  LocalAllowance,
} from "../../../../src/adapters/telegram/outgoing/allowance.ts";
import { NoRoomError, SendQueue } from "../../../../src/adapters/telegram/outgoing/send-queue.ts";
import type { Clock, Log } from "../../../../src/core/ports/runtime.ts";

const quiet = () => {};
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const NEVER = new AbortController().signal;

/** Time that passes only when everybody waits. */
class TestClock implements Clock {
  #now = 1_000_000;
  #sleepers: { until: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ until: this.#now + ms, wake }));
  }

  /** Lets time pass until nothing sleeps any more. */
  async run(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.#sleepers.sort((a, b) => a.until - b.until);
      if (!next) return;
      this.#sleepers.shift();
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    void this.sleep(ms);
    await this.run();
  }
}

function floodWait(seconds: number): GrammyError {
  const answer = {
    ok: false as const,
    error_code: 429,
    description: "Too Many Requests",
    parameters: { retry_after: seconds },
  };
  return new GrammyError("flood", answer, "sendMessage", {});
}

function startQueue(limits: AllowanceLimits = DEFAULT_ALLOWANCE) {
  const clock = new TestClock();
  const queue = new SendQueue<() => Promise<void>, void>({
    make: (_chatId, call) => call(),
    allowance: new LocalAllowance(clock, limits),
    clock,
    log,
  });
  const sent: { name: string; at: number }[] = [];
  const call = (name: string) => async () => {
    sent.push({ name, at: clock.now() });
  };
  const send = (chatId: string, name: string, lane = chatId) => queue.send({ chatId, lane }, call(name));
  /** Whether there was room. */
  const show = (chatId: string, name: string, kind: "first" | "update" = "update") =>
    queue.decorate(chatId, call(name), kind, NEVER).then(
      () => true,
      (error: unknown) => {
        if (error instanceof NoRoomError) return false;
        throw error;
      },
    );
  /** How many of `count` tries, one every `everyMs`, there was room for. */
  const shown = async (chatId: string, count: number, everyMs: number) => {
    let most = 0;
    for (let index = 0; index < count; index++) {
      if (await show(chatId, "progress")) most++;
      await clock.pass(everyMs);
    }
    return most;
  };
  return { clock, queue, sent, call, send, show, shown, names: () => sent.map((one) => one.name) };
}

describe("what a person is owed", () => {
  it("leaves at once however much the chat had, in order", async () => {
    const { clock, sent, send, names } = startQueue();
    const startedAt = clock.now();
    for (let index = 0; index < 70; index++) void send("-100", String(index));
    await clock.run();
    expect(names()).toEqual(Array.from({ length: 70 }, (_, index) => String(index)));
    expect(sent.at(-1)?.at).toBe(startedAt);
  });

  it("leaves at once to any number of chats", async () => {
    const { clock, sent, send } = startQueue();
    const startedAt = clock.now();
    for (let chat = 0; chat < 200; chat++) void send(String(chat), String(chat));
    await clock.run();
    expect(sent).toHaveLength(200);
    expect(sent.at(-1)?.at).toBe(startedAt);
  });

  it("waits as long as Telegram asks, however often, and then is sent once", async () => {
    const { clock, queue, call, names } = startQueue();
    let refusals = 20;
    const startedAt = clock.now();
    const done = queue.send({ chatId: "100", lane: "100" }, async () => {
      if (refusals-- > 0) throw floodWait(30);
      await call("answer")();
    });
    await clock.run();
    await done;
    expect(names()).toEqual(["answer"]);
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(20 * 30_000);
  });

  it("of all topics waits when one topic was refused, and then leaves one after another", async () => {
    const { clock, queue, sent, send, call } = startQueue();
    const startedAt = clock.now();
    let underWay = 0;
    let most = 0;
    const answer = (topic: number, isRefused: () => boolean) =>
      queue.send({ chatId: "-100", lane: `-100:${topic}` }, async () => {
        if (isRefused()) throw floodWait(5);
        most = Math.max(most, ++underWay);
        await null;
        await call(String(topic))();
        underWay--;
      });
    void answer(0, () => clock.now() < startedAt + 5_000);
    await new Promise((resolve) => setImmediate(resolve));
    for (let topic = 1; topic < 5; topic++) void answer(topic, () => false);
    void send("-200", "elsewhere");
    await clock.run();
    const late = sent.filter(({ at }) => at >= startedAt + 5_000).map(({ name }) => name);
    expect(late).toEqual(["0", "1", "2", "3", "4"]);
    expect(most).toBe(1);
    expect(sent.find(({ name }) => name === "elsewhere")?.at).toBe(startedAt);
  });

  it("is rejected when the queue stops, with the reason", async () => {
    const { clock, queue, call, names } = startQueue();
    const release = Promise.withResolvers<void>();
    const place = { chatId: "100", lane: "100" };
    const first = queue.send(place, async () => {
      await release.promise;
      await call("first")();
    });
    const waiting = Array.from({ length: 3 }, (_, index) => queue.send(place, call(String(index))));
    const settled = Promise.allSettled(waiting);
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error("the process ends");
    queue.stop(reason);
    expect(await settled).toEqual(Array(3).fill({ status: "rejected", reason }));
    release.resolve();
    await first;
    await clock.run();
    expect(names()).toEqual(["first"]);
  });
});

describe("decoration", () => {
  it("is updated six times a minute in a group at most, all topics together", async () => {
    const { shown } = startQueue();
    expect(await shown("-100", 600, 1_000)).toBe(60);
  });

  it("is updated every three seconds in a private chat until answers need the rest", async () => {
    const { shown } = startQueue();
    expect(await shown("100", 30, 1_000)).toBe(10);
    expect(await shown("100", 600, 1_000)).toBeLessThanOrEqual(10 * DEFAULT_ALLOWANCE.perMinute);
  });

  it("is left out at once where answers have taken what there was, new messages last", async () => {
    const { clock, send, show, names } = startQueue();
    for (let index = 0; index < 15; index++) void send("-100", "answer");
    await clock.run();
    expect(await show("-100", "update")).toBe(false);
    expect(await show("-100", "first", "first")).toBe(true);
    for (let index = 0; index < 2; index++) void send("-100", "answer");
    await clock.run();
    expect(await show("-100", "first", "first")).toBe(false);
    expect(await show("-200", "elsewhere")).toBe(true);
    expect(names().filter((name) => name !== "answer")).toEqual(["first", "elsewhere"]);
  });

  it("that Telegram refuses is dropped, and blocks the chat for answers too", async () => {
    const { clock, queue, sent, send, show } = startQueue();
    const refused = queue.decorate("100", () => Promise.reject(floodWait(5)), "first", NEVER);
    await expect(refused).rejects.toThrow(NoRoomError);
    const startedAt = clock.now();
    expect(await show("100", "progress", "first")).toBe(false);
    void send("100", "answer");
    await clock.run();
    expect(sent.map(({ name, at }) => [name, at >= startedAt + 5_000])).toEqual([["answer", true]]);
  });

  it("is half as much for ten minutes after a 429", async () => {
    const { clock, queue, call, shown } = startQueue();
    let isRefused = true;
    void queue.send({ chatId: "-100", lane: "-100" }, async () => {
      if (!isRefused) return call("answer")();
      isRefused = false;
      throw floodWait(5);
    });
    await clock.run();
    expect(await shown("-100", 600, 1_000)).toBe(30);
    await clock.pass(60_000);
    expect(await shown("-100", 60, 1_000)).toBe(6);
  });
});
