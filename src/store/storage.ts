/**
 * Opens what the settings name: records in a file of `DATA_DIR`, on a shared Redis, or for the life of the
 * process. Source: DESIGN.md, `src/store`; performance.md, "Store".
 */
import { join } from "node:path";
import { Keyv } from "keyv";
import type { Config } from "../config.ts";
import type { Log, WorkJournal } from "../core/ports.ts";
import { StartError } from "../start-error.ts";
import { type Cipher, createCipher, loadKeyFile } from "./encryption.ts";
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
  if (redisUrl === null) {
    const storage = await orStartError("DATA_DIR", () =>
      openFile(join(dataDir, "nemobot.sqlite"), cipher, log),
    );
    await checkKey(storage.records, cipher, "DATA_DIR");
    return storage;
  }
  const { connectRedis } = await import("./redis-storage.ts");
  const redis = await orStartError("REDIS_URL", () => connectRedis(redisUrl, log));
  const { keyv, swap, check, close } = redis;
  const records = createRecords(keyv, swap);
  try {
    // With the operator's own token nothing is sealed: whose key it is does not matter.
    if (config.nemo.token === null || encryptionKey) await checkKey(records, cipher, "Redis");
  } catch (error) {
    await close();
    throw error;
  }
  return { cipher, records, journal: null, check, close };
}

async function openFile(path: string, cipher: Cipher, log: Log): Promise<Storage> {
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
    },
  };
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
async function checkKey(records: Records, cipher: Cipher, where: string): Promise<void> {
  const fresh = cipher.encrypt(KEY_CHECK);
  // As one step: of two processes that start together, the second finds the first one's.
  const sealed = await records.update<unknown>(KEY_CHECK, (current) => current ?? fresh);
  try {
    if (typeof sealed === "string" && cipher.decrypt(sealed) === KEY_CHECK) return;
  } catch {
    // Made with another key: said below.
  }
  throw new StartError("The stored conversations cannot be read:", [
    `ENCRYPTION_KEY: is not the key that ${where} was written with (nor is the key file in DATA_DIR); all processes need the same`,
  ]);
}
