import { describe, expect, it } from "vitest";
import { parseHtml } from "./html.ts";
import { formatText, withFoundEntities } from "./text.ts";
import { isAcceptableUrl } from "./urls.ts";

describe("HTML", () => {
  it("gives text and entities in UTF-16 units", () => {
    expect(
      parseHtml('🎬 <b>Cut &amp; <i>run</i></b> <a href="https://a.example/?x=1&amp;y">go</a> &#33;'),
    ).toEqual({
      text: "🎬 Cut & run go !",
      entities: [
        { type: "bold", offset: 3, length: 9 },
        { type: "italic", offset: 9, length: 3 },
        { type: "text_link", offset: 13, length: 2, url: "https://a.example/?x=1&y" },
      ],
    });
  });

  it.each([
    ["<div>x</div>", 'Unsupported start tag "div" at byte offset 0'],
    ["é<br>", 'Unsupported start tag "br" at byte offset 2'],
    ["<b>x", 'Can\'t find end tag corresponding to start tag "b"'],
    ["<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ["x</b>", "Unexpected end tag at byte offset 1"],
    ["a < b", 'Unsupported start tag "" at byte offset 2'],
    ["a <b", "Unclosed start tag at byte offset 2"],
    ['<span class="x">y</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])("refuses %s", (source, reason) => {
    expect(() => parseHtml(source)).toThrow(`Bad Request: can't parse entities: ${reason}`);
  });
});

describe("entity arrays", () => {
  const bold = (offset: number, length: number): unknown => [{ type: "bold", offset, length }];

  it.each([
    [bold(-1, 2), "receive an entity with incorrect offset -1"],
    [bold(0, -2), "receive an entity with incorrect length -2"],
    [bold(9, 1), "entity begins after the end of the text at UTF-16 offset 9"],
    [bold(1, 9), "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 10"],
    [bold(1, 1), "entity begins in a middle of a UTF-16 symbol at byte offset 0"],
    [[{ type: "bold", offset: 0 }], "can't parse MessageEntity: Can't find field \"length\""],
    [[{ type: "loud", offset: 0, length: 1 }], "can't parse MessageEntity: Unsupported type specified"],
    [["bold"], "can't parse MessageEntity: expected an Object"],
  ])("refuses %j", (entities, reason) => {
    expect(() => formatText("🎬 cut", "", entities)).toThrow(`Bad Request: ${reason}`);
  });

  it("finds commands, mentions, links and hashtags in plain text", () => {
    const text = "/cut@nemobot see https://a.example/x. @ada #fun me@a.example";
    const found = withFoundEntities(text).map(({ type, offset, length }) => [
      type,
      text.slice(offset, offset + length),
    ]);
    expect(found).toEqual([
      ["bot_command", "/cut@nemobot"],
      ["url", "https://a.example/x"],
      ["mention", "@ada"],
      ["hashtag", "#fun"],
      ["email", "me@a.example"],
    ]);
  });
});

describe("links", () => {
  it.each([
    ["https://a.example/x", true],
    ["a.example", true],
    ["http://127.0.0.1:8080/x", true],
    ["tg://user?id=1", true],
    ["http://localhost:8080/", false],
    ["javascript:alert(1)", false],
    ["ftp://a.example", false],
    ["a b.example", false],
    ["", false],
  ])("%s: %s", (link, isFine) => {
    expect(isAcceptableUrl(link)).toBe(isFine);
  });
});
