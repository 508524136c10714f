/** Turns messages into lines of a terminal. Control characters from outside never reach it. */
import { stripVTControlCharacters } from "node:util";
import type { Button, OutgoingMessage } from "../../core/model/message.ts";
import { cleanText, type RichText, toPlain } from "../../core/model/rich-text.ts";

const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const RESET = "\u001b[0m";

/** The words of a message; `styled` adds bold for a terminal, without it they fit a file or a pipe. */
export function renderText(message: OutgoingMessage, styled: boolean): string {
  return message.text
    .map((span) => {
      const words = wordsOf(span);
      return styled && (span.bold || span.code) ? `${BOLD}${words}${RESET}` : words;
    })
    .join("");
}

/**
 * The buttons of a message in one line, numbered from 1; empty when it has none. A link that stands in the
 * text already is not written twice.
 */
export function renderButtons(message: OutgoingMessage, styled: boolean): string {
  const text = toPlain(message.text);
  const line = message.buttons
    .flat()
    .map((button, index) => ({ button, number: index + 1 }))
    .filter(({ button }) => button.kind === "action" || !text.includes(button.href))
    .map(({ button, number }) => label(button, number))
    .join("  ");
  return styled && line !== "" ? `${DIM}${line}${RESET}` : line;
}

function label(button: Button, number: number): string {
  const name = clean(button.label);
  return button.kind === "action" ? `[${number}] ${name}` : `[${number}] ${name}: ${button.href}`;
}

/** A link's address stays whole: one that leads to a project holds a token that the person needs. */
function wordsOf(span: RichText[number]): string {
  const address = span.href && stripVTControlCharacters(span.href);
  if (span.href === span.text && address) return address;
  return address ? `${clean(span.text)}: ${address}` : clean(span.text);
}

/** Without tokens, escape sequences and control characters other than line breaks. */
function clean(text: string): string {
  return cleanText(stripVTControlCharacters(text));
}

/** Columns a line takes: wide for Chinese and emoji. An estimate is enough to tell one row from two. */
export function columnsOf(line: string): number {
  let columns = 0;
  for (const char of stripVTControlCharacters(line)) {
    columns += /\p{Script=Han}|\p{Emoji_Presentation}|[\u3000-\u303f\uff00-\uffef]/u.test(char) ? 2 : 1;
  }
  return columns;
}
