/**
 * Buttons as inline keyboards, and presses as actions. A button's data has 64 bytes and must work after a
 * restart: short actions are written out, long ones are kept in the store under a hash.
 * Source: Bot API, InlineKeyboardButton.
 */
import { createHash } from "node:crypto";
import type { InlineKeyboardButton } from "grammy/types";
import { type Action, actionSchema, type Button } from "../../core/message.ts";
import type { AdapterMemory } from "../../core/ports.ts";

const DATA_BYTES = 64;
const LABEL_LENGTH = 60;
const MAX_BUTTONS = 100;
/** How long a kept action lives after it was last shown. */
const KEPT_FOR_MS = 90 * 86_400_000;

/** Short names of the actions that need no words. */
const SHORT: Record<string, Action> = {
  x: { kind: "export" },
  c: { kind: "credits" },
  s: { kind: "status" },
  h: { kind: "help" },
  n: { kind: "new-project" },
  k: { kind: "cancel", scope: "current" },
  ka: { kind: "cancel", scope: "all" },
  ke: { kind: "cancel", scope: "export" },
  sk: { kind: "skill" },
  l: { kind: "language" },
  u: { kind: "upload-help" },
  r: { kind: "retry" },
  ua: { kind: "upload-again" },
};
const NAMES = new Map(Object.entries(SHORT).map(([name, action]) => [JSON.stringify(action), name]));

/** The keyboard of a message of `conversationId`; undefined when there is nothing Telegram would show. */
export async function renderKeyboard(
  rows: Button[][],
  conversationId: string,
  memory: AdapterMemory,
): Promise<{ inline_keyboard: InlineKeyboardButton[][] } | undefined> {
  const keyboard: InlineKeyboardButton[][] = [];
  let count = 0;
  for (const row of rows) {
    const shown: InlineKeyboardButton[] = [];
    for (const button of row) {
      if (count >= MAX_BUTTONS) break;
      const text = shorten(button.label);
      if (button.kind === "action") {
        shown.push({ text, callback_data: await toData(button.action, conversationId, memory) });
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

async function toData(action: Action, conversationId: string, memory: AdapterMemory): Promise<string> {
  const short = NAMES.get(JSON.stringify(action));
  if (short) return short;
  if (action.kind === "language" && action.language) return `l:${action.language}`;
  if (action.kind === "skill" && action.name && Buffer.byteLength(action.name) <= DATA_BYTES - 3) {
    return `sk:${action.name}`;
  }
  const kept = JSON.stringify({ conversationId, action });
  const hash = createHash("sha256").update(kept).digest("base64url").slice(0, 22);
  await memory.set(`button:${hash}`, kept, KEPT_FOR_MS);
  return `#${hash}`;
}

/** What a pressed button asks for; null when it is not ours, too old, or belongs to another conversation. */
export async function readPress(
  data: string,
  conversationId: string,
  memory: AdapterMemory,
): Promise<Action | null> {
  const short = SHORT[data];
  if (short) return short;
  const [name, ...rest] = data.split(":");
  const value = rest.join(":");
  if (name === "l" && value) return { kind: "language", language: value };
  if (name === "sk" && value) return { kind: "skill", name: value };
  if (!data.startsWith("#")) return null;
  const kept = await memory.get(`button:${data.slice(1)}`);
  if (!kept) return null;
  const parsed: unknown = JSON.parse(kept);
  if (typeof parsed !== "object" || parsed === null || !("action" in parsed)) return null;
  if (!("conversationId" in parsed) || parsed.conversationId !== conversationId) return null;
  return actionSchema.safeParse(parsed.action).data ?? null;
}

function shorten(label: string): string {
  const chars = Array.from(label.replace(/\s+/g, " ").trim());
  return chars.length > LABEL_LENGTH
    ? `${chars.slice(0, LABEL_LENGTH - 1).join("")}…`
    : chars.join("") || "…";
}

/** Telegram refuses a whole message over one address it does not like, such as a bare host name. */
function isPublic(href: string): boolean {
  return URL.canParse(href) && new URL(href).hostname.includes(".") && href.length <= 2048;
}
