/**
 * Reads one typed line: paths of files in front, then words. A dragged-in path comes quoted or with
 * backslashes, as terminals write it.
 */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatOf, SUPPORTED_FORMATS } from "../../core/model/file-formats.ts";
import type { Attachment } from "../../core/model/message.ts";

const IS_WINDOWS = process.platform === "win32";
/** Not `\S`: macOS writes a narrow no-break space into the names of its screenshots. */
const PLAIN_WORD = IS_WINDOWS ? /^[^ \t\u3000]+/ : /^(?:\\.|[^ \t\u3000])+/;
/** The end of a media file's name, before a space, the end, or a sign of another script. */
const MEDIA_END = new RegExp(
  `\\.(?:${[...SUPPORTED_FORMATS, "jpeg", "m4v"].join("|")})(?=$|[\\s"',，。]|[^\\x00-\\x7f])`,
  "gi",
);
const MAX_ENDS = 5;

/** UTF-16 units of a line that may begin with paths. */
const MAX_LINE_LENGTH = 16_000;

export type ParsedLine =
  | { kind: "message"; attachments: Attachment[]; text: string }
  /** A path that leads to no file: nothing is sent. */
  | { kind: "no-file" | "not-a-file"; path: string };

/** Takes the paths off the front of `line`; `cwd` is where relative ones start. */
export async function parseLine(line: string, cwd: string): Promise<ParsedLine> {
  const attachments: Attachment[] = [];
  let rest = line.trim();
  // No path is as long; the engine says what is too long for a message.
  while (rest !== "" && rest.length <= MAX_LINE_LENGTH) {
    const token = nextToken(rest);
    const found = (await fileAt(token, cwd)) ?? (await fileInFront(rest, cwd));
    if (found) attachments.push(found.attachment);
    else if (looksLikePath(token.text)) {
      const path = toPath(token.text, cwd);
      const isThere = path !== null && (await stat(path).catch(() => null)) !== null;
      return { kind: isThere ? "not-a-file" : "no-file", path: token.text };
    } else break;
    rest = rest.slice(found.length).trimStart();
  }
  return { kind: "message", attachments, text: rest };
}

/** The front of a line; `length` counts what it takes of it. */
interface Token {
  text: string;
  length: number;
}

/** The file that a word names; null when it is not meant as one, or there is none. */
async function fileAt(token: Token, cwd: string): Promise<{ attachment: Attachment; length: number } | null> {
  if (!isMeantAsFile(token.text)) return null;
  // Systems write an accent or a syllable in one sign or in several, and people type the other.
  for (const form of [token.text, token.text.normalize("NFC"), token.text.normalize("NFD")]) {
    const path = toPath(form, cwd);
    const found = path === null ? null : await stat(path).catch(() => null);
    if (path === null || !found?.isFile()) continue;
    const attachment = { platform: "console", fileId: path, name: basename(path), sizeBytes: found.size };
    return { attachment, length: token.length };
  }
  return null;
}

/** A file whose name has bare spaces, or words right behind it as Chinese is written: only one that is there. */
async function fileInFront(line: string, cwd: string) {
  const ends = [...line.matchAll(MEDIA_END)].slice(0, MAX_ENDS);
  for (const { index, 0: extension } of ends) {
    const length = index + extension.length;
    const found = await fileAt({ text: line.slice(0, length), length }, cwd);
    if (found) return found;
  }
  return null;
}

/** The first word, quotes and backslashes resolved as a shell does; a drop into a terminal is written so. */
function nextToken(line: string): Token {
  return (/^["']/.test(line) ? quotedToken(line) : null) ?? plainToken(line);
}

function plainToken(line: string): Token {
  const raw = PLAIN_WORD.exec(line)?.[0] ?? "";
  return { text: IS_WINDOWS ? raw : raw.replace(/\\(.)/g, "$1"), length: raw.length };
}

/** `'it'\''s here.mp4'` and the like; null when a quote is not closed: then it is an apostrophe. */
function quotedToken(line: string): Token | null {
  let text = "";
  let at = 0;
  // Behind a closed quote only another one, or an escaped sign, belongs to the same word.
  for (let char = line[at]; char !== undefined && /["'\\]/.test(char); char = line[at]) {
    if (char === "'" || char === '"') {
      const end = line.indexOf(char, at + 1);
      if (end < 0) return null;
      const inside = line.slice(at + 1, end);
      text += char === '"' && !IS_WINDOWS ? inside.replace(/\\([\\$`])/g, "$1") : inside;
      at = end + 1;
    } else {
      text += line[at + 1] ?? "";
      at += 2;
    }
  }
  return { text, length: at };
}

function toPath(token: string, cwd: string): string | null {
  if (/^https?:/i.test(token) || token === "") return null;
  if (/^file:\//i.test(token)) return fromFileUrl(token);
  return resolve(cwd, token.startsWith("~/") ? token.replace("~", homedir()) : token);
}

/** A plain word may happen to be a file's name too; it is one when it looks like a path or like media. */
function isMeantAsFile(token: string): boolean {
  return looksLikePath(token) || /[/\\]/.test(token) || formatOf({ name: token }) !== null;
}

function fromFileUrl(url: string): string | null {
  try {
    return fileURLToPath(url);
  } catch {
    // Another host's file, or no address at all: nothing that can be attached.
    return null;
  }
}

/** A word that can only be meant as a path: a typo in it must not be sent as an edit that costs credits. */
function looksLikePath(token: string): boolean {
  if (/^https?:/i.test(token)) return false;
  if (/^(\.{1,2}|~)\//.test(token) || /^file:\//i.test(token)) return true;
  if (/^\/[^/]+\//.test(token) || (IS_WINDOWS && /^[a-z]:[\\/]/i.test(token))) return true;
  // A name in any script that ends as media does, and is more than the ending.
  return /[^.]\.[a-z0-9]{3,4}$/iu.test(token) && formatOf({ name: token }) !== null;
}
