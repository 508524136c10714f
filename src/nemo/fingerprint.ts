/**
 * A hash that is equal as long as nothing meaningful changed: order of keys, signatures of URLs and times of
 * saving do not count. Source: nemo-api.md, "The SSE stream", rules 3 and 4 (compare the state before and after).
 */
import { createHash } from "node:crypto";
import { isJsonObject } from "./envelope.ts";

/** Deeper JSON than any draft; keeps a hostile answer from exhausting the stack. */
const MAX_DEPTH = 64;

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

/** SHA-256 (hex) of the stable form of a JSON value. */
export function fingerprint(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(stableForm(value)))
    .digest("hex");
}

/** The value with sorted keys, without volatile ones, and with URLs cut before their query; null for nothing. */
export function stableForm(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return /^https?:\/\//i.test(value) ? value.replace(/[?#].*$/s, "") : value;
  if (typeof value !== "object" || value === null) return value ?? null;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => stableForm(item, depth + 1));
  if (!isJsonObject(value)) return null;
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => !VOLATILE_KEYS.has(key))
      .sort()
      .map((key) => [key, stableForm(value[key], depth + 1)]),
  );
}
