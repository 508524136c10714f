/**
 * The words of a message by what they do in a sentence that stops something, as the phrase files tell it. Words with
 * letters repeated are read as they are spelt, and some with a letter wrong.
 */
import type { CancelRole, PhraseFiles, PhraseMistake } from "../../model/phrases.ts";
import type { Spelling } from "../spelling.ts";
import { isOneLetterAway } from "../typos.ts";
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
/** The letter of a word without a role. */
export const UNKNOWN = "U";

/** Stand for what is quoted, and for a stop sign, which is as good as the word. */
export const QUOTE = "\uE000";
export const STOP = "\uE001";
/** Parts words; the marks stay. */
const APART = new RegExp(`[^\\p{L}\\p{N}${QUOTE}${STOP}]+`, "u");
/** What may be recognised with a letter wrong. */
const TYPO_ROLES: readonly CancelRole[] = ["stop", "dismiss", "export"];

/** A word or phrase with its role. */
export interface Token {
  letters: string;
  isTypo: boolean;
  /** Null for a word without one, and for a guess. */
  role: CancelRole | null;
}

/**
 * Reads roles with the words of all languages. One that has several ("no" is a negation in Spanish) has that of the
 * language which knows most of the message.
 */
export class RoleReader {
  /** By language, the one that decides between equals first. */
  readonly #languages: ReadonlyMap<string, CancelRole>[];
  /** Those of all languages. */
  readonly #roles = new Map<string, CancelRole>();
  /** Words with several. */
  readonly #disputed = new Set<string>();
  readonly #noTypos: ReadonlySet<string>;
  /** Words that are recognised with a letter wrong. */
  readonly #spelt: { word: string; letters: string }[] = [];
  readonly #fold: Spelling["fold"];
  /** Parts what is written without spaces from the rest. */
  readonly #run: RegExp;
  readonly #isUnspaced: RegExp;
  /** Words, or characters, of the longest entry by its first one. */
  readonly #longest = new Map<string, number>();

  constructor(files: PhraseFiles, { unspaced, fold }: Spelling, report: (mistake: PhraseMistake) => void) {
    this.#fold = fold;
    this.#run = new RegExp(`([${unspaced}]+)`, "u");
    this.#isUnspaced = new RegExp(`^[${unspaced}]`, "u");
    const entries = Object.entries(files).sort(([a], [b]) => Number(b === "en") - Number(a === "en"));
    this.#languages = entries.map(([language, { cancel = {} }]) => {
      const table = new WordTable<CancelRole>(report);
      for (const [role, words] of Object.entries(cancel)) {
        for (const word of words) {
          const key = this.plain(word).split(APART).join(" ").trim();
          // The schema knows the roles.
          table.add(key, role as CancelRole, { language, path: ["cancel", role], word });
        }
      }
      for (const [word, role] of table.entries) {
        const known = this.#roles.get(word);
        if (known === undefined) this.#roles.set(word, role);
        else if (known !== role) this.#disputed.add(word);
      }
      return table.entries;
    });
    this.#noTypos = new Set(
      Object.values(files).flatMap(({ noTypos = [] }) => noTypos.map((word) => this.plain(word))),
    );
    for (const role of TYPO_ROLES) {
      const words = [...this.#roles.keys()].filter((word) => this.#roles.get(word) === role);
      const long = words.filter((word) => /^\p{L}{4,}$/u.test(word) && !this.#isUnspaced.test(word));
      this.#spelt.push(...long.map((word) => ({ word, letters: LETTERS[role] })));
    }
    for (const entry of this.#roles.keys()) {
      const units = this.#unitsOf(entry);
      const [first = ""] = units;
      this.#longest.set(first, Math.max(this.#longest.get(first) ?? 1, units.length));
    }
  }

  /** A text in the spelling in which words are looked up. */
  plain(text: string): string {
    return this.#fold(text.normalize("NFKC").toLowerCase()).replace(/['’‘`´]/g, "");
  }

  /** The roles of the plain words of a message, for each of its parts between punctuation. */
  read(parts: readonly string[]): Token[][] {
    const entries = parts.map((words) => words.split(this.#run).flatMap((run) => this.#entriesOf(run)));
    const own = this.#languageOf(entries.flat());
    return entries.map((some) => some.map((entry) => this.#tokenOf(entry, own)));
  }

  /** The roles of the language that knows most of the entries, where that matters. */
  #languageOf(entries: readonly string[]): ReadonlyMap<string, CancelRole> | undefined {
    if (!entries.some((entry) => this.#disputed.has(entry))) return undefined;
    const known = this.#languages.map((own) => entries.filter((entry) => own.has(entry)).length);
    return this.#languages[known.indexOf(Math.max(...known))];
  }

  /** The longest entries of a run of words, or of characters without spaces; other words as they are. */
  #entriesOf(run: string): string[] {
    const units = this.#unitsOf(run);
    const joint = this.#isUnspaced.test(run) ? "" : " ";
    const spelt = units.map((unit) => this.#withoutRepeats(unit));
    const entries: string[] = [];
    for (let at = 0; at < units.length; ) {
      const [unit = "", word = ""] = [units[at], spelt[at]];
      const longest = Math.max(this.#longest.get(unit) ?? 1, this.#longest.get(word) ?? 1);
      let length = Math.min(longest, units.length - at);
      let entry = word;
      for (; length > 1; length -= 1) {
        const phrases = [units, spelt].map((some) => some.slice(at, at + length).join(joint));
        const known = phrases.find((phrase) => this.#roles.has(phrase));
        if (known === undefined) continue;
        entry = known;
        break;
      }
      entries.push(entry);
      at += length;
    }
    return entries;
  }

  #unitsOf(run: string): string[] {
    return this.#isUnspaced.test(run) ? [...run] : run.split(APART).filter((word) => word !== "");
  }

  /** "Stoppp" and "noooo" as they are spelt. */
  #withoutRepeats(word: string): string {
    if (this.#roles.has(word) || !/(.)\1/u.test(word)) return word;
    const forms = [
      word.replace(/(.)\1{2,}/gu, "$1"),
      word.replace(/(.)\1{2,}/gu, "$1$1"),
      word.replace(/(.)\1+/gu, "$1"),
    ];
    return forms.find((form) => this.#roles.has(form)) ?? word;
  }

  #tokenOf(word: string, own: ReadonlyMap<string, CancelRole> | undefined): Token {
    if (word === STOP) return { letters: LETTERS.stop, isTypo: false, role: "stop" };
    const role = own?.get(word) ?? this.#roles.get(word);
    if (role !== undefined) return { letters: LETTERS[role], isTypo: false, role };
    const isPlain = /^\p{L}{4,12}$/u.test(word) && !this.#isUnspaced.test(word);
    const meant =
      isPlain && !this.#noTypos.has(word)
        ? this.#spelt.find((entry) => word[0] === entry.word[0] && isOneLetterAway(word, entry.word))
        : undefined;
    return { letters: meant?.letters ?? UNKNOWN, isTypo: meant !== undefined, role: null };
  }
}
