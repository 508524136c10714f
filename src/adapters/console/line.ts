/**
 * Reads one typed line: paths of files in front, then words. A dragged-in path comes quoted or with
 * backslashes, as terminals write it.
 */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatOf } from "../../core/media.ts";
import type { Attachment } from "../../core/message.ts";

/** UTF-16 units of a line that may begin with paths. */
const MAX_LINE_LENGTH = 16_000;

export type ReadLine =
  | { kind: "message"; attachments: Attachment[]; text: string }
  /** A path that leads to no file: nothing is sent. */
  | { kind: "no-file" | "not-a-file"; path: string };

/** Takes the paths off the front of `line`; `cwd` is where relative ones start. */
export async function readLine(line: string, cwd: string): Promise<ReadLine> {
  const attachments: Attachment[] = [];
  let rest = line.trim();
  // No path is as long; the engine says what is too long for a message.
  while (rest !== "" && rest.length <= MAX_LINE_LENGTH) {
    const token = nextToken(rest);
    const path = toPath(token.text, cwd);
    const found = path ? await stat(path).catch(() => null) : null;
    if (path && found?.isFile() && isMeantAsFile(token.text)) {
      attachments.push({ platform: "console", fileId: path, name: basename(path), sizeBytes: found.size });
    } else if (looksLikePath(token.text)) {
      return { kind: found ? "not-a-file" : "no-file", path: token.text };
    } else break;
    rest = rest.slice(token.length).trimStart();
  }
  return { kind: "message", attachments, text: rest };
}

/** The first word, quotes and backslashes resolved; `length` counts what it takes of the line. */
function nextToken(line: string): { text: string; length: number } {
  const quote = line[0] === '"' || line[0] === "'" ? line[0] : null;
  if (quote) {
    const end = line.indexOf(quote, 1);
    if (end > 0) return { text: line.slice(1, end), length: end + 1 };
  }
  const match = /^(?:\\.|\S)+/.exec(line);
  const raw = match?.[0] ?? "";
  return { text: raw.replace(/\\(.)/g, "$1"), length: raw.length };
}

function toPath(token: string, cwd: string): string | null {
  if (/^https?:/i.test(token) || token === "") return null;
  if (token.startsWith("file://")) return fromFileUrl(token);
  return resolve(cwd, token.startsWith("~/") ? token.replace("~", homedir()) : token);
}

/** A plain word may happen to be a file's name too; it is one when it looks like a path or like media. */
function isMeantAsFile(token: string): boolean {
  return (
    looksLikePath(token) || /^["']/.test(token) || /[/\\]/.test(token) || formatOf({ name: token }) !== null
  );
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
  if (/^(\.{1,2}|~)\//.test(token) || token.startsWith("file://")) return true;
  if (/^\/[^/]+\//.test(token)) return true;
  return /^[\w.-]*\/?[\w./-]+\.\w{3,4}$/.test(token) && formatOf({ name: token }) !== null;
}
