/**
 * Groups that became supergroups: Telegram gives them a new chat id. The conversation keeps its id; what
 * comes from the new chat is led to it, and what is for the old chat goes to the new one.
 * Source: Bot API, `migrate_to_chat_id`; platforms.md, "Migration".
 */

import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { isStoreTrouble } from "../shared/store-trouble.ts";

/** Ids below are those of supergroups. Source: Bot API, "dialog ids". */
const FIRST_SUPERGROUP = -1_000_000_000_000;
/** Moves that this process remembers by itself. */
const MAX_KNOWN = 10_000;

/** While the store is away, what this process has seen counts, and else a chat counts as never moved. */
export class Migrations {
  readonly #memory: AdapterMemory;
  /** For sending, which must not wait for the store. */
  readonly #writeBehind: AdapterMemory;
  readonly #log: Log;
  readonly #known = new BoundedMap<string, string>(MAX_KNOWN);

  constructor(memory: AdapterMemory, writeBehind: AdapterMemory, log: Log) {
    this.#memory = memory;
    this.#writeBehind = writeBehind;
    this.#log = log;
  }

  /** Notes a migration; both signals tell of the same one, and the second changes nothing. */
  async note(oldChatId: string, newChatId: string): Promise<void> {
    const [to, from] = [`migrated-to:${oldChatId}`, `migrated-from:${newChatId}`];
    this.#known.set(to, newChatId);
    if (!this.#known.has(from))
      this.#known.set(from, this.#known.get(`migrated-from:${oldChatId}`) ?? oldChatId);
    if ((await this.#memory.get(to)) === newChatId) return;
    const origin = (await this.#memory.get(`migrated-from:${oldChatId}`)) ?? oldChatId;
    await this.#memory.set(from, origin);
    await this.#memory.set(to, newChatId);
    this.#log.info({}, "a group became a supergroup; its conversation moves along");
  }

  /** Where a message for `chatId` has to go now. For sending: goes on without the store. */
  async currentOf(chatId: string): Promise<string> {
    // Of all chats only plain groups ever move, and they do once.
    if (!isPlainGroup(chatId)) return chatId;
    const key = `migrated-to:${chatId}`;
    return this.#known.get(key) ?? (await this.#read(this.#writeBehind, key)) ?? chatId;
  }

  /** The chat id under which the conversation of `chatId` began. */
  async originOf(chatId: string): Promise<string> {
    if (!isSupergroup(chatId)) return chatId;
    return (await this.#read(this.#memory, `migrated-from:${chatId}`)) ?? chatId;
  }

  async #read(memory: AdapterMemory, key: string): Promise<string | null> {
    try {
      const value = await memory.get(key);
      if (value !== null) this.#known.set(key, value);
      // What we saw may still wait to be written.
      return value ?? this.#known.get(key) ?? null;
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      return this.#known.get(key) ?? null;
    }
  }
}

function isSupergroup(chatId: string): boolean {
  return Number(chatId) <= FIRST_SUPERGROUP;
}

function isPlainGroup(chatId: string): boolean {
  return Number(chatId) < 0 && !isSupergroup(chatId);
}
