/** What a bot has kept in its data folder, read with its own key: for tests of what must not be kept at all. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadKeyFile } from "../../src/store/disk/key-file.ts";
import { createKeyring } from "../../src/store/sealing/encryption.ts";

/** Everything that is kept in `dataDir`, one line a record; the bot must have ended. */
export async function unsealedContents(dataDir: string): Promise<string> {
  const keyring = createKeyring([await loadKeyFile(dataDir)]);
  const read = (text: string, place: string) =>
    text.startsWith("sealed:") ? keyring.unseal(text, place) : text;
  const database = new DatabaseSync(join(dataDir, "nemobot.sqlite"), { readOnly: true });
  try {
    const records = database
      .prepare("SELECT key, value FROM entries")
      .all()
      .map(({ key, value }) => {
        const name = String(key).replace(/^keyv:/, "");
        // Keyv's own form of a record.
        const stored = (JSON.parse(String(value)) as { value?: unknown }).value;
        return `${name} ${typeof stored === "string" ? read(stored, name) : JSON.stringify(stored)}`;
      });
    const owed = database
      .prepare("SELECT id, item FROM work")
      .all()
      .map(({ id, item }) => read(String(item), String(id)));
    return [...records, ...owed].join("\n");
  } finally {
    database.close();
  }
}
