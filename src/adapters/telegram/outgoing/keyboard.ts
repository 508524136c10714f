/** Buttons as inline keyboards; what a press means is read by `shared/action-codes.ts`. Source: Bot API, InlineKeyboardButton. */

import type { InlineKeyboardButton } from "grammy/types";
import type { Button } from "../../../core/model/message.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { shortenToLimit } from "../../../lib/shorten.ts";
import { encodeAction } from "../../shared/action-codes.ts";

const LABEL_LENGTH = 60;
const MAX_BUTTONS = 100;

/** Undefined: no buttons. */
export type Keyboard = { inline_keyboard: InlineKeyboardButton[][] } | undefined;

/** The keyboard of a message of `conversationId`; undefined when there is nothing Telegram would show. */
export async function renderKeyboard(
  rows: Button[][],
  conversationId: string,
  memory: AdapterMemory,
): Promise<Keyboard> {
  const keyboard: InlineKeyboardButton[][] = [];
  let count = 0;
  for (const row of rows) {
    const shown: InlineKeyboardButton[] = [];
    for (const button of row) {
      if (count >= MAX_BUTTONS) break;
      const text = shorten(button.label);
      if (button.kind === "action") {
        shown.push({ text, callback_data: await encodeAction(button.action, conversationId, memory) });
        count++;
      } else if (isPublic(button.href)) {
        shown.push({ text, url: button.href });
        count++;
      }
    }
    if (shown.length > 0) keyboard.push(shown);
  }
  return keyboard.length > 0 ? { inline_keyboard: keyboard } : undefined;
}

function shorten(label: string): string {
  return shortenToLimit(label.toWellFormed().replace(/\s+/g, " ").trim(), LABEL_LENGTH) || "…";
}

/** Telegram refuses a whole message over one address it does not like, such as a bare host name. */
function isPublic(href: string): boolean {
  return URL.canParse(href) && new URL(href).hostname.includes(".") && href.length <= 2048;
}
