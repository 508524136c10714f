/**
 * Messages as Discord takes them: its Markdown, with everything from outside escaped, and rows of buttons.
 * Source: Discord docs, "Message Formatting" and "Component Reference"; platforms.md.
 */

import type { APIActionRowComponent, APIButtonComponent } from "discord.js";
import { ButtonStyle, ComponentType } from "discord.js";
import type { Locales } from "../../core/locales.ts";
import type { Button } from "../../core/message.ts";
import type { AdapterMemory } from "../../core/ports.ts";
import type { RichText, Span } from "../../core/rich-text.ts";
import { encodeAction } from "../action-codes.ts";
import { splitText } from "../split-text.ts";

/** Characters of a message. */
const TEXT_LIMIT = 2000;
const LABEL_LENGTH = 80;
const MAX_ROWS = 5;
const BUTTONS_A_ROW = 5;
/** Opens the window for a prompt; everything else is an action's code. */
export const EDIT_MORE = "edit-more";

/** The text in parts of at most 2000 characters, markup and escapes included. */
export function renderText(rich: RichText): string[] {
  const parts: string[] = [];
  for (const part of splitText(rich, TEXT_LIMIT - 100)) {
    const whole = toMarkdown(part);
    if (whole.length <= TEXT_LIMIT) parts.push(whole);
    // Much to escape: at the worst each character needs a backslash, and an address comes on top.
    else
      parts.push(
        ...splitText(part, Math.floor(TEXT_LIMIT / 4)).map((piece) => toMarkdown(piece).slice(0, TEXT_LIMIT)),
      );
  }
  return parts;
}

function toMarkdown(rich: RichText): string {
  return rich.map(spanToMarkdown).join("");
}

function spanToMarkdown(span: Span): string {
  if (span.code) return `\`${span.text.replaceAll("`", "ˋ")}\``;
  const words = escapeText(span.text);
  // Angle brackets keep Discord from showing a preview of the page.
  if (span.href) return `[${words.replace(/[[\]]/g, "\\$&")}](<${span.href.replaceAll(">", "%3E")}>)`;
  return span.bold ? `**${words}**` : words;
}

/** Every mark that could format, mention or link. */
function escapeText(text: string): string {
  return text
    .replace(/[\\*_~`|]/g, "\\$&")
    .replace(
      /^(\s*)(#{1,3}\s|>|-#|-\s|\d+\.\s)/gm,
      (_all, space: string, mark: string) => `${space}${escapeMark(mark)}`,
    )
    .replace(/<(?=[@#:/a-zA-Z])/g, "\\<")
    .replace(/@(?=everyone|here)/g, "@\u200b")
    .replace(/\]\(/g, "]\\(");
}

/** Lists and numbers read well as they are; headings, quotes and small print would change the look. */
function escapeMark(mark: string): string {
  return /^(#|>|-#)/.test(mark) ? `\\${mark}` : mark;
}

/** The rows of buttons; an Export button brings "Edit more" along, which opens a window for the next prompt. */
export async function renderButtons(
  rows: Button[][],
  conversationId: string,
  memory: AdapterMemory,
  locales: Locales,
  language: string,
): Promise<APIActionRowComponent<APIButtonComponent>[]> {
  const shown: APIActionRowComponent<APIButtonComponent>[] = [];
  for (const row of rows.slice(0, MAX_ROWS)) {
    const components: APIButtonComponent[] = [];
    for (const button of row.slice(0, BUTTONS_A_ROW)) {
      components.push(await renderButton(button, conversationId, memory));
    }
    const hasExport = row.some((button) => button.kind === "action" && button.action.kind === "export");
    if (hasExport && components.length < BUTTONS_A_ROW) {
      const label = locales.plain(language, "button.edit-more");
      components.push({
        type: ComponentType.Button,
        style: ButtonStyle.Secondary,
        label,
        custom_id: EDIT_MORE,
      });
    }
    if (components.length > 0) shown.push({ type: ComponentType.ActionRow, components });
  }
  return withUniqueIds(shown);
}

async function renderButton(
  button: Button,
  conversationId: string,
  memory: AdapterMemory,
): Promise<APIButtonComponent> {
  const label = shorten(button.label);
  if (button.kind === "link") {
    return { type: ComponentType.Button, style: ButtonStyle.Link, label, url: button.href };
  }
  const isMain = button.action.kind === "export";
  return {
    type: ComponentType.Button,
    style: isMain ? ButtonStyle.Primary : ButtonStyle.Secondary,
    label,
    custom_id: await encodeAction(button.action, conversationId, memory),
  };
}

/** Discord refuses a message in which two buttons carry the same id. */
function withUniqueIds(
  rows: APIActionRowComponent<APIButtonComponent>[],
): APIActionRowComponent<APIButtonComponent>[] {
  const seen = new Set<string>();
  return rows
    .map((row) => ({
      ...row,
      components: row.components.filter((button) => {
        if (!("custom_id" in button)) return true;
        if (seen.has(button.custom_id)) return false;
        seen.add(button.custom_id);
        return true;
      }),
    }))
    .filter((row) => row.components.length > 0);
}

function shorten(label: string): string {
  const chars = Array.from(label.replace(/\s+/g, " ").trim());
  return chars.length > LABEL_LENGTH
    ? `${chars.slice(0, LABEL_LENGTH - 1).join("")}…`
    : chars.join("") || "…";
}
