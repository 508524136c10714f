/**
 * Opens what the settings name: records in a file of `DATA_DIR`, on a shared Redis, or for the life of the
 * process. Source: DESIGN.md, `src/store`; performance.md, "Store".
 */
import { join } from "node:path";
import { Keyv } from "keyv";
import type { Log } from "../core/ports/runtime.ts";
import type { WorkJournal } from "../core/ports/work-queue.ts";
import { innermostCause } from "../lib/innermost-cause.ts";
import { StartError } from "../lib/start-error.ts";
import type { Retention } from "./conversation-store.ts";
import { probeDisk } from "./disk/disk-probe.ts";
import { lockFolder } from "./disk/folder-lock.ts";
import { loadKeyFile } from "./disk/key-file.ts";
import { privateFolder } from "./disk/private-files.ts";
import { SqliteJournal } from "./disk/sqlite-journal.ts";
import { SqliteStorage } from "./disk/sqlite-storage.ts";
import { readableRecords } from "./readable-records.ts";
import { createRecords, PLAIN_JSON, type Records } from "./records.ts";
import type { RedisConnection } from "./redis/connection.ts";
import { whenRedisAnswers } from "./redis/wait.ts";
import { createKeyring, type Keys } from "./sealing/encryption.ts";
import { sealPlain, startResealing, type Walk } from "./sealing/reseal.ts";
import { createSealing, type Sealing, sealedRecords } from "./sealing/sealing.ts";
import { noteInHeader, openHeader, WrongKeyError } from "./sealing/store-header.ts";

/** What the operator can choose; times in ms. */
export interface StorageSettings {
  dataDir: string;
  /** The first seals, all unseal; null: the key file in `dataDir`, made on first use. Secrets. */
  encryptionKeys: Keys | null;
  /** Null: records and work are kept in `dataDir`. May hold a password: a secret. */
  redisUrl: string | null;
  retention: Retention;
  /** How long a process that is just ending is waited for, in ms; absent: `lockFolder` decides. */
  lockWaitMs?: number;
}

export interface Storage {
  records: Records;
  /** For what is kept beside the records, such as a queue on Redis. */
  sealing: Sealing;
  /** What is owed; null where a queue on Redis keeps it, or nothing has to outlive the process. */
  journal: WorkJournal | null;
  /** For the queue that stands there too; null where this process alone has the work. */
  redis: RedisConnection | null;
  /** Throws `StoreTroubleError` while nothing can be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A storage as it stands, before anything is sealed in it. */
interface BareStorage extends Walk {
  redis: RedisConnection | null;
  check(): Promise<void>;
  close(): Promise<void>;
  openJournal(sealing: Sealing): SqliteJournal | null;
  /** Makes sure that nothing that was removed can be found. */
  scrub(): Promise<void>;
}

/** Keeps nothing after the process ends, as it fits the sandbox. */
export function openMemoryStorage(): Storage {
  const random = () => crypto.getRandomValues(new Uint8Array(32));
  return {
    records: createRecords(new Keyv({ throwOnErrors: true })),
    sealing: createSealing(createKeyring([random()]), random()),
    journal: null,
    redis: null,
    check: async () => {},
    close: async () => {},
  };
}

/**
 * Throws `StartError` when the data folder or Redis cannot be used, or was written with another key. A Redis that does not
 * answer is waited for until `signal` aborts, whose reason is thrown then.
 */
export async function openStorage(
  settings: StorageSettings,
  log: Log,
  signal: AbortSignal = new AbortController().signal,
): Promise<Storage> {
  const { dataDir, encryptionKeys, redisUrl, retention, lockWaitMs } = settings;
  const keys: Keys = encryptionKeys ?? [await orStartError("DATA_DIR", () => loadKeyFile(dataDir))];
  const options = { retentionMs: retention.conversationMs, isShared: redisUrl !== null, log };
  const open = async (openBare: () => Promise<BareStorage>) => {
    const bare = await openBare();
    try {
      return await seal(bare, keys, options);
    } catch (error) {
      await bare.close();
      throw error instanceof WrongKeyError ? wrongKey(settings, error) : error;
    }
  };
  if (redisUrl === null)
    return orStartError("DATA_DIR", () => open(() => openFolder(dataDir, log, lockWaitMs)));
  const onRedis = () => open(() => openRedis(redisUrl, log));
  return orStartError("REDIS_URL", () => whenRedisAnswers(onRedis, { log, signal }), signal);
}

/** Puts the sealing over a storage, and seals what is plain in it. */
async function seal(
  bare: BareStorage,
  keys: Keys,
  options: { retentionMs: number; isShared: boolean; log: Log },
): Promise<Storage> {
  const { log } = options;
  const keyring = createKeyring(keys);
  const header = await openHeader(bare.records, keys, keyring);
  const sealing = createSealing(keyring, header.nameKey);
  const journal = bare.openJournal(sealing);
  try {
    if (header.hasPlain) {
      const count = await sealPlain(bare, { ...options, sealing, oldKeys: keys });
      if (count > 0) {
        await bare.scrub();
        log.info({ records: count }, "what older versions have kept in plain text is sealed now");
      }
      await noteInHeader(bare.records, keyring, "nothing is plain");
    }
  } catch (error) {
    await journal?.close();
    throw error;
  }
  const resealing = header.hasOtherKeys ? startResealing(bare, keyring, options) : null;
  return {
    records: readableRecords(sealedRecords(bare.records, sealing), options),
    sealing,
    journal,
    redis: bare.redis,
    check: bare.check,
    async close() {
      resealing?.stop();
      await journal?.close();
      await bare.close();
    },
  };
}

async function openRedis(url: string, log: Log): Promise<BareStorage> {
  // Loaded only when it is used: the start is faster without.
  const { RedisConnection } = await import("./redis/connection.ts");
  const { openRedisStorage } = await import("./redis/storage.ts");
  const redis = await RedisConnection.connect(url, log);
  const { keyv, swap, keys, changeWork } = openRedisStorage(redis);
  return {
    records: createRecords(keyv, swap),
    redis,
    keys,
    changeWork,
    check: async () => {
      await redis.call((client) => client.ping());
    },
    close: async () => redis.close(),
    openJournal: () => null,
    scrub: async () => {},
  };
}

async function openFolder(dir: string, log: Log, lockWaitMs?: number): Promise<BareStorage> {
  privateFolder(dir);
  const unlock = await lockFolder(dir, log, lockWaitMs);
  try {
    const path = join(dir, "nemobot.sqlite");
    const store = new SqliteStorage(path);
    // Without `throwOnErrors` a read that fails looks like a conversation that does not exist.
    const keyv = new Keyv({ store, ...PLAIN_JSON, throwOnErrors: true });
    const records = createRecords(keyv);
    const lead = keyv._getKeyPrefix("");
    return {
      records,
      redis: null,
      async *keys() {
        for await (const key of store.keys()) yield key.slice(lead.length);
      },
      // The journal does so when it is opened.
      changeWork: async () => 0,
      async check() {
        await records.set("check", Date.now());
        await probeDisk(join(dir, "nemobot.check"));
      },
      openJournal: (sealing) => new SqliteJournal(path, sealing, log),
      scrub: () => store.rewrite(),
      async close() {
        await keyv.disconnect();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function orStartError<T>(
  variable: "DATA_DIR" | "REDIS_URL",
  open: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof StartError || signal?.aborted) throw error;
    const lead = variable === "DATA_DIR" ? "The data folder cannot be used:" : "Redis cannot be used:";
    throw new StartError(lead, [`${variable}: ${innermostCause(error)}`], { cause: error });
  }
}

function wrongKey({ redisUrl, encryptionKeys }: StorageSettings, cause: WrongKeyError): StartError {
  const where = redisUrl === null ? "DATA_DIR" : "Redis";
  const shared = redisUrl === null ? "" : " (all processes need the same)";
  const lead = "The stored conversations cannot be read:";
  if (cause.isOneMissing) {
    const keep = "keep it behind the new one until the log says that it can go";
    return new StartError(lead, [`ENCRYPTION_KEYS: records in ${where} still need the key before; ${keep}`]);
  }
  if (encryptionKeys === null) {
    const is = `the key file in DATA_DIR is not the key that ${where} was written with`;
    return new StartError(lead, [`ENCRYPTION_KEY: ${is}; set the one that was${shared}`]);
  }
  const hint = redisUrl === null ? " (without the variable the key file in DATA_DIR is used)" : shared;
  const problem =
    encryptionKeys.length > 1
      ? "ENCRYPTION_KEYS: none is the key that"
      : "ENCRYPTION_KEY: is not the key that";
  return new StartError(lead, [`${problem} ${where} was written with${hint}`]);
}
