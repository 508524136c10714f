/** One spelling for words that people write in many ways, before they are looked up. */
import type { PhraseFiles, Phrases } from "../model/phrases.ts";

export interface Spelling {
  /** Scripts without spaces between words, as what a class of a pattern holds; may be empty. */
  readonly unspaced: string;
  /** Matches what stands in quotes, on one line; as the source of a pattern. */
  readonly quoted: string;
  /** Characters that a language reads as others are replaced by them. */
  fold(text: string): string;
  /** Lower case, one width, folded; letters, digits and hyphens inside words are all that stays. */
  tidy(text: string): string;
  /** Tidy words without those that say nothing. */
  strip(words: string): string;
  /** What tidy words are looked up by. */
  key(words: string): string;
}

/** The spelling that all languages share. */
export function createSpelling(files: PhraseFiles): Spelling {
  const all = Object.values(files);
  const unspaced = [...new Set(all.flatMap((file) => file.unspaced ?? []))]
    .map((script) => `\\p{Script=${script}}`)
    .join("");
  const pairs = new Map(all.flatMap(({ fold = [] }) => fold.map((pair): [string, string] => split(pair))));
  const besideUnspaced = new RegExp(`(?<=[${unspaced}]) +| +(?=[${unspaced}])`, "gu");
  const fold = (text: string) =>
    text.replace(/\P{ASCII}/gu, (character) => pairs.get(character) ?? character);
  const tidy = (text: string) =>
    fold(text.normalize("NFKC").toLowerCase())
      .replace(/['’‘`´]/g, "")
      .replace(/[^\p{L}\p{N}-]+|(?<![\p{L}\p{N}])-+|-+(?![\p{L}\p{N}])/gu, " ")
      .replace(besideUnspaced, "")
      .trim();

  const isUnspaced = new RegExp(`^[${unspaced}]`, "u");
  const fillers = all.flatMap((file) => fillersOf(file, tidy));
  const patternOf = (some: Filler[]) =>
    longestFirst(some)
      .map(({ pattern }) => pattern)
      .join("|") || "(?!)";
  const inside = new RegExp(patternOf(fillers.filter(({ word }) => isUnspaced.test(word))), "gu");
  // A word of its own also beside a script without spaces, where `tidy` leaves none.
  const apart = new RegExp(
    `(?<![^ ${unspaced}])(?:${patternOf(fillers.filter(({ word }) => !isUnspaced.test(word)))})(?![^ ${unspaced}])`,
    "gu",
  );
  const strip = (words: string) =>
    words.replace(inside, "").replace(apart, " ").replace(/ +/g, " ").replace(besideUnspaced, "").trim();
  return {
    unspaced,
    quoted: quotedIn(files, "\\n"),
    fold,
    tidy,
    strip,
    key: (words) => strip(words).replaceAll("-", " "),
  };
}

/** Matches text without `except` in the quotes of any language; the plain ones are of all. */
export function quotedIn(files: PhraseFiles, except = ""): string {
  const quotes = Object.values(files).flatMap(({ gui }) => gui?.writing.quotes ?? []);
  const pairs = [...new Set(['""', ...quotes])].map(split);
  return pairs.map(([open, close]) => `${open}[^${close}${except}]*${close}`).join("|");
}

interface Filler {
  word: string;
  pattern: string;
}

function fillersOf({ fillers = [], fillersUnless = [] }: Phrases, tidy: (text: string) => string): Filler[] {
  return [
    ...fillers.map(tidy).map((word) => ({ word, pattern: word })),
    ...fillersUnless.map(({ say, behind, before }) => {
      const unless = (sign: string, words: string[] | undefined) =>
        words ? `(?${sign}${words.map(tidy).join("|")})` : "";
      const word = tidy(say);
      return { word, pattern: unless("<!", behind) + word + unless("!", before) };
    }),
  ];
}

/** Longer words before those that they begin with. */
export function longestFirst<T extends { word: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => b.word.length - a.word.length);
}

function split(pair: string): [string, string] {
  const [from = "", to = ""] = pair;
  return [from, to];
}
