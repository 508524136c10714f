/** Rich text as messages: whole characters, cut at the most sensible place below a limit. */
import type { RichText } from "../../core/model/rich-text.ts";

/**
 * Parts of at most `limit` UTF-16 units, cut between paragraphs, lines, sentences or words where possible,
 * without white space at their ends. Never empty parts; an empty text gives none. Platforms refuse a text with half
 * a character: a mark takes its place.
 */
export function splitText(written: RichText, limit: number): RichText[] {
  const { rich, text } = wellFormed(written);
  const parts: RichText[] = [];
  let start = 0;
  while (start < text.length) {
    const end = cutAt(text, start, limit);
    const raw = text.slice(start, end);
    const from = start + (raw.length - raw.trimStart().length);
    const part = sliceSpans(rich, from, from + raw.trim().length);
    if (part.length > 0) parts.push(part);
    start = end;
  }
  return parts;
}

const LEFT_OUT = "… ";

/**
 * The newest words: the end of a text that is longer than `limit` UTF-16 units, from the beginning of a sentence or at
 * least a word; a shorter one whole.
 */
export function endOfText(written: RichText, limit: number): RichText {
  const { rich, text } = wellFormed(written);
  if (text.length <= limit) return rich;
  const earliest = text.length - (limit - LEFT_OUT.length);
  const window = text.slice(earliest);
  const starts = [/(?:[.!?](?=\s)|[。！？\n])\s*/, /\s+/].flatMap((end) => {
    const match = end.exec(window);
    // A cut far to the end would leave a stub.
    return match && match.index < window.length / 2 ? [match.index + match[0].length] : [];
  });
  // Not between the two halves of a character.
  const first = window.charCodeAt(0);
  const start = starts[0] ?? (first >= 0xdc00 && first <= 0xdfff ? 1 : 0);
  return [{ text: LEFT_OUT }, ...sliceSpans(rich, earliest + start, text.length)];
}

function wellFormed(written: RichText): { rich: RichText; text: string } {
  const rich = written.map((span) => ({ ...span, text: span.text.toWellFormed() }));
  return { rich, text: rich.map((span) => span.text).join("") };
}

/** A list's number, or its bullet, with nothing behind it yet. */
const LONE_NUMBER = /\n[ \t]*(?:\d{1,3}[.)、．]|[-*•])[ \t]*$/;

/** Where the part that starts at `start` ends: a list's number goes with what it stands before. */
function cutAt(text: string, start: number, limit: number): number {
  if (text.length - start <= limit) return text.length;
  const end = bestCut(text, start, limit);
  return start + (LONE_NUMBER.exec(text.slice(start, end))?.index ?? end - start);
}

function bestCut(text: string, start: number, limit: number): number {
  const window = text.slice(start, start + limit);
  const half = Math.floor(limit / 2);
  for (const separator of [/\n\n+/g, /\n/g, /[.!?](?=\s)|[。！？]/g, /\s/g]) {
    let cut = 0;
    for (const match of window.matchAll(separator)) cut = match.index + match[0].length;
    // A cut far to the front would leave a stub.
    if (cut > half) return start + cut;
  }
  // Not between the two halves of a character.
  const last = window.charCodeAt(limit - 1);
  return start + (last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

function sliceSpans(rich: RichText, from: number, to: number): RichText {
  const part: RichText = [];
  let offset = 0;
  for (const span of rich) {
    const words = span.text.slice(Math.max(0, from - offset), Math.max(0, to - offset));
    if (words !== "") part.push({ ...span, text: words });
    offset += span.text.length;
  }
  return part;
}
