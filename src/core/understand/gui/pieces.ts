/** Takes a sentence apart into clauses and reads each beside its neighbours. */

import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { type Clause, readClause } from "./clause.ts";
import type { Grammar } from "./grammar.ts";
import { patternOf } from "./patterns.ts";
import type { Writing } from "./writing.ts";

/** A clause of a sentence. */
export interface Piece {
  /** What stands between the piece before and this one. */
  separator: string;
  raw: string;
  masked: string;
  clause: Clause;
  /** Goes with the instruction behind its colon. */
  isLeadIn: boolean;
}

/** A remark in parentheses; its words are group 1. */
export const PARENTHESIS = /\s?[(（]([^()（）\n]{2,200})[)）]/gu;
const CONTENT: Clause = { kind: "content", isNarrated: false };

/** Splits a sentence and reads its clauses; `masked` is the sentence with masked quotes. */
export function pieceReader(
  languages: readonly GuiLanguage[],
  grammars: readonly Grammar[],
  { unspaced }: Writing,
): (sentence: string, masked: string) => Piece[] {
  const separators = patternOf(
    languages,
    "clauseBreak",
    `[,;]\\s+|\\s*[，；：]\\s*|,(?=${unspaced})|:\\s+|\\s+[-–—]+\\s+|\\s*——?\\s*|@`,
    "giu",
  );
  const leadIn = patternOf(languages, "leadIn", "^[^\\p{L}\\p{N}]*@[^\\p{L}\\p{N}]*$");
  const keepLabelled = labelledKeeper(languages);

  const split = (sentence: string, masked: string): Piece[] => {
    const pieces: Piece[] = [];
    let start = 0;
    let separator = "";
    const add = (end: number, next: string): void => {
      const raw = sentence.slice(start, end);
      const own = masked.slice(start, end);
      pieces.push({
        ...{ separator, raw, masked: own, clause: readClause(grammars, raw, own) },
        isLeadIn: leadIn.test(raw),
      });
      separator = next;
      start = end + next.length;
    };
    const text = masked.slice(0, sentence.length);
    const remarks = [...text.matchAll(PARENTHESIS)];
    const isInRemark = (at: number) =>
      remarks.some((remark) => at > remark.index && at < remark.index + remark[0].length);
    for (const match of text.matchAll(separators)) {
      if (match.index >= start && !isInRemark(match.index)) add(match.index, match[0]);
    }
    add(sentence.length, "");
    return pieces;
  };

  return (sentence, masked) => keepNarrated(keepLabelled(split(sentence, masked)));
}

/** What a colon makes content: the words behind a label, and a heading before its details. */
function labelledKeeper(languages: readonly GuiLanguage[]): (pieces: Piece[]) => Piece[] {
  const textLabel = patternOf(languages, "textLabel", "@[^\\p{L}\\p{N}]*$");
  const callToAction = patternOf(languages, "callToAction");
  const heading = patternOf(languages, "heading", "^[^\\p{L}\\p{N}]*@");
  return (pieces) => {
    let isText = false;
    return pieces.map((piece, index) => {
      const before = pieces[index - 1];
      const next = pieces[index + 1];
      if (before !== undefined && isAfterColon(piece) && textLabel.test(before.raw)) {
        const isLabelAlone = before.raw.trim().split(" ").length <= 3 || callToAction.test(before.raw);
        isText ||= isLabelAlone || !isExport(piece);
      }
      const hasDetails = next !== undefined && isAfterColon(next);
      // "Preview: intro 3 s" is a heading, where "please preview" is an instruction
      const isHeading = hasDetails && next.clause.kind === "content" && heading.test(piece.raw);
      if (isText || isHeading) return { ...piece, clause: CONTENT };
      return hasDetails && piece.isLeadIn ? { ...piece, clause: { kind: "purpose" } } : piece;
    });
  };
}

function isAfterColon({ separator }: Piece): boolean {
  return /[:：]/.test(separator);
}

function isExport({ clause }: Piece): boolean {
  return clause.kind === "instruction" && clause.action?.kind === "export";
}

/** Under one subject: "Users open the app, click Buy and …" tells of them all. */
function keepNarrated(pieces: Piece[]): Piece[] {
  let isNarrated = false;
  return pieces.map((piece) => {
    if (/[;；:：—–]|\s-\s/u.test(piece.separator)) isNarrated = false;
    if (piece.clause.kind === "content") isNarrated ||= piece.clause.isNarrated;
    return isNarrated ? { ...piece, clause: CONTENT } : piece;
  });
}
