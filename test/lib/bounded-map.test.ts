import { describe, expect, it } from "vitest";
import { BoundedMap, BoundedSet } from "../../src/lib/bounded-map.ts";

describe("a bounded map", () => {
  it("drops the entry that was set longest ago, and takes a set key for new", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1).set("b", 2).set("a", 3).set("c", 4);
    expect([...map]).toEqual([
      ["a", 3],
      ["c", 4],
    ]);
  });

  it("forgets what is too old, counted from when it was last set", () => {
    let now = 0;
    const map = new BoundedMap<string, number>(9, { maxAgeMs: 10, clock: { now: () => now } });
    map.set("a", 1).set("b", 2);
    now = 9;
    map.set("b", 3);
    expect(map.get("a")).toBe(1);
    now = 10;
    expect(map.get("a")).toBeUndefined();
    expect(map.has("b")).toBe(true);
    expect(map.size).toBe(1);
    map.clear();
    expect(map.has("b")).toBe(false);
  });
});

describe("a bounded set", () => {
  it("drops the value that was added longest ago, and takes an added one for new", () => {
    expect([...new BoundedSet<string>(2).add("a").add("b").add("a").add("c")]).toEqual(["a", "c"]);
  });
});
