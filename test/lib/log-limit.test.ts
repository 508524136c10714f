import { describe, expect, it } from "vitest";
import { innermostCause } from "../../src/lib/innermost-cause.ts";
import { LogLimit, OutageLog } from "../../src/lib/log-limit.ts";

describe("a limited log", () => {
  it("has one line a key in its time", () => {
    let now = 1;
    const limit = new LogLimit(60, { now: () => now });
    expect([limit.isDue("a"), limit.isDue("a"), limit.isDue("b")]).toEqual([true, false, true]);
    limit.reset("b");
    expect(limit.isDue("b")).toBe(true);
    now = 61;
    expect([limit.isDue("a"), limit.isDue("a")]).toEqual([true, false]);
  });

  it("tells of an outage and of its end, once each", () => {
    const lines: string[] = [];
    const write = (facts: object, message: string) => void lines.push(`${message} ${JSON.stringify(facts)}`);
    const outage = new OutageLog({ warn: write, info: write });
    outage.over("back");
    for (let round = 0; round < 2; round++) {
      outage.tell(new Error("outer", { cause: new Error("inner") }), "away");
      outage.tell(new Error("again"), "away");
      outage.over("back");
    }
    expect(lines).toEqual(['away {"cause":"inner"}', "back {}", 'away {"cause":"inner"}', "back {}"]);
  });
});

describe("the innermost cause", () => {
  it.each([
    ["of a chain", new Error("a", { cause: new Error("b", { cause: "c" }) }), "c"],
    ["of several tries", new AggregateError([new Error("first"), new Error("second")]), "first"],
    ["of grammY's errors", Object.assign(new Error("network"), { error: new Error("refused") }), "refused"],
    ["without words", new RangeError(""), "RangeError"],
  ])("%s", (_what, error, words) => {
    expect(innermostCause(error)).toBe(words);
  });

  it("ends, also where a chain does not", () => {
    const error = new Error("round");
    error.cause = error;
    expect(innermostCause(error)).toBe("round");
  });
});
