/**
 * What a message asks for, before anything goes to the backend. Source: DESIGN.md, "How a message travels".
 *
 * The rule, in this order:
 * 1. `/word` is a command and nothing but a command: words behind one that takes none are ignored, and an
 *    unknown one, or "/" alone, means help (an edit would cost credits). `/edit …` sends its words to the
 *    editor as they are.
 * 2. Links to a supported file are an upload, whatever the words around them say. So is a text of links
 *    alone, or of links and "upload". All other links are part of an edit.
 * 3. Case, width, punctuation and emoji are ignored and words of politeness dropped. What remains must be, as
 *    a whole, a phrase of `phrases.ts`, or the choice of a language or of an installed skill, which people
 *    call by its name or by its title; a single word more ("export the *second* clip") makes it an edit.
 *    Negations are such words, so "don't export yet" is never an export. When nothing remains
 *    ("thanks", "hi", 你好), the answer is help: it costs nothing. "Ok" is an edit: the agent may have asked.
 * 4. Words that stop what is going on are read by `cancel/intent.ts`: where they may be an edit, the person is asked.
 * 5. "How do I" before a known phrase asks for help; before "upload" for the help on uploads.
 * 6. Everything else is an edit, with the words exactly as they were written.
 */
import { own } from "../../lib/own.ts";
import type { Action } from "../model/message.ts";
import type { Skill } from "../model/skill.ts";
import { readCancel } from "./cancel/intent.ts";
import {
  CANCEL_SCOPES,
  CHINESE_FILLERS,
  COMMANDS,
  COMMANDS_WITH_WORDS,
  ENGLISH_FILLERS,
  LANGUAGES,
  LINK_INTRODUCTIONS,
  PHRASES,
  QUESTION_OPENERS,
} from "./phrases.ts";
import { simplify } from "./simplified.ts";

/** `upload.text` holds the words around the links, empty when there are none. */
export type Intent =
  | { kind: "action"; action: Action }
  | { kind: "upload"; urls: string[]; text: string }
  | { kind: "edit"; text: string };

/** An installed skill: people call it by its name or by its title in any language. */
type KnownSkill = Pick<Skill, "name" | "title">;

/** Links of one message that are uploaded; further ones stay in its text. */
const MAX_LINKS = 10;
/** Longer texts are edits without a look: no phrase with all its politeness comes near. */
const MAX_PHRASE_LENGTH = 160;

const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;
const FILE_EXTENSIONS = "mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac";

/**
 * Reads the intent of one message. Pure; never throws; text of any length. An empty text is an edit with `""`.
 *
 * `skills` are the installed ones: "switch to film-maker" is a skill only when its name or one of its titles
 * is among them (hyphens may be spaces), so that "switch to slow-motion" stays an edit. Without the list every
 * hyphenated word counts. "skill …" and `/skill …` pass any other name on, in lower case; the caller checks it.
 */
export function readIntent(text: string, skills?: readonly KnownSkill[]): Intent {
  const trimmed = text.trim();
  const command = readCommand(trimmed, skills);
  if (command !== null) return command;
  const upload = readUpload(trimmed);
  if (upload !== null) return upload;
  const action = readPhrase(trimmed, skills) ?? readStop(trimmed);
  return action === null ? { kind: "edit", text: trimmed } : { kind: "action", action };
}

// --- commands ---------------------------------------------------------------------------------------

/** Undefined where the caller does not know which skills are installed. */
type Skills = readonly KnownSkill[] | undefined;

const COMMAND = /^[/／]([^\s@/／]{1,64})(?:@\w{1,64})?(?:\s+([\s\S]*))?$/u;

function readCommand(text: string, skills: Skills): Intent | null {
  const match = COMMAND.exec(text);
  if (match === null) return /^[/／]+$/.test(text) ? help() : null;
  const name = simplify((match[1] ?? "").normalize("NFKC").toLowerCase());
  const rest = (match[2] ?? "").trim();
  const plain = own(COMMANDS, name);
  if (plain?.kind === "upload-help" && rest !== "") {
    return readUpload(rest, true) ?? { kind: "action", action: plain };
  }
  if (plain !== undefined) return { kind: "action", action: plain };
  const worded = own(COMMANDS_WITH_WORDS, name);
  if (worded === undefined) {
    const action = readPhrase(text.slice(1), skills);
    return { kind: "action", action: action ?? { kind: "help" } };
  }
  if (worded === "edit") return rest === "" ? help() : { kind: "edit", text: rest };
  return { kind: "action", action: wordedAction(worded, rest, skills) };
}

function wordedAction(kind: "start" | "skill" | "language" | "cancel", rest: string, skills: Skills): Action {
  const words = tidy(rest.slice(0, MAX_PHRASE_LENGTH));
  const first = strip(words).split(" ")[0] ?? "";
  switch (kind) {
    case "start":
    case "skill": {
      const name = words.split(" ")[0] ?? "";
      const installed = findSkill(words, skills) ?? findSkill(name, skills);
      if (installed !== null) return named(kind, installed);
      return SLUG.test(name) ? named(kind, name) : { kind };
    }
    case "language": {
      const language = languageCode(words);
      return language === null ? { kind } : { kind, language };
    }
    case "cancel":
      return { kind, scope: own(CANCEL_SCOPES, first) ?? "current" };
  }
}

function named(kind: "start" | "skill", name: string): Action {
  return kind === "start" ? { kind, skill: name } : { kind, name };
}

function help(): Intent {
  return { kind: "action", action: { kind: "help" } };
}

// --- links ------------------------------------------------------------------------------------------

const LINK = /https?:\/\/[^\s<>"`|\\^{}，。！？；：、（）【】《》「」『』“”‘’…]+/giu;
const FILE_PATH = new RegExp(`\\.(?:${FILE_EXTENSIONS})$`, "i");
/** In Chinese the next word may follow a file's name without a space. */
const FILE_THEN_HAN = new RegExp(`\\.(?:${FILE_EXTENSIONS})(?=\\p{Script=Han})`, "iu");

function readUpload(text: string, takesAll = false): Intent | null {
  const links = findLinks(text);
  const isEach = takesAll || isIntroduction(without(text, links));
  const uploads = (isEach ? links : links.filter((link) => link.isFile)).slice(0, MAX_LINKS);
  if (uploads.length === 0) return null;
  const rest = without(text, uploads);
  const urls = [...new Set(uploads.map((link) => link.url))];
  return { kind: "upload", urls, text: isIntroduction(rest) ? "" : rest };
}

/** A link in a text. */
interface Link {
  url: string;
  start: number;
  /** True when its path ends like a file that can be edited. */
  isFile: boolean;
}

/** The http(s) links of a text, in their order, without the punctuation around them. */
export function findLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const match of text.matchAll(LINK)) {
    const url = trimLink(match[0]);
    if (!URL.canParse(url)) continue;
    links.push({ url, start: match.index, isFile: FILE_PATH.test(new URL(url).pathname) });
  }
  return links;
}

/** A link without the punctuation of the sentence around it; a closing bracket stays when it was opened inside. */
function trimLink(raw: string): string {
  const han = FILE_THEN_HAN.exec(raw);
  let end = han === null ? raw.length : han.index + han[0].length;
  while (end > 0) {
    const last = raw.charAt(end - 1);
    const before = raw.slice(0, end - 1);
    // The second is an IPv6 host, as in http://[::1].
    const isOpened =
      (last === ")" && before.lastIndexOf("(") > before.lastIndexOf(")")) ||
      (last === "]" && /^https?:\/\/[^/]*\[[^\]]*$/i.test(before));
    if (!/[.,;:!?)\]'*_~]/.test(last) || isOpened) break;
    end -= 1;
  }
  return raw.slice(0, end);
}

function without(text: string, links: readonly Link[]): string {
  let rest = "";
  let end = 0;
  for (const link of links) {
    rest += `${text.slice(end, link.start)} `;
    end = link.start + link.url.length;
  }
  return (rest + text.slice(end))
    .replace(/<[ \t]{0,9}>|\([ \t]{0,9}\)|（[ \t]{0,9}）/g, " ")
    .replace(/[ \t]+/g, " ")
    .replace(/ (?=[.,;:!?，。！？；：、])/g, "")
    .replace(/ ?\n ?/g, "\n")
    .trim();
}

/** True for words that ask nothing beyond the upload itself, and for none at all. */
function isIntroduction(text: string): boolean {
  if (text.length > MAX_PHRASE_LENGTH) return false;
  const key = phraseKey(strip(tidy(text)));
  return key === "" || INTRODUCTIONS.has(key) || KNOWN.get(key)?.kind === "upload-help";
}

// --- free words -------------------------------------------------------------------------------------

/** A word of its own also beside Chinese, where `tidy` leaves no spaces: "ok导出". */
const ENGLISH_FILLER = new RegExp(
  `(?<![^ \\p{Script=Han}])(?:${longestFirst(ENGLISH_FILLERS)})(?![^ \\p{Script=Han}])`,
  "gu",
);
const BESIDE_HAN = /(?<=\p{Script=Han}) +| +(?=\p{Script=Han})/gu;
const CHINESE_FILLER = new RegExp(longestFirst(CHINESE_FILLERS), "g");
const QUESTION = new RegExp(`^(?:${longestFirst(QUESTION_OPENERS)})(?![a-z])`);
const KNOWN: ReadonlyMap<string, Action> = new Map(
  PHRASES.flatMap(({ action, phrases }) =>
    phrases.map((phrase): [string, Action] => [phraseKey(strip(tidy(phrase))), action]),
  ),
);
const INTRODUCTIONS = new Set(LINK_INTRODUCTIONS.map((words) => phraseKey(strip(tidy(words)))));
const LANGUAGE_NAMES = longestFirst(Object.keys(LANGUAGES).filter((name) => !/^[a-z]{2,3}$/.test(name)));
const SPEAK =
  "speak|do you speak|use|in|switch to|change to|set to|talk in|reply in|answer in|" +
  "说|讲|用|使用|切换到|切换成|切换为|换成|改成";
const ASKED_LANGUAGE = new RegExp(
  `^(?:(?:${SPEAK})? ?(${LANGUAGE_NAMES})(?: to me| with me|回答|回复|说)?` +
    "|(?:switch |change |set )?language (?:to )?(.{2,20})|(?:切换|更换)?语言(?:切换)?[到为成]?(.{2,20}))$",
);
const ASKED_SKILL =
  /^(?:(?:use |switch |change |choose |select )?skill(?: to)?(?: |(?=\p{Script=Han}))(.{1,64})|(?:use|switch to|change to) ?(.{1,64}?) ?skill|(?:使用|切换|切换到|更换|选择)?技能[为到]?(.{1,64})|(?:使用|切换到|切换为|换成)(.{1,64})技能)$/u;
const SWITCH_TO = /^(?:switch to|change to|切换到|切换为|换成) ?(.{1,64})$/u;

/** Politeness that is a whole answer by itself. */
const ANSWERS = /^(?:ok(?:ay)?|sure|please|great|好的?|可以|行)$/;

function readPhrase(text: string, skills: Skills): Action | null {
  if (text.length > MAX_PHRASE_LENGTH) return null;
  if (/^[?？]{1,9}$/.test(text)) return { kind: "help" };
  const full = tidy(text);
  const words = strip(full);
  // "Ok" may answer what the agent has asked; a greeting or a thank-you asks for nothing.
  if (words === "" && full !== "") return ANSWERS.test(full) ? null : { kind: "help" };
  const known =
    KNOWN.get(phraseKey(words)) ?? KNOWN.get(phraseKey(strip(full.replace(/^help me (?:to )?/, ""))));
  if (known !== undefined) return known;
  return readLanguage(words) ?? readProject(words) ?? readSkill(words, skills) ?? readQuestion(words);
}

/** Cancels have a grammar of their own, since people in a hurry do not speak in phrases. */
function readStop(text: string): Action | null {
  const reading = readCancel(text);
  if (reading === null) return null;
  const { kind, scope } = reading;
  return kind === "sure" ? { kind: "cancel", scope } : { kind: "ask-cancel", scope, text };
}

/** "Switch to the beach project": which one that is, only the list of projects tells. */
const ASKED_PROJECT =
  /^(?:(?:switch|go|change|get) (?:back )?to|back to|open|reopen) (.{1,60}) project$|^(?:切换到|切换回|切回|切到|换到|换回|打开|回到|返回)(.{1,40}?)的?(?:项目|工程)$/u;

function readProject(words: string): Action | null {
  const match = ASKED_PROJECT.exec(words);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : { kind: "projects", name };
}

function readLanguage(words: string): Action | null {
  const match = ASKED_LANGUAGE.exec(words);
  const language = languageCode(match?.[1] ?? match?.[2] ?? match?.[3] ?? "");
  return language === null ? null : { kind: "language", language };
}

/** A known name, or the first part of something like `fr` and `pt-br`. */
function languageCode(words: string): string | null {
  return own(LANGUAGES, words) ?? own(LANGUAGES, words.split("-")[0] ?? "") ?? codeOf(words);
}

function codeOf(words: string): string | null {
  return /^([a-z]{2,3})(?:-[a-z0-9]{2,8}){0,2}$/.exec(words)?.[1] ?? null;
}

function readSkill(words: string, skills: Skills): Action | null {
  const match = ASKED_SKILL.exec(words);
  const asked = match?.[1] ?? match?.[2] ?? match?.[3] ?? match?.[4];
  const target = asked ?? SWITCH_TO.exec(words)?.[1];
  if (target === undefined) return null;
  const installed = findSkill(target, skills);
  if (installed !== null) return { kind: "skill", name: installed };
  const isName = SLUG.test(target) && (asked !== undefined || (skills === undefined && target.includes("-")));
  return isName ? { kind: "skill", name: target } : null;
}

/** The name of the installed skill that is `called` by its name or by a title. */
function findSkill(called: string, skills: Skills): string | null {
  const key = phraseKey(strip(called));
  for (const skill of skills ?? []) {
    const names = [skill.name, ...Object.values(skill.title)];
    if (key !== "" && names.some((each) => phraseKey(strip(tidy(each))) === key)) return skill.name;
  }
  return null;
}

function readQuestion(words: string): Action | null {
  if (!QUESTION.test(words)) return null;
  const rest = words.replace(QUESTION, "").trim();
  const asked = KNOWN.get(phraseKey(strip(rest)));
  if (asked === undefined) return readCancel(rest)?.kind === "sure" ? { kind: "help" } : null;
  return asked.kind === "upload-help" ? asked : { kind: "help" };
}

/** Lower case, one width, simplified characters; letters, digits and hyphens inside words are all that stays. */
function tidy(text: string): string {
  return simplify(text.normalize("NFKC").toLowerCase())
    .replace(/['’‘`´]/g, "")
    .replace(/[^\p{L}\p{N}-]+|(?<![\p{L}\p{N}])-+|-+(?![\p{L}\p{N}])/gu, " ")
    .replace(BESIDE_HAN, "")
    .trim();
}

/** Without the words that say nothing. */
function strip(words: string): string {
  const rest = words.replace(CHINESE_FILLER, "").replace(ENGLISH_FILLER, " ");
  return rest.replace(/ +/g, " ").replace(BESIDE_HAN, "").trim();
}

function phraseKey(words: string): string {
  return words.replaceAll("-", " ");
}

function longestFirst(words: readonly string[]): string {
  return [...words].sort((a, b) => b.length - a.length).join("|");
}
