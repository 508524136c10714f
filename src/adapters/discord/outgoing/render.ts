/**
 * Messages as Discord takes them: its Markdown, with everything from outside escaped, and rows of buttons.
 * Source: Discord docs, "Message Formatting" and "Component Reference"; platforms.md.
 */

import type { APIActionRowComponent, APIButtonComponent, APIStringSelectComponent } from "discord.js";
import { ButtonStyle, ComponentType } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action, Button } from "../../../core/model/message.ts";
import type { RichText, Span } from "../../../core/model/rich-text.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { shortenToLimit } from "../../../lib/shorten.ts";
import { encodeAction } from "../../shared/action-codes.ts";
import { splitText } from "../../shared/split-text.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";

/** Characters of a message. */
export const TEXT_LIMIT = 2000;
/** Characters of all texts in the components of one. */
export const FRAMED_TEXT_LIMIT = 4000;
const LABEL_LENGTH = 80;
const MAX_ROWS = 5;
const BUTTONS_A_ROW = 5;
/** A longer one would have the whole message refused. */
const MAX_LINK_LENGTH = 512;
/** Opens the form for the next edit; everything else is an action's code. */
export const EDIT_MORE = "edit-more";

/** Buttons of earlier versions name a person behind it, which is not to be trusted. */
const AUTHOR_MARK = "~";
const MENU = "menu:";
const MAX_OPTIONS = 25;
const OPTION_LENGTH = 100;
/** A longer address is shown as its words alone: a link that is cut in the middle leads nowhere. */
const MAX_HREF_LENGTH = 1500;

/** The text in parts of at most `limit` characters, markup and escapes included. */
export function renderText(rich: RichText, limit: number): string[] {
  return splitText(rich, limit - 100).flatMap((part) => fitting(part, limit, limit / 2));
}

/** Escapes can double a text: what becomes too long is cut smaller. */
function fitting(part: RichText, limit: number, nextLimit: number): string[] {
  const whole = toMarkdown(part);
  if (whole.length <= limit) return [whole];
  if (nextLimit < 10) return [whole.slice(0, limit)];
  return splitText(part, nextLimit).flatMap((piece) => fitting(piece, limit, Math.floor(nextLimit / 2)));
}

function toMarkdown(rich: RichText): string {
  return rich.map(spanToMarkdown).join("");
}

function spanToMarkdown(span: Span): string {
  if (span.code) return `\`${span.text.replaceAll("`", "ˋ")}\``;
  const words = escapeText(span.text);
  // Angle brackets keep Discord from showing a preview of the page.
  if (span.href && span.href.length <= MAX_HREF_LENGTH)
    return `[${words.replace(/[[\]]/g, "\\$&")}](<${span.href.replaceAll(">", "%3E")}>)`;
  return span.bold ? `**${words}**` : words;
}

/** An address that a reader could click, up to the first character that could mean something else. */
const ADDRESS = /(https?:\/\/[^\s<>()[\]\\`|*~]+)/;

/** Every mark that could format, mention or link; addresses stay as they are, or they would lead elsewhere. */
function escapeText(text: string): string {
  return text
    .split(ADDRESS)
    .map((piece, index) => (index % 2 === 1 ? piece : escapeWords(piece)))
    .join("");
}

function escapeWords(text: string): string {
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

/** What rendering buttons needs besides the buttons. */
export interface ButtonContext {
  conversationId: string;
  memory: AdapterMemory;
  locales: Locales;
  language: string;
  log: Log;
}

export type Row = APIActionRowComponent<APIButtonComponent | APIStringSelectComponent>;

/**
 * The rows of buttons; an Export button brings "Edit more" along, which opens a form for the next edit.
 * More choices than a message has rows become a menu.
 */
export async function renderButtons(rows: Button[][], context: ButtonContext): Promise<Row[]> {
  const choices = rows.flatMap((row) => (isChoice(row) ? row : []));
  const isMenu = choices.length > MAX_ROWS;
  const others = isMenu ? rows.filter((row) => !isChoice(row)) : rows;
  const shown: Row[] = [];
  for (const row of others.slice(0, isMenu ? MAX_ROWS - 1 : MAX_ROWS)) {
    const components: APIButtonComponent[] = [];
    for (const button of row.slice(0, BUTTONS_A_ROW)) {
      const rendered = await renderButton(button, context);
      if (rendered) components.push(rendered);
    }
    const actions = row.flatMap((button) => (button.kind === "action" ? [button.action] : []));
    const hasExport = actions.some(({ kind }) => kind === "export");
    // Beside a question what was meant there is nothing to go on with yet.
    const isQuestion = actions.some((action) => action.kind === "edit" && action.meant !== undefined);
    if (hasExport && !isQuestion && components.length < BUTTONS_A_ROW) {
      const label = context.locales.plain(context.language, "button.edit-more");
      components.push({
        type: ComponentType.Button,
        style: ButtonStyle.Secondary,
        label,
        custom_id: EDIT_MORE,
      });
    }
    if (components.length > 0) shown.push({ type: ComponentType.ActionRow, components });
  }
  if (isMenu) shown.push(...(await renderMenu(choices, context)));
  return withUniqueIds(shown);
}

/**
 * What a used component says: its code. Where it was used and by which person is Discord's to say, and the core knows
 * whose the project is.
 */
export function readCustomId(customId: string): string {
  const at = customId.lastIndexOf(AUTHOR_MARK);
  return at < 0 ? customId : customId.slice(0, at);
}

/** One of many: a row with a single skill, language, project or option. */
function isChoice(row: Button[]): boolean {
  const [button] = row;
  const kind = row.length === 1 && button?.kind === "action" ? button.action.kind : null;
  return kind === "skill" || kind === "language" || kind === "answer" || kind === "open-project";
}

async function renderMenu(choices: Button[], context: ButtonContext): Promise<Row[]> {
  const options = new Map<string, string>();
  for (const choice of choices.slice(0, MAX_OPTIONS)) {
    if (choice.kind !== "action") continue;
    const value = await codeOf(choice.action, context);
    if (value !== null) options.set(value, shorten(choice.label, OPTION_LENGTH));
  }
  const [first] = choices;
  const kind = first?.kind === "action" ? first.action.kind : "";
  if (options.size === 0) return [];
  return [
    {
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.StringSelect,
          custom_id: `${MENU}${kind}`,
          options: [...options].map(([value, label]) => ({ value, label })),
        },
      ],
    },
  ];
}

/** The action as a code; null when the store, in trouble, cannot keep it: the message goes out without it. */
async function codeOf(
  action: Action,
  { conversationId, memory, log }: ButtonContext,
): Promise<string | null> {
  try {
    return await encodeAction(action, conversationId, memory);
  } catch (error) {
    if (!isStoreTrouble(error)) throw error;
    log.warn({ err: error, conversation: conversationId }, "a button could not be kept and is left out");
    return null;
  }
}

async function renderButton(button: Button, context: ButtonContext): Promise<APIButtonComponent | null> {
  const label = shorten(button.label, LABEL_LENGTH);
  if (button.kind === "link") {
    // The text says it too.
    if (button.href.length > MAX_LINK_LENGTH) return null;
    return { type: ComponentType.Button, style: ButtonStyle.Link, label, url: button.href };
  }
  const code = await codeOf(button.action, context);
  if (code === null) return null;
  const isMain = button.action.kind === "export";
  return {
    type: ComponentType.Button,
    style: isMain ? ButtonStyle.Primary : ButtonStyle.Secondary,
    label,
    custom_id: code,
  };
}

/** Discord refuses a message in which two buttons carry the same id. */
function withUniqueIds(rows: Row[]): Row[] {
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

function shorten(label: string, length: number): string {
  return shortenToLimit(label.toWellFormed().replace(/\s+/g, " ").trim(), length) || "…";
}
