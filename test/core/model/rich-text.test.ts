import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinText, parseMarkup, plain, toPlain } from "../../../src/core/model/rich-text.ts";

describe("the little Markdown of our texts", () => {
  it.each([
    ["**bold** words", [{ text: "bold", bold: true }, { text: " words" }]],
    ["send `/export` now", [{ text: "send " }, { text: "/export", code: true }, { text: " now" }]],
    ["[here](https://a.example/x?y=1)", [{ text: "here", href: "https://a.example/x?y=1" }]],
    ["[1] see [here](http://a.example)", [{ text: "[1] see " }, { text: "here", href: "http://a.example" }]],
    ["[a [b](https://a.example)", [{ text: "[a " }, { text: "b", href: "https://a.example" }]],
    ["**粗体**与`代码`", [{ text: "粗体", bold: true }, { text: "与" }, { text: "代码", code: true }]],
    ["", []],
  ])("%s", (source, spans) => {
    expect(parseMarkup(source)).toEqual(spans);
  });

  it.each([
    "2 * 3 ** 4",
    "**over\ntwo lines**",
    "[label](javascript:alert(1))",
    "[label](tg://user?id=1)",
    "[label] (https://a.example)",
    "`",
    "****",
  ])("leaves all else as it is: %j", (source) => {
    expect(parseMarkup(source)).toEqual([{ text: source }]);
  });

  it("keeps a link that is no address as it was written", () => {
    expect(toPlain(parseMarkup("[x](http://[)"))).toBe("[x](http://[)");
  });

  it("loses no character of any text but its marks", () => {
    const piece = fc.constantFrom(
      "**",
      "`",
      "[",
      "]",
      "(",
      ")",
      "https://a.example",
      "word",
      "字",
      " ",
      "\n",
      "😀",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const source = pieces.join("");
        const words = (text: string) => text.replace(/https:\/\/a\.example|[*`[\]()]/g, "");
        const spans = parseMarkup(source);
        expect(words(spans.map((span) => span.text).join(""))).toBe(words(source));
        for (const span of spans) expect(span.text).not.toBe("");
      }),
    );
  });

  it.each(["[", "**", "`a", "[a](", "[a](https://a", "[a](https://a.example/ ", "*", "**a", "\n", "[]"])(
    "200 kB of %j are read like any other text",
    (unit) => {
      const source = unit.repeat(200_000 / unit.length);
      expect(toPlain(parseMarkup(source)).length).toBeGreaterThan(0);
    },
  );
});

describe("text in parts", () => {
  it("is plain where nothing is marked", () => {
    expect(plain("**as it is**")).toEqual([{ text: "**as it is**" }]);
    expect(plain("")).toEqual([]);
  });

  it("is joined with a blank line between parts that hold something", () => {
    expect(toPlain(joinText([plain("one"), [], plain("two")]))).toBe("one\n\ntwo");
    expect(toPlain(joinText([plain("one"), plain("two")], "\n"))).toBe("one\ntwo");
  });

  it("shows the address of a link behind its label", () => {
    expect(toPlain([{ text: "here", href: "https://a.example" }])).toBe("here: https://a.example");
    expect(toPlain([{ text: "https://a.example", href: "https://a.example" }])).toBe("https://a.example");
  });
});
