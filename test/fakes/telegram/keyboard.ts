/**
 * `reply_markup`: what the server takes, what it refuses.
 * Source: core.telegram.org/bots/api#inlinekeyboardbutton, tdlib/telegram-bot-api `get_reply_markup`.
 */

import { badRequest } from "./errors.ts";
import {
  FieldError,
  isObject,
  type JsonObject,
  optionalBool,
  optionalString,
  type Params,
  refusingFields,
  requiredString,
} from "./params.ts";
import { isAcceptableUrl } from "./urls.ts";
import type { WireButton, WireKeyboard } from "./wire.ts";

/** Most buttons of an inline keyboard. */
const MAX_INLINE_BUTTONS = 100;
/** Most bytes of `callback_data`; at least one. */
const MAX_CALLBACK_DATA_BYTES = 64;

const ACTIONS = [
  "url",
  "callback_data",
  "web_app",
  "login_url",
  "switch_inline_query",
  "switch_inline_query_current_chat",
  "switch_inline_query_chosen_chat",
  "copy_text",
  "callback_game",
  "pay",
];

const STYLES = new Set(["", "default", "primary", "danger", "success"]);

/** What a message gets below it. */
export type ReplyMarkup = { kind: "inline"; keyboard: WireKeyboard } | { kind: "other" } | { kind: "none" };

/** Reads and checks `reply_markup`. */
export function readReplyMarkup(params: Params): ReplyMarkup {
  const value = params.json("reply_markup", "reply keyboard markup");
  if (value === undefined) return { kind: "none" };
  if (!isObject(value)) throw badRequest("Object expected as reply markup");
  const rows = refusingFields("", () => buttonRows(value, "keyboard", readKeyboardButton));
  const inlineRows = refusingFields("", () => buttonRows(value, "inline_keyboard", readInlineButton));
  const others = ["remove_keyboard", "force_reply"].map((name) =>
    refusingFields("", () => optionalBool(value, name)),
  );
  if (rows.length > 0) return { kind: "other" };
  if (inlineRows.flat().length > 0) return { kind: "inline", keyboard: checkInline(inlineRows) };
  return others.includes(true) ? { kind: "other" } : { kind: "none" };
}

/** Like `readReplyMarkup`, for edits, which take inline keyboards alone. */
export function readInlineKeyboard(params: Params): WireKeyboard | undefined {
  const markup = readReplyMarkup(params);
  if (markup.kind === "other") throw badRequest("Inline keyboard expected");
  return markup.kind === "inline" ? markup.keyboard : undefined;
}

function buttonRows<T>(markup: JsonObject, field: string, read: (button: unknown) => T): T[][] {
  const rows = markup[field];
  if (rows === undefined || rows === null) return [];
  if (!Array.isArray(rows)) throw new FieldError(`Field "${field}" must be of type Array`);
  const isInline = field === "inline_keyboard";
  return rows.map((row: unknown): T[] => {
    if (!Array.isArray(row)) {
      const owner = isInline ? " of the InlineKeyboardMarkup" : "";
      throw new FieldError(`Field "${field}"${owner} must be an Array of Arrays`);
    }
    const prefix = isInline ? "Can't parse inline keyboard button: " : "Can't parse keyboard button: ";
    return row.map((button: unknown) => refusingFields(prefix, () => read(button)));
  });
}

function readKeyboardButton(button: unknown): string {
  if (typeof button === "string") return button;
  if (!isObject(button)) throw new FieldError("KeyboardButton must be a String or an Object");
  return requiredString(button, "text");
}

function readInlineButton(button: unknown): WireButton {
  if (!isObject(button)) throw new FieldError("InlineKeyboardButton must be an Object");
  const text = requiredString(button, "text");
  if (!STYLES.has(optionalString(button, "style").toLowerCase())) {
    throw new FieldError("invalid button style specified");
  }
  const url = optionalString(button, "url");
  const data = optionalString(button, "callback_data");
  const given = ACTIONS.filter((name) => name in button && button[name] !== null && button[name] !== "");
  if (given.length === 0) throw new FieldError("Text buttons are unallowed in the inline keyboard");
  // The real server takes the first one in silence; the documentation says exactly one.
  if (given.length > 1) throw badRequest("BUTTON_TYPE_INVALID");
  const style = optionalString(button, "style");
  const base: WireButton = style === "" ? { text } : { text, style };
  if (url !== "") return { ...base, url };
  if (data !== "") return { ...base, callback_data: data };
  const name = given[0] ?? "";
  return { ...base, [name]: button[name] };
}

function checkInline(rows: WireButton[][]): WireKeyboard {
  const buttons = rows.flat();
  for (const button of buttons) {
    if (button.text.trim() === "") throw badRequest("Inline keyboard button text must be non-empty");
    if (button.url !== undefined && !isAcceptableUrl(button.url)) {
      throw badRequest(`Inline keyboard button URL '${button.url}' is invalid: Wrong HTTP URL`);
    }
    if (Buffer.byteLength(button.callback_data ?? "") > MAX_CALLBACK_DATA_BYTES) {
      throw badRequest("BUTTON_DATA_INVALID");
    }
  }
  if (buttons.length > MAX_INLINE_BUTTONS) throw badRequest("reply markup is too long");
  return { inline_keyboard: rows.filter((row) => row.length > 0) };
}
