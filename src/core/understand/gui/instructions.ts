/** Takes the instructions out of a sentence, and what they ask for. */
import type { GuiAction } from "../../model/gui-action.ts";
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import type { Findings } from "./findings.ts";
import { grammarsOf } from "./grammar.ts";
import { type Piece, pieceReader } from "./pieces.ts";
import { rewritingOf } from "./rewriting.ts";
import type { Sentences } from "./sentences.ts";
import type { Writing } from "./writing.ts";

/**
 * What stays of a sentence, whose quotes are masked in `masked`; what it asks for is added to `found`. `asks`: the
 * sentence before was a question.
 */
type SentenceTranslator = (sentence: string, masked: string, asks: boolean, found: Findings) => string;

/** The translator of sentences in any of the languages. */
export function sentenceTranslator(
  languages: readonly GuiLanguage[],
  writing: Writing,
  sentences: Sentences,
): SentenceTranslator {
  const grammars = grammarsOf(languages, writing);
  const readPieces = pieceReader(languages, grammars, writing);
  const rewriting = rewritingOf(languages, grammars, writing);

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

  return (sentence, masked, asks, found) => {
    if (/https?:\/\//i.test(sentence) || sentences.isQuestion(masked)) return sentence;
    const terminal = sentences.terminalOf(masked);
    const pieces = readPieces(sentence.slice(0, sentence.length - terminal.length), masked);
    const removed = removeMoves(pieces, asks, found);
    if (!removed.includes(true)) return sentence;
    const pressed = takeActions(pieces, removed, asks, found);
    const rest = rewriting.rebuild(sentence, pieces, removed, terminal);
    return pressed === null ? rest : rewriting.withPrice(rest, sentence, pressed, pieces);
  };
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
