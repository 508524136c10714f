/**
 * The HTML style of messages, parsed with the refusals of the real server; offsets in them count UTF-8 bytes.
 * Source: core.telegram.org/bots/api#html-style, wording from tdlib/td `MessageEntity.cpp`.
 */

import { badRequest } from "./errors.ts";
import { isAcceptableUrl } from "./urls.ts";
import type { WireEntity } from "./wire.ts";

/** Text without markup, and what the markup said. */
export interface FormattedText {
  text: string;
  entities: WireEntity[];
}

const ENTITY_OF_TAG: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  span: "spoiler",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  a: "text_link",
  "tg-emoji": "custom_emoji",
  "tg-time": "date_time",
};

interface OpenTag {
  name: string;
  attributes: Map<string, string>;
  offset: number;
}

/** Parses HTML; throws 400 "can't parse entities: …" on anything the real parser refuses. */
export function parseHtml(source: string): FormattedText {
  let text = "";
  const entities: WireEntity[] = [];
  const open: OpenTag[] = [];
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === "&") {
      const decoded = decodeCharacter(source, at);
      text += decoded.text;
      at = decoded.next;
    } else if (char !== "<") {
      text += char;
      at += 1;
    } else if (source.charAt(at + 1) === "/") {
      at = closeTag(source, at, text, open, entities);
    } else {
      at = openTag(source, at, text.length, open);
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) {
    throw refuse(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  }
  entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
  return { text, entities };
}

function openTag(source: string, begin: number, offset: number, open: OpenTag[]): number {
  const place = `at byte offset ${byteOffset(source, begin)}`;
  const head = /^[^\s>]*/.exec(source.slice(begin + 1))?.[0] ?? "";
  let at = begin + 1 + head.length;
  if (at >= source.length) throw refuse(`Unclosed start tag ${place}`);
  const name = head.toLowerCase();
  if (!Object.hasOwn(ENTITY_OF_TAG, name)) throw refuse(`Unsupported start tag "${name}" ${place}`);
  const attributes = new Map<string, string>();
  for (;;) {
    while (/\s/.test(source.charAt(at))) at += 1;
    if (source.charAt(at) === ">") break;
    const attribute = /^[^\s=>/"']+/.exec(source.slice(at))?.[0] ?? "";
    if (at >= source.length) throw refuse(`Unclosed start tag "${name}" ${place}`);
    if (attribute === "") throw refuse(`Empty attribute name in the tag "${name}" ${place}`);
    at += attribute.length;
    while (/\s/.test(source.charAt(at))) at += 1;
    if (source.charAt(at) !== "=") {
      attributes.set(attribute, "");
      continue;
    }
    at += 1;
    while (/\s/.test(source.charAt(at))) at += 1;
    const value = attributeValue(source, at);
    if (value.next >= source.length) throw refuse(`Unclosed start tag ${place}`);
    attributes.set(attribute, value.text);
    at = value.next;
  }
  if (name === "span" && attributes.get("class") !== "tg-spoiler") {
    throw refuse(`Tag "span" must have class "tg-spoiler" ${place}`);
  }
  open.push({ name, attributes, offset });
  return at + 1;
}

function attributeValue(source: string, begin: number): { text: string; next: number } {
  const quote = source.charAt(begin);
  if (quote !== '"' && quote !== "'") {
    const token = /^[A-Za-z0-9.-]*/.exec(source.slice(begin))?.[0] ?? "";
    const next = begin + token.length;
    if (next < source.length && !/[\s>]/.test(source.charAt(next))) {
      throw refuse(`Unexpected end of name token at byte offset ${byteOffset(source, begin)}`);
    }
    return { text: token.toLowerCase(), next };
  }
  let text = "";
  let at = begin + 1;
  while (at < source.length && source.charAt(at) !== quote) {
    if (source.charAt(at) === "&") {
      const decoded = decodeCharacter(source, at);
      text += decoded.text;
      at = decoded.next;
    } else {
      text += source.charAt(at);
      at += 1;
    }
  }
  return { text, next: at + 1 };
}

function closeTag(
  source: string,
  begin: number,
  text: string,
  open: OpenTag[],
  entities: WireEntity[],
): number {
  const place = `at byte offset ${byteOffset(source, begin)}`;
  const tag = open.pop();
  if (tag === undefined) throw refuse(`Unexpected end tag ${place}`);
  const head = /^[^\s>]*/.exec(source.slice(begin + 2))?.[0] ?? "";
  let at = begin + 2 + head.length;
  while (/\s/.test(source.charAt(at))) at += 1;
  if (source.charAt(at) !== ">") throw refuse(`Unclosed end tag ${place}`);
  const name = head.toLowerCase();
  if (name !== "" && name !== tag.name) {
    throw refuse(`Unmatched end tag ${place}, expected "</${tag.name}>", found "</${name}>"`);
  }
  const entity = entityOf(tag, text);
  if (entity !== null) entities.push(entity);
  return at + 1;
}

function entityOf(tag: OpenTag, text: string): WireEntity | null {
  const length = text.length - tag.offset;
  if (length === 0) return null;
  const entity: WireEntity = { type: ENTITY_OF_TAG[tag.name] ?? tag.name, offset: tag.offset, length };
  if (tag.name === "a") {
    const url = tag.attributes.get("href") ?? text.slice(tag.offset);
    return isAcceptableUrl(url) ? { ...entity, url } : null;
  }
  if (tag.name === "tg-emoji") {
    const id = tag.attributes.get("emoji-id") ?? "";
    if (!/^[1-9]\d*$/.test(id)) throw refuse("Invalid custom emoji identifier specified");
    return { ...entity, custom_emoji_id: id };
  }
  if (tag.name === "blockquote" && tag.attributes.has("expandable")) {
    return { ...entity, type: "expandable_blockquote" };
  }
  return entity;
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

function decodeCharacter(source: string, at: number): { text: string; next: number } {
  const match = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot));?/i.exec(source.slice(at, at + 16));
  if (match === null) return { text: "&", next: at + 1 };
  const next = at + match[0].length;
  if (match[3] !== undefined) return { text: NAMED[match[3].toLowerCase()] ?? "&", next };
  const code = match[1] === undefined ? Number.parseInt(match[2] ?? "", 16) : Number(match[1]);
  if (code === 0 || code > 0x10ffff) return { text: "&", next: at + 1 };
  return { text: String.fromCodePoint(code), next };
}

function byteOffset(source: string, index: number): number {
  return Buffer.byteLength(source.slice(0, index));
}

function refuse(reason: string): Error {
  return badRequest(`can't parse entities: ${reason}`);
}
