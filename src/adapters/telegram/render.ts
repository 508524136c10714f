/**
 * Rich text as Telegram takes it: plain text with entities, in parts below the limits. Entities instead of
 * markup, so that nothing from outside can be read as formatting. Source: Bot API, "Formatting options".
 */
import type { MessageEntity } from "grammy/types";
import type { RichText } from "../../core/rich-text.ts";

/** UTF-16 units of a message and of a caption, after entities. Source: Bot API, sendMessage and sendVideo. */
export const TEXT_LIMIT = 4096;
export const CAPTION_LIMIT = 1024;
/** Entities of one message beyond which Telegram drops some. */
const MAX_ENTITIES = 100;

export interface TextPart {
  text: string;
  entities: MessageEntity[];
}

/**
 * The text in parts of at most `limit` UTF-16 units, cut between paragraphs, lines, sentences or words where
 * possible. Never empty parts; an empty text gives none.
 */
export function renderText(rich: RichText, limit = TEXT_LIMIT): TextPart[] {
  const whole = flatten(rich);
  const parts: TextPart[] = [];
  let start = 0;
  while (start < whole.text.length) {
    const end = cutAt(whole.text, start, limit);
    const part = slice(whole, start, end);
    if (part.text !== "") parts.push(part);
    start = end;
  }
  return parts;
}

function flatten(rich: RichText): TextPart {
  let text = "";
  const entities: MessageEntity[] = [];
  for (const span of rich) {
    const words = span.text;
    const place = { offset: text.length, length: words.length };
    if (words !== "") {
      if (span.bold) entities.push({ type: "bold", ...place });
      if (span.code) entities.push({ type: "code", ...place });
      if (span.href && span.href !== words) entities.push({ type: "text_link", url: span.href, ...place });
    }
    text += words;
  }
  return { text, entities };
}

/** Where the part that starts at `start` ends. */
function cutAt(text: string, start: number, limit: number): number {
  if (text.length - start <= limit) return text.length;
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

/** A piece without the white space at its ends, which Telegram would cut off under our entities. */
function slice(whole: TextPart, from: number, to: number): TextPart {
  const raw = whole.text.slice(from, to);
  const start = from + (raw.length - raw.trimStart().length);
  const text = raw.trim();
  const end = start + text.length;
  const entities = whole.entities
    .filter((entity) => entity.offset < end && entity.offset + entity.length > start)
    .slice(0, MAX_ENTITIES)
    .map((entity) => {
      const offset = Math.max(entity.offset, start);
      return {
        ...entity,
        offset: offset - start,
        length: Math.min(entity.offset + entity.length, end) - offset,
      };
    });
  return { text, entities };
}
