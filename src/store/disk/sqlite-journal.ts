/**
 * The work that is owed, in the order it came, in a table of its own beside the records: a queue has to be read
 * from its start, which keys and values cannot do. What cannot be read is kept in a table of its own. Ids and items stand
 * sealed. Source: the `WorkJournal` port; DESIGN.md, rules 3 and 10.
 */
import { DatabaseSync } from "node:sqlite";
import { type WorkItem, workItemSchema } from "../../core/model/work-item.ts";
import type { Log } from "../../core/ports/runtime.ts";
import type { WorkJournal } from "../../core/ports/work-queue.ts";
import { keyIdOf } from "../sealing/encryption.ts";
import type { Sealing } from "../sealing/sealing.ts";
import { privateDatabase } from "./private-files.ts";
import { sqliteCall } from "./sqlite-trouble.ts";

/** Most rows that are kept of what could not be read, the newest. */
const MAX_UNREADABLE = 1_000;

export class SqliteJournal implements WorkJournal {
  readonly #database: DatabaseSync;
  readonly #sealing: Sealing;
  readonly #log: Log;
  readonly #add;
  readonly #replace;
  readonly #remove;

  /** Opens or makes the table in the file at `path`. */
  constructor(path: string, sealing: Sealing, log: Log) {
    this.#sealing = sealing;
    this.#log = log;
    privateDatabase(path);
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS work (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, item TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS unreadable_work (
        place INTEGER PRIMARY KEY, id TEXT NOT NULL, item TEXT NOT NULL, moved_at INTEGER NOT NULL
      );
    `);
    this.#sealOlder();
    this.#add = this.#database.prepare(
      "INSERT INTO work (id, item) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
    );
    this.#replace = this.#database.prepare("UPDATE work SET id = ?, item = ? WHERE id = ?");
    this.#remove = this.#database.prepare("DELETE FROM work WHERE id IN (SELECT value FROM json_each(?))");
  }

  async add(item: WorkItem): Promise<boolean> {
    const { id, text } = this.#sealed(item);
    return sqliteCall(() => this.#add.run(id, text).changes > 0);
  }

  async replace(id: string, item: WorkItem): Promise<boolean> {
    const by = this.#sealed(item);
    return sqliteCall(() => this.#replace.run(by.id, by.text, this.#sealing.name(id)).changes > 0);
  }

  async remove(...ids: string[]): Promise<void> {
    const names = ids.map((id) => this.#sealing.name(id));
    sqliteCall(() => this.#remove.run(JSON.stringify(names)));
  }

  async all(): Promise<WorkItem[]> {
    const rows = sqliteCall(() =>
      this.#database.prepare("SELECT place, id, item FROM work ORDER BY place").all(),
    );
    const unreadable: { place: number; id: string; error: unknown }[] = [];
    const items = rows.flatMap((row) => {
      try {
        const text = this.#sealing.unseal(String(row.item), String(row.id));
        return [workItemSchema.parse(JSON.parse(text))];
      } catch (error) {
        unreadable.push({ place: Number(row.place), id: String(row.id), error });
        return [];
      }
    });
    if (unreadable.length > 0) this.#setAside(unreadable);
    return items;
  }

  #sealed(item: WorkItem): { id: string; text: string } {
    const id = this.#sealing.name(item.id);
    return { id, text: this.#sealing.seal(JSON.stringify(item), id) };
  }

  /** Seals what older versions have kept in plain text, and what was sealed with an older key: they are few rows. */
  #sealOlder(): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const table of ["work", "unreadable_work"]) {
        const change = this.#database.prepare(`UPDATE ${table} SET id = ?, item = ? WHERE place = ?`);
        for (const { place, id, item } of this.#database
          .prepare(`SELECT place, id, item FROM ${table}`)
          .all()) {
          const sealed = this.#resealed(String(id), String(item));
          if (sealed) change.run(sealed.id, sealed.text, Number(place));
        }
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Null for what stays as it is: sealed as it should be, or unreadable. */
  #resealed(id: string, text: string): { id: string; text: string } | null {
    if (this.#sealing.isCurrent(text)) return null;
    if (keyIdOf(text) === null) {
      const name = this.#sealing.name(id);
      return { id: name, text: this.#sealing.seal(text, name) };
    }
    try {
      return { id, text: this.#sealing.seal(this.#sealing.unseal(text, id), id) };
    } catch {
      // Set aside when it is read.
      return null;
    }
  }

  /** Moves rows out of the way: each is reported once, and its id can come again. */
  #setAside(rows: { place: number; id: string; error: unknown }[]): void {
    const report = (error: unknown, id: string, end: string) =>
      this.#log.error({ err: error, id }, `an item of waiting work cannot be read; ${end}`);
    try {
      this.#moveAside(rows.map(({ place }) => place));
      for (const { id, error } of rows) report(error, id, "it was set aside");
    } catch (error) {
      // What can be read is owed all the same; the next start tries again.
      for (const { id } of rows) report(error, id, "it was left out, and could not be set aside");
    }
  }

  #moveAside(places: number[]): void {
    const listed = JSON.stringify(places);
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      this.#database
        .prepare(`
          INSERT INTO unreadable_work (id, item, moved_at)
          SELECT id, item, ? FROM work WHERE place IN (SELECT value FROM json_each(?)) ORDER BY place
        `)
        .run(Date.now(), listed);
      this.#database.prepare("DELETE FROM work WHERE place IN (SELECT value FROM json_each(?))").run(listed);
      this.#database
        .prepare(`
          DELETE FROM unreadable_work
          WHERE place NOT IN (SELECT place FROM unreadable_work ORDER BY place DESC LIMIT ?)
        `)
        .run(MAX_UNREADABLE);
      this.#database.exec("COMMIT");
    } catch (error) {
      // Some errors of SQLite have ended the transaction by themselves.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}
