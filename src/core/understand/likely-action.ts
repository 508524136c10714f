/**
 * What a message asks for that is no phrase, yet probably not for the editor: the person is asked before anything is
 * spent. Source: DESIGN.md, rule 11.
 *
 * A message is read as clauses, a clause by what its words are in `config/phrases`:
 * - sure: a phrase of `intents`;
 * - likely: words of `hints`, phrases of `intents` and `light` words, some with a letter wrong, a few of them perhaps
 *   unknown, and none of `film` or `things`; behind a word of `naming` follows the name of a project;
 * - idle: `light` words and small talk alone;
 * - other: everything else.
 * Sure and likely clauses beside idle ones, and beside others that tell the editor nothing to do, are asked about. So
 * is a message without either that has words of `talk` and none of the others, or small talk in all that it says, or
 * is a question, or has a laugh or speaks to a person and has none of `film`. All else is an edit.
 */
import type { LikelyAction } from "../model/message.ts";
import type { PhraseFiles } from "../model/phrases.ts";
import { LongestMatch } from "./longest-match.ts";
import type { PhraseBook } from "./phrases.ts";
import type { Spelling } from "./spelling.ts";
import { createTypoReader, unstretched } from "./typos.ts";

/** UTF-16 units; longer texts are edits without a look. */
const MAX_LENGTH = 240;
/** Words of a clause that may be a mere remark. */
const MAX_REMARK = 10;
/** The fewest words of a clause one of which may be unknown, and how many there are for each of several. */
const MIN_WITH_UNKNOWN = 3;
const WORDS_PER_UNKNOWN = 3;
/** Characters of one unknown word, in a script without spaces. */
const MAX_WORD = 3;
/** Ends a clause; a full stop between digits does not. */
const CLAUSE_END = /(?:(?<!\d)[.:]|[.:](?!\d)|[,;!?…\n，。！？；：、()（）~])+|\s[-–—]+\s/u;

/** What is linked to is of the film. */
const LINK = /\p{L}:\/\//u;
const QUESTION = /[?？]\s*$/u;
const NUMBER = /^\p{N}+$/u;
/** A person is spoken to. */
const ADDRESSED = /(?<!\S)@[\p{L}\p{N}_]/u;

type Meaning =
  | { kind: "light" | "small" | "film" | "thing" | "talk" | "laugh" | "naming" }
  /** `rank`: a weak hint counts where no other stands. */
  | { kind: "hint"; action: LikelyAction; rank: 0 | 1 };

interface Hint {
  action: LikelyAction;
  /** What counts first. */
  rank: number;
  /** How much of the clause points to the action. */
  weight: number;
}

type Clause =
  | ({ kind: "sure" } & Hint)
  | ({ kind: "likely" } & Hint)
  /**
   * `talk`: whether it has small talk, or words of people who talk with each other, and whether they can hardly be for
   * an editor. `isKnown`: at least half of it, as in none of the languages that have no phrases.
   */
  | { kind: "idle" | "remark"; talk: "none" | "small" | "some" | "much"; isKnown: boolean }
  | { kind: "edit" };

/** Reads a part of a message that is a phrase as a whole. */
export type ReadPhrase = (text: string) => LikelyAction | null;

/**
 * Reads one message: an action is what it probably asks for, `nothing` is talk among people; null when it is for the
 * editor. Pure; text of any length.
 */
export type ReadLikelyAction = (text: string) => LikelyAction | "nothing" | null;

export function createLikelyActionReader(
  files: PhraseFiles,
  spelling: Spelling,
  book: PhraseBook,
  readPhrase: ReadPhrase,
): ReadLikelyAction {
  const { tidy, strip } = spelling;
  const { words, spelt } = vocabulary(files, spelling, book);
  const ownWords = new Set(Object.values(files).flatMap(ownWordsOf).map(tidy));
  const meant = createTypoReader(spelt);
  const respell = (unit: string) => {
    if (words.knows(unit) || ownWords.has(unit)) return unit;
    return unstretched(unit).find((one) => words.knows(one)) ?? meant(unit) ?? unit;
  };
  const quoted = new RegExp(spelling.quoted, "u");
  const isUnspaced = new RegExp(spelling.unspaced === "" ? "(?!)" : `[${spelling.unspaced}]`, "u");

  const clauseOf = (text: string): Clause => {
    const units = words.unitsOf(strip(tidy(text)));
    const hints = new Map<string, Hint>();
    const has = new Set<Meaning["kind"]>();
    let unknown = 0;
    let at = 0;
    // Characters of a script without spaces, in a row and without a meaning.
    let run = 0;
    for (const { meaning, length } of words.read(units, respell)) {
      const unit = units[at] ?? "";
      at += length;
      if (meaning === null && run % MAX_WORD === 0 && !NUMBER.test(unit)) unknown += 1;
      run = meaning === null && isUnspaced.test(unit) ? run + 1 : 0;
      if (meaning !== null) has.add(meaning.kind);
      if (meaning?.kind === "film") break;
      if (meaning?.kind === "naming" && hints.has("new-project")) break;
      if (meaning?.kind === "hint") {
        const { action, rank } = meaning;
        const before = hints.get(action.kind) ?? { action, rank, weight: 0 };
        hints.set(action.kind, { action, rank: Math.max(rank, before.rank), weight: before.weight + length });
      }
    }
    const exact = hints.size > 0 ? readPhrase(text.trim()) : null;
    if (exact) return { kind: "sure", action: exact, rank: 2, weight: units.length };
    if (has.has("film")) return { kind: "edit" };
    const mayBeUnknown =
      units.length < MIN_WITH_UNKNOWN ? 0 : Math.max(1, Math.floor(units.length / WORDS_PER_UNKNOWN));
    const isLikely = !has.has("thing") && unknown <= mayBeUnknown;
    const best = isLikely ? heaviest([...hints.values()]) : null;
    if (best && (unknown === 0 || best.rank > 0)) return { kind: "likely", ...best };
    const isMuch = has.has("laugh") || ADDRESSED.test(text);
    const talk = isMuch ? "much" : has.has("talk") ? "some" : has.has("small") ? "small" : "none";
    if (unknown === 0 && !has.has("thing")) return { kind: "idle", talk, isKnown: true };
    const isRemark = units.length <= MAX_REMARK && (talk === "much" || !has.has("thing"));
    return isRemark ? { kind: "remark", talk, isKnown: unknown * 2 <= units.length } : { kind: "edit" };
  };

  return (text) => {
    // What is quoted is of the film.
    if (text.length > MAX_LENGTH || quoted.test(text) || LINK.test(text)) return null;
    const clauses: Clause[] = [];
    for (const clause of text.split(CLAUSE_END)) {
      const read = clauseOf(clause);
      // One for the editor is enough.
      if (read.kind === "edit") return null;
      clauses.push(read);
    }
    // People come to what they want.
    const asking = clauses.filter((clause) => clause.kind === "sure" || clause.kind === "likely").reverse();
    const best = heaviest(asking);
    if (best) return best.action;
    const talks = clauses.flatMap((clause) => ("talk" in clause ? clause : []));
    const isTalk =
      talks.some(({ talk }) => talk === "some" || talk === "much") ||
      (talks.some(({ talk }) => talk === "small") &&
        talks.every(({ kind, talk }) => kind === "idle" || talk === "small"));
    const isQuestion = QUESTION.test(text) && talks.every(({ isKnown }) => isKnown);
    return isTalk || isQuestion ? "nothing" : null;
  };
}

/** What words are, and those that may be misspelt. */
function vocabulary(
  files: PhraseFiles,
  { tidy, key, unspaced }: Spelling,
  book: PhraseBook,
): { words: LongestMatch<Meaning>; spelt: string[] } {
  const words = new LongestMatch<Meaning>(unspaced);
  const spelt: string[] = [];
  const hint = (phrase: string, action: LikelyAction, rank: 0 | 1 = 1) => {
    words.add(phrase, { kind: "hint", action, rank });
    spelt.push(...words.unitsOf(phrase));
  };
  const all = Object.values(files);
  const add = (kind: Exclude<Meaning["kind"], "hint">, some: readonly string[] = []) => {
    for (const word of some) words.add(key(tidy(word)), { kind });
  };
  for (const { hints = [], weakHints = [] } of all) {
    for (const { action, phrases } of hints)
      for (const one of phrases) hint(key(tidy(one)), { kind: action });
    for (const { action, phrases } of weakHints) {
      for (const one of phrases) hint(key(tidy(one)), { kind: action }, 0);
    }
  }
  for (const { talk, naming } of all) {
    add("talk", talk);
    add("naming", naming);
  }
  for (const { film, things } of all) {
    add("film", film);
    add("thing", things);
  }
  for (const { light, smallTalk = {} } of all) {
    const { around, greet, thanks, laugh, remark, agree, reply } = smallTalk;
    add("light", light);
    add("laugh", laugh);
    add("light", around);
    for (const some of [agree, reply, greet, thanks, remark]) add("small", some);
  }
  for (const { cancel } of all) {
    add("film", [...(cancel?.edit ?? []), ...(cancel?.editing ?? [])]);
    add("light", [...(cancel?.urge ?? []), ...(cancel?.filler ?? [])]);
  }
  // Where one is left, its letters were repeated: "pleaseee".
  for (const { fillers = [] } of all)
    for (const filler of fillers) words.add(tidy(filler), { kind: "light" });
  const light = new Set(all.flatMap((file) => file.light ?? []).map(tidy));
  for (const [phrase, kind] of book.known) {
    // "What can you do" without its fillers is "what do". And to "start" may be to start anything.
    const saysLittle = words.unitsOf(phrase).every((unit) => light.has(unit));
    if (kind !== "start" && !saysLittle) hint(phrase, { kind });
  }
  for (const [name, language] of book.languages) {
    if (!/^[a-z]{2,3}$/.test(name)) hint(name, { kind: "language", language });
  }
  return { words, spelt };
}

function heaviest<T extends Pick<Hint, "rank" | "weight">>(some: readonly T[]): T | null {
  return [...some].sort((a, b) => b.rank - a.rank || b.weight - a.weight)[0] ?? null;
}

/** Words that mean what they say, however near they are to a hint. */
function ownWordsOf({ cancel = {}, noTypos = [], fillers = [] }: PhraseFiles[string]): string[] {
  // These hold what people misspell.
  const { stop: _stop, dismiss: _dismiss, export: _export, ...rest } = cancel;
  return [...Object.values(rest).flat(), ...noTypos, ...fillers];
}
