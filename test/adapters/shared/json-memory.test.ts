import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { JsonMemory } from "../../../src/adapters/shared/json-memory.ts";
import { type AdapterMemory, StoreTroubleError } from "../../../src/core/ports/store.ts";
import { createAdapterMemory } from "../../../src/store/adapter-memory.ts";
import { openMemoryStorage } from "../../../src/store/storage.ts";

const schema = z.object({ version: z.literal(1), seen: z.array(z.number()) });
const one = { version: 1 as const, seen: [1] };

let memory: AdapterMemory;
let lines: string[];
let log: ConstructorParameters<typeof JsonMemory>[0]["log"];
beforeEach(() => {
  memory = createAdapterMemory(openMemoryStorage().records, "test");
  lines = [];
  const noted = (level: string) => (facts: object, message: string) =>
    lines.push(`${level} ${message} ${Object.keys(facts)}`);
  log = { debug: noted("debug"), info: noted("info"), warn: noted("warn"), error: noted("error") };
});

const records = (changes: { memory?: AdapterMemory; ttlMs?: number; isBestEffort?: true } = {}) =>
  new JsonMemory({ memory, schema, what: "a record of numbers", log, ...changes });

/** A memory that fails as the store does, or in a way of its own. */
function broken(error: Error): AdapterMemory {
  const fail = () => Promise.reject(error);
  return { get: fail, set: fail, delete: fail, update: fail };
}

describe("records of one kind", () => {
  it("come back as they were written, in any process", async () => {
    await records().set("a", one);
    expect(await records().get("a")).toEqual(one);
    expect(await records().get("b")).toBeNull();
    await records().delete("a");
    expect(await records().get("a")).toBeNull();
  });

  it("are changed as one step, and go when nothing is left", async () => {
    const add = (n: number) =>
      records().update("a", (now) => ({ version: 1, seen: [...(now?.seen ?? []), n] }));
    await Promise.all([add(1), add(2), add(3)]);
    expect((await records().get("a"))?.seen.toSorted()).toEqual([1, 2, 3]);
    expect(await records().update("a", () => null)).toBeNull();
    expect(await memory.get("a")).toBeNull();
  });

  it("live as long as they may", async () => {
    await records({ ttlMs: 1 }).set("set", one);
    await records({ ttlMs: 1 }).update("updated", () => one);
    await records().set("for good", one);
    await expect.poll(() => memory.get("set")).toBeNull();
    await expect.poll(() => memory.get("updated")).toBeNull();
    expect(await records().get("for good")).toEqual(one);
  });

  it.each([
    ["is not JSON", "{"],
    ["is of another kind", '{"version":1,"seen":"all"}'],
    ["is of another version", '{"version":2,"seen":[]}'],
    ["is nothing", "null"],
  ])("count as absent where one %s, which is said once", async (_title, text) => {
    const kept = records();
    await memory.set("a", text);
    await memory.set("b", text);
    expect(await kept.get("a")).toBeNull();
    expect(await kept.get("b")).toBeNull();
    expect(await kept.update("b", (now) => now ?? one)).toEqual(one);
    expect(lines).toEqual(["warn a record of numbers cannot be read and counts as absent key"]);
  });
});

describe("a memory that fails", () => {
  it("is the caller's to know", async () => {
    const trouble = new StoreTroubleError("off");
    const kept = records({ memory: broken(trouble) });
    await expect(kept.get("a")).rejects.toBe(trouble);
    await expect(kept.set("a", one)).rejects.toBe(trouble);
    await expect(kept.delete("a")).rejects.toBe(trouble);
    await expect(kept.update("a", () => one)).rejects.toBe(trouble);
  });

  it.each([
    ["debug", new StoreTroubleError("off")],
    ["warn", new Error("a fault")],
  ])("does not break work that goes on without it, and is logged: %s", async (level, error) => {
    const kept = records({ memory: broken(error), isBestEffort: true });
    expect(await kept.get("a")).toBeNull();
    await kept.set("a", one);
    await kept.delete("a");
    expect(await kept.update("a", () => one)).toBeNull();
    const line = `${level} the work goes on without a record of numbers err`;
    expect(lines).toEqual([line, line, line, line]);
  });
});
