/**
 * Conversations and people in the records. Each is read through its schema; one that cannot be read is set
 * aside for a while and reported, so that a damaged record costs one conversation its memory and not the process.
 */
import type { z } from "zod";
import { type Capture, captureSchema } from "../core/model/capture.ts";
import { conversationSchema, userSettingsSchema } from "../core/model/conversation.ts";
import type { Log } from "../core/ports/runtime.ts";
import type { ConversationStore } from "../core/ports/store.ts";
import { createKeyedQueue } from "../lib/keyed-queue.ts";
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

/** A record that does not fit its schema. */
class UnreadableError extends Error {
  readonly raw: unknown;

  constructor(raw: unknown, cause: unknown) {
    super("a record cannot be read", { cause });
    this.raw = raw;
  }
}

/** Makes the store over `records`. */
export function createConversationStore(
  records: Records,
  options: { retention: Retention; log: Log },
): ConversationStore {
  const { retention, log } = options;
  const inTurn = createKeyedQueue();

  /** How one kind of record is read and written. */
  interface Kind<T> {
    prefix: string;
    schema: z.ZodType<T>;
  }

  const conversations: Kind<z.infer<typeof conversationSchema>> = {
    prefix: "conversation",
    schema: conversationSchema,
  };
  const users: Kind<z.infer<typeof userSettingsSchema>> = {
    prefix: "user",
    schema: userSettingsSchema,
  };

  const captures: Kind<Capture> = {
    prefix: "capture",
    schema: captureSchema,
  };

  function parse<T>(kind: Kind<T>, raw: unknown): T | null {
    if (raw === undefined) return null;
    try {
      return kind.schema.parse(raw);
    } catch (error) {
      throw new UnreadableError(raw, error);
    }
  }

  /** Repeats `task` without the record when that turns out to be damaged. */
  async function settingAside<T, Result>(
    kind: Kind<T>,
    key: string,
    task: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await task();
    } catch (error) {
      // A store that does not answer is another matter: what it holds may be sound.
      if (!(error instanceof UnreadableError || error instanceof SyntaxError)) throw error;
      // One at a time: of two that found the damage, the second must not take what the first has written since.
      await inTurn(key, async () => {
        const damaged = await damagedRecord(kind, key);
        if (damaged === undefined) return;
        await records.set(`corrupt:${key}`, damaged, retention.conversationMs);
        await records.delete(key);
        log.error({ err: error.cause ?? error, key }, "a stored record cannot be read; it was set aside");
      });
      return task();
    }
  }

  /** What is stored, as far as it can be read, when it is no sound record; undefined when it is one, or nothing. */
  async function damagedRecord<T>(kind: Kind<T>, key: string): Promise<unknown> {
    try {
      parse(kind, await records.get(key));
      return undefined;
    } catch (error) {
      if (error instanceof UnreadableError) return error.raw;
      if (error instanceof SyntaxError) return records.getText(key);
      throw error;
    }
  }

  function read<T>(kind: Kind<T>, id: string): Promise<T | null> {
    const key = `${kind.prefix}:${id}`;
    return settingAside(kind, key, async () => {
      const found = await records.getWithExpiry(key);
      const value = parse(kind, found?.value);
      const isAging = Date.now() + retention.conversationMs - (found?.expiresAt ?? 0) > REFRESH_MS;
      // Somebody is here: its time begins anew, at most once a day.
      if (value !== null && isAging) await records.update(key, (raw) => raw, retention.conversationMs);
      return value;
    });
  }

  function update<T>(kind: Kind<T>, id: string, change: (current: T | null) => T): Promise<T> {
    const key = `${kind.prefix}:${id}`;
    return settingAside(kind, key, async () => {
      let next: T | undefined;
      await records.update(
        key,
        (raw) => {
          next = change(parse(kind, raw));
          return next;
        },
        retention.conversationMs,
      );
      if (next === undefined) throw new Error(`nothing was written to ${key}`);
      return next;
    });
  }

  return {
    read: (id) => read(conversations, id),
    update: (id, change) => update(conversations, id, change),
    readUser: (userId) => read(users, userId),
    updateUser: (userId, change) => update(users, userId, change),
    readCapture: (exportId) =>
      settingAside(captures, `${captures.prefix}:${exportId}`, async () =>
        parse(captures, await records.get(`${captures.prefix}:${exportId}`)),
      ),
    keepCapture: (exportId, capture) =>
      records.set(`${captures.prefix}:${exportId}`, capture, retention.finishedMs),
    forgetCapture: (exportId) => records.delete(`${captures.prefix}:${exportId}`),
    hasSeen: async (key) => (await records.get(`seen:${key}`)) !== undefined,
    markSeen: (key) => records.set(`seen:${key}`, 1, retention.finishedMs),
  };
}
