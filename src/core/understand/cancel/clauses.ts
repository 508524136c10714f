/**
 * From the words of a message to its clauses, each a string of letters: the roles that its words have in the
 * phrase files. `intent.ts` says what the clauses mean.
 */
import type { PhraseFiles, PhraseMistake } from "../../model/phrases.ts";
import type { Spelling } from "../spelling.ts";
import { QUOTE, RoleReader, STOP, type Token, UNKNOWN } from "./roles.ts";

/** What may follow a cancel: what it is about, when, why. The film only as what is exported or worked on. */
const TAIL = "(?:[OPAYDIZRCMXWQ]|V(?=X)|(?<=[XWQ][OPAYD]{0,3})V(?!X))*";
/**
 * What tells the bot to stop. No letter can be read in two ways, here and in the tail: a pattern that could try
 * both would try for ever on a long text.
 */
const CORE = ["[SH]", "G(?=[YD]*[OPAXW])", "N[NY]*(?=[XWQ])", "N(?=[NY]*Y)[NY]*E", "N+E[OPAV]*[YD]"].join(
  "|",
);
const CORES = `(?:(?:${CORE})${TAIL})`;
const SURE = [
  // What is cancelled may stand first.
  new RegExp(`^J?[IZRCYOM]*(?:(?:[AOWXY]|V(?=X)|(?<=X)V(?!X))*(?=S))?${CORES}+$`),
  new RegExp(`^J?[IZRCYO]*M[OPAYD]*X${TAIL}${CORES}*$`),
];

/** True for a clause that cancels and says nothing else. */
export function isCancel(clause: string): boolean {
  return SURE.some((pattern) => pattern.test(clause));
}

/** "Wrong clip" is a reason by itself; other things may be wrong in the film. */
function withReasons(tokens: readonly Token[]): string[] {
  return tokens.map(({ letters, role }, index) => {
    if (role === "wrong") return /^[VO]$/.test(tokens[index + 1]?.letters ?? "") ? "R" : letters;
    return tokens[index - 1]?.role === "wrong" && /^[VO]$/.test(letters) ? "" : letters;
  });
}

/** The clauses of words without punctuation: "stop I sent the wrong clip" is two. */
function splitSegment(roles: string[], wasQuoting: boolean): { clauses: string[]; isQuoting: boolean } {
  const clauses = [""];
  let isQuoting = wasQuoting;
  let isUrged = false;
  roles.forEach((letters, index) => {
    const clause = clauses.at(-1) ?? "";
    if (letters === "!") isUrged = true;
    if (letters === "" || letters === "!") return;
    // "The title is wrong" is about the title; "title: stop" holds a word for the film.
    isQuoting ||= clause.endsWith("F") && letters !== "B";
    const isWish = letters === "K" && !isQuoting;
    if (isWish && !isCancel(clause)) return;
    const role = isQuoting ? UNKNOWN : isWish ? "J" : letters;
    const ending =
      isUrged && !isQuoting
        ? roles
            .slice(index)
            .filter((each) => each !== "!")
            .join("")
        : "";
    isUrged = false;
    if (clause !== "" && (beginsClause(clause, role) || isCancel(ending))) clauses.push(role);
    else clauses[clauses.length - 1] = clause + role;
    isQuoting ||= role === "L";
  });
  return { clauses: clauses.filter((clause) => clause !== ""), isQuoting };
}

function beginsClause(before: string, role: string): boolean {
  if (role === "I" || role === "H") return true;
  if (!isCancel(before)) return false;
  // A dismissal is complete, whatever follows.
  return /^[JCZR?]/.test(role) || (before.endsWith("H") && !/^[OPAXYD]/.test(role));
}

const STOP_SIGNS = /[🛑⛔🚫✋]/gu;
/** Apostrophes are quotes only around whole words. */
const APOSTROPHES = "(?<![\\p{L}\\p{N}])['‘][^'’\\n]+['’](?![\\p{L}\\p{N}])";
/** A colon or a full stop between digits is part of a number. */
const SEPARATOR =
  /(?:(?<!\d)[.:]|[.:](?!\d)|[,;!?…\n，。！？；：、()（）~]|(?<=\s)[-–—]+(?=\s)|[–—]{1,2}| - )+/u;
const SEPARATORS = new RegExp(`(${SEPARATOR.source})`, "u");

/** Splits messages into clauses with the words of all languages. */
export class ClauseSplitter {
  readonly #roles: RoleReader;
  readonly #quoted: RegExp;
  /** Single characters of a script without spaces, with spaces between them, are a word that was stretched. */
  readonly #stretched: RegExp;

  constructor(files: PhraseFiles, spelling: Spelling, report: (mistake: PhraseMistake) => void) {
    const { unspaced, quoted } = spelling;
    this.#roles = new RoleReader(files, spelling, report);
    this.#quoted = new RegExp(`${quoted}|${APOSTROPHES}`, "gu");
    this.#stretched = new RegExp(`(?<!\\S)([${unspaced}])\\s+(?=[${unspaced}](?!\\S))`, "gu");
  }

  /** The clauses of a message as letters; whether a word had to be guessed. */
  split(text: string): { clauses: string[]; hasTypos: boolean } {
    const clauses: string[] = [];
    let hasTypos = false;
    let isQuoting = false;
    const segments = this.#segments(text);
    const read = this.#roles.read(segments.map(({ words }) => words));
    for (const [index, { isAfterColon }] of segments.entries()) {
      isQuoting = isAfterColon && (isQuoting || /[LF]$/.test(clauses.at(-1) ?? ""));
      const tokens = read[index] ?? [];
      hasTypos ||= tokens.some((token) => token.isTypo);
      const split = splitSegment(withReasons(tokens), isQuoting);
      clauses.push(...split.clauses);
      isQuoting = split.isQuoting;
    }
    return { clauses, hasTypos };
  }

  #segments(text: string): { words: string; isAfterColon: boolean }[] {
    const plain = this.#roles
      .plain(text.replace(this.#quoted, ` ${QUOTE} `))
      .replace(STOP_SIGNS, ` ${STOP} `)
      .replace(this.#stretched, "$1");
    const found: { words: string; isAfterColon: boolean }[] = [];
    let isAfterColon = false;
    for (const part of plain.split(SEPARATORS)) {
      if (SEPARATOR.test(part) && part.replace(SEPARATOR, "") === "") isAfterColon = /[:：]/.test(part);
      else if (part.trim() !== "") found.push({ words: part, isAfterColon });
    }
    return found;
  }
}
