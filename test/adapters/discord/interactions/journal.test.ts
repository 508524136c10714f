import { describe, expect, it } from "vitest";
import { interactionSchema } from "../../../../src/adapters/discord/incoming/event-schema.ts";
import type { Taken } from "../../../../src/adapters/discord/interactions/facts.ts";
import { InteractionJournal } from "../../../../src/adapters/discord/interactions/journal.ts";
import { createLog } from "../../../../src/app/log.ts";
import { systemClock } from "../../../../src/app/system-clock.ts";
import { Store } from "../adapters.ts";

const log = await createLog({ level: "silent", secrets: [] });

/** A store and a time in the test's hand. */
function startScene() {
  const time = { ms: Date.UTC(2026, 0, 1) };
  return { time, memory: new Store(), log, clock: { ...systemClock, now: () => time.ms } };
}

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
    const { time, ...options } = startScene();
    await new InteractionJournal(options).add(interaction("11"));
    const next = new InteractionJournal(options);
    expect(await next.takeUp(theirs)).toEqual([]);
    time.ms += 61_000;
    expect(await next.takeUp(theirs)).toMatchObject([{ id: "11", receivedAt: 5 }]);
    expect(await next.takeUp(ours)).toEqual([]);
  });

  it("are taken up by one of two processes", async () => {
    const { time, ...options } = startScene();
    await new InteractionJournal(options).add(interaction("11"));
    time.ms += 61_000;
    const taken = await Promise.all([
      new InteractionJournal(options).takeUp(theirs),
      new InteractionJournal(options).takeUp(theirs),
    ]);
    expect(taken.flat()).toHaveLength(1);
  });

  it("are given up when every process that took them up has died", async () => {
    const { memory, ...options } = startScene();
    await new InteractionJournal({ memory, ...options }).add(interaction("11"));
    for (let n = 0; n < 3; n++) {
      expect(await new InteractionJournal({ memory, ...options }).takeUp(ours)).toHaveLength(1);
    }
    expect(await new InteractionJournal({ memory, ...options }).takeUp(ours)).toEqual([]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:11")).toBeNull();
  });

  it("leave nothing behind when they are finished", async () => {
    const { memory, ...options } = startScene();
    const pending = new InteractionJournal({ memory, ...options });
    await Promise.all([pending.add(interaction("11")), pending.add(interaction("12"))]);
    await Promise.all([pending.remove("11"), pending.remove("12")]);
    expect(await memory.get("pending")).toBeNull();
    expect(await memory.get("pending:12")).toBeNull();
  });
});
