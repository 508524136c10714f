/**
 * Text with light formatting, as data. The core never writes a platform's markup: adapters render spans
 * with the escaping their platform asks for. Source: DESIGN.md, rule 8 ("text from outside is data").
 */
import { hideTokens } from "../../lib/secrets.ts";

/** One run of text in one format. `href` is always http(s). */
export interface Span {
  text: string;
  bold?: true;
  code?: true;
  href?: string;
}

/** Spans in reading order; line breaks are `\n` inside the text. */
export type RichText = Span[];

/** Text that is shown exactly as it is, whatever characters it holds. */
export function plain(text: string): RichText {
  return text === "" ? [] : [{ text }];
}

/** Bounded, and no label holds a bracket: a text of a hundred thousand "[" is read as quickly as any other. */
const MARKUP =
  /\*\*([^*\n]{1,4000})\*\*|`([^`\n]{1,4000})`|\[([^[\]\n]{1,1000})\]\((https?:\/\/[^\s)]{1,2048})\)/g;

/**
 * Reads the little Markdown that our locales and the backend's agent use: `**bold**`, `` `code` `` and
 * `[label](https://…)`. Everything else, other link schemes included, stays plain text.
 */
export function parseMarkup(source: string): RichText {
  const spans: RichText = [];
  let end = 0;
  for (const match of source.matchAll(MARKUP)) {
    const [whole, bold, code, label, href] = match;
    if (match.index > end) spans.push({ text: source.slice(end, match.index) });
    if (bold !== undefined) spans.push({ text: bold, bold: true });
    else if (code !== undefined) spans.push({ text: code, code: true });
    else if (label !== undefined && href !== undefined) {
      spans.push(URL.canParse(href) ? { text: label, href } : { text: whole });
    }
    end = match.index + whole.length;
  }
  if (end < source.length) spans.push({ text: source.slice(end) });
  return spans;
}

/** What no text from outside may do to a chat: control characters, and marks that turn the writing direction. */
const UNSEEN = /[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Blanks, format characters such as joiners, and letters without ink such as Hangul fillers and the empty Braille one. */
const INKLESS = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** True for text of which a person would see nothing; platforms refuse most of it. */
export function isBlank(text: string): boolean {
  return text.replace(INKLESS, "") === "";
}

/** Text from outside as it may be shown: line breaks stay, tabs become blanks, nothing invisible, no token. */
export function cleanText(text: string): string {
  const clean = text
    .replace(/\r\n?/g, "\n")
    .replace(/\t/g, " ")
    .replace(UNSEEN, (found) => (found === "\n" ? found : ""));
  return hideTokens(clean);
}

/** One line a text, each with a bullet. */
export function listText(lines: readonly string[]): string {
  return lines.map((line) => `• ${line}`).join("\n");
}

/** Puts parts below each other, with `separator` (default: a blank line) between those that hold text. */
export function joinText(parts: RichText[], separator = "\n\n"): RichText {
  const filled = parts.filter((part) => part.some((span) => span.text !== ""));
  return filled.flatMap((part, index) => (index === 0 ? part : [{ text: separator }, ...part]));
}

/** The words alone; a link shows its address behind the label unless the label is the address. */
export function toPlain(text: RichText): string {
  return text
    .map((span) => (span.href && span.href !== span.text ? `${span.text}: ${span.href}` : span.text))
    .join("");
}
