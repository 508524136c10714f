/** The lexicon of a language, compiled: what `clause.ts` asks of it. */

import type { GuiLanguage, PatternKey } from "../../model/gui-lexicon.ts";
import { type Labels, labelsOf } from "./labels.ts";
import { entriesOf, patternOf } from "./patterns.ts";
import { tokensOf } from "./tokens.ts";
import { MASK, scriptTest, type Writing } from "./writing.ts";

/** One language, compiled. */
export type Grammar = ReturnType<typeof grammarOf>;

/** The languages in the order in which a clause is tried. */
export function grammarsOf(languages: readonly GuiLanguage[], writing: Writing): Grammar[] {
  const labels = labelsOf(languages);
  return languages.map((language) =>
    grammarOf(
      language,
      // words of one script are never taken for those of another
      languages.filter((other) => hasSpaces(other) !== hasSpaces(language)),
      writing,
      labels,
    ),
  );
}

function grammarOf(language: GuiLanguage, others: readonly GuiLanguage[], writing: Writing, labels: Labels) {
  const tokens = tokensOf(language, others, writing);
  const inClause = (key: PatternKey, frame?: string) => patternOf([language], key, frame);
  const at = (key: PatternKey) => inClause(key, "^@");
  const { words } = language;
  // no quote, which may be a label, and no star of a list
  const punctuation = `[^\\p{L}\\p{N}${MASK}'‘[【*${writing.opening}]+|\\*{1,2}(?=\\p{L})`;
  return {
    /** Whether a text may be of this language. */
    mayRead: scriptTest(language),
    tokens,
    rules: language.rules.flatMap((rule) =>
      entriesOf(rule).map(([meaning, pattern]) => [meaning, tokens.compile(pattern)] as const),
    ),
    // where a clause begins
    lead: new RegExp(`^(?:${punctuation}|${language.patterns.lead ?? "(?!)"})`, "iu"),
    permission: at("permission"),
    negation: at("negation"),
    condition: at("condition"),
    conditionThen: at("conditionThen"),
    purpose: at("purpose"),
    tail: at("tail"),
    // a whole clause
    tip: inClause("tip", "^[^\\p{L}\\p{N}]{0,4}@[^\\p{L}\\p{N}]{0,4}$"),
    // anywhere in a clause
    narrated: inClause("narrated"),
    origin: inClause("origin"),
    move: language.move,
    /** Words of places that show the project. */
    places: new Set([...(words.place ?? []), ...(words.site ?? [])]),
    /** Those of all languages: people mix them. */
    labels,
    unquote: writing.unquote,
    purposes: entriesOf(language.purposes).map(
      ([meaning, source]) => [meaning, new RegExp(source, "iu")] as const,
    ),
    generic: inClause("generic", "^@$"),
  };
}

function hasSpaces({ unspaced }: GuiLanguage): boolean {
  return unspaced.length === 0;
}
