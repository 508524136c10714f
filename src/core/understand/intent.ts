/**
 * What words ask for, before anything goes to the backend. Source: DESIGN.md, "How a message travels".
 *
 * The rule, in this order:
 * 1. `/word` is a command and nothing but a command: words behind one that takes none are ignored, and an
 *    unknown one, or "/" alone, means help (an edit would cost credits). `/edit …` sends its words to the
 *    editor as they are.
 * 2. Links to a supported file are an upload, whatever the words around them say. So is a text of links
 *    alone, or of links and "upload". All other links are part of an edit.
 * 3. Case, width, punctuation and emoji are ignored and words of politeness dropped. What remains must be, as
 *    a whole, a phrase of `config/phrases`, or the choice of a language or of an installed skill, which people
 *    call by its name or by its title; a single word more ("export the *second* clip") makes it an edit.
 *    Negations are such words, so "don't export yet" is never an export.
 * 4. "How do I" before a known phrase asks for help; before "upload" for the help on uploads.
 * 5. Small talk ("thanks", "hi", "ok") is read by `small-talk.ts`: it asks for nothing.
 * 6. Words that stop what is going on are read by `cancel/intent.ts`, and what is probably one of the phrases by
 *    `likely-action.ts`: where they may be an edit, the person is asked.
 * 7. Everything else is an edit, with the words exactly as they were written.
 */
import type { LikelyAction } from "../model/message.ts";
import type { Skill } from "../model/skill.ts";
import type { Intent } from "../model/understanding.ts";
import type { ReadCancel } from "./cancel/intent.ts";
import type { ReadLikelyAction, ReadPhrase } from "./likely-action.ts";
import { findLinks, withoutLinks } from "./links.ts";
import type { PhraseBook } from "./phrases.ts";
import type { ReadSmallTalk } from "./small-talk.ts";
import type { Spelling } from "./spelling.ts";

/** An installed skill: people call it by its name or by its title in any language. */
export type KnownSkill = Pick<Skill, "name" | "title">;

/** Links of one message that are uploaded; further ones stay in its text. */
const MAX_LINKS = 10;
/** Longer texts are edits without a look: no phrase with all its politeness comes near. */
const MAX_PHRASE_LENGTH = 160;

const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;
const COMMAND = /^[/／]([^\s@/／]{1,64})(?:@\w{1,64})?(?:\s+([\s\S]*))?$/u;
const HELP: Intent = { kind: "action", action: { kind: "help" } };

/** What reads messages that are no plain phrase. */
interface Readers {
  readCancel: ReadCancel;
  readSmallTalk: ReadSmallTalk;
  /** `readPhrase` reads a part of a message as a phrase. */
  likelyActionReader(readPhrase: ReadPhrase): ReadLikelyAction;
}

/** Reads intents with the phrases of all languages. `skills` are the installed ones: hyphens of a name may be spaces. */
export class IntentReader {
  readonly #spelling: Spelling;
  readonly #book: PhraseBook;
  readonly #readCancel: ReadCancel;
  readonly #readSmallTalk: ReadSmallTalk;
  readonly #readLikelyAction: ReadLikelyAction;
  /** Names of skills by what they are called. */
  readonly #skills = new Map<string, string>();

  constructor(spelling: Spelling, book: PhraseBook, readers: Readers, skills: readonly KnownSkill[]) {
    this.#spelling = spelling;
    this.#book = book;
    this.#readCancel = readers.readCancel;
    this.#readSmallTalk = readers.readSmallTalk;
    this.#readLikelyAction = readers.likelyActionReader((text) => this.#readPhrase(text));
    const { key, tidy } = spelling;
    for (const { name, title } of skills) {
      for (const called of [name, ...Object.values(title)].map((each) => key(tidy(each)))) {
        if (called !== "" && !this.#skills.has(called)) this.#skills.set(called, name);
      }
    }
  }

  read(text: string): Intent {
    const trimmed = text.trim();
    const command = this.#readCommand(trimmed);
    if (command !== null) return command;
    const upload = this.#readUpload(trimmed);
    if (upload !== null) return upload;
    const action = this.#readPhrase(trimmed);
    if (action !== null) return { kind: "action", action };
    return this.#readFreely(trimmed) ?? { kind: "edit", text: trimmed };
  }

  // --- commands -------------------------------------------------------------------------------------

  #readCommand(text: string): Intent | null {
    const match = COMMAND.exec(text);
    if (match === null) return /^[/／]+$/.test(text) ? HELP : null;
    const name = this.#spelling.fold((match[1] ?? "").normalize("NFKC").toLowerCase());
    const rest = (match[2] ?? "").trim();
    const command = this.#book.commands.get(name);
    switch (command) {
      case undefined:
        return { kind: "action", action: this.#readPhrase(text.slice(1)) ?? { kind: "help" } };
      case "edit":
        return rest === "" ? HELP : { kind: "edit", text: rest };
      case "upload-help":
        return this.#readUpload(rest, true) ?? { kind: "action", action: { kind: command } };
      case "start":
      case "skill":
      case "language":
      case "cancel":
        return { kind: "action", action: this.#wordedAction(command, rest) };
      default:
        return { kind: "action", action: { kind: command } };
    }
  }

  #wordedAction(kind: "start" | "skill" | "language" | "cancel", rest: string): LikelyAction {
    const { tidy, strip } = this.#spelling;
    const words = tidy(rest.slice(0, MAX_PHRASE_LENGTH));
    switch (kind) {
      case "start":
      case "skill": {
        const first = words.split(" ")[0] ?? "";
        const installed = this.#findSkill(words) ?? this.#findSkill(first);
        const name = installed ?? (SLUG.test(first) ? first : null);
        if (name === null) return { kind };
        return kind === "start" ? { kind, skill: name } : { kind, name };
      }
      case "language": {
        const language = this.#languageCode(words);
        return language === null ? { kind } : { kind, language };
      }
      case "cancel":
        return { kind, scope: this.#book.scopes.get(strip(words).split(" ")[0] ?? "") ?? "current" };
    }
  }

  // --- links ----------------------------------------------------------------------------------------

  #readUpload(text: string, takesAll = false): Intent | null {
    const links = findLinks(text);
    const isEach = takesAll || (links.length > 0 && this.#isIntroduction(withoutLinks(text, links)));
    const uploads = (isEach ? links : links.filter((link) => link.isFile)).slice(0, MAX_LINKS);
    if (uploads.length === 0) return null;
    const rest = withoutLinks(text, uploads);
    const urls = [...new Set(uploads.map((link) => link.url))];
    return { kind: "upload", urls, text: this.#isIntroduction(rest) ? "" : rest };
  }

  /** True for words that ask nothing beyond the upload itself, and for none at all. */
  #isIntroduction(text: string): boolean {
    if (text.length > MAX_PHRASE_LENGTH) return false;
    const key = this.#keyOf(text);
    return key === "" || this.#book.links.has(key) || this.#book.known.get(key) === "upload-help";
  }

  // --- free words -----------------------------------------------------------------------------------

  #readPhrase(text: string): LikelyAction | null {
    if (text.length > MAX_PHRASE_LENGTH) return null;
    if (/^[?？]{1,9}$/.test(text)) return { kind: "help" };
    const { withoutLead } = this.#book;
    const { tidy, strip, key } = this.#spelling;
    const full = tidy(text);
    const words = strip(full);
    const known = this.#book.known.get(key(words)) ?? this.#book.known.get(key(withoutLead(full)));
    if (known !== undefined) return { kind: known };
    return (
      this.#readLanguage(words) ??
      this.#readVersion(words) ??
      this.#readProject(words) ??
      this.#readSkill(words) ??
      this.#readQuestion(words)
    );
  }

  /** Words that are no phrase, and yet nothing for the editor, or perhaps not. */
  #readFreely(text: string): Intent | null {
    // Cancels have a grammar of their own, since people in a hurry do not speak in phrases.
    const stop = this.#readCancel(text);
    const cancel: LikelyAction | null = stop && { kind: "cancel", scope: stop.scope };
    if (cancel && stop?.kind === "sure") return { kind: "action", action: cancel };
    const smallTalk = this.#readSmallTalk(text);
    if (smallTalk) return { kind: "action", action: { kind: "small-talk", ...smallTalk } };
    const likely = cancel ?? this.#readLikelyAction(text);
    if (likely === null) return null;
    const asked = likely === "nothing" ? {} : { action: likely };
    return { kind: "action", action: { kind: "ask-meaning", ...asked, text } };
  }

  #readLanguage(words: string): LikelyAction | null {
    const asked = this.#book.find("language", words) ?? this.#book.find("code", words);
    const language = asked === null ? null : this.#languageCode(asked);
    return language === null ? null : { kind: "language", language };
  }

  /** A known name, or the first part of something like `fr` and `pt-br`. */
  #languageCode(words: string): string | null {
    const { languages } = this.#book;
    const code = /^([a-z]{2,3})(?:-[a-z0-9]{2,8}){0,2}$/.exec(words)?.[1];
    return languages.get(words) ?? languages.get(words.split("-")[0] ?? "") ?? code ?? null;
  }

  #readVersion(words: string): LikelyAction | null {
    const number = this.#book.find("version", words);
    return number === null ? null : { kind: "export-version", version: Number(number) };
  }

  /** "Switch to the beach project": which one that is, only the list of projects tells. */
  #readProject(words: string): LikelyAction | null {
    const name = this.#book.find("project", words);
    return name === null ? null : { kind: "projects", name };
  }

  #readSkill(words: string): LikelyAction | null {
    const asked = this.#book.find("skill", words);
    const target = asked ?? this.#book.find("installed-skill", words);
    if (target === null) return null;
    const name = this.#findSkill(target) ?? (asked !== null && SLUG.test(asked) ? asked : null);
    return name === null ? null : { kind: "skill", name };
  }

  /** The name of the installed skill that is `called` by its name or by a title. */
  #findSkill(called: string): string | null {
    return this.#skills.get(this.#spelling.key(called)) ?? null;
  }

  #readQuestion(words: string): LikelyAction | null {
    const rest = this.#book.withoutQuestion(words);
    if (rest === null) return null;
    const asked = this.#book.known.get(this.#spelling.key(rest));
    if (asked === undefined) return this.#readCancel(rest)?.kind === "sure" ? { kind: "help" } : null;
    return { kind: asked === "upload-help" ? asked : "help" };
  }

  #keyOf(text: string): string {
    const { key, tidy } = this.#spelling;
    return key(tidy(text));
  }
}
