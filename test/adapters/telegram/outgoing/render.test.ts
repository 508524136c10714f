import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAPTION_LIMIT, renderText, TEXT_LIMIT } from "../../../../src/adapters/telegram/outgoing/render.ts";
import type { RichText } from "../../../../src/core/model/rich-text.ts";

const words = fc.string({ unit: "grapheme", maxLength: 60 });
const gap = fc.constantFrom(" ", "\n", "\n\n", ". ", "。", "");
const prose = fc.array(fc.tuple(words, gap), { maxLength: 60 }).map((parts) => parts.flat().join(""));
const span = fc.record(
  {
    text: prose,
    bold: fc.constant(true as const),
    code: fc.constant(true as const),
    href: fc.constant("https://example.com/a"),
  },
  { requiredKeys: ["text"] },
);
const rich: fc.Arbitrary<RichText> = fc.array(span, { maxLength: 6 });
const limits = fc.constantFrom(16, 100, CAPTION_LIMIT, TEXT_LIMIT);
const bare = (text: string) => text.replace(/\s/g, "");

describe("a text in parts", () => {
  it("keeps below the limit, loses nothing, and breaks no character", () => {
    fc.assert(
      fc.property(rich, limits, (text, limit) => {
        const parts = renderText(text, limit);
        const whole = text.map((one) => one.text).join("");
        expect(bare(parts.map((part) => part.text).join(""))).toBe(bare(whole));
        for (const part of parts) {
          expect(part.text.length).toBeGreaterThan(0);
          expect(part.text.length).toBeLessThanOrEqual(limit);
          expect(part.text.isWellFormed()).toBe(whole.isWellFormed());
        }
      }),
    );
  });

  it("has entities that lie inside it and cover what they covered before", () => {
    fc.assert(
      fc.property(rich, limits, (text, limit) => {
        let marked = "";
        for (const part of renderText(text, limit)) {
          for (const { type, offset, length } of part.entities) {
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(length).toBeGreaterThan(0);
            expect(offset + length).toBeLessThanOrEqual(part.text.length);
            if (type === "bold") marked += part.text.slice(offset, offset + length);
          }
        }
        const bold = text.map((one) => (one.bold ? one.text : "")).join("");
        expect(bare(marked)).toBe(bare(bold));
      }),
    );
  });

  it.each([
    ["paragraphs", "\n\n"],
    ["lines", "\n"],
    ["sentences", ". "],
    ["words", " "],
  ])("is cut between %s where there are any", (_name, separator) => {
    const piece = "x".repeat(30);
    const parts = renderText([{ text: Array.from({ length: 20 }, () => piece).join(separator) }], 100);
    for (const part of parts) {
      for (const one of part.text.split(separator)) expect(one.replace(/\.$/, "")).toBe(piece);
    }
  });

  it.each(["7. ", "12) ", "- ", "• "])("never ends with the “%s” of a list alone", (number) => {
    const item = `${number}${"one long sentence that has to be cut somewhere ".repeat(3).trim()}.`;
    const text = Array.from({ length: 12 }, () => item).join("\n");
    for (let limit = 60; limit < 400; limit += 7) {
      for (const part of renderText([{ text }], limit)) {
        expect(part.text).not.toMatch(/\n[ \t]*(?:\d+[.)]|[-•])\s*$/);
      }
    }
  });

  it("is no part at all when there is nothing to say", () => {
    expect(renderText([])).toEqual([]);
    expect(renderText([{ text: " \n " }])).toEqual([]);
  });
});
