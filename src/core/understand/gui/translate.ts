/**
 * Turns the backend's talk of buttons and panels into what a chat bot can do. Source: nemo-api.md, "GUI
 * translation". Texts are read line by line, sentence by sentence, clause by clause; in doubt a text stays.
 * - An instruction ("Click Export to download it") is removed, with its purpose, and becomes an action.
 * - Under a condition or a permission ("when you are happy, click Export", "you can …") it becomes an offer.
 * - Something of the timeline that is to go somewhere ("drag the title to 0:05") becomes an edit, one a turn;
 *   a second one, a tip, or what is left to the person stays in the text and becomes an offer.
 * - A button or key that confirms (Apply, Generate, …) is an offer too: it may cost credits. What it is said to
 *   cost stays.
 * - Gestures, uploads and unknown buttons are removed without a trace.
 * - Content stays: questions, quoted words, words behind a label ("Call to action: Click the link!"), mentions,
 *   negations ("don't click Export yet"), any sentence with a link, and code blocks.
 */

import type { GuiTranslation } from "../../model/gui-action.ts";
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { Findings } from "./findings.ts";
import { sentenceTranslator } from "./instructions.ts";
import { isIntroduction, joinLines } from "./lines.ts";
import { patternOf } from "./patterns.ts";
import { PARENTHESIS } from "./pieces.ts";
import { joinSentences, sentencesOf } from "./sentences.ts";
import { stepSplitter } from "./steps.ts";
import { writingOf } from "./writing.ts";

/** Removing one thing can uncover another; each round shortens the text. */
const MAX_ROUNDS = 6;
/** A longer line is no chat text; it passes as it is. */
const MAX_LINE_LENGTH = 4000;

/**
 * Translates texts of the backend in any of the languages. A text without words of an interface comes back
 * unchanged, and so does a result that is translated again. `mayEdit`: whether an edit may follow by itself.
 */
export function createGuiTranslator(
  languages: readonly GuiLanguage[],
): (text: string, mayEdit?: boolean) => GuiTranslation {
  const writing = writingOf(languages);
  const sentences = sentencesOf(languages, writing);
  const translateSentence = sentenceTranslator(languages, writing, sentences);
  const splitSteps = stepSplitter(languages);
  const prefix = patternOf(
    languages,
    "stepLabel",
    "^(\\s*(?:[-*•·+–]\\s+|\\d{1,2}[.)、]\\s*(?=\\D)|#{1,6}\\s+|>\\s?|[①-⑩]\\s*|@\\s*)*)",
  );
  const exportStep = patternOf(languages, "exportStep", "^@[\\s.。；;，,!！]{0,3}$");
  const question = patternOf(languages, "question");

  // --- lines ----------------------------------------------------------------------------------------

  function translateLines(text: string, found: Findings): string {
    const lines = text.split("\n");
    let isCode = false;
    const kept = lines.map((line) => {
      if (/^\s*```/.test(line)) isCode = !isCode;
      if (isCode || line.length > MAX_LINE_LENGTH) return line;
      const steps = translateSteps(line, found);
      if (steps !== null) return steps === "" ? null : steps;
      const mark = prefix.exec(line)?.[0] ?? "";
      const body = line.slice(mark.length);
      const rest = translateLine(body, found);
      if (rest === body) return line;
      return rest === "" ? null : mark + rest;
    });
    return kept.some((line, index) => line !== lines[index]) ? joinLines(lines, kept) : text;
  }

  /** The line without those of its inline steps that are instructions; null when it has none. */
  function translateSteps(line: string, found: Findings): string | null {
    const steps = splitSteps(line);
    if (steps === null) return null;
    const inside = found.apart();
    const results = steps.items.map((item) => translateLine(item, inside));
    if (!results.includes("")) return null;
    const kept: string[] = [];
    for (const result of results) {
      if (exportStep.test(result)) inside.add({ kind: "export" }, false);
      else if (result !== "") kept.push(result);
    }
    const intro = translateLine(steps.intro, found);
    found.take(inside);
    if (kept.length === 0) return isIntroduction(intro) ? "" : intro.trim();
    return steps.join(intro, kept);
  }

  // --- sentences ------------------------------------------------------------------------------------

  function translateLine(line: string, found: Findings): string {
    const outside = line.replace(PARENTHESIS, (whole, inner: string) => {
      if (/https?:/i.test(inner)) return whole;
      const inside = found.apart();
      if (translateSentences(inner, inside) !== "") return whole;
      found.take(inside);
      return "";
    });
    const rest = translateSentences(outside, found);
    return rest === line ? line : joinSentences([rest]);
  }

  function translateSentences(line: string, found: Findings): string {
    const masked = writing.mask(line);
    const kept: string[] = [];
    let start = 0;
    let asks = false;
    let isChanged = false;
    for (const end of [...sentences.endsIn(masked), line.length]) {
      if (end <= start) continue;
      const sentence = line.slice(start, end);
      const result = translateSentence(sentence, masked.slice(start, end), asks, found);
      if (result !== sentence) isChanged = true;
      if (result.trim() !== "") kept.push(result);
      asks = question.test(sentence);
      start = end;
    }
    return isChanged ? joinSentences(kept) : line;
  }

  return (text, mayEdit = true) => {
    const found = new Findings(mayEdit);
    let current = text;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const next = translateLines(current, found);
      if (next === current) break;
      current = next;
    }
    return { text: current, ...found.result() };
  };
}
