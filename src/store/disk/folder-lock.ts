/**
 * One process a data folder: two of them would work on the same mailbox and answer everything twice. The lock
 * is SQLite's own on a file, so the system releases it however the process ends.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../core/ports/runtime.ts";
import { privateDatabase } from "./private-files.ts";

/** A process that is just stopping takes up to ten seconds. */
const WAIT_MS = 12_000;
const LOOK_EVERY_MS = 200;
/** SQLite's code for "another connection holds the lock". */
const BUSY = 5;

/** Takes the lock of `dir`; the returned function gives it back. Throws when another process keeps it for `waitMs`. */
export async function lockFolder(dir: string, log: Log, waitMs = WAIT_MS): Promise<() => void> {
  const path = join(dir, "nemobot.lock");
  privateDatabase(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  const startedAt = Date.now();
  for (let tries = 0; ; tries++) {
    try {
      database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
      return () => {
        if (database.isOpen) database.close();
      };
    } catch (error) {
      const isBusy = error instanceof Error && "errcode" in error && error.errcode === BUSY;
      if (isBusy && Date.now() - startedAt < waitMs) {
        if (tries === 0) log.warn({}, "another nemobot uses the data folder; waiting for it to end");
        await wait(LOOK_EVERY_MS);
        continue;
      }
      database.close();
      throw isBusy ? new Error("another nemobot is running on this folder") : error;
    }
  }
}
