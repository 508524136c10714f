/**
 * A process of `bench/million.ts`: fills the store of `DATA_DIR` with conversations, or works with some of them.
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadConfig } from "../../src/config.ts";
import { newConversation } from "../../src/core/conversation.ts";
import { createConversationStore } from "../../src/store/conversation-store.ts";
import { openStorage } from "../../src/store/storage.ts";
import { answerParent } from "./child.ts";
import { quietLog } from "./quiet-log.ts";
import { storedConversation } from "./stored-conversation.ts";

const BATCH = 20_000;

const config = loadConfig(process.env);
const storage = await openStorage(config, quietLog);
const { cipher, records } = storage;
const { retention } = config.storage;
const store = createConversationStore(records, { cipher, retention, log: quietLog });
const path = join(config.storage.dataDir, "nemobot.sqlite");

answerParent({
  /** Straight into the table, many in a transaction: the store's own way would take minutes. Returns their number. */
  async fill(count: number) {
    // The store writes one, and the others are made after it: one token, and the person's number in the rest.
    await store.update("bench:0", () => storedConversation(0));
    const database = new DatabaseSync(path);
    const row = database.prepare("SELECT * FROM entries WHERE key LIKE '%conversation:bench:0'").get();
    const model = JSON.parse(String(row?.value)) as {
      value: ReturnType<typeof storedConversation>;
      expires: number;
    };
    const insert = database.prepare("INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)");
    for (let person = 1; person < count; person++) {
      if (person % BATCH === 1) database.exec("BEGIN");
      const value = { ...storedConversation(person), account: model.value.account };
      insert.run(
        `keyv:conversation:bench:${person}`,
        JSON.stringify({ ...model, value }),
        Number(row?.expires_at),
      );
      if (person % BATCH === 0 || person === count - 1) database.exec("COMMIT");
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
