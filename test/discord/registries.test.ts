import { describe, expect, it } from "vitest";
import type { Taken } from "../../src/adapters/discord/interaction-facts.ts";
import { Line } from "../../src/adapters/discord/line.ts";
import { PendingInteractions } from "../../src/adapters/discord/pending.ts";
import { systemClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { Store } from "./adapters.ts";

const log = await createLog({ level: "silent", secrets: [] });

/** A store and a time in the test's hand. */
function world() {
  const time = { ms: Date.UTC(2026, 0, 1) };
  return { time, memory: new Store(), log, clock: { ...systemClock, now: () => time.ms } };
}

describe("the line of what came in", () => {
  it("holds only so much for the store, and says what is lost", async () => {
    const store = new Store();
    const line = new Line(systemClock, { retryMs: 5, maxHeld: 3 });
    const done: number[] = [];
    const take = (n: number) =>
      line.inOrder(n % 2 === 0 ? "even" : "odd", async () => {
        store.check();
        done.push(n);
      });
    store.isInTrouble = true;
    const first = take(0);
    await expect.poll(() => line.heldCount).toBe(1);
    const kept = [first, take(1), take(2)];
    await expect(take(3)).rejects.toThrow("lost");
    store.isInTrouble = false;
    await Promise.all(kept);
    expect(done.filter((n) => n % 2 === 0)).toEqual([0, 2]);
    expect(done).toHaveLength(3);
    expect(line.heldCount).toBe(0);
  });

  it("lets nothing of a channel pass what is held there, and nobody else wait", async () => {
    const store = new Store();
    const line = new Line(systemClock, { retryMs: 5, maxHeld: 10 });
    const done: string[] = [];
    const task = (name: string) => async () => {
      store.check();
      done.push(name);
    };
    store.isInTrouble = true;
    const held = line.inOrder("one", task("first"));
    await expect.poll(() => line.heldCount).toBe(1);
    store.isInTrouble = false;
    const pressed = line.atOnce("one", task("second"));
    await line.atOnce("two", task("elsewhere"));
    await Promise.all([held, pressed]);
    expect(done).toEqual(["elsewhere", "first", "second"]);
  });

  it("gives up what it holds when it is stopped", async () => {
    const store = new Store();
    store.isInTrouble = true;
    const line = new Line(systemClock, { retryMs: 60_000, maxHeld: 10 });
    const held = line.inOrder("one", async () => store.check());
    await expect.poll(() => line.heldCount).toBe(1);
    line.stop();
    await expect(held).rejects.toThrow("stops");
    await expect(line.atOnce("two", async () => {})).rejects.toThrow("stops");
  });
});

describe("interactions that nobody finished", () => {
  const ours = () => true;
  const theirs = () => false;
  // What is read of it here; the rest of Discord's object is passed through.
  const interaction = (id: string) =>
    ({ id, type: 2, token: "t", application_id: "1", receivedAt: 5, guild_id: "7" }) as unknown as Taken;

  it("are left alone by a process that serves other guilds, until nobody can be at work on them", async () => {
    const { time, ...options } = world();
    await new PendingInteractions(options).add(interaction("11"));
    const next = new PendingInteractions(options);
    expect(await next.takeUp(theirs)).toEqual([]);
    time.ms += 61_000;
    expect(await next.takeUp(theirs)).toMatchObject([{ id: "11", receivedAt: 5 }]);
    expect(await next.takeUp(ours)).toEqual([]);
  });

  it("are taken up by one of two processes", async () => {
    const { time, ...options } = world();
    await new PendingInteractions(options).add(interaction("11"));
    time.ms += 61_000;
    const taken = await Promise.all([
      new PendingInteractions(options).takeUp(theirs),
      new PendingInteractions(options).takeUp(theirs),
    ]);
    expect(taken.flat()).toHaveLength(1);
  });

  it("are given up when every process that took them up has died", async () => {
    const { memory, ...options } = world();
    await new PendingInteractions({ memory, ...options }).add(interaction("11"));
    for (let n = 0; n < 3; n++) {
      expect(await new PendingInteractions({ memory, ...options }).takeUp(ours)).toHaveLength(1);
    }
    expect(await new PendingInteractions({ memory, ...options }).takeUp(ours)).toEqual([]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:11")).toBeNull();
  });

  it("leave nothing behind when they are finished", async () => {
    const { memory, ...options } = world();
    const pending = new PendingInteractions({ memory, ...options });
    await Promise.all([pending.add(interaction("11")), pending.add(interaction("12"))]);
    await Promise.all([pending.remove("11"), pending.remove("12")]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:12")).toBeNull();
  });
});
