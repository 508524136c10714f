import { GrammyError } from "grammy";
import { describe, expect, it } from "vitest";
import { LocalRateLimit } from "../../../../src/adapters/telegram/outgoing/rate-limit.ts";
import { SendQueue } from "../../../../src/adapters/telegram/outgoing/send-queue.ts";
import type { Clock, Log } from "../../../../src/core/ports/runtime.ts";

const quiet = () => {};
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

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

function startQueue() {
  const clock = new TestClock();
  const queue = new SendQueue({
    make: (_chatId, call: () => Promise<void>) => call(),
    rateLimit: new LocalRateLimit(clock),
    clock,
    log,
  });
  const sent: { name: string; at: number }[] = [];
  const call = (name: string) => async () => {
    sent.push({ name, at: clock.now() });
  };
  return { clock, queue, sent, call, names: () => sent.map((one) => one.name) };
}

/** The most of `times` that lie within any window of `windowMs`. */
function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

describe("the send queue", () => {
  it("keeps to 20 calls a minute in a group and loses none", async () => {
    const { clock, queue, sent, call } = startQueue();
    for (let index = 0; index < 70; index++) void queue.send("-100", call(String(index)));
    await clock.run();
    expect(sent.map((one) => one.name)).toEqual(Array.from({ length: 70 }, (_, index) => String(index)));
    expect(
      mostWithin(
        sent.map((one) => one.at),
        60_000,
      ),
    ).toBeLessThanOrEqual(20);
  });

  it("keeps to about a call a second in a chat", async () => {
    const { clock, queue, sent, call } = startQueue();
    for (let index = 0; index < 20; index++) void queue.send("100", call(String(index)));
    await clock.run();
    expect(
      mostWithin(
        sent.map((one) => one.at),
        10_000,
      ),
    ).toBeLessThanOrEqual(12);
  });

  it("keeps to 30 calls a second over all chats, also when they wait for the same moment", async () => {
    const { clock, queue, sent, call } = startQueue();
    for (let chat = 0; chat < 200; chat++) void queue.send(String(chat), call(String(chat)));
    await clock.run();
    expect(sent).toHaveLength(200);
    expect(
      mostWithin(
        sent.map((one) => one.at),
        1_000,
      ),
    ).toBeLessThanOrEqual(30);
  });

  it("sends answers before progress, and of the progress of one message only the newest", async () => {
    const { clock, queue, call, names } = startQueue();
    void queue.send("100", call("first"));
    void queue.progress("100", "m1", call("10 %"));
    void queue.progress("100", "m1", call("20 %"));
    void queue.progress("100", "m2", call("other"));
    void queue.send("100", call("answer"));
    await clock.run();
    expect(names()).toEqual(["first", "answer", "20 %", "other"]);
  });

  it("lets an answer go before a progress edit that Telegram has put off", async () => {
    const { clock, queue, sent, call, names } = startQueue();
    let isFirst = true;
    void queue.progress("100", "m1", async () => {
      if (isFirst) {
        isFirst = false;
        void queue.send("100", call("answer"));
        throw floodWait(5);
      }
      await call("progress")();
    });
    const startedAt = clock.now();
    await clock.run();
    expect(names()).toEqual(["answer", "progress"]);
    expect(sent[0]?.at).toBeGreaterThanOrEqual(startedAt + 5_000);
  });

  it("waits as long as Telegram asks, however often, and then sends once", async () => {
    const { clock, queue, call, names } = startQueue();
    let refusals = 20;
    const startedAt = clock.now();
    const done = queue.send("100", async () => {
      if (refusals-- > 0) throw floodWait(30);
      await call("answer")();
    });
    await clock.run();
    await done;
    expect(names()).toEqual(["answer"]);
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(20 * 30_000);
  });

  it("rejects what waits when it stops, with the reason", async () => {
    const { clock, queue, call, names } = startQueue();
    const waiting = Array.from({ length: 6 }, (_, index) => queue.send("100", call(String(index))));
    const settled = Promise.allSettled(waiting);
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error("the process ends");
    queue.stop(reason);
    await clock.run();
    expect((await settled).slice(3)).toEqual(Array(3).fill({ status: "rejected", reason }));
    expect(names()).toEqual(["0", "1", "2"]);
  });
});
