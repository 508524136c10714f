/** Rewrites a sentence without its instructions, and without what only served them. */

import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { isTail } from "./clause.ts";
import type { Grammar } from "./grammar.ts";
import { patternOf } from "./patterns.ts";
import type { Piece } from "./pieces.ts";
import { pricesOf } from "./price.ts";
import { MASK, type Writing } from "./writing.ts";

/** Rewrites sentences of all languages. */
export function rewritingOf(
  languages: readonly GuiLanguage[],
  grammars: readonly Grammar[],
  { opening }: Writing,
) {
  const prices = pricesOf(languages);
  const noWord = `[^\\p{L}\\p{N}${MASK}${opening}]*`;
  const leftover = patternOf(languages, "leftover", `^${noWord}(?:@${noWord})*$`);
  const opener = patternOf(languages, "opener", "^\\s*@");

  /** Removes conditions and purposes before `index`. */
  const takeBefore = (pieces: readonly Piece[], removed: boolean[], index: number): boolean => {
    let isConditional = false;
    for (let before = index - 1; before >= 0 && !removed[before]; before -= 1) {
      const piece = pieces[before];
      const kind = piece?.clause.kind;
      if (kind !== "condition" && kind !== "purpose" && !leftover.test(piece?.masked ?? "")) break;
      if (kind === "condition") isConditional = true;
      removed[before] = true;
    }
    return isConditional;
  };
  const takeAfter = (pieces: readonly Piece[], removed: boolean[], index: number): boolean => {
    let isConditional = false;
    for (let after = index + 1; after < pieces.length; after += 1) {
      const piece = pieces[after];
      if (piece === undefined || piece.clause.kind === "instruction" || piece.clause.kind === "move") break;
      const next = pieces[after + 1]?.clause.kind;
      const isCondition = piece.clause.kind === "condition" && (next === undefined || next === "instruction");
      const continues = isTail(grammars, piece.masked) || leftover.test(piece.masked);
      if (!isCondition && !continues) break;
      if (isCondition) isConditional = true;
      removed[after] = true;
    }
    return isConditional;
  };

  return {
    /** Removes what only serves the instruction at `index`; true when that is a condition. */
    takeNeighbours(pieces: readonly Piece[], removed: boolean[], index: number): boolean {
      const isConditional = takeBefore(pieces, removed, index);
      return takeAfter(pieces, removed, index) || isConditional;
    },

    /** What stays of `sentence`, which ends with `terminal`. */
    rebuild(
      sentence: string,
      pieces: readonly Piece[],
      removed: readonly boolean[],
      terminal: string,
    ): string {
      const kept = pieces.filter((_, index) => !removed[index]);
      const body = kept.map((piece, index) => (index === 0 ? "" : piece.separator) + piece.raw).join("");
      if (leftover.test(body)) return "";
      const hasEnd = /[.!?。！？…]$/u.test(body.trimEnd());
      const end = hasEnd ? terminal.replace(/^[.!?。！？…；]+/u, "") : terminal;
      if (removed[0] === false) return body.trimEnd() + end;
      return spaceBefore(sentence) + capitalise(body.replace(opener, "").trimStart()) + end;
    },

    /** `rest` with what the removed button `pressed` costs, as a sentence of its own. */
    withPrice(rest: string, sentence: string, pressed: string, pieces: readonly Piece[]): string {
      if (prices.areIn(rest)) return rest;
      const price = prices.sentenceOf(pieces.map((piece) => piece.separator + piece.raw).join(""), pressed);
      if (price === null) return rest;
      const gap = rest === "" ? spaceBefore(sentence) : price.gap;
      return rest.trimEnd() + gap + capitalise(price.text) + (/\s*$/.exec(sentence)?.[0] ?? "");
    },
  };
}

function spaceBefore(text: string): string {
  return /^\s*/.exec(text)?.[0] ?? "";
}

function capitalise(words: string): string {
  return words.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}
