/**
 * A hash that is equal as long as nothing meaningful changed: order of keys, signatures of URLs and times of
 * saving do not count. Source: nemo-api.md, "The SSE stream", rules 3 and 4 (compare the state before and after).
 */
import { createHash } from "node:crypto";
import { Pauses } from "../../lib/pauses.ts";
import { isJsonObject } from "../transport/envelope.ts";

/** Deeper JSON than any draft. */
const MAX_DEPTH = 64;
/** UTF-16 units that are hashed at once. */
const PIECE_LENGTH = 16 * 1024;

const VOLATILE_KEYS: ReadonlySet<string> = new Set([
  "updated_at",
  "updatedAt",
  "update_time",
  "created_at",
  "createdAt",
  "timestamp",
  "last_modified",
  "lastModified",
  "expires_at",
  "expiresAt",
]);

/** True for a key that changes without an edit. */
export function isVolatile(key: string): boolean {
  return VOLATILE_KEYS.has(key);
}

/** SHA-256 (hex) of the stable form of a JSON value, worked out in slices. */
export async function fingerprint(value: unknown, pauses: Pauses = new Pauses()): Promise<string> {
  const hash = createHash("sha256");
  let piece = "";
  for (const text of stableJson(value)) {
    piece += text;
    if (piece.length < PIECE_LENGTH) continue;
    hash.update(piece);
    piece = "";
    const pause = pauses.due();
    if (pause) await pause;
  }
  return hash.update(piece).digest("hex");
}

/** An array or an object that is being written. */
interface Open {
  end: "]" | "}";
  /** Null in an array. */
  keys: readonly string[] | null;
  items: readonly unknown[] | JsonRecord;
  next: number;
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** The JSON of a value with sorted keys, without volatile ones, and with URLs cut before their query; null for nothing. */
function* stableJson(root: unknown): Generator<string> {
  const open: Open[] = [];
  let value = root;
  for (;;) {
    const begun = open.length < MAX_DEPTH ? begin(value) : null;
    if (begun) {
      open.push(begun);
      yield begun.keys === null ? "[" : "{";
    } else yield scalar(value);
    let top = open.at(-1);
    while (top && top.next >= (top.keys ?? (top.items as readonly unknown[])).length) {
      yield top.end;
      open.pop();
      top = open.at(-1);
    }
    if (!top) return;
    const comma = top.next === 0 ? "" : ",";
    const at = top.next++;
    const key = top.keys?.[at];
    if (key === undefined) {
      if (comma !== "") yield comma;
      value = (top.items as readonly unknown[])[at];
    } else {
      yield `${comma}${JSON.stringify(key)}:`;
      value = (top.items as JsonRecord)[key];
    }
  }
}

function begin(value: unknown): Open | null {
  if (Array.isArray(value)) return { end: "]", keys: null, items: value, next: 0 };
  if (!isJsonObject(value)) return null;
  const keys = Object.keys(value)
    .filter((key) => !isVolatile(key))
    .sort();
  return { end: "}", keys, items: value, next: 0 };
}

function scalar(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(/^https?:\/\//i.test(value) ? value.replace(/[?#].*$/s, "") : value);
  }
  // Too deep to be looked into.
  if (typeof value === "object" && value !== null) return '"…"';
  return JSON.stringify(value ?? null);
}
