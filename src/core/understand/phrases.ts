/** Puts the phrases of all languages together, so that a message can be looked up in them. */
import type { PhraseFiles, PhraseMistake, Phrases } from "../model/phrases.ts";
import { longestFirst, type Spelling } from "./spelling.ts";
import { WordTable } from "./word-table.ts";

/** What may stand in a phrase between braces, and the action it belongs to. */
const SLOTS = {
  /** The name of a language. */
  language: { action: "language", pattern: "" },
  /** The name of a language or its code, such as `fr` and `pt-br`. */
  code: { action: "language", pattern: ".{2,20}?" },
  /** The number of a version. */
  version: { action: "export-version", pattern: "\\d{1,6}" },
  project: { action: "projects", pattern: ".{1,60}?" },
  /** Any skill, also one that is not installed. */
  skill: { action: "skill", pattern: ".{1,64}?" },
  /** A skill by its name or title, where the phrase could also mean something of the film. */
  "installed-skill": { action: "skill", pattern: ".{1,64}?" },
} as const;
type Slot = keyof typeof SLOTS;
const SLOT_NAMES = Object.keys(SLOTS) as Slot[];

/** What a whole phrase asks for. */
type PhraseAction = Exclude<Phrases["intents"][number]["action"], "export-version">;
type Command = keyof NonNullable<Phrases["commands"]>;
type Scope = keyof NonNullable<Phrases["scopes"]>;

/** The phrases of all languages, by their keys; see `Spelling.key`. */
export interface PhraseBook {
  /** Whole phrases. */
  known: ReadonlyMap<string, PhraseAction>;
  /** What a phrase with a slot holds in it; null when it is none. */
  find(slot: Slot, words: string): string | null;
  commands: ReadonlyMap<string, Command>;
  scopes: ReadonlyMap<string, Scope>;
  /** Codes of languages by their names. */
  languages: ReadonlyMap<string, string>;
  links: ReadonlySet<string>;
  /** The words behind a question's opener; null when there is no opener. */
  withoutQuestion(words: string): string | null;
  withoutLead(words: string): string;
}

/** Stands for a slot while the words around it are tidied. */
const SLOT_MARK = "\uE000";
const SLOT_IN_PHRASE = /\{([^{}]*)\}/;

/** Makes the book; what cannot stand in it is told to `report` and left out. */
export function createPhraseBook(
  files: PhraseFiles,
  spelling: Spelling,
  report: (mistake: PhraseMistake) => void,
): PhraseBook {
  const { tidy, key, unspaced } = spelling;
  const tables = {
    known: new WordTable<PhraseAction>(report),
    commands: new WordTable<Command>(report),
    scopes: new WordTable<Scope>(report),
    languages: new WordTable<string>(report),
  };
  const links = new Set<string>();
  const leads: string[] = [];
  const questions: string[] = [];
  const frames = new Map<Slot, { before: string; after: string }[]>(SLOT_NAMES.map((slot) => [slot, []]));

  for (const [language, file] of Object.entries(files)) {
    for (const [index, { action, phrases }] of file.intents.entries()) {
      const path = ["intents", index];
      for (const phrase of phrases) {
        const slot = SLOT_IN_PHRASE.exec(phrase)?.[1];
        if (slot === undefined) {
          if (action === "export-version") {
            report({ language, path, word: phrase, problem: `“${phrase}” needs {version}` });
          } else tables.known.add(key(tidy(phrase)), action, { language, path, word: phrase });
        } else if (!isSlot(slot) || SLOTS[slot].action !== action) {
          report({ language, path, word: phrase, problem: `“${phrase}”: {${slot}} is no slot of ${action}` });
        } else {
          frames.get(slot)?.push(frameOf(phrase, spelling));
        }
      }
    }
    for (const [command, names] of entriesOf(file.commands ?? {})) {
      for (const word of names) {
        tables.commands.add(tidyName(word, spelling), command, {
          language,
          path: ["commands", command],
          word,
        });
      }
    }
    for (const [scope, words] of entriesOf(file.scopes ?? {})) {
      for (const word of words) {
        tables.scopes.add(tidy(word), scope, { language, path: ["scopes", scope], word });
      }
    }
    for (const [code, names] of Object.entries(file.languages ?? {})) {
      for (const word of names) {
        tables.languages.add(tidy(word), code, { language, path: ["languages", code], word });
      }
    }
    for (const word of file.links ?? []) links.add(key(tidy(word)));
    leads.push(...(file.leads ?? []).map(tidy));
    questions.push(...(file.questions ?? []).map(tidy));
  }

  const names = [...tables.languages.entries.keys()].filter((name) => !/^[a-z]{2,3}$/.test(name));
  const patterns = new Map(
    SLOT_NAMES.map((slot) => {
      const inside = slot === "language" ? alternatives(names) : SLOTS[slot].pattern;
      return [slot, slotPattern(frames.get(slot) ?? [], inside, unspaced)];
    }),
  );
  const end = `(?![[\\p{L}\\p{N}]--[${unspaced}]])`;
  const question = new RegExp(`^(?:${alternatives(questions)})${end}`, "v");
  const lead = new RegExp(`^(?:${alternatives(leads)})${end}`, "v");
  return {
    known: tables.known.entries,
    commands: tables.commands.entries,
    scopes: tables.scopes.entries,
    languages: tables.languages.entries,
    links,
    find: (slot, words) => patterns.get(slot)?.exec(words)?.slice(1).find(Boolean) ?? null,
    withoutQuestion: (words) => (question.test(words) ? words.replace(question, "").trim() : null),
    withoutLead: (words) => words.replace(lead, "").trim(),
  };
}

interface Frame {
  before: string;
  after: string;
}

/** What stands before and behind the slot of a phrase, without fillers. */
function frameOf(phrase: string, { tidy, strip }: Spelling): Frame {
  const [before = "", after = ""] = phrase.split(SLOT_IN_PHRASE).filter((_part, index) => index !== 1);
  const words = `${tidy(before)}${/\s$/.test(before) ? " " : ""}${SLOT_MARK}${/^\s/.test(after) ? " " : ""}${tidy(after)}`;
  const [stripped = "", rest = ""] = strip(words).split(SLOT_MARK);
  return { before: stripped, after: rest };
}

/** Matches the phrases whose slot holds `inside`; beside a script without spaces a space may be missing. */
function slotPattern(frames: readonly Frame[], inside: string, unspaced: string): RegExp {
  const space = `(?: |(?=[${unspaced}])|(?<=[${unspaced}]))`;
  const patterns = [...frames]
    .sort((a, b) => b.before.length + b.after.length - a.before.length - a.after.length)
    .map(({ before, after }) => `${before.replace(/ $/, space)}(${inside})${after.replace(/^ /, space)}`);
  return new RegExp(`^(?:${patterns.join("|") || "(?!)"})$`, "u");
}

function tidyName(name: string, { fold }: Spelling): string {
  return fold(name.normalize("NFKC").toLowerCase());
}

function isSlot(name: string): name is Slot {
  return Object.hasOwn(SLOTS, name);
}

function alternatives(words: readonly string[]): string {
  return (
    longestFirst(words.map((word) => ({ word })))
      .map(({ word }) => word)
      .join("|") || "(?!)"
  );
}

function entriesOf<T extends object>(record: T): [keyof T, string[]][] {
  // The schema knows the keys.
  return Object.entries(record) as [keyof T, string[]][];
}
