/**
 * From the words of a message to its clauses, each a string of letters: the roles that its words have in the
 * phrase files. `intent.ts` says what the clauses mean.
 */
import type { CancelRole, PhraseFiles, PhraseMistake } from "../../model/phrases.ts";
import type { Spelling } from "../spelling.ts";
import { WordTable } from "../word-table.ts";

/** One letter a role, so that a clause can be read with patterns. A filler has none. */
const LETTERS: Readonly<Record<CancelRole, string>> = {
  stop: "S",
  "stop-all": "SA",
  dismiss: "H",
  drop: "G",
  maybe: "M",
  not: "N",
  "not-yet": "NY",
  work: "W",
  export: "X",
  edit: "E",
  editing: "Q",
  it: "P",
  object: "O",
  video: "V",
  all: "A",
  yet: "Y",
  over: "D",
  wait: "I",
  no: "Z",
  reason: "R",
  subject: "J",
  state: "B",
  wrong: "B",
  and: "C",
  where: "T",
  says: "L",
  label: "F",
  wish: "K",
  urge: "!",
  question: "?",
  condition: "%",
  filler: "",
};
const UNKNOWN = "U";

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

interface Token {
  letters: string;
  isTypo: boolean;
  role: CancelRole | null;
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

/** Stands for what is quoted. */
const QUOTE = "\uE000";
/** A stop sign is as good as the word. */
const STOP = "\uE001";
const STOP_SIGNS = /[🛑⛔🚫✋]/gu;
const QUOTED =
  /"[^"\n]*"|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』|《[^》\n]*》|(?<![\p{L}\p{N}])['‘][^'’\n]+['’](?![\p{L}\p{N}])/gu;
/** A colon or a full stop between digits is part of a number. */
const SEPARATOR =
  /(?:(?<!\d)[.:]|[.:](?!\d)|[,;!?…\n，。！？；：、()（）~]|(?<=\s)[-–—]+(?=\s)|[–—]{1,2}| - )+/u;
const SEPARATORS = new RegExp(`(${SEPARATOR.source})`, "u");

/** Parts words; the marks of quotes and stop signs stay. */
const APART = /[^\p{L}\p{N}\uE000\uE001]+/u;

/** Splits messages into clauses with the words of all languages. */
export class ClauseSplitter {
  readonly #roles: ReadonlyMap<string, CancelRole>;
  readonly #noTypos: ReadonlySet<string>;
  /** Words that are recognised with a letter wrong. */
  readonly #spelt: { word: string; letters: string }[] = [];
  readonly #fold: Spelling["fold"];
  readonly #run: RegExp;
  readonly #isUnspaced: RegExp;
  /** Single characters of a script without spaces, with spaces between them, are a word that was stretched. */
  readonly #stretched: RegExp;
  /** Words, or characters, of the longest entry. */
  readonly #maxUnits: number;

  constructor(files: PhraseFiles, { unspaced, fold }: Spelling, report: (mistake: PhraseMistake) => void) {
    const table = new WordTable<CancelRole>(report);
    const noTypos: string[] = [];
    this.#fold = fold;
    this.#run = new RegExp(`([${unspaced}]+)`, "u");
    this.#isUnspaced = new RegExp(`^[${unspaced}]`, "u");
    this.#stretched = new RegExp(`(?<!\\S)([${unspaced}])\\s+(?=[${unspaced}](?!\\S))`, "gu");
    for (const [language, { cancel = {}, noTypos: own = [] }] of Object.entries(files)) {
      noTypos.push(...own);
      for (const [role, words] of Object.entries(cancel)) {
        for (const word of words) {
          const source = { language, path: ["cancel", role], word };
          // The schema knows the roles.
          table.add(this.#plain(word).split(APART).join(" "), role as CancelRole, source);
        }
      }
    }
    this.#roles = table.entries;
    this.#noTypos = new Set(noTypos);
    for (const role of TYPO_ROLES) {
      const words = [...table.entries.keys()].filter((word) => table.entries.get(word) === role);
      const long = words.filter((word) => /^\p{L}{4,}$/u.test(word) && !this.#isUnspaced.test(word));
      this.#spelt.push(...long.map((word) => ({ word, letters: LETTERS[role] })));
    }
    this.#maxUnits = Math.max(1, ...[...table.entries.keys()].map((word) => this.#unitsOf(word).length));
  }

  /** The clauses of a message as letters; whether a word had to be guessed. */
  split(text: string): { clauses: string[]; hasTypos: boolean } {
    const clauses: string[] = [];
    let hasTypos = false;
    let isQuoting = false;
    for (const { words, isAfterColon } of this.#segments(text)) {
      isQuoting = isAfterColon && (isQuoting || /[LF]$/.test(clauses.at(-1) ?? ""));
      const tokens = words.split(this.#run).flatMap((run) => this.#tokens(run));
      hasTypos ||= tokens.some((token) => token.isTypo);
      const split = splitSegment(withReasons(tokens), isQuoting);
      clauses.push(...split.clauses);
      isQuoting = split.isQuoting;
    }
    return { clauses, hasTypos };
  }

  #segments(text: string): { words: string; isAfterColon: boolean }[] {
    const plain = this.#plain(text.replace(QUOTED, ` ${QUOTE} `))
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

  #plain(text: string): string {
    return this.#fold(text.normalize("NFKC").toLowerCase()).replace(/['’‘`´]/g, "");
  }

  /** The longest entries of a run of words, or of characters without spaces. */
  #tokens(run: string): Token[] {
    const units = this.#unitsOf(run);
    const joint = this.#isUnspaced.test(run) ? "" : " ";
    const spelt = units.map((unit) => this.#withoutRepeats(unit));
    const tokens: Token[] = [];
    for (let at = 0; at < units.length; ) {
      let length = Math.min(this.#maxUnits, units.length - at);
      const entry = () =>
        [units, spelt]
          .map((some) => some.slice(at, at + length).join(joint))
          .find((words) => this.#roles.has(words));
      while (length > 1 && entry() === undefined) length -= 1;
      tokens.push(this.#tokenOf(entry() ?? spelt[at] ?? ""));
      at += length;
    }
    return tokens;
  }

  #unitsOf(run: string): string[] {
    return this.#isUnspaced.test(run) ? [...run] : run.split(APART).filter((word) => word !== "");
  }

  /** "Stoppp" and "noooo" as they are spelt. */
  #withoutRepeats(word: string): string {
    if (this.#roles.has(word)) return word;
    const forms = [
      word.replace(/(.)\1{2,}/gu, "$1"),
      word.replace(/(.)\1{2,}/gu, "$1$1"),
      word.replace(/(.)\1+/gu, "$1"),
    ];
    return forms.find((form) => this.#roles.has(form)) ?? word;
  }

  #tokenOf(word: string): Token {
    if (word === STOP) return { letters: LETTERS.stop, isTypo: false, role: "stop" };
    const role = this.#roles.get(word);
    if (role !== undefined) return { letters: LETTERS[role], isTypo: false, role };
    const isPlain = /^\p{L}{4,12}$/u.test(word) && !this.#isUnspaced.test(word);
    const meant =
      isPlain && !this.#noTypos.has(word)
        ? this.#spelt.find((entry) => word[0] === entry.word[0] && isOneLetterAway(word, entry.word))
        : undefined;
    return { letters: meant?.letters ?? UNKNOWN, isTypo: meant !== undefined, role: null };
  }
}

/** What may be recognised with a letter wrong. */
const TYPO_ROLES: readonly CancelRole[] = ["stop", "dismiss", "export"];

/** One letter added, left out, changed, or two neighbours in the wrong order. */
function isOneLetterAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  );
}
