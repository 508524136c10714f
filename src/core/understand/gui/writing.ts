/** How the languages are written: quotes, and scripts without spaces. All of them count in every text. */
import type { GuiLanguage } from "../../model/gui-lexicon.ts";

/** Stands for every character between quotes: no word of quoted content counts. */
export const MASK = "\uE000";

export interface Writing {
  /** All opening and all closing quotes of the lexicons, for character classes. */
  opening: string;
  closing: string;
  /** A character class of the letters of scripts without spaces between words. */
  unspaced: string;
  /** A label without its quotes. */
  unquote(label: string): string;
  /** `line` with masked quotes, of the same length. */
  mask(line: string): string;
}

/** Quotes of every language: an apostrophe and a backtick. */
const MARKED = "`[^`\\n]{1,300}`|(?<![\\p{L}\\p{N}])['‘][^'’\\n]{1,120}['’](?![\\p{L}\\p{N}])";

/** The writing of all languages together. */
export function writingOf(languages: readonly GuiLanguage[]): Writing {
  const pairs = [...new Set(languages.flatMap(({ writing }) => writing.quotes))];
  const quoted = pairs.map(([open = "", close = ""]) => `${open}[^${close}\\n]{1,300}${close}`);
  const opening = pairs.map((pair) => pair.charAt(0)).join("");
  const closing = pairs.map((pair) => pair.charAt(1)).join("");
  const around = new RegExp(`^['‘\`[【*_\\s${opening}]+|['’\`\\]】*_\\s${closing}]+$`, "gu");
  const pattern = new RegExp([...quoted, MARKED].join("|"), "gu");
  return {
    opening,
    closing,
    unspaced: scriptClass(languages),
    unquote: (label) => label.replace(around, ""),
    mask: (line) =>
      line.replace(pattern, (quote) => quote.charAt(0) + MASK.repeat(quote.length - 2) + quote.slice(-1)),
  };
}

/** Tells whether a text may be of a language: one without spaces needs a letter of its scripts. */
export function scriptTest(language: GuiLanguage): (text: string) => boolean {
  if (language.unspaced.length === 0) return () => true;
  const script = new RegExp(scriptClass([language]), "u");
  return (text) => script.test(text);
}

function scriptClass(languages: readonly GuiLanguage[]): string {
  const scripts = new Set(languages.flatMap(({ unspaced }) => unspaced));
  return `[${[...scripts].map((script) => `\\p{Script=${script}}`).join("")}]`;
}
