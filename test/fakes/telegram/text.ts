/**
 * Text with entities: parse modes, entity arrays, limits, and the entities the server finds by itself.
 * Source: core.telegram.org/bots/api#formatting-options, tdlib/td `fix_formatted_text`.
 */

import { badRequest } from "./errors.ts";
import { type FormattedText, parseHtml } from "./html.ts";
import {
  FieldError,
  isObject,
  type JsonObject,
  optionalString,
  refusingFields,
  requiredInt,
  requiredString,
} from "./params.ts";
import { isAcceptableUrl } from "./urls.ts";
import type { WireEntity } from "./wire.ts";

/** Most UTF-16 units of a text message. */
export const MAX_TEXT_LENGTH = 4096;
/** Most UTF-16 units of a caption. */
export const MAX_CAPTION_LENGTH = 1024;
/** Most bytes before any parsing. */
const MAX_RAW_BYTES = 1 << 15;

const STYLES = new Set([
  "bold",
  "italic",
  "underline",
  "strikethrough",
  "spoiler",
  "blockquote",
  "expandable_blockquote",
  "code",
  "pre",
  "text_link",
  "text_mention",
  "custom_emoji",
  "date_time",
]);

/** Types the server finds by itself: taken and dropped. */
const FOUND_BY_SERVER = new Set([
  "mention",
  "hashtag",
  "cashtag",
  "bot_command",
  "url",
  "email",
  "phone_number",
  "bank_card_number",
]);

/** Applies the parse mode or the entities; `entities` is the decoded JSON or undefined. */
export function formatText(raw: string, parseMode: string, entities: unknown): FormattedText {
  if (Buffer.byteLength(raw) > MAX_RAW_BYTES) throw badRequest("Text is too long");
  const mode = parseMode.toLowerCase();
  if (raw !== "" && mode !== "" && mode !== "none") {
    if (mode === "html") return parseHtml(raw);
    if (mode === "markdown" || mode === "markdownv2") {
      throw badRequest(`parse_mode ${parseMode} is not modelled by this fake`);
    }
    throw badRequest("Unsupported parse_mode");
  }
  const list = Array.isArray(entities) ? entities : [];
  const styles = refusingFields("Can't parse MessageEntity: ", () => list.flatMap(readEntity));
  for (const entity of styles) checkBounds(raw, entity);
  return { text: raw, entities: styles };
}

/** What a message ends up with: trimmed, checked against the limit, recognised entities added. */
export function finishText(formatted: FormattedText, limit: { max: number; tooLong: string }): FormattedText {
  const { text, entities } = trim(formatted);
  if (text.length > limit.max) throw badRequest(limit.tooLong);
  return { text, entities: withFoundEntities(text, entities) };
}

/** Adds commands, mentions, links, hashtags and addresses to the given entities, where they do not overlap. */
export function withFoundEntities(text: string, given: readonly WireEntity[] = []): WireEntity[] {
  const all = [...given];
  for (const { type, pattern } of FINDERS) {
    for (const match of text.matchAll(pattern)) {
      const found = match[1] ?? match[0];
      const offset = match.index + match[0].indexOf(found);
      const entity: WireEntity = { type, offset, length: found.length };
      if (!all.some((other) => overlaps(other, entity) && !STACKABLE.has(other.type))) all.push(entity);
    }
  }
  return all.sort((a, b) => a.offset - b.offset || b.length - a.length);
}

const STACKABLE = new Set(["bold", "italic", "underline", "strikethrough", "spoiler", "blockquote"]);

const FINDERS: ReadonlyArray<{ type: string; pattern: RegExp }> = [
  { type: "url", pattern: /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/giu },
  { type: "email", pattern: /[\w.+-]+@[\w-]+\.[a-z]{2,}/giu },
  { type: "url", pattern: /\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|app|me|dev|video)\b(?:\/[^\s<>"]*)?/giu },
  { type: "bot_command", pattern: /(?<![\w/<>])(\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])/gu },
  { type: "mention", pattern: /(?<![\w@/])(@[A-Za-z0-9_]{3,32})(?!\w)/gu },
  { type: "hashtag", pattern: /(?<![\w#])(#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*)/gu },
];

function overlaps(a: WireEntity, b: WireEntity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

function readEntity(value: unknown): WireEntity[] {
  if (!isObject(value)) throw new FieldError("expected an Object");
  const offset = requiredInt(value, "offset");
  const length = requiredInt(value, "length");
  const type = requiredString(value, "type");
  if (FOUND_BY_SERVER.has(type)) return [];
  if (!STYLES.has(type)) throw new FieldError("Unsupported type specified");
  const extra = extraFields(type, value);
  if (extra === null || length === 0) return [];
  return [{ type, offset, length, ...extra }];
}

function extraFields(type: string, value: JsonObject): Partial<WireEntity> | null {
  if (type === "text_link") {
    const url = requiredString(value, "url");
    if (!isAcceptableUrl(url)) throw new FieldError(`Entity URL '${url}' is invalid: Wrong HTTP URL`);
    return { url };
  }
  if (type === "pre") {
    const language = optionalString(value, "language");
    return language === "" ? {} : { language };
  }
  if (type === "custom_emoji") return { custom_emoji_id: requiredString(value, "custom_emoji_id") };
  return {};
}

function checkBounds(text: string, { offset, length }: WireEntity): void {
  if (offset < 0 || offset > 1_000_000) throw badRequest(`Receive an entity with incorrect offset ${offset}`);
  if (length < 0 || length > 1_000_000) throw badRequest(`Receive an entity with incorrect length ${length}`);
  if (offset >= text.length) {
    throw badRequest(`Entity begins after the end of the text at UTF-16 offset ${offset}`);
  }
  if (offset + length > text.length) {
    throw badRequest(
      `Entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${offset + length}`,
    );
  }
  const byteAt = (index: number): number => Buffer.byteLength(text.slice(0, index));
  if (splitsPair(text, offset)) {
    throw badRequest(`Entity begins in a middle of a UTF-16 symbol at byte offset ${byteAt(offset - 1)}`);
  }
  if (splitsPair(text, offset + length)) {
    const end = byteAt(offset + length - 1);
    throw badRequest(
      `Entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at byte offset ${end}`,
    );
  }
}

function splitsPair(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return index > 0 && code >= 0xdc00 && code <= 0xdfff;
}

function trim({ text, entities }: FormattedText): FormattedText {
  const lead = text.length - text.trimStart().length;
  const trimmed = text.trim();
  const kept = entities.flatMap((entity): WireEntity[] => {
    const offset = Math.max(0, entity.offset - lead);
    const end = Math.min(trimmed.length, entity.offset + entity.length - lead);
    return end > offset ? [{ ...entity, offset, length: end - offset }] : [];
  });
  return { text: trimmed, entities: kept };
}
