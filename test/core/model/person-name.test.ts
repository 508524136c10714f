import { describe, expect, it } from "vitest";
import { personName } from "../../../src/core/model/person-name.ts";

describe("what a person is called", () => {
  it.each([
    ["Ann Lee", "Ann Lee"],
    ["  Ann\n\n\tLee ", "Ann Lee"],
    ["王小明", "王小明"],
    ["👩‍🎤", "👩‍🎤"],
    ["O'Neill-Smith Jr.", "O'Neill-Smith Jr."],
    // Mentions nobody, commands nothing, leads nowhere, formats nothing.
    ["@everyone", "everyone"],
    ["<@123>", "123"],
    ["/export", "export"],
    ["free.example.com", "free. example. com"],
    ["https://free.example", "https: free. example"],
    ["**[Ann](x)**", "Ann x"],
    ["a\u202eb", "a b"],
    ["x".repeat(50), `${"x".repeat(39)}…`],
  ])("“%s” is “%s”", (given, name) => {
    expect(personName(given)).toBe(name);
  });

  it("is the first name that says anything, or none", () => {
    expect(personName(undefined, null, "  ", "@@", "ann")).toBe("ann");
    expect(personName("\u200b", "")).toBeUndefined();
  });
});
