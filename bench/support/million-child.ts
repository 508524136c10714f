/**
 * A process of `bench/million.ts`: fills the store of `DATA_DIR` with conversations, or works with some of them.
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadConfig } from "../../src/app/config.ts";
import { newConversation } from "../../src/core/model/conversation.ts";
import { createConversationStore } from "../../src/store/conversation-store.ts";
import { openStorage } from "../../src/store/storage.ts";
import { answerParent } from "./child.ts";
import { quietLog } from "./quiet-log.ts";
import { storedConversation } from "./stored-conversation.ts";

const BATCH = 20_000;

const config = loadConfig(process.env);
const storage = await openStorage(config.storage, quietLog);
const { records, sealing } = storage;
const { retention } = config.storage;
const store = createConversationStore(records, { retention, log: quietLog });
const path = join(config.storage.dataDir, "nemobot.sqlite");

answerParent({
  /** Straight into the table, many in a transaction: the store's own way would take minutes. Returns their number. */
  async fill(count: number) {
    const expiresAt = Date.now() + retention.conversationMs;
    const database = new DatabaseSync(path);
    const insert = database.prepare("INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)");
    for (let person = 0; person < count; person++) {
      if (person % BATCH === 0) database.exec("BEGIN");
      // As the store itself writes it.
      const name = sealing.name(`conversation:bench:${person}`);
      const value = sealing.seal(JSON.stringify(storedConversation(person)), name);
      insert.run(`keyv:${name}`, JSON.stringify({ value, expires: expiresAt }), expiresAt);
      if (person % BATCH === BATCH - 1 || person === count - 1) database.exec("COMMIT");
    }
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    await storage.close();
    return count;
  },
  /** Reads and changes so many of the first `among` conversations, at random. Returns how many there were. */
  async use([times, among]: [number, number]) {
    let found = 0;
    for (let time = 0; time < times; time++) {
      const id = `bench:${Math.floor(Math.random() * among)}`;
      if ((await store.read(id)) !== null) found += 1;
      await store.update(id, (current) => ({
        ...(current ?? newConversation("film-maker")),
        render: { renderId: `render_${time}`, itemId: "" },
      }));
    }
    return found;
  },
});
