import { describe, expect, it } from "vitest";
import { LastSeen } from "../../../../src/adapters/discord/incoming/last-seen.ts";
import { idAt } from "../../../../src/adapters/discord/snowflakes.ts";
import { createLog } from "../../../../src/app/log.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import { Store } from "../adapters.ts";

const DAY_MS = 86_400_000;
const log = await createLog({ level: "silent", secrets: [] });

/** A store and a time in the test's hand. */
function startScene() {
  const time = { ms: Date.UTC(2026, 0, 1) };
  return { time, memory: new Store(), log, clock: { ...systemClock, now: () => time.ms } };
}

describe("the places where the bot is in use", () => {
  it("are known to the next process with the last message that is owned, the last used first", async () => {
    const { time, ...options } = startScene();
    const lastSeen = new LastSeen(options);
    const [guild, dm] = [idAt(time.ms), idAt(time.ms + 1)];
    await lastSeen.took(guild, "77", "100");
    time.ms += 1_000;
    await lastSeen.took(dm, null, "300");
    await lastSeen.took(dm, null, "200");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toMatchObject([
      { id: dm, guildId: null, lastId: "300" },
      { id: guild, guildId: "77", lastId: "100" },
    ]);
  });

  it("are written down together by several processes, and nothing goes back", async () => {
    const { time, ...options } = startScene();
    const [one, other] = [new LastSeen(options), new LastSeen(options)];
    const id = idAt(time.ms);
    await Promise.all([one.took(id, "7", "500"), other.took(id, "7", "400")]);
    await other.took(id, "7", "450");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toMatchObject([{ id, lastId: "500" }]);
  });

  it("cost no write for what is none of the bot's business, but every fiftieth time and at the end", async () => {
    const { time, ...options } = startScene();
    const lastSeen = new LastSeen(options);
    const id = idAt(time.ms);
    await lastSeen.took(id, "7", "1000");
    const lastIdOf = async () => {
      const next = new LastSeen(options);
      await next.load();
      return next.find(id)?.lastId;
    };
    for (let n = 1; n < 50; n++) await lastSeen.passed(id, String(1_000 + n));
    expect(await lastIdOf()).toBe("1000");
    await lastSeen.passed(id, "1050");
    expect(await lastIdOf()).toBe("1050");
    await lastSeen.passed(id, "1051");
    await lastSeen.flush();
    expect(await lastIdOf()).toBe("1051");
  });

  it.each(["the last words to the bot", "what has only passed by"])(
    "are written down at the end where the store did not take them before: %s",
    async (what) => {
      const { time, ...options } = startScene();
      const lastSeen = new LastSeen(options);
      const id = idAt(time.ms);
      await lastSeen.took(id, "7", "1000");
      options.memory.isInTrouble = true;
      if (what === "the last words to the bot") await lastSeen.took(id, "7", "1050");
      else for (let n = 1; n <= 50; n++) await lastSeen.passed(id, String(1_000 + n));
      await lastSeen.flush();
      options.memory.isInTrouble = false;
      await lastSeen.flush();
      const next = new LastSeen(options);
      await next.load();
      expect(next.find(id)?.lastId).toBe("1050");
    },
  );

  it("are not written again at the end when nothing has changed", async () => {
    const { time, ...options } = startScene();
    const lastSeen = new LastSeen(options);
    const id = idAt(time.ms);
    await lastSeen.took(id, "7", "1000");
    for (let n = 0; n < 32; n++) await options.memory.delete(`served:${n}`);
    await lastSeen.flush();
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toEqual([]);
  });

  it("are forgotten after a week, and when there are too many", async () => {
    const { time, ...options } = startScene();
    const lastSeen = new LastSeen(options);
    for (let n = 0; n < 700; n++) {
      time.ms += 1;
      await lastSeen.took(idAt(time.ms), "7", "1");
    }
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toHaveLength(512);
    expect(next.list()[0]?.id).toBe(idAt(time.ms));
    time.ms += 8 * DAY_MS;
    expect(next.list()).toEqual([]);
  });

  it("start over where the record cannot be read", async () => {
    const { time, ...options } = startScene();
    for (let n = 0; n < 32; n++) await options.memory.set(`served:${n}`, "{");
    const lastSeen = new LastSeen(options);
    await lastSeen.load();
    await lastSeen.took(idAt(time.ms), "7", "1");
    const next = new LastSeen(options);
    await next.load();
    expect(next.list()).toHaveLength(1);
  });
});
