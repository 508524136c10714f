/**
 * The language of rules: patterns over rows of words. `{class}` or `{phrase}`, `{!class}` for a word that is not
 * of it, `_` for any word, words themselves, and groups, alternatives and counts as in regular expressions.
 */

const PART =
  /\{(!?)([a-zA-Z][a-zA-Z0-9]*)\}|\(\?<\w+>|\(\?:|[()|?*+]|\{\d+(?:,\d*)?\}|(_)|([^\s(){}|?*+_]+)/g;

/** What stands for the parts of a pattern in its regular expression. */
interface RowCodes {
  any: string;
  word(word: string): string;
  name(name: string, isNot: boolean): string;
}

/** The regular expression of `pattern`, one character a word. */
export function rowSource(pattern: string, codes: RowCodes): string {
  return pattern
    .replace(/\s+/g, " ")
    .replace(PART, (part, not, name, any, word) => {
      if (any !== undefined) return codes.any;
      if (word !== undefined) return codes.word(word.toLowerCase());
      if (name !== undefined) return codes.name(name, not !== "");
      return part === "(" ? "(?:" : part;
    })
    .replaceAll(" ", "");
}

/** The words that stand in `pattern` themselves, in lower case. */
export function wordsIn(pattern: string): string[] {
  return [...pattern.matchAll(PART)].flatMap((match) => match[4]?.toLowerCase() ?? []);
}

/** The classes and phrases that `pattern` names. */
export function namesIn(pattern: string): string[] {
  return [...pattern.matchAll(PART)].flatMap((match) => match[2] ?? []);
}
