/**
 * From the words of a message to its clauses, each a string of letters: the roles that its words have in
 * `words.ts`. `intent.ts` says what the clauses mean.
 */

import { simplify } from "../simplified.ts";
import { type CancelRole, CHINESE_CANCEL, ENGLISH_CANCEL, NO_TYPOS } from "./words.ts";

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
  // 导出取消: what is cancelled may stand first.
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
  word?: string;
}

/** The clauses of a message as letters; whether a word had to be guessed. Pure. */
export function splitClauses(text: string): { clauses: string[]; hasTypos: boolean } {
  const clauses: string[] = [];
  let hasTypos = false;
  let isQuoting = false;
  for (const { words, isAfterColon } of segments(text)) {
    isQuoting = isAfterColon && (isQuoting || /[LF]$/.test(clauses.at(-1) ?? ""));
    const tokens = readRoles(words);
    hasTypos ||= tokens.some((token) => token.isTypo);
    const split = splitSegment(withReasons(tokens), isQuoting);
    clauses.push(...split.clauses);
    isQuoting = split.isQuoting;
  }
  return { clauses, hasTypos };
}

/** "Wrong clip" is a reason by itself; other things may be wrong in the film. */
function withReasons(tokens: readonly Token[]): string[] {
  return tokens.map(({ letters, word }, index) => {
    if (word === "wrong") return /^[VO]$/.test(tokens[index + 1]?.letters ?? "") ? "R" : letters;
    return tokens[index - 1]?.word === "wrong" && /^[VO]$/.test(letters) ? "" : letters;
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
    // "The title is wrong" is about the title; "title: stop" and 字幕写：停 hold words for the film.
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

/** A stop sign is as good as the word. */
const STOP_SIGNS = /[🛑⛔🚫✋]/gu;
const QUOTED =
  /"[^"\n]*"|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』|《[^》\n]*》|(?<![\p{L}\p{N}])['‘][^'’\n]+['’](?![\p{L}\p{N}])/gu;
/** A colon or a full stop between digits is part of a number. */
const SEPARATOR =
  /(?:(?<!\d)[.:]|[.:](?!\d)|[,;!?…\n，。！？；：、()（）~]|(?<=\s)[-–—]+(?=\s)|[–—]{1,2}| - )+/u;

/** Single characters with spaces between them are a word that was stretched. */
const SPACED_HAN = /(?<!\S)(\p{Script=Han})\s+(?=\p{Script=Han}(?!\S))/gu;

function segments(text: string): { words: string; isAfterColon: boolean }[] {
  const plain = simplify(text.replace(QUOTED, " § ").normalize("NFKC").toLowerCase())
    .replace(STOP_SIGNS, " stop ")
    .replace(/['’‘`´]/g, "")
    .replace(SPACED_HAN, "$1");
  const found: { words: string; isAfterColon: boolean }[] = [];
  let isAfterColon = false;
  for (const part of plain.split(new RegExp(`(${SEPARATOR.source})`, "u"))) {
    if (SEPARATOR.test(part) && part.replace(SEPARATOR, "") === "") isAfterColon = /[:：]/.test(part);
    else if (part.trim() !== "") found.push({ words: part, isAfterColon });
  }
  return found;
}

const ENGLISH = new Map<string, string>();
const CHINESE = new Map<string, string>();
for (const [role, words] of entriesOf(ENGLISH_CANCEL)) {
  for (const word of words.split(/,\s*/)) ENGLISH.set(word, LETTERS[role]);
}
for (const [role, words] of entriesOf(CHINESE_CANCEL)) {
  for (const word of words.split(" ")) CHINESE.set(word, LETTERS[role]);
}
const MAX_ENGLISH_WORDS = Math.max(...[...ENGLISH.keys()].map((phrase) => phrase.split(" ").length));
const MAX_CHINESE_LENGTH = Math.max(...[...CHINESE.keys()].map((word) => word.length));

function readRoles(words: string): Token[] {
  return words
    .split(/(\p{Script=Han}+)/u)
    .flatMap((run) => (/\p{Script=Han}/u.test(run) ? readChinese(run) : readEnglish(run)));
}

function readChinese(run: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < run.length; ) {
    let length = Math.min(MAX_CHINESE_LENGTH, run.length - at);
    while (length > 1 && !CHINESE.has(run.slice(at, at + length))) length -= 1;
    tokens.push({ letters: CHINESE.get(run.slice(at, at + length)) ?? UNKNOWN, isTypo: false });
    at += length;
  }
  return tokens;
}

function readEnglish(run: string): Token[] {
  const words = run.split(/[^\p{L}\p{N}§]+/u).filter((word) => word !== "");
  const plain = words.map(withoutRepeats);
  const tokens: Token[] = [];
  for (let at = 0; at < words.length; ) {
    let length = Math.min(MAX_ENGLISH_WORDS, words.length - at);
    const phraseIn = (spelt: string[]) => spelt.slice(at, at + length).join(" ");
    const isPhrase = () => ENGLISH.has(phraseIn(words)) || ENGLISH.has(phraseIn(plain));
    while (length > 1 && !isPhrase()) length -= 1;
    tokens.push(roleOf(ENGLISH.has(phraseIn(words)) ? phraseIn(words) : phraseIn(plain)));
    at += length;
  }
  return tokens;
}

/** "Stoppp" and "noooo" as they are spelt. */
function withoutRepeats(word: string): string {
  if (ENGLISH.has(word)) return word;
  const forms = [
    word.replace(/(.)\1{2,}/gu, "$1"),
    word.replace(/(.)\1{2,}/gu, "$1$1"),
    word.replace(/(.)\1+/gu, "$1"),
  ];
  return forms.find((form) => ENGLISH.has(form)) ?? word;
}

const TYPO_ROLES: readonly CancelRole[] = ["stop", "dismiss", "export"];
const SPELT = TYPO_ROLES.flatMap((role) =>
  ENGLISH_CANCEL[role]
    .split(/,\s*/)
    .filter((word) => /^[a-z]{4,}$/.test(word))
    .map((word) => ({ word, letters: LETTERS[role] })),
);

function roleOf(word: string): Token {
  const letters = ENGLISH.get(word);
  if (letters !== undefined) return { letters, isTypo: false, word };
  if (!/^[a-z]{4,12}$/.test(word) || NO_TYPOS.includes(word)) return { letters: UNKNOWN, isTypo: false };
  const meant = SPELT.find(
    (spelt) => spelt.word.charAt(0) === word.charAt(0) && isOneLetterAway(word, spelt.word),
  );
  return meant ? { letters: meant.letters, isTypo: true } : { letters: UNKNOWN, isTypo: false };
}

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

function entriesOf(words: Readonly<Record<CancelRole, string>>): [CancelRole, string][] {
  return Object.entries(words) as [CancelRole, string][];
}
