/**
 * Reads a clause as a row of words of a lexicon, and rules as patterns of such rows. A word is one character of
 * the row, which stands for all classes the word belongs to; so a pattern is a small regular expression over
 * classes, and a clause is looked at in time that grows with its length.
 */
import { type Lexicon, MASK } from "./words.ts";

/** A clause as a row of words. */
interface Row {
  /** A character a word. */
  codes: string;
  /** Where each word stands in the clause. */
  spans: { start: number; end: number }[];
}

export interface Tokens {
  read(clause: string): Row;
  /**
   * `pattern` over whole rows. `{class}` or `{phrase}`, `{!class}` for a word that is not of it, `_` for any word,
   * words themselves, and groups, alternatives and counts as in regular expressions.
   */
  compile(pattern: string): RegExp;
}

const FIRST_CODE = 0xe100;
/** Words of the longest fixed phrase, and characters of the longest Chinese one. */
const MAX_WORDS = 5;
const MAX_HAN = 8;
const PATTERN_PART =
  /\{(!?)([a-zA-Z][a-zA-Z0-9]*)\}|\(\?<\w+>|\(\?:|[()|?*+]|\{\d+(?:,\d*)?\}|(_)|([^\s(){}|?*+_]+)/g;
const LATIN = /[\p{Script=Latin}\p{N}][\p{Script=Latin}\p{N}]*(?:['’-][\p{Script=Latin}\p{N}]+)*/uy;
const SKIPPED = /[\s\p{P}\p{S}\p{Extended_Pictographic}]|\u200d|\ufe0f/uy;
const HAN_WORD = /\p{Script=Han}/u;
const OPEN = "\"“'‘`「『《";
const CLOSE = "\"”'’`」』》";
const SPECIAL = {
  quoted: `[*_]{0,2}(?:[${OPEN}]${MASK}{1,300}[${CLOSE}]|[\\[【［][^\\]】］\\n]{1,60}[\\]】］]|\\*\\*[^*\\n]{1,60}\\*\\*)[*_]{0,2}`,
  remark: "[(（][^()（）\\n]{1,120}[)）]",
  file: "(?![把将请])[\\p{L}\\p{N}_-]{1,60}\\.(?:mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac|srt)(?![a-z\\d])",
  arrow: "->|=>|—>|[>→›»＞➜➔▸]",
};

/** The reader of rows for one language. Throws on a pattern that names an unknown class. */
export function tokensOf(lexicon: Pick<Lexicon, "words" | "phrases" | "rules" | "time" | "key">): Tokens {
  const classesOf = new Map<string, Set<string>>();
  const enter = (word: string, name: string) =>
    classesOf.set(word, (classesOf.get(word) ?? new Set()).add(name));
  for (const [name, list] of Object.entries(lexicon.words))
    for (const word of wordsOf(list)) enter(word, name);
  for (const pattern of [...Object.values(lexicon.phrases), ...lexicon.rules.map(([, rule]) => rule)])
    for (const match of pattern.matchAll(PATTERN_PART))
      if (match[4] !== undefined) enter(match[4].toLowerCase(), `=${match[4].toLowerCase()}`);
  // "audio track" is a track, too
  for (const [phrase, classes] of classesOf) {
    const inherited = classesOf.get(headOf(phrase, classesOf));
    if (inherited !== undefined && !inherited.has("stop")) for (const name of inherited) classes.add(name);
  }

  const codes = new Map<string, string>();
  const codesOfClass = new Map<string, string>();
  const codeOf = (classes: Iterable<string>): string => {
    const signature = [...classes].sort().join(" ");
    const known = codes.get(signature);
    if (known !== undefined) return known;
    const code = String.fromCharCode(FIRST_CODE + codes.size);
    codes.set(signature, code);
    for (const name of classes) codesOfClass.set(name, (codesOfClass.get(name) ?? "") + code);
    return code;
  };
  const special = Object.entries({ ...SPECIAL, key: lexicon.key, time: lexicon.time }).map(
    ([name, source]) => ({ code: codeOf([name]), pattern: new RegExp(source, "iuy") }),
  );
  const [number, nth, other, capital] = [["num"], ["nth"], ["other"], ["Cap"]].map(codeOf) as [
    string,
    string,
    string,
    string,
  ];
  const wordCodes = new Map<string, { plain: string; capital: string }>();
  for (const [word, classes] of classesOf)
    wordCodes.set(word, {
      plain: codeOf([...classes].filter((name) => !/^[A-Z]/.test(name))),
      capital: codeOf([...classes, "Cap"]),
    });

  const compilePattern = (pattern: string): string =>
    pattern
      .replace(/\s+/g, " ")
      .replace(PATTERN_PART, (part, not, name, any, word) => {
        if (any !== undefined) return "[\\s\\S]";
        if (word !== undefined) return `[${codesOfClass.get(`=${word.toLowerCase()}`) ?? ""}]`;
        if (name === undefined) return part === "(" ? "(?:" : part;
        const phrase = lexicon.phrases[name];
        if (phrase !== undefined && not === "") return `(?:${compilePattern(phrase)})`;
        const known = codesOfClass.get(name);
        if (known === undefined) throw new Error(`no words for ${part}`);
        return `[${not === "" ? "" : "^"}${known}]`;
      })
      .replaceAll(" ", "");

  return {
    compile: (pattern) => new RegExp(`^(?:${compilePattern(pattern)})$`, "d"),
    read(clause) {
      const lower = clause.toLowerCase();
      // A letter whose lower case is longer would shift everything behind it.
      const text = lower.length === clause.length ? lower : clause;
      const row: Row = { codes: "", spans: [] };
      const add = (code: string, start: number, end: number): number => {
        row.codes += code;
        row.spans.push({ start, end });
        return end;
      };
      let at = 0;
      while (at < clause.length) {
        const found = special.find(({ pattern }) => startsAt(pattern, clause, at));
        if (found !== undefined) {
          at = add(found.code, at, found.pattern.lastIndex);
          continue;
        }
        if (startsAt(SKIPPED, clause, at)) {
          at = SKIPPED.lastIndex;
          continue;
        }
        const [word, end] = longestWord(text, at, wordCodes);
        const known = wordCodes.get(word);
        const isCapital = /^\p{Lu}/u.test(clause.charAt(at));
        if (known !== undefined) at = add(isCapital ? known.capital : known.plain, at, end);
        else if (/^\d+$/.test(word)) at = add(number, at, end);
        else if (/^\d+(?:st|nd|rd|th)$/.test(word)) at = add(nth, at, end);
        else at = add(isCapital ? capital : other, at, end);
      }
      return row;
    },
  };
}

function startsAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** The longest entry of `known` at `at`, else a word, else a character. */
function longestWord(
  text: string,
  at: number,
  known: ReadonlyMap<string, unknown>,
): [word: string, end: number] {
  if (HAN_WORD.test(text.charAt(at))) {
    for (let length = MAX_HAN; length > 1; length -= 1) {
      const word = text.slice(at, at + length);
      if (known.has(word)) return [word, at + word.length];
    }
    return [text.charAt(at), at + 1];
  }
  let phrase = "";
  let found: [string, number] | null = null;
  let next = at;
  for (let words = 0; words < MAX_WORDS && startsAt(LATIN, text, next); words += 1) {
    const end = LATIN.lastIndex;
    phrase += (words === 0 ? "" : " ") + text.slice(next, end).replace("’", "'");
    if (found === null || known.has(phrase)) found = [phrase, end];
    if (text.charAt(end) !== " ") break;
    next = end + 1;
  }
  return found ?? [text.charAt(at), at + 1];
}

/** The last word, or the longest known end of a Chinese one. */
function headOf(phrase: string, known: ReadonlyMap<string, unknown>): string {
  if (!HAN_WORD.test(phrase)) return phrase.includes(" ") ? phrase.slice(phrase.lastIndexOf(" ") + 1) : "";
  for (let from = 1; from <= phrase.length - 2; from += 1)
    if (known.has(phrase.slice(from))) return phrase.slice(from);
  return "";
}

/** The words of a list: "button(s)|icon" → button, buttons, icon. */
export function wordsOf(list: string): string[] {
  return list.split("|").flatMap((word) => {
    const match = /^(.*?)\(([^)]*)\)(.*)$/.exec(word);
    if (match === null) return [word];
    const [, before = "", optional = "", behind = ""] = match;
    return wordsOf(`${before}${behind}|${before}${optional}${behind}`);
  });
}
