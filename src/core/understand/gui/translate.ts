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

import type { GuiAction, GuiOffer, GuiTranslation } from "../../model/gui-action.ts";
import { CHINESE } from "./chinese.ts";
import { type Clause, isTail, readClause } from "./clause.ts";
import { ENGLISH } from "./english.ts";
import { namesPrice, priceSentence } from "./price.ts";
import { splitSteps } from "./steps.ts";
import { type Lexicon, MASK } from "./words.ts";

/** More than an agent's answer can sensibly ask for. */
const MAX_ACTIONS = 8;
/** Removing one thing can uncover another; each round shortens the text. */
const MAX_ROUNDS = 6;
/** Lines of a list whose introduction goes with it. */
const MAX_LIST = 50;
/** A longer line is no chat text; it passes as it is. */
const MAX_LINE_LENGTH = 4000;

type TextKey = { [K in keyof Lexicon]: Lexicon[K] extends string ? K : never }[keyof Lexicon];

/** A pattern that each language has a part of, in place of the `@` of `frame`. */
function either(key: TextKey, frame = "@"): RegExp {
  return new RegExp(
    frame.replace("@", () => `(?:${ENGLISH[key]}|${CHINESE[key]})`),
    "iu",
  );
}

/**
 * Translates one text of the backend. Pure; never throws. A text without words of an interface comes back
 * unchanged, and so does a result that is translated again. `mayEdit`: whether an edit may follow by itself.
 */
export function translateGui(text: string, mayEdit = true): GuiTranslation {
  const found = new Findings(mayEdit);
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = translateLines(current, found);
    if (next === current) break;
    current = next;
  }
  return { text: current, ...found.result() };
}

/** What a text asks for and offers. */
class Findings {
  readonly #mayEdit: boolean;
  readonly #all: { action: GuiOffer; isOffer: boolean }[] = [];

  constructor(mayEdit: boolean) {
    this.#mayEdit = mayEdit;
  }

  /** Whether an edit could still follow by itself. */
  get mayEdit(): boolean {
    return this.#mayEdit && !this.#all.some(({ action, isOffer }) => !isOffer && action.kind === "edit");
  }

  asksFor(wanted: GuiOffer): boolean {
    return this.#all.some(({ action, isOffer }) => !isOffer && key(action) === key(wanted));
  }

  add(action: GuiOffer, isOffer: boolean): void {
    this.#all.push({ action, isOffer });
  }

  /** For a part that may turn out to be content; `take` makes it count. */
  apart(): Findings {
    return new Findings(this.mayEdit);
  }

  take(part: Findings): void {
    this.#all.push(...part.#all);
  }

  result(): Pick<GuiTranslation, "actions" | "offers"> {
    const actions = this.#unique(false)
      .filter((action) => action.kind !== "press")
      .slice(0, MAX_ACTIONS);
    const taken = new Set(actions.map(key));
    const offers = this.#unique(true).filter((offer) => !taken.has(key(offer)));
    return { actions, offers: offers.slice(0, MAX_ACTIONS) };
  }

  #unique(isOffer: boolean): GuiOffer[] {
    const some = this.#all.filter((each) => each.isOffer === isOffer);
    return [...new Map(some.map(({ action }) => [key(action), action])).values()];
  }
}

function key(action: GuiOffer): string {
  return JSON.stringify(action);
}

// --- lines ------------------------------------------------------------------------------------------

const PREFIX =
  /^(\s*(?:[-*•·+–]\s+|\d{1,2}[.)、]\s*(?=\D)|#{1,6}\s+|>\s?|[①-⑩]\s*|步骤\s?\d{1,2}[：:]\s*)*)/u;
const LIST_ITEM = /^\s*(?:[-*•·+–]\s+|\d{1,2}[.)、]|[①-⑩])/u;

function translateLines(text: string, found: Findings): string {
  const lines = text.split("\n");
  const kept: (string | null)[] = [];
  let isCode = false;
  for (const line of lines) {
    if (/^\s*```/.test(line)) isCode = !isCode;
    if (isCode || line.length > MAX_LINE_LENGTH) {
      kept.push(line);
      continue;
    }
    const steps = translateSteps(line, found);
    if (steps !== null) {
      kept.push(steps === "" ? null : steps);
      continue;
    }
    const prefix = PREFIX.exec(line)?.[0] ?? "";
    const body = line.slice(prefix.length);
    const rest = translateLine(body, found);
    kept.push(rest === body ? line : rest === "" ? null : prefix + rest);
  }
  if (!kept.some((line, index) => line !== lines[index])) return text;
  dropEmptyIntroductions(lines, kept);
  return joinLines(kept);
}

const EXPORT_STEP = either("exportStep", "^@[\\s.。；;，,!！]{0,3}$");

/** The line without those of its inline steps that are instructions; null when it has none. */
function translateSteps(line: string, found: Findings): string | null {
  const steps = splitSteps(line);
  if (steps === null) return null;
  const inside = found.apart();
  const results = steps.items.map((item) => translateLine(item, inside));
  if (!results.includes("")) return null;
  const kept: string[] = [];
  for (const result of results) {
    if (EXPORT_STEP.test(result)) inside.add({ kind: "export" }, false);
    else if (result !== "") kept.push(result);
  }
  const intro = translateLine(steps.intro, found);
  found.take(inside);
  const isIntroduction = /[:：]\s*\**\s*$/u.test(intro);
  if (kept.length === 0) return isIntroduction ? "" : intro.trim();
  return steps.join(intro, kept);
}

/** "To export:" makes no sense when all of its list is gone. */
function dropEmptyIntroductions(lines: string[], kept: (string | null)[]): void {
  for (let index = 0; index < lines.length; index += 1) {
    if (!/[:：]\s*\**\s*$/u.test(kept[index] ?? "")) continue;
    let end = index + 1;
    while (
      end < lines.length &&
      end - index <= MAX_LIST &&
      (lines[end]?.trim() === "" || LIST_ITEM.test(lines[end] ?? ""))
    )
      end += 1;
    const items = kept.slice(index + 1, end).filter((line) => line === null || line.trim() !== "");
    if (items.length > 0 && end - index <= MAX_LIST && items.every((line) => line === null))
      kept[index] = null;
  }
}

function joinLines(kept: (string | null)[]): string {
  const result: string[] = [];
  let isGap = false;
  for (const line of kept) {
    if (line === null) isGap = true;
    else if (!(line.trim() === "" && isGap && (result.at(-1) ?? "").trim() === "")) {
      result.push(line);
      if (line.trim() !== "") isGap = false;
    }
  }
  return result.join("\n").trim();
}

// --- sentences --------------------------------------------------------------------------------------

const QUOTES =
  /"[^"\n]{1,300}"|“[^”\n]{1,300}”|「[^」\n]{1,300}」|『[^』\n]{1,300}』|《[^》\n]{1,300}》|`[^`\n]{1,300}`|(?<![\p{L}\p{N}])['‘][^'’\n]{1,120}['’](?![\p{L}\p{N}])/gu;
const SENTENCE_END =
  /[.!?…]+["”'’)\]*_]*(?=\s|$)|[。！？；…]+["”'’」』）)\]*_]*|\.(?=(?:Click|Tap|Press|Open|Drag|Export|Download)\b)/gu;
/** Never the end of a sentence; an end before a capital only; an initial, as in "J. Smith". */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|mr|mrs|ms|dr|approx|fig)\.$/i;
const SHORT_WORD = /(?:^|[\s(])(?:etc|st|no|min|sec|a\.m|p\.m)\.$/i;
const INITIAL = /(?:^|\s)[A-Z]\.$/;
const PARENTHESIS = /\s?[(（]([^()（）\n]{2,200})[)）]/gu;
const QUESTION = either("question");
/** Asked, not told. */
const ASKED = /[?？]["”'’)\]」』）*_]*\s*$/u;

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
  const masked = line.replace(
    QUOTES,
    (quote) => quote.charAt(0) + MASK.repeat(quote.length - 2) + quote.slice(-1),
  );
  const kept: string[] = [];
  let start = 0;
  let asks = false;
  let isChanged = false;
  for (const end of [...sentenceEnds(masked), line.length]) {
    if (end <= start) continue;
    const sentence = line.slice(start, end);
    const result = translateSentence(sentence, masked.slice(start, end), asks, found);
    if (result !== sentence) isChanged = true;
    if (result.trim() !== "") kept.push(result);
    asks = QUESTION.test(sentence);
    start = end;
  }
  return isChanged ? joinSentences(kept) : line;
}

/** Without fragments that were only the punctuation between two sentences. */
function joinSentences(sentences: string[]): string {
  const filled = sentences.filter((sentence) => !/^[\s,;:.，；：。、]*$/u.test(sentence));
  return filled
    .join("")
    .replace(/[ \t]{2,}/g, " ")
    .trim();
}

function isAbbreviation(before: string, after: string): boolean {
  if (ABBREVIATION.test(before) || INITIAL.test(before)) return true;
  return SHORT_WORD.test(before) && /^\s[a-z\d]/.test(after);
}

/** Ends include the space behind the sentence, so that nothing is lost between two of them. */
function sentenceEnds(masked: string): number[] {
  const ends: number[] = [];
  for (const match of masked.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    if (
      match[0] === "." &&
      isAbbreviation(masked.slice(Math.max(0, end - 8), end), masked.slice(end, end + 2))
    )
      continue;
    ends.push(end + (/^\s*/.exec(masked.slice(end))?.[0].length ?? 0));
  }
  return ends;
}

// --- clauses ----------------------------------------------------------------------------------------

const SEPARATOR =
  /[,;]\s+|\s*[，；：]\s*|,(?=[\p{Script=Han}])|:\s+|\s+[-–—]+\s+|\s*——?\s*|(?<!\bdrag|\bgo ahead|\bbetween [^,;.!?]{1,40})\s+(?=(?:and|then|or|but|so(?! that it\b))\s)|\s+(?=(?:when|whenever|once|if|as soon as)\s+(?:you|you're|it|everything|ready|done|happy|satisfied|finished|the|your|this|all|that|needed|necessary)\b)|(?<!\b(?:drag|drop)\b[^,;:.!?]{0,80})\s+(?=after\s+(?:you|you're|it|everything|ready|done|happy|satisfied|finished|the|your|this|all|that|needed|necessary)\b)/giu;
const TERMINAL = /(?:[.!?…。！？；]+["”'’)\]*_」』）]*)?\s*$/u;
const LEFTOVER = either("leftover", '^[^\\p{L}\\p{N}\\uE000"“「『]*(?:@[^\\p{L}\\p{N}\\uE000"“「『]*)*$');

const CONTENT: Clause = { kind: "content", isNarrated: false };

interface Piece {
  /** What stands between the piece before and this one. */
  separator: string;
  raw: string;
  masked: string;
  clause: Clause;
}

function translateSentence(sentence: string, masked: string, asks: boolean, found: Findings): string {
  if (/https?:\/\//i.test(sentence) || ASKED.test(masked)) return sentence;
  const terminal = TERMINAL.exec(masked)?.[0] ?? "";
  const pieces = split(sentence.slice(0, sentence.length - terminal.length), masked);
  // "If you like it later, …", "To move it, …": how, not that
  const hasCondition = pieces.some(
    ({ clause, raw }) => clause.kind === "condition" || (clause.kind === "purpose" && !LEAD_IN.test(raw)),
  );
  const removed = pieces.map(({ clause }) => {
    if (clause.kind !== "move") return clause.kind === "instruction";
    const action: GuiAction = { kind: "edit", text: clause.text };
    if (found.asksFor(action)) return true;
    const isOffer = clause.isOffer || hasCondition || asks || !found.mayEdit;
    if (clause.text !== "") found.add(action, isOffer);
    return !isOffer;
  });
  if (!removed.includes(true)) return sentence;
  let pressed: string | null = null;
  let isFree = false;
  for (const [index, { clause }] of pieces.entries()) {
    if (!removed[index] || (clause.kind !== "instruction" && clause.kind !== "move")) continue;
    const isConditional = takeNeighbours(pieces, removed, index);
    if (clause.kind === "move") continue;
    const { action } = clause;
    // "you can drag it, or open …": what follows directly is as free as what it follows
    if (pieces[index - 1]?.clause.kind !== "instruction") isFree = false;
    isFree ||= clause.isOffer || isConditional || asks;
    if (action === null) continue;
    if (action.kind === "press") pressed ??= action.label;
    found.add(action, isFree);
  }
  return withPrice(rebuild(sentence, pieces, removed, terminal), sentence, pressed, pieces);
}

/** `rest` with what the removed button costs, as a sentence of its own. */
function withPrice(rest: string, sentence: string, pressed: string | null, pieces: Piece[]): string {
  if (pressed === null || namesPrice(rest)) return rest;
  const price = priceSentence(pieces.map((piece) => piece.separator + piece.raw).join(""), pressed);
  if (price === null) return rest;
  const gap = rest === "" ? (/^\s*/.exec(sentence)?.[0] ?? "") : /。$/.test(price) ? "" : " ";
  return rest.trimEnd() + gap + capitalise(price) + (/\s*$/.exec(sentence)?.[0] ?? "");
}

function capitalise(words: string): string {
  return words.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

function split(sentence: string, masked: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let separator = "";
  const add = (end: number, next: string): void => {
    const raw = sentence.slice(start, end);
    pieces.push({ separator, raw, masked: masked.slice(start, end), clause: CONTENT });
    separator = next;
    start = end + next.length;
  };
  const remarks = [...masked.slice(0, sentence.length).matchAll(PARENTHESIS)];
  const isInRemark = (at: number) =>
    remarks.some((remark) => at > remark.index && at < remark.index + remark[0].length);
  for (const match of masked.slice(0, sentence.length).matchAll(SEPARATOR)) {
    if (match.index >= start && !isInRemark(match.index)) add(match.index, match[0]);
  }
  add(sentence.length, "");
  const read = pieces.map((piece) => ({ ...piece, clause: readClause(piece.raw, piece.masked) }));
  return keepNarrated(keepLabelled(read));
}

/** Names a text of the video; alone, or as a call to action, all that follows is that text. */
const TEXT_LABEL = either("textLabel");
const CALL_TO_ACTION = either("callToAction");
/** "预览：片头3秒": a heading, where "请预览" is an instruction. */
const HEADING = either("heading");
/** Goes with the instruction behind its colon. */
const LEAD_IN = either("leadIn");

/** What a colon makes content: the words behind a label, and a heading before its details. */
function keepLabelled(pieces: Piece[]): Piece[] {
  let isText = false;
  return pieces.map((piece, index) => {
    const before = pieces[index - 1];
    const next = pieces[index + 1];
    if (before !== undefined && isColon(piece) && TEXT_LABEL.test(before.raw)) {
      const isLabelAlone = before.raw.trim().split(" ").length <= 3 || CALL_TO_ACTION.test(before.raw);
      isText ||= isLabelAlone || !isExport(piece);
    }
    const isHeading =
      next !== undefined && isColon(next) && next.clause.kind === "content" && HEADING.test(piece.raw);
    if (isText || isHeading) return { ...piece, clause: CONTENT };
    const isLeadIn = next !== undefined && isColon(next) && LEAD_IN.test(piece.raw);
    return isLeadIn ? { ...piece, clause: { kind: "purpose" } } : piece;
  });
}

function isColon({ separator }: Piece): boolean {
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

/** Removes what only serves the instruction at `index`; true when that is a condition. */
function takeNeighbours(pieces: Piece[], removed: boolean[], index: number): boolean {
  let isConditional = false;
  for (let before = index - 1; before >= 0 && !removed[before]; before -= 1) {
    const piece = pieces[before];
    const kind = piece?.clause.kind;
    if (kind !== "condition" && kind !== "purpose" && !LEFTOVER.test(piece?.masked ?? "")) break;
    if (kind === "condition") isConditional = true;
    removed[before] = true;
  }
  for (let after = index + 1; after < pieces.length; after += 1) {
    const piece = pieces[after];
    if (piece === undefined || piece.clause.kind === "instruction" || piece.clause.kind === "move") break;
    const next = pieces[after + 1]?.clause.kind;
    const isCondition = piece.clause.kind === "condition" && (next === undefined || next === "instruction");
    const continues = isTail(piece.masked) || LEFTOVER.test(piece.masked);
    if (!isCondition && !continues) break;
    if (isCondition) isConditional = true;
    removed[after] = true;
  }
  return isConditional;
}

function rebuild(sentence: string, pieces: Piece[], removed: boolean[], terminal: string): string {
  const first = removed.indexOf(false);
  const kept = pieces.filter((_, index) => !removed[index]);
  const body = kept.map((piece, index) => (index === 0 ? "" : piece.separator) + piece.raw).join("");
  if (LEFTOVER.test(body)) return "";
  const end = /[.!?。！？…]$/u.test(body.trimEnd()) ? terminal.replace(/^[.!?。！？…；]+/u, "") : terminal;
  if (first === 0) return body.trimEnd() + end;
  const opened = body.replace(/^\s*(?:(?:and then|and|then|but|so|or)\s+|然后|并且?|再)/i, "");
  const space = /^\s*/.exec(sentence)?.[0] ?? "";
  return space + capitalise(opened.trimStart()) + end;
}
