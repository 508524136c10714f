/**
 * Words that stop the work, as people in a hurry write them, and edits that use the same words. The fixture was
 * written without sight of the rules. Its labels are as they came, with one reading to know of: two
 * sentences under `edit` are questions ("why was my last export cancelled"), which the agent answers.
 */
import { describe, expect, it } from "vitest";
import words from "../../../fixtures/cancel-words.json" with { type: "json" };
import { phrases, understanding } from "../../../support/content.ts";
import { short } from "../../../support/intents.ts";

function kindOf(text: string): string {
  const intent = understanding.readIntent(text);
  return short(intent)
    .split(" ")
    .slice(0, 2)
    .filter((word, index) => index === 0 || word === "cancel")
    .join(" ");
}

const cancels = Object.values(words.cancel).flat();
const edits = Object.values(words.edit).flat();

describe("words that stop the work", () => {
  it.each(cancels)("“%s” never becomes a turn", (text) => {
    expect(["cancel", "ask cancel"]).toContain(kindOf(text));
  });

  it("are understood without a question nearly always", () => {
    const asked = cancels.filter((text) => kindOf(text) === "ask cancel");
    expect(asked.length / cancels.length).toBeLessThanOrEqual(0.05);
  });

  it.each([
    "why wont it stop ".repeat(20),
    "stop this ".repeat(39),
    `${"not yet cut it anymore ".repeat(16)}cut`,
  ])("are read at once, however often they are said: %s", (text) => {
    const startedAt = performance.now();
    kindOf(text);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("have one role each", () => {
    for (const { cancel = {} } of Object.values(phrases)) {
      const all = Object.values(cancel).flat();
      expect(all.filter((word, index) => all.indexOf(word) !== index)).toEqual([]);
    }
  });
});

describe("edits with the words of a cancel", () => {
  it.each(edits)("“%s” stops nothing", (text) => {
    expect(kindOf(text)).not.toBe("cancel");
  });

  // "How do I cancel my subscription?" is asked about, with what it is about.
  it("are hardly ever asked about as a cancel", () => {
    const asked = edits.filter((text) => kindOf(text) === "ask cancel");
    expect(asked.length / edits.length).toBeLessThanOrEqual(0.05);
  });
});
