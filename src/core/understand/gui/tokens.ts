/**
 * Reads a clause as a row of words of a lexicon, and rules as patterns of such rows. A word is one character of
 * the row, which stands for all classes the word belongs to; so a pattern is a small regular expression over
 * classes, and a clause is looked at in time that grows with its length.
 */
import { type GuiLanguage, TOKEN_CLASSES } from "../../model/gui-lexicon.ts";
import { rowSource, wordsIn } from "../../model/row-pattern.ts";
import { MASK, type Writing } from "./writing.ts";

/** A clause as a row of words. */
interface Row {
  /** A character a word. */
  codes: string;
  /** Where each word stands in the clause. */
  spans: { start: number; end: number }[];
}

const FIRST_CODE = 0xe100;
const BETWEEN = "(?:[\\s\\p{P}\\p{S}\\p{Extended_Pictographic}]|\\u200d|\\ufe0f)";
const NEVER = "(?!)";

/** The reader of rows for one language, which knows the words of the `others` for its classes: people mix them. */
export function tokensOf(language: GuiLanguage, others: readonly GuiLanguage[], writing: Writing) {
  const { phrases, patterns } = language;
  const classesOf = new Map<string, Set<string>>();
  const enter = (word: string, name: string) =>
    classesOf.set(word, (classesOf.get(word) ?? new Set()).add(name));
  for (const name of Object.keys(language.words))
    for (const { words } of [language, ...others]) for (const word of words[name] ?? []) enter(word, name);
  for (const pattern of [...Object.values(phrases), ...language.rules.flatMap((rule) => Object.values(rule))])
    for (const word of wordsIn(pattern)) enter(word, `=${word}`);
  const words = wordFinder(writing, classesOf);
  // "audio track" is a track, too
  for (const [phrase, classes] of classesOf) {
    const inherited = classesOf.get(words.headOf(phrase));
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
  const code = Object.fromEntries(TOKEN_CLASSES.map((name) => [name, codeOf([name])]));
  const unfixed = unfixedPattern(writing, language);
  const nth = new RegExp(`^(?:${patterns.ordinal ?? NEVER})$`, "iu");
  const wordCodes = new Map<string, { plain: string; capital: string }>();
  for (const [word, classes] of classesOf)
    wordCodes.set(word, {
      plain: codeOf([...classes].filter((name) => !/^[A-Z]/.test(name))),
      capital: codeOf([...classes, "Cap"]),
    });

  const sourceOf = (pattern: string): string =>
    rowSource(pattern, {
      any: "[\\s\\S]",
      word: (word) => `[${codesOfClass.get(`=${word}`) ?? ""}]`,
      name: (name, isNot) => {
        const phrase = phrases[name];
        if (phrase !== undefined && !isNot) return `(?:${sourceOf(phrase)})`;
        return `[${isNot ? "^" : ""}${codesOfClass.get(name) ?? ""}]`;
      },
    });

  return {
    /** `pattern` over whole rows; its language is that of `row-pattern.ts`. */
    compile: (pattern: string): RegExp => new RegExp(`^(?:${sourceOf(pattern)})$`, "d"),
    read(clause: string): Row {
      const lower = clause.toLowerCase();
      // A letter whose lower case is longer would shift everything behind it.
      const text = lower.length === clause.length ? lower : clause;
      const row: Row = { codes: "", spans: [] };
      const add = (word: string, start: number, end: number): number => {
        row.codes += word;
        row.spans.push({ start, end });
        return end;
      };
      let at = 0;
      while (at < clause.length) {
        unfixed.lastIndex = at;
        const found = unfixed.exec(clause)?.groups;
        if (found !== undefined) {
          const name = TOKEN_CLASSES.find((each) => found[each] !== undefined);
          if (name !== undefined) add(code[name] ?? "", at, unfixed.lastIndex);
          at = unfixed.lastIndex;
          continue;
        }
        const [word, end] = words.longestAt(text, at);
        const known = wordCodes.get(word);
        const isCapital = /^\p{Lu}/u.test(clause.charAt(at));
        if (known !== undefined) at = add(isCapital ? known.capital : known.plain, at, end);
        else if (/^\d+$/.test(word)) at = add(code.num ?? "", at, end);
        else if (nth.test(word)) at = add(code.nth ?? "", at, end);
        else at = add((isCapital ? code.Cap : code.other) ?? "", at, end);
      }
      return row;
    },
  };
}

/** Words that are no fixed ones, each a group of its name, and what stands between words. */
function unfixedPattern({ opening, closing }: Writing, { writing, patterns }: GuiLanguage): RegExp {
  const notGlued = writing.glued === undefined ? "" : `(?![${writing.glued}])`;
  const sources = {
    quoted: `[*_]{0,2}(?:['‘\`${opening}]${MASK}{1,300}['’\`${closing}]|[\\[【［][^\\]】］\\n]{1,60}[\\]】］]|\\*\\*[^*\\n]{1,60}\\*\\*)[*_]{0,2}`,
    remark: "[(（][^()（）\\n]{1,120}[)）]",
    file: `${notGlued}[\\p{L}\\p{N}_-]{1,60}\\.(?:mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac|srt)(?![a-z\\d])`,
    arrow: "->|=>|—>|[>→›»＞➜➔▸]",
    key: patterns.key ?? NEVER,
    time: patterns.time ?? NEVER,
  };
  const named = Object.entries(sources).map(([name, source]) => `(?<${name}>${source})`);
  return new RegExp([...named, BETWEEN].join("|"), "iuy");
}

/** Finds words in text with and without spaces between them. */
function wordFinder({ unspaced }: Writing, known: ReadonlyMap<string, unknown>) {
  const unspacedLetter = new RegExp(unspaced, "v");
  const letter = `[[\\p{L}\\p{M}\\p{N}]--${unspaced}]`;
  const spacedWord = new RegExp(`${letter}+(?:['’\\-]${letter}+)*`, "vy");
  /** Words of the longest phrase by its first word, and characters of the longest without spaces. */
  const maxWords = new Map<string, number>();
  let maxLength = 1;
  for (const phrase of known.keys()) {
    const [first = "", ...others] = phrase.split(" ");
    maxWords.set(first, Math.max(maxWords.get(first) ?? 0, others.length + 1));
    if (unspacedLetter.test(phrase)) maxLength = Math.max(maxLength, phrase.length);
  }

  return {
    /** The longest known word or phrase at `at`, else a word, else a character. */
    longestAt(text: string, at: number): [word: string, end: number] {
      if (unspacedLetter.test(text.charAt(at))) {
        for (let length = maxLength; length > 1; length -= 1) {
          const word = text.slice(at, at + length);
          if (known.has(word)) return [word, at + word.length];
        }
        return [text.charAt(at), at + 1];
      }
      let phrase = "";
      let found: [string, number] | null = null;
      let next = at;
      let most = 1;
      for (let words = 0; words < most && startsAt(spacedWord, text, next); words += 1) {
        const end = spacedWord.lastIndex;
        phrase += (words === 0 ? "" : " ") + text.slice(next, end).replace("’", "'");
        if (words === 0) most = maxWords.get(phrase) ?? 1;
        if (found === null || known.has(phrase)) found = [phrase, end];
        if (text.charAt(end) !== " ") break;
        next = end + 1;
      }
      return found ?? [text.charAt(at), at + 1];
    },
    /** The last word, or the longest known end of one without spaces. */
    headOf(phrase: string): string {
      if (!unspacedLetter.test(phrase))
        return phrase.includes(" ") ? phrase.slice(phrase.lastIndexOf(" ") + 1) : "";
      for (let from = 1; from <= phrase.length - 2; from += 1)
        if (known.has(phrase.slice(from))) return phrase.slice(from);
      return "";
    },
  };
}

function startsAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
