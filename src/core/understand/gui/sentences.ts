/** Takes a line apart into sentences, and puts together what stays of them. */
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { patternOf } from "./patterns.ts";
import type { Writing } from "./writing.ts";

const INITIAL = /(?:^|\s)[A-Z]\.$/;

export type Sentences = ReturnType<typeof sentencesOf>;

/** Sentences of all languages. */
export function sentencesOf(languages: readonly GuiLanguage[], { closing }: Writing) {
  /** May stand behind the end of a sentence. */
  const closers = `['’${closing})）\\]*_]*`;
  const end = patternOf(
    languages,
    "sentenceStart",
    `[.!?…]+${closers}(?=\\s|$)|[。！？；…]+${closers}|\\.(?=@)`,
    "gu",
  );
  const terminal = new RegExp(`(?:[.!?…。！？；]+${closers})?\\s*$`, "u");
  const question = new RegExp(`[?？]${closers}\\s*$`, "u");
  const abbreviation = patternOf(languages, "abbreviation", "(?:^|[\\s(])@\\.$");
  const shortWord = patternOf(languages, "shortWord", "(?:^|[\\s(])@\\.$");
  const isAbbreviation = (before: string, after: string): boolean => {
    if (abbreviation.test(before) || INITIAL.test(before)) return true;
    return shortWord.test(before) && /^\s[a-z\d]/.test(after);
  };
  return {
    /** Where each sentence of a masked line ends, with the space behind it, so that nothing is lost between two. */
    endsIn(masked: string): number[] {
      const ends: number[] = [];
      for (const match of masked.matchAll(end)) {
        const at = match.index + match[0].length;
        const isEnd =
          match[0] !== "." ||
          !isAbbreviation(masked.slice(Math.max(0, at - 8), at), masked.slice(at, at + 2));
        if (isEnd) ends.push(at + (/^\s*/.exec(masked.slice(at))?.[0].length ?? 0));
      }
      return ends;
    },
    /** What ends a sentence, and the space behind it; empty without an end. */
    terminalOf: (masked: string): string => terminal.exec(masked)?.[0] ?? "",
    /** Asked, not told. */
    isQuestion: (masked: string): boolean => question.test(masked),
  };
}

/** Without fragments that were only the punctuation between two sentences. */
export function joinSentences(sentences: readonly string[]): string {
  const filled = sentences.filter((sentence) => !/^[\s,;:.，；：。、]*$/u.test(sentence));
  return filled
    .join("")
    .replace(/[ \t]{2,}/g, " ")
    .trim();
}
