/** Conversations and people in the records, each read through its schema. Source: the `ConversationStore` port. */
import type { z } from "zod";
import { captureSchema } from "../core/model/capture.ts";
import { conversationSchema, userSettingsSchema } from "../core/model/conversation.ts";
import { historySchema } from "../core/model/history.ts";
import type { Log } from "../core/ports/runtime.ts";
import type { ConversationStore } from "../core/ports/store.ts";
import { createRepair } from "./readable-records.ts";
import type { Records } from "./records.ts";

/** A record that is only read lives on too; it is written again after so long. */
const REFRESH_MS = 86_400_000;

/** How long things are kept after they were last used, in ms. */
export interface Retention {
  /** A conversation, or a person's settings. */
  conversationMs: number;
  /** What is remembered of finished work, so that a redelivery is known. */
  finishedMs: number;
}

/** One kind of record: its key is `<prefix>:<id>`. */
interface Kind<T> {
  prefix: string;
  schema: z.ZodType<T>;
}

const CONVERSATION = { prefix: "conversation", schema: conversationSchema };
const USER = { prefix: "user", schema: userSettingsSchema };
const HISTORY = { prefix: "history", schema: historySchema };
const CAPTURE = { prefix: "capture", schema: captureSchema };

/** Makes the store over `records`. A record that does not fit its schema is set aside, and counts as absent. */
export function createConversationStore(
  records: Records,
  options: { retention: Retention; log: Log },
): ConversationStore {
  const { conversationMs, finishedMs } = options.retention;
  const repair = createRepair(records, { retentionMs: conversationMs, log: options.log });

  function read<T>(kind: Kind<T>, id: string): Promise<T | null> {
    return repaired(kind, id, async (key) => {
      const found = await records.getWithExpiry(key);
      const value = parse(kind, found?.value);
      const isAging = Date.now() + conversationMs - (found?.expiresAt ?? 0) > REFRESH_MS;
      // A record that is in use lives on: it is written at most once a day.
      if (value !== null && isAging) await records.update(key, (raw) => raw, conversationMs);
      return value;
    });
  }

  function update<T>(kind: Kind<T>, id: string, change: (current: T | null) => T): Promise<T> {
    return repaired(kind, id, async (key) => {
      const next = await records.update(key, (raw) => change(parse(kind, raw)), conversationMs);
      if (next === undefined) throw new Error(`nothing was written to ${key}`);
      return next;
    });
  }

  function repaired<T, Result>(kind: Kind<T>, id: string, task: (key: string) => Promise<Result>) {
    const key = `${kind.prefix}:${id}`;
    return repair(
      key,
      (raw) => parse(kind, raw),
      () => task(key),
    );
  }

  return {
    read: (id) => read(CONVERSATION, id),
    update: (id, change) => update(CONVERSATION, id, change),
    readUser: (userId) => read(USER, userId),
    updateUser: (userId, change) => update(USER, userId, change),
    readHistory: (sessionId) => read(HISTORY, sessionId),
    updateHistory: (sessionId, change) => update(HISTORY, sessionId, change),
    forgetHistory: (sessionId) => records.delete(`${HISTORY.prefix}:${sessionId}`),
    readCapture: (id) => repaired(CAPTURE, id, async (key) => parse(CAPTURE, await records.get(key))),
    keepCapture: (id, capture, keptAs) =>
      records.set(`${CAPTURE.prefix}:${id}`, capture, keptAs === "version" ? conversationMs : finishedMs),
    forgetCapture: (id) => records.delete(`${CAPTURE.prefix}:${id}`),
    hasSeen: async (key) => (await records.get(`seen:${key}`)) !== undefined,
    markSeen: (key) => records.set(`seen:${key}`, 1, finishedMs),
  };
}

/** Null for what is absent; throws `SyntaxError` for what does not fit the schema. */
function parse<T>({ schema }: Kind<T>, raw: unknown): T | null {
  if (raw === undefined) return null;
  try {
    return schema.parse(raw);
  } catch (cause) {
    throw new SyntaxError("a record does not fit its schema", { cause });
  }
}
