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

import type { GuiAction, GuiTranslation } from "../../model/gui-action.ts";
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { Findings } from "./findings.ts";
import { grammarsOf } from "./grammar.ts";
import { isIntroduction, joinLines } from "./lines.ts";
import { patternOf } from "./patterns.ts";
import { PARENTHESIS, type Piece, pieceReader } from "./pieces.ts";
import { rewritingOf } from "./rewriting.ts";
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
  const grammars = grammarsOf(languages, writing);
  const sentences = sentencesOf(languages, writing);
  const readPieces = pieceReader(languages, grammars, writing);
  const rewriting = rewritingOf(languages, grammars, writing);
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

  /** `asks`: the sentence before was a question. */
  function translateSentence(sentence: string, masked: string, asks: boolean, found: Findings): string {
    if (/https?:\/\//i.test(sentence) || sentences.isQuestion(masked)) return sentence;
    const terminal = sentences.terminalOf(masked);
    const pieces = readPieces(sentence.slice(0, sentence.length - terminal.length), masked);
    const removed = removeMoves(pieces, asks, found);
    if (!removed.includes(true)) return sentence;
    const pressed = takeActions(pieces, removed, asks, found);
    const rest = rewriting.rebuild(sentence, pieces, removed, terminal);
    return pressed === null ? rest : rewriting.withPrice(rest, sentence, pressed, pieces);
  }

  /** Which pieces are instructions and go, once each has its conditions. Moves become edits or offers. */
  function removeMoves(pieces: readonly Piece[], asks: boolean, found: Findings): boolean[] {
    // "If you like it later, …", "To move it, …": how, not that
    const hasCondition = pieces.some(
      ({ clause, isLeadIn }) => clause.kind === "condition" || (clause.kind === "purpose" && !isLeadIn),
    );
    return pieces.map(({ clause }) => {
      if (clause.kind !== "move") return clause.kind === "instruction";
      const action: GuiAction = { kind: "edit", text: clause.text };
      if (found.asksFor(action)) return true;
      const isOffer = clause.isOffer || hasCondition || asks || !found.mayEdit;
      if (clause.text !== "") found.add(action, isOffer);
      return !isOffer;
    });
  }

  /** What the instructions ask for; the first button that confirms, or null. */
  function takeActions(
    pieces: readonly Piece[],
    removed: boolean[],
    asks: boolean,
    found: Findings,
  ): string | null {
    let pressed: string | null = null;
    let isFree = false;
    for (const [index, { clause }] of pieces.entries()) {
      if (!removed[index] || (clause.kind !== "instruction" && clause.kind !== "move")) continue;
      const isConditional = rewriting.takeNeighbours(pieces, removed, index);
      if (clause.kind === "move") continue;
      const { action } = clause;
      // "you can drag it, or open …": what follows directly is as free as what it follows
      if (pieces[index - 1]?.clause.kind !== "instruction") isFree = false;
      isFree ||= clause.isOffer || isConditional || asks;
      if (action === null) continue;
      if (action.kind === "press") pressed ??= action.label;
      found.add(action, isFree);
    }
    return pressed;
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
