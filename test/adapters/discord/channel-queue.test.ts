import { describe, expect, it } from "vitest";
import { ChannelQueue, type Standing } from "../../../src/adapters/discord/channel-queue.ts";
import { systemClock } from "../../../src/app/system-clock.ts";
import { Store } from "./adapters.ts";

describe("the queue of each channel", () => {
  it("holds only so much for the store, and says what is lost", async () => {
    const store = new Store();
    const queue = new ChannelQueue(systemClock, { retryMs: 5, maxHeld: 3 });
    const done: number[] = [];
    const take = (n: number) =>
      queue.inOrder(n % 2 === 0 ? "even" : "odd", async () => {
        store.check();
        done.push(n);
      });
    store.isInTrouble = true;
    const first = take(0);
    await expect.poll(() => queue.heldCount).toBe(1);
    const kept = [first, take(1), take(2)];
    await expect(take(3)).rejects.toThrow("lost");
    store.isInTrouble = false;
    await Promise.all(kept);
    expect(done.filter((n) => n % 2 === 0)).toEqual([0, 2]);
    expect(done).toHaveLength(3);
    expect(queue.heldCount).toBe(0);
  });

  it("gives the room of what may be for the bot to what surely is, and none to the rest", async () => {
    const store = new Store();
    const queue = new ChannelQueue(systemClock, { retryMs: 5, maxHeld: 3 });
    const done: string[] = [];
    const take = (name: string, standing: Standing) => {
      const task = async () => {
        store.check();
        done.push(name);
      };
      return queue.inOrder(name, task, standing).catch((error: Error) => error.message);
    };
    store.isInTrouble = true;
    const unsure = [1, 2, 3].map((n) => take(`unsure ${n}`, "unsure"));
    await expect.poll(() => queue.heldCount).toBe(3);
    expect(await take("unsure 4", "unsure")).toContain("lost");
    const sure = [1, 2, 3].map((n) => take(`sure ${n}`, "sure"));
    for (const one of unsure) expect(await one).toContain("lost");
    await expect.poll(() => queue.heldCount).toBe(3);
    expect(await take("sure 4", "sure")).toContain("lost");
    // Behind held events it is left out at once.
    expect(await take("sure 1", "aside")).toBeUndefined();
    expect(queue.heldCount).toBe(3);
    store.isInTrouble = false;
    await Promise.all(sure);
    expect(done.sort()).toEqual(["sure 1", "sure 2", "sure 3"]);
  });

  it("lets nothing of a channel pass what is held there, and nobody else wait", async () => {
    const store = new Store();
    const queue = new ChannelQueue(systemClock, { retryMs: 5, maxHeld: 10 });
    const done: string[] = [];
    const task = (name: string) => async () => {
      store.check();
      done.push(name);
    };
    store.isInTrouble = true;
    const held = queue.inOrder("one", task("first"));
    await expect.poll(() => queue.heldCount).toBe(1);
    store.isInTrouble = false;
    const pressed = queue.atOnce("one", task("second"));
    await queue.atOnce("two", task("elsewhere"));
    await Promise.all([held, pressed]);
    expect(done).toEqual(["elsewhere", "first", "second"]);
  });

  it("gives up what it holds when it is stopped", async () => {
    const store = new Store();
    store.isInTrouble = true;
    const queue = new ChannelQueue(systemClock, { retryMs: 60_000, maxHeld: 10 });
    const held = queue.inOrder("one", async () => store.check());
    await expect.poll(() => queue.heldCount).toBe(1);
    queue.stop();
    await expect(held).rejects.toThrow("stops");
    await expect(queue.atOnce("two", async () => {})).rejects.toThrow("stops");
  });

  it("passes nothing by that it gave up when it was stopped", async () => {
    const queue = new ChannelQueue(systemClock, { retryMs: 5, maxHeld: 10 });
    const [begun, first] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done: string[] = [];
    const task = (name: string) => async () => {
      done.push(name);
    };
    const running = queue.inOrder("one", () => {
      begun.resolve();
      return first.promise;
    });
    const given = Promise.allSettled([
      queue.inOrder("one", task("for the bot")),
      queue.inOrder("one", task("for others"), "aside"),
    ]);
    await begun.promise;
    queue.stop();
    first.resolve();
    await running;
    expect((await given).map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(done).toEqual([]);
  });
});
