/**
 * Files and folders for the bot's own user alone, whatever the umask and whichever program made them: what is wider
 * is narrowed. Source: docs/operations.md, "What is kept".
 */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const PERMISSIONS = 0o777;
const SQLITE_PARTS = ["-wal", "-shm", "-journal"];

/** Makes the folder, its parents too, or narrows it. Throws when it cannot be made. */
export function privateFolder(path: string): void {
  if (makeFolder(resolve(path))) chmodSync(path, FOLDER_MODE);
  try {
    narrow(path, FOLDER_MODE);
  } catch {
    // Mounted from elsewhere, it may not be ours to change; the files in it are private all the same.
  }
}

/** True when it was made. One by one: where nothing can be made, such as in /proc, Node's own way never comes back. */
function makeFolder(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    // Another process was faster.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}

/** Makes the file, empty, or narrows it. Throws when it cannot. */
export function privateFile(path: string): void {
  const isNew = !statSync(path, { throwIfNoEntry: false });
  if (isNew) closeSync(openSync(path, "a", FILE_MODE));
  if (isNew) chmodSync(path, FILE_MODE);
  else narrow(path, FILE_MODE);
}

/** Like `privateFile`, for a database: SQLite makes the files beside it with the mode of the file itself. */
export function privateDatabase(path: string): void {
  privateFile(path);
  for (const part of SQLITE_PARTS) narrow(path + part, FILE_MODE);
}

/** Takes away what is too much; of a file that is not there nothing is. */
function narrow(path: string, mode: number): void {
  const current = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & PERMISSIONS;
  if ((current & ~mode) !== 0) chmodSync(path, current & mode);
}
