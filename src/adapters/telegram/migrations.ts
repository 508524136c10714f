/**
 * Groups that became supergroups: Telegram gives them a new chat id. The conversation keeps its id; what
 * comes from the new chat is led to it, and what is for the old chat goes to the new one.
 * Source: Bot API, `migrate_to_chat_id`; platforms.md, "Migration".
 */
import type { AdapterMemory, Log } from "../../core/ports.ts";

export class Migrations {
  readonly #memory: AdapterMemory;
  readonly #log: Log;

  constructor(memory: AdapterMemory, log: Log) {
    this.#memory = memory;
    this.#log = log;
  }

  /** Notes a migration; both signals tell of the same one, and the second changes nothing. */
  async note(oldChatId: string, newChatId: string): Promise<void> {
    if ((await this.#memory.get(`migrated-to:${oldChatId}`)) === newChatId) return;
    const origin = (await this.#memory.get(`migrated-from:${oldChatId}`)) ?? oldChatId;
    await this.#memory.set(`migrated-from:${newChatId}`, origin);
    await this.#memory.set(`migrated-to:${oldChatId}`, newChatId);
    this.#log.info({}, "a group became a supergroup; its conversation moves along");
  }

  /** Where a message for `chatId` has to go now. */
  async currentOf(chatId: string): Promise<string> {
    let current = chatId;
    // A chat migrates once in its life; the bound only guards against a damaged store.
    for (let hop = 0; hop < 3; hop++) {
      const next = await this.#memory.get(`migrated-to:${current}`);
      if (!next) break;
      current = next;
    }
    return current;
  }

  /** The chat id under which the conversation of `chatId` began. */
  async originOf(chatId: string): Promise<string> {
    return (await this.#memory.get(`migrated-from:${chatId}`)) ?? chatId;
  }
}
