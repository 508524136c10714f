/**
 * Rich text as Telegram takes it: plain text with entities, in parts below the limits. Entities instead of
 * markup, so that nothing from outside can be read as formatting. Source: Bot API, "Formatting options".
 */
import type { MessageEntity } from "grammy/types";
import type { RichText } from "../../../core/model/rich-text.ts";
import { splitText } from "../../shared/split-text.ts";

/** UTF-16 units of a message and of a caption, after entities. Source: Bot API, sendMessage and sendVideo. */
export const TEXT_LIMIT = 4096;
export const CAPTION_LIMIT = 1024;
/** Entities of one message beyond which Telegram drops some. */
const MAX_ENTITIES = 100;

export interface TextPart {
  text: string;
  entities: MessageEntity[];
}

/** The text in parts of at most `limit` UTF-16 units; see `splitText`. */
export function renderText(rich: RichText, limit = TEXT_LIMIT): TextPart[] {
  return splitText(rich, limit).map(toPart);
}

function toPart(rich: RichText): TextPart {
  let text = "";
  const entities: MessageEntity[] = [];
  for (const span of rich) {
    const place = { offset: text.length, length: span.text.length };
    if (span.bold) entities.push({ type: "bold", ...place });
    if (span.code) entities.push({ type: "code", ...place });
    if (span.href && span.href !== span.text) entities.push({ type: "text_link", url: span.href, ...place });
    text += span.text;
  }
  return { text, entities: entities.slice(0, MAX_ENTITIES) };
}
