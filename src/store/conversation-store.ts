/**
 * Conversations and people in Keyv. Records are read through their schema; one that cannot be read is set
 * aside and reported, so that a damaged record costs one conversation its memory and not the process.
 */
import type { Keyv } from "keyv";
import type { z } from "zod";
import { conversationSchema, userSettingsSchema } from "../core/conversation.ts";
import { createKeyedQueue } from "../core/keyed-queue.ts";
import type { AdapterMemory, ConversationStore, Log } from "../core/ports.ts";
import type { Cipher } from "./encryption.ts";

/** Platforms redeliver within a day; two days leave room. */
const SEEN_FOR_MS = 172_800_000;

/** Makes the store. Account tokens are encrypted with `cipher` before they reach `keyv`. */
export function createConversationStore(keyv: Keyv, cipher: Cipher, log: Log): ConversationStore {
  const inTurn = createKeyedQueue();

  async function load<T>(
    key: string,
    schema: z.ZodType<T>,
    open: (raw: unknown) => unknown,
  ): Promise<T | null> {
    let raw: unknown;
    try {
      raw = await keyv.get(key);
      return raw === undefined ? null : schema.parse(open(raw));
    } catch (error) {
      // A store that does not answer is another matter: what it holds may be sound.
      if (raw === undefined && !(error instanceof SyntaxError)) throw error;
      log.error({ err: error, key }, "a stored record cannot be read; it was set aside");
      if (raw !== undefined) await keyv.set(`corrupt:${key}`, raw);
      await keyv.delete(key);
      return null;
    }
  }

  async function save(key: string, value: unknown): Promise<void> {
    if (!(await keyv.set(key, value))) throw new Error(`the store did not take ${key}`);
  }

  const readConversation = (id: string) =>
    load(`conversation:${id}`, conversationSchema, (raw) => withToken(raw, (token) => cipher.decrypt(token)));
  const readUser = (userId: string) => load(`user:${userId}`, userSettingsSchema, (raw) => raw);

  return {
    read: readConversation,
    readUser,
    update: (id, change) =>
      inTurn(`conversation:${id}`, async () => {
        const next = change(await readConversation(id));
        await save(
          `conversation:${id}`,
          withToken(next, (token) => cipher.encrypt(token)),
        );
        return next;
      }),
    updateUser: (userId, change) =>
      inTurn(`user:${userId}`, async () => {
        const next = change(await readUser(userId));
        await save(`user:${userId}`, next);
        return next;
      }),
    hasSeen: async (key) => (await keyv.get(`seen:${key}`)) !== undefined,
    markSeen: async (key) => {
      await keyv.set(`seen:${key}`, 1, SEEN_FOR_MS);
    },
  };
}

/** The durable memory of the adapter `name`, apart from everything else in the store. */
export function createAdapterMemory(keyv: Keyv, name: string): AdapterMemory {
  return {
    async get(key) {
      const value: unknown = await keyv.get(`${name}:${key}`);
      return typeof value === "string" ? value : null;
    },
    async set(key, value, ttlMs) {
      if (!(await keyv.set(`${name}:${key}`, value, ttlMs)))
        throw new Error(`the store did not take ${name}:${key}`);
    },
    async delete(key) {
      await keyv.delete(`${name}:${key}`);
    },
  };
}

/** Replaces `account.token` of a conversation record, whatever else the record holds. */
function withToken(record: unknown, change: (token: string) => string): unknown {
  if (typeof record !== "object" || record === null || !("account" in record)) return record;
  const { account } = record;
  if (typeof account !== "object" || account === null || !("token" in account)) return record;
  if (typeof account.token !== "string") return record;
  return { ...record, account: { ...account, token: change(account.token) } };
}
