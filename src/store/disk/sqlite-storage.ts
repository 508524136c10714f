/**
 * A Keyv storage on Node's own SQLite (WAL). Our own because the published one in its stable version
 * compiles a native addon at install time. Source: DESIGN.md, `src/store`; performance.md, "Store".
 */
import { EventEmitter } from "node:events";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { KeyvStoreAdapter, StoredData } from "keyv";
import { privateDatabase, privateFolder } from "./private-files.ts";
import { sqliteCall } from "./sqlite-trouble.ts";

const PURGE_EVERY_MS = 3_600_000;
/** Rows removed at a time: some milliseconds, in which nothing else happens. */
const PURGE_ROWS = 5_000;
/** Keys read at a time by `keys`, for the same reason. */
const WALK_ROWS = 100;

/** One file of keys and values. Expired rows are removed at opening and once an hour. */
export class SqliteStorage extends EventEmitter implements KeyvStoreAdapter {
  readonly opts: Record<string, unknown> = { dialect: "sqlite" };
  namespace?: string | undefined;
  readonly #database: DatabaseSync;
  readonly #get;
  readonly #set;
  readonly #delete;
  readonly #deleteExpired;
  readonly #purgeTimer: NodeJS.Timeout;
  #isPurging = false;

  /** Opens or makes the file at `path`, its folder too. Throws when it cannot be written. A lock is waited for `busyTimeoutMs`. */
  constructor(path: string, busyTimeoutMs = 5_000) {
    super();
    privateFolder(dirname(path));
    privateDatabase(path);
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = ${busyTimeoutMs};
      CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER);
      CREATE INDEX IF NOT EXISTS entries_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
    `);
    this.#get = this.#database.prepare("SELECT value FROM entries WHERE key = ?");
    this.#set = this.#database.prepare(
      "INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
    );
    this.#delete = this.#database.prepare("DELETE FROM entries WHERE key = ?");
    this.#deleteExpired = this.#database.prepare(
      "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at IS NOT NULL AND expires_at < ? LIMIT ?)",
    );
    // The first rows at once: a file that cannot be written is found out here.
    if (this.#purgeSome()) void setImmediate().then(() => this.#purge());
    this.#purgeTimer = setInterval(() => void this.#purge(), PURGE_EVERY_MS).unref();
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    // Keyv hands over and takes back the serialized text.
    return sqliteCall(() => this.#get.get(key)?.value) as StoredData<Value> | undefined;
  }

  async set(key: string, value: string, ttl?: number): Promise<void> {
    sqliteCall(() => this.#set.run(key, value, ttl ? Date.now() + ttl : null));
  }

  async delete(key: string): Promise<boolean> {
    return sqliteCall(() => this.#delete.run(key).changes > 0);
  }

  async clear(): Promise<void> {
    this.#database.exec("DELETE FROM entries");
  }

  /** The keys that stand here now, in no order; those added during the walk are left out. */
  async *keys(): AsyncGenerator<string> {
    const last = this.#database.prepare("SELECT max(rowid) AS last FROM entries").get()?.last;
    const some = this.#database.prepare(
      "SELECT rowid, key FROM entries WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?",
    );
    for (let from = -1; ; ) {
      const rows = this.#database.isOpen ? some.all(from, last ?? 0, WALK_ROWS) : [];
      if (rows.length === 0) return;
      for (const row of rows) yield String(row.key);
      from = Number(rows.at(-1)?.rowid);
      await setImmediate();
    }
  }

  /** Rewrites the file, so that nothing that was removed can be found in it. Throws when there is no room. */
  async rewrite(): Promise<void> {
    sqliteCall(() => this.#database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"));
  }

  async disconnect(): Promise<void> {
    clearInterval(this.#purgeTimer);
    if (this.#database.isOpen) this.#database.close();
  }

  /** Removes what has run out, batch by batch. Never rejects. */
  async #purge(): Promise<void> {
    if (this.#isPurging) return;
    this.#isPurging = true;
    try {
      while (this.#database.isOpen && this.#purgeSome()) await setImmediate();
    } catch {
      // The file is locked, full or read-only: tried again at the next hour. Expired rows do no harm until then, and
      // reads and writes tell of the trouble themselves; an "error" event would end the process.
    } finally {
      this.#isPurging = false;
    }
  }

  /** True: there may be more. */
  #purgeSome(): boolean {
    return this.#deleteExpired.run(Date.now(), PURGE_ROWS).changes >= PURGE_ROWS;
  }
}
