import { describe, expect, it } from "vitest";
import { ChannelQueue, type Standing } from "../../../../src/adapters/discord/channel-queue.ts";
import { interactionSchema } from "../../../../src/adapters/discord/incoming/event-schema.ts";
import { LastSeen } from "../../../../src/adapters/discord/incoming/last-seen.ts";
import type { Taken } from "../../../../src/adapters/discord/interactions/facts.ts";
import { InteractionJournal } from "../../../../src/adapters/discord/interactions/journal.ts";
import { idAt } from "../../../../src/adapters/discord/snowflakes.ts";
import { createLog } from "../../../../src/app/log.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import { Store } from "../adapters.ts";

const DAY_MS = 86_400_000;
const log = await createLog({ level: "silent", secrets: [] });

/** A store and a time in the test's hand. */
function world() {
  const time = { ms: Date.UTC(2026, 0, 1) };
  return { time, memory: new Store(), log, clock: { ...systemClock, now: () => time.ms } };
}

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

describe("the places where the bot is in use", () => {
  it("are known to the next process with the last message that is owned, the last used first", async () => {
    const { time, ...options } = world();
    const served = new LastSeen(options);
    const [guild, dm] = [idAt(time.ms), idAt(time.ms + 1)];
    await served.took(guild, "77", "100");
    time.ms += 1_000;
    await served.took(dm, null, "300");
    await served.took(dm, null, "200");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toMatchObject([
      { id: dm, guildId: null, lastId: "300" },
      { id: guild, guildId: "77", lastId: "100" },
    ]);
  });

  it("are written down together by several processes, and nothing goes back", async () => {
    const { time, ...options } = world();
    const [one, other] = [new LastSeen(options), new LastSeen(options)];
    const id = idAt(time.ms);
    await Promise.all([one.took(id, "7", "500"), other.took(id, "7", "400")]);
    await other.took(id, "7", "450");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toMatchObject([{ id, lastId: "500" }]);
  });

  it("cost no write for what is none of the bot's business, but every fiftieth time and at the end", async () => {
    const { time, ...options } = world();
    const served = new LastSeen(options);
    const id = idAt(time.ms);
    await served.took(id, "7", "1000");
    const lastIdOf = async () => {
      const next = new LastSeen(options);
      await next.load();
      return next.find(id)?.lastId;
    };
    for (let n = 1; n < 50; n++) await served.passed(id, String(1_000 + n));
    expect(await lastIdOf()).toBe("1000");
    await served.passed(id, "1050");
    expect(await lastIdOf()).toBe("1050");
    await served.passed(id, "1051");
    await served.flush();
    expect(await lastIdOf()).toBe("1051");
  });

  it.each(["the last words to the bot", "what has only passed by"])(
    "are written down at the end where the store did not take them before: %s",
    async (what) => {
      const { time, ...options } = world();
      const served = new LastSeen(options);
      const id = idAt(time.ms);
      await served.took(id, "7", "1000");
      options.memory.isInTrouble = true;
      if (what === "the last words to the bot") await served.took(id, "7", "1050");
      else for (let n = 1; n <= 50; n++) await served.passed(id, String(1_000 + n));
      await served.flush();
      options.memory.isInTrouble = false;
      await served.flush();
      const next = new LastSeen(options);
      await next.load();
      expect(next.find(id)?.lastId).toBe("1050");
    },
  );

  it("are not written again at the end when nothing has changed", async () => {
    const { time, ...options } = world();
    const served = new LastSeen(options);
    const id = idAt(time.ms);
    await served.took(id, "7", "1000");
    for (let n = 0; n < 32; n++) await options.memory.delete(`served:${n}`);
    await served.flush();
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toEqual([]);
  });

  it("are forgotten after a week, and when there are too many", async () => {
    const { time, ...options } = world();
    const served = new LastSeen(options);
    for (let n = 0; n < 700; n++) {
      time.ms += 1;
      await served.took(idAt(time.ms), "7", "1");
    }
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toHaveLength(512);
    expect(next.list()[0]?.id).toBe(idAt(time.ms));
    time.ms += 8 * DAY_MS;
    expect(next.list()).toEqual([]);
  });

  it("start anew where the record cannot be read", async () => {
    const { time, ...options } = world();
    for (let n = 0; n < 32; n++) await options.memory.set(`served:${n}`, "{");
    const served = new LastSeen(options);
    await served.load();
    await served.took(idAt(time.ms), "7", "1");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toHaveLength(1);
  });
});

describe("interactions that nobody finished", () => {
  const ours = () => true;
  const theirs = () => false;
  const interaction = (id: string): Taken => ({
    ...interactionSchema.parse({
      id,
      type: 2,
      token: "t",
      application_id: "1",
      guild_id: "7",
      channel_id: "8",
      member: { user: { id: "9" }, permissions: "0" },
      data: { type: 1, name: "help" },
    }),
    receivedAt: 5,
  });

  it("are left alone by a process that serves other guilds, until nobody can be at work on them", async () => {
    const { time, ...options } = world();
    await new InteractionJournal(options).add(interaction("11"));
    const next = new InteractionJournal(options);
    expect(await next.takeUp(theirs)).toEqual([]);
    time.ms += 61_000;
    expect(await next.takeUp(theirs)).toMatchObject([{ id: "11", receivedAt: 5 }]);
    expect(await next.takeUp(ours)).toEqual([]);
  });

  it("are taken up by one of two processes", async () => {
    const { time, ...options } = world();
    await new InteractionJournal(options).add(interaction("11"));
    time.ms += 61_000;
    const taken = await Promise.all([
      new InteractionJournal(options).takeUp(theirs),
      new InteractionJournal(options).takeUp(theirs),
    ]);
    expect(taken.flat()).toHaveLength(1);
  });

  it("are given up when every process that took them up has died", async () => {
    const { memory, ...options } = world();
    await new InteractionJournal({ memory, ...options }).add(interaction("11"));
    for (let n = 0; n < 3; n++) {
      expect(await new InteractionJournal({ memory, ...options }).takeUp(ours)).toHaveLength(1);
    }
    expect(await new InteractionJournal({ memory, ...options }).takeUp(ours)).toEqual([]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:11")).toBeNull();
  });

  it("leave nothing behind when they are finished", async () => {
    const { memory, ...options } = world();
    const pending = new InteractionJournal({ memory, ...options });
    await Promise.all([pending.add(interaction("11")), pending.add(interaction("12"))]);
    await Promise.all([pending.remove("11"), pending.remove("12")]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:12")).toBeNull();
  });
});
