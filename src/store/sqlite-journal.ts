/**
 * The work that is owed, in the order it came, in a table of its own beside the records: a queue has to be read
 * from its start, which keys and values cannot do. Source: the `WorkJournal` port; DESIGN.md, rule 3.
 */
import { DatabaseSync } from "node:sqlite";
import type { Log, WorkJournal } from "../core/ports.ts";
import { type WorkItem, workItemSchema } from "../core/work-item.ts";
import { sqliteCall } from "./sqlite-trouble.ts";

export class SqliteJournal implements WorkJournal {
  readonly #database: DatabaseSync;
  readonly #log: Log;
  readonly #add;
  readonly #replace;
  readonly #remove;

  /** Opens or makes the table in the file at `path`. */
  constructor(path: string, log: Log) {
    this.#log = log;
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS work (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, item TEXT NOT NULL);
    `);
    this.#add = this.#database.prepare(
      "INSERT INTO work (id, item) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
    );
    this.#replace = this.#database.prepare("UPDATE work SET id = ?, item = ? WHERE id = ?");
    this.#remove = this.#database.prepare("DELETE FROM work WHERE id IN (SELECT value FROM json_each(?))");
  }

  async add(item: WorkItem): Promise<boolean> {
    return sqliteCall(() => this.#add.run(item.id, JSON.stringify(item)).changes > 0);
  }

  async replace(id: string, item: WorkItem): Promise<boolean> {
    return sqliteCall(() => this.#replace.run(item.id, JSON.stringify(item), id).changes > 0);
  }

  async remove(...ids: string[]): Promise<void> {
    sqliteCall(() => this.#remove.run(JSON.stringify(ids)));
  }

  async all(): Promise<WorkItem[]> {
    const rows = this.#database.prepare("SELECT id, item FROM work ORDER BY place").all();
    return rows.flatMap((row) => {
      try {
        return [workItemSchema.parse(JSON.parse(String(row.item)))];
      } catch (error) {
        this.#log.error(
          { err: error, id: String(row.id) },
          "an item of waiting work cannot be read; it was left out",
        );
        return [];
      }
    });
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}
