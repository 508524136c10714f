/**
 * Opens what the settings name: records in a file of `DATA_DIR`, on a shared Redis, or for the life of the
 * process. Source: DESIGN.md, `src/store`; performance.md, "Store".
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Keyv } from "keyv";
import type { Config } from "../config.ts";
import type { Log, WorkJournal } from "../core/ports.ts";
import { StartError } from "../start-error.ts";
import { type Cipher, createCipher, loadKeyFile } from "./encryption.ts";
import { lockFolder } from "./folder-lock.ts";
import { createRecords, PLAIN_JSON, type Records } from "./records.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

const KEY_CHECK = "key-check";

export interface Storage {
  cipher: Cipher;
  records: Records;
  /** What is owed; null where a queue on Redis keeps it, or nothing has to outlive the process. */
  journal: WorkJournal | null;
  /** Throws `StoreTroubleError` while nothing can be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps nothing after the process ends, as it fits the sandbox. */
export function openMemoryStorage(): Storage {
  return {
    cipher: createCipher(crypto.getRandomValues(new Uint8Array(32))),
    records: createRecords(new Keyv({ throwOnErrors: true })),
    journal: null,
    check: async () => {},
    close: async () => {},
  };
}

/** Throws `StartError` when the data folder or Redis cannot be used, or was written with another key. */
export async function openStorage(config: Config, log: Log): Promise<Storage> {
  const { dataDir, encryptionKey, redisUrl } = config.storage;
  const key = encryptionKey ?? (await orStartError("DATA_DIR", () => loadKeyFile(dataDir)));
  const cipher = createCipher(key);
  const storage =
    redisUrl === null
      ? await orStartError("DATA_DIR", () => openFolder(dataDir, cipher, log))
      : await orStartError("REDIS_URL", () => openRedis(redisUrl, cipher, log));
  // On Redis with the operator's own token nothing is sealed: whose key file it is does not matter.
  const isSealed = redisUrl === null || encryptionKey !== null || config.nemo.token === null;
  try {
    if (isSealed && !(await isItsKey(storage.records, cipher))) throw wrongKey(config.storage);
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

async function openRedis(url: string, cipher: Cipher, log: Log): Promise<Storage> {
  // Loaded only when it is used: the start is faster without.
  const { connectRedis } = await import("./redis-storage.ts");
  const { keyv, swap, check, close } = await connectRedis(url, log);
  return { cipher, records: createRecords(keyv, swap), journal: null, check, close };
}

async function openFolder(dir: string, cipher: Cipher, log: Log): Promise<Storage> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(dir, log);
  try {
    const path = join(dir, "nemobot.sqlite");
    const store = new SqliteStorage(path);
    // Without `throwOnErrors` a read that fails looks like a conversation that does not exist.
    const keyv = new Keyv({ store, ...PLAIN_JSON, throwOnErrors: true });
    const records = createRecords(keyv);
    const journal = new SqliteJournal(path, log);
    return {
      cipher,
      records,
      journal,
      check: () => records.set("check", 1),
      async close() {
        await journal.close();
        await keyv.disconnect();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function orStartError<T>(variable: "DATA_DIR" | "REDIS_URL", open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const lead = variable === "DATA_DIR" ? "The data folder cannot be used:" : "Redis cannot be used:";
    throw new StartError(lead, [`${variable}: ${reasonOf(error)}`], { cause: error });
  }
}

/** The innermost reason: what wraps it says less. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

/** Another key than the one the records were written with would make every token unreadable. */
async function isItsKey(records: Records, cipher: Cipher): Promise<boolean> {
  const fresh = cipher.encrypt(KEY_CHECK);
  // As one step: of two processes that start together, the second finds the first one's.
  const sealed = await records.update<unknown>(KEY_CHECK, (current) => current ?? fresh);
  try {
    return typeof sealed === "string" && cipher.decrypt(sealed) === KEY_CHECK;
  } catch {
    // Made with another key.
    return false;
  }
}

function wrongKey({ redisUrl, encryptionKey }: Config["storage"]): StartError {
  const where = redisUrl === null ? "DATA_DIR" : "Redis";
  const what =
    encryptionKey === null
      ? `the key file in DATA_DIR is not the key that ${where} was written with; set the one that was`
      : `is not the key that ${where} was written with`;
  const hint =
    redisUrl === null
      ? "without the variable the key file in DATA_DIR is used"
      : "all processes need the same";
  return new StartError("The stored conversations cannot be read:", [`ENCRYPTION_KEY: ${what} (${hint})`]);
}
