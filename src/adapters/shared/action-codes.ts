/**
 * Actions as the short text that a button carries, and back. They work after a restart: short ones are written
 * out, long ones are kept in the adapter's memory under a hash, with the conversation they belong to.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Action, actionSchema } from "../../core/model/message.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { own } from "../../lib/own.ts";
import { readJson } from "./json-memory.ts";

/** The tightest platform gives a button 64 bytes. */
const MAX_BYTES = 64;
/** How long a kept action lives after it was last shown. */
const KEPT_FOR_MS = 90 * 86_400_000;

/** Short names of the actions that need no words. */
const SHORT: Record<string, Action> = {
  x: { kind: "export" },
  c: { kind: "credits" },
  s: { kind: "status" },
  h: { kind: "help" },
  n: { kind: "new-project" },
  p: { kind: "projects" },
  hi: { kind: "history" },
  un: { kind: "undo" },
  kp: { kind: "keep-project" },
  kf: { kind: "keep-files" },
  k: { kind: "cancel", scope: "current" },
  ka: { kind: "cancel", scope: "all" },
  ke: { kind: "cancel", scope: "export" },
  kx: { kind: "cancel", scope: "exports" },
  sk: { kind: "skill" },
  l: { kind: "language" },
  u: { kind: "upload-help" },
  r: { kind: "retry" },
  ua: { kind: "upload-again" },
};
/** A long one, with where its button is shown. */
const keptSchema = z.object({ conversationId: z.string(), action: actionSchema });
const NAMES = new Map(Object.entries(SHORT).map(([name, action]) => [JSON.stringify(action), name]));

/** At most 64 bytes of ASCII. */
export async function encodeAction(
  action: Action,
  conversationId: string,
  memory: AdapterMemory,
): Promise<string> {
  const short = NAMES.get(JSON.stringify(action));
  if (short) return short;
  if (action.kind === "language" && action.language) return `l:${action.language}`;
  if (action.kind === "skill" && action.name && Buffer.byteLength(action.name) <= MAX_BYTES - 3) {
    return `sk:${action.name}`;
  }
  const kept = JSON.stringify({ conversationId, action });
  const hash = createHash("sha256").update(kept).digest("base64url").slice(0, 22);
  await memory.set(`button:${hash}`, kept, KEPT_FOR_MS);
  return `#${hash}`;
}

/** What a pressed button asks for; null when it is not ours, too old, or belongs to another conversation. */
export async function decodeAction(
  code: string,
  conversationId: string,
  memory: AdapterMemory,
): Promise<Action | null> {
  const short = own(SHORT, code);
  if (short) return short;
  const [name, ...rest] = code.split(":");
  const value = rest.join(":");
  if (name === "l" && value) return { kind: "language", language: value };
  if (name === "sk" && value) return { kind: "skill", name: value };
  if (!code.startsWith("#")) return null;
  const kept = readJson(keptSchema, await memory.get(`button:${code.slice(1)}`));
  return kept?.conversationId === conversationId ? kept.action : null;
}
