/**
 * Finds numbered steps within one line: "1. Click Export 2. Choose MP4 3. Wait". Source: nemo-api.md, "GUI
 * translation". Read as sentences such a line would leave orphan numbers where steps are removed.
 */
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { patternOf } from "./patterns.ts";

/** A line taken apart. */
export interface Steps {
  /** What stands before the first number; empty or ending with its white space. */
  intro: string;
  /** Each without its number, trimmed. */
  items: string[];
  /** The line again, with `intro` and these items, renumbered when there are several. */
  join(intro: string, items: readonly string[]): string;
}

const MARK = /(?<![\p{L}\p{N}.])(?:(\d{1,2})([.)、．])\s{0,3}(?=[^\d\s])|([①-⑩])\s{0,3})/gu;

/** Takes a line apart into its steps; null when it has fewer than two. */
export function stepSplitter(languages: readonly GuiLanguage[]): (line: string) => Steps | null {
  // the first number begins a line or follows a sentence, a colon or a word that leads to it
  const beforeFirst = patternOf(languages, "beforeSteps", "(?:^|[:：。.！!？?，,；;]|@)[\\s*_]{0,4}$");
  const counted = patternOf(languages, "counted", "@$");
  return (line) => splitSteps(line, beforeFirst, counted);
}

function splitSteps(line: string, beforeFirst: RegExp, counted: RegExp): Steps | null {
  const marks: { start: number; end: number; tail: string | null }[] = [];
  for (const match of line.matchAll(MARK)) {
    const number = match[3] === undefined ? Number(match[1]) : (match[3].codePointAt(0) ?? 0) - 0x245f;
    if (number !== marks.length + 1) continue;
    const before = line.slice(Math.max(0, match.index - 40), match.index);
    const fits = marks.length === 0 ? beforeFirst.test(before) : !counted.test(before.trimEnd());
    if (!fits) continue;
    marks.push({ start: match.index, end: match.index + match[0].length, tail: match[2] ?? null });
  }
  const [first] = marks;
  if (first === undefined || marks.length < 2) return null;
  const items = marks.map((mark, index) => line.slice(mark.end, marks[index + 1]?.start).trim());
  return { intro: line.slice(0, first.start), items, join: (intro, kept) => join(intro, kept, first.tail) };
}

function join(intro: string, items: readonly string[], tail: string | null): string {
  const [only] = items;
  const numbered =
    items.length === 1 && only !== undefined
      ? only
      : items.map((item, index) => `${numberOf(index, tail)}${item}`).join(tail === "、" ? "" : " ");
  const gap = intro === "" || /[\s：。！？]$/u.test(intro) ? "" : " ";
  return `${intro}${gap}${numbered}`.trimEnd();
}

function numberOf(index: number, tail: string | null): string {
  if (tail === null) return `${String.fromCodePoint(0x2460 + index)} `;
  return `${index + 1}${tail}${tail === "、" ? "" : " "}`;
}
