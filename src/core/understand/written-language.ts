/** Which language a text is written in, as far as its script tells. Pure; no dictionary, no statistics. */
import type { PhraseFiles } from "../model/phrases.ts";
import { quotedIn } from "./spelling.ts";

/** Scripts of words that stand alone, with the language that writes them most. */
const ALPHABETS: readonly { script: string; code: string; pattern: RegExp }[] = [
  ["Cyrl", "ru", "Cyrillic"],
  ["Arab", "ar", "Arabic"],
  ["Hebr", "he", "Hebrew"],
  ["Grek", "el", "Greek"],
  ["Deva", "hi", "Devanagari"],
  ["Beng", "bn", "Bengali"],
  ["Guru", "pa", "Gurmukhi"],
  ["Gujr", "gu", "Gujarati"],
  ["Taml", "ta", "Tamil"],
  ["Telu", "te", "Telugu"],
  ["Knda", "kn", "Kannada"],
  ["Mlym", "ml", "Malayalam"],
  ["Sinh", "si", "Sinhala"],
  ["Geor", "ka", "Georgian"],
  ["Armn", "hy", "Armenian"],
  ["Ethi", "am", "Ethiopic"],
].map(([script = "", code = "", name = ""]) => ({ script, code, pattern: wordsOf(`\\p{Script=${name}}`) }));
/** Scripts without spaces between words: each character counts. */
const SYLLABLES: readonly { script: string; code: string; pattern: RegExp }[] = [
  { script: "Thai", code: "th", pattern: /\p{Script=Thai}/gu },
  { script: "Laoo", code: "lo", pattern: /\p{Script=Lao}/gu },
  { script: "Khmr", code: "km", pattern: /\p{Script=Khmer}/gu },
  { script: "Mymr", code: "my", pattern: /\p{Script=Myanmar}/gu },
];
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const HAN = /[\p{Script=Han}\p{Script=Bopomofo}]/gu;
const LATIN = wordsOf("\\p{Script=Latin}");

/** Not the person's words: commands, links, addresses, mentions, names of files, tags. */
const NOT_WORDS =
  /^\s*[/／]\S+|https?:\/\/\S+|\S+@\S+|[@#]\S+|<[^>]{1,64}>|[^\s，。、]{1,64}\.[a-z][a-z0-9]{1,4}(?![a-z])|`[^`]*`/
    .source;
/** A single sign says little. */
const MIN_SIGNS = 2;
/** Bound of what is read; a person's words stand in the first lines. */
const MAX_READ = 2_000;

/**
 * Reads the code of the language that a text is written in; null when the script leaves it open. `platform` is the
 * code of the platform's word: it stays where it shares the script (`uk` for Cyrillic). Latin script tells nothing:
 * too many languages share it, and people of all others write a little English.
 */
export function createLanguageReader(
  files: PhraseFiles,
): (text: string, platform: string | null) => string | null {
  const international = Object.values(files).flatMap((file) => file.international ?? []);
  const notWords = new RegExp(
    `(?<!\\p{L})(?:${international.join("|") || "(?!)"})(?!\\p{L})|${NOT_WORDS}|${quotedIn(files)}`,
    "giu",
  );
  return (text, platform) => {
    const words = text.slice(0, MAX_READ).replace(notWords, " ");
    const latin = count(words, LATIN);
    const found = mostUsed(words, platform);
    if (found && isMainScript(words, found, latin)) {
      return platform !== null && scriptOf(platform) === found.script ? platform : found.code;
    }
    return null;
  };
}

interface Found {
  script: string;
  code: string;
  pattern: RegExp;
  /** Whether words are spaced and `signs` are words; else they are characters. */
  isSpaced: boolean;
  signs: number;
}

function mostUsed(words: string, platform: string | null): Found | null {
  const kana = count(words, KANA);
  const hangul = count(words, HANGUL);
  const han = count(words, HAN);
  const eastern =
    /[\p{Script=Han}\p{Script=Bopomofo}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
  // Characters alone may be Japanese, where the platform says so.
  const isJapanese = kana > 0 || (hangul === 0 && platform === "ja");
  const east: Found = {
    ...(hangul > han + kana
      ? { script: "Kore", code: "ko" }
      : isJapanese
        ? { script: "Jpan", code: "ja" }
        : { script: "Hans", code: "zh" }),
    pattern: eastern,
    isSpaced: false,
    signs: han + kana + hangul,
  };
  const others = [...ALPHABETS, ...SYLLABLES].map((each) => ({
    ...each,
    isSpaced: ALPHABETS.includes(each),
    signs: count(words, each.pattern),
  }));
  const [most] = [east, ...others].sort((a, b) => b.signs - a.signs);
  return most && most.signs > 0 ? most : null;
}

/** A foreign word in a sentence of Latin script decides nothing, nor does a Latin one in another sentence. */
function isMainScript(words: string, { pattern, isSpaced, signs }: Found, latin: number): boolean {
  const letters = words.match(/\p{L}/gu) ?? [];
  const length = isSpaced ? (words.match(pattern) ?? []).join("").length : signs;
  if (length < MIN_SIGNS) return false;
  const isFirst = new RegExp(pattern.source, "u").test(letters[0] ?? "");
  return isFirst ? signs >= latin : signs > latin * (isSpaced ? 2 : 4);
}

/** The script that a language is written in, as ISO 15924 names it. */
function scriptOf(code: string): string {
  try {
    return new Intl.Locale(code).maximize().script ?? "Latn";
  } catch {
    // No such language.
    return "Latn";
  }
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Runs of letters; those with a digit inside ("mp4", "1080p") are names of things. */
function wordsOf(letter: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${letter}[${letter}\\p{M}'’-]*(?!\\p{N})`, "gu");
}
