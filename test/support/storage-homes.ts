/** The places where records are kept, each as several processes open it and as an operator sees it from outside. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import { Keyv } from "keyv";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { SqliteStorage } from "../../src/store/disk/sqlite-storage.ts";
import { readableRecords } from "../../src/store/readable-records.ts";
import { createRecords, PLAIN_JSON, type Records } from "../../src/store/records.ts";
import { sealedRecords } from "../../src/store/sealing/sealing.ts";
import { openMemoryStorage } from "../../src/store/storage.ts";
import { HAS_REDIS, launchRedis, type RedisServer } from "./redis.ts";
import { openRecords } from "./redis-store.ts";
import { TEST_SEALING } from "./sealing.ts";
import { TestLog, temporaryFolder } from "./test-chat.ts";

/** How long what is damaged is kept. */
export const RETENTION_MS = 10 * 86_400_000;

/** What one process sees. */
interface OpenedRecords {
  records: Records;
  log: TestLog;
}

/** What is kept outlives the processes that open it. */
interface StorageHome {
  open(): Promise<OpenedRecords>;
  /** Null: it lives in the process alone. */
  outside: StorageOutside | null;
}

/** What a suite of tests is run for. */
export interface HomeKind {
  where: string;
  /** A home outlives its processes, and has an outside. */
  isDurable: boolean;
  /** Several processes may work on it at once. */
  isShared: boolean;
  /** To be called within the suite; the returned function makes an empty home for one test. */
  prepare(): () => StorageHome | Promise<StorageHome>;
}

interface StorageOutside {
  /** Everything that stands there, sealed as it is. */
  entries(): Promise<{ name: string; text: string; expiresAt: number | null }[]>;
  write(name: string, text: string): Promise<void>;
  /** From now on nothing can be written, until `mend`. */
  breakDown(): Promise<void>;
  mend(): Promise<void>;
}

function memoryHome(): StorageHome {
  const { records } = openMemoryStorage();
  return { open: async () => ({ records, log: new TestLog() }), outside: null };
}

async function sqliteHome(): Promise<StorageHome> {
  const path = join(await temporaryFolder(), "nemobot.sqlite");
  const opened: Keyv[] = [];
  const open = async () => {
    const keyv = new Keyv({ store: new SqliteStorage(path, 1), ...PLAIN_JSON, throwOnErrors: true });
    opened.push(keyv);
    return sealed(createRecords(keyv));
  };
  const database = new DatabaseSync(path);
  onTestFinished(async () => {
    database.close();
    for (const keyv of opened) await keyv.disconnect();
  });
  return {
    open,
    outside: {
      entries: async () =>
        database
          .prepare("SELECT key, value, expires_at FROM entries")
          .all()
          .map(({ key, value, expires_at: expiresAt }) => ({
            name: String(key),
            text: String(value),
            expiresAt: expiresAt === null ? null : Number(expiresAt),
          })),
      async write(name, text) {
        database.prepare("UPDATE entries SET value = ? WHERE key = ?").run(text, name);
      },
      // As if another process did not let go of the file.
      breakDown: async () => database.exec("BEGIN IMMEDIATE"),
      mend: async () => database.exec("ROLLBACK"),
    },
  };
}

/** Homes on one Redis, which lives as long as the suite that this is called in and is emptied for each of them. */
function redisHomes(): () => Promise<StorageHome> {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await launchRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  return async () => {
    const client = await look(redis);
    await client.flushAll();
    return {
      async open() {
        const log = new TestLog();
        return sealed((await openRecords(redis.url, log)).records, log);
      },
      outside: {
        async entries() {
          const names = await client.keys("*");
          return Promise.all(
            names.map(async (name) => {
              const [text, ttlMs] = [String(await client.get(name)), await client.pTTL(name)];
              return { name, text, expiresAt: ttlMs < 0 ? null : Date.now() + ttlMs };
            }),
          );
        },
        async write(name, text) {
          await client.set(name, text, { expiration: "KEEPTTL" });
        },
        breakDown: () => redis.stop(),
        mend: () => redis.start(),
      },
    };
  };
}

export const HOME_KINDS: readonly HomeKind[] = [
  { where: "in memory", isDurable: false, isShared: false, prepare: () => memoryHome },
  { where: "on disk", isDurable: true, isShared: false, prepare: () => sqliteHome },
  ...(HAS_REDIS ? [{ where: "on Redis", isDurable: true, isShared: true, prepare: redisHomes }] : []),
];

async function look({ url }: RedisServer) {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on("error", () => {
    // Tests stop the server.
  });
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

function sealed(records: Records, log = new TestLog()): OpenedRecords {
  const options = { retentionMs: RETENTION_MS, log };
  return { records: readableRecords(sealedRecords(records, TEST_SEALING), options), log };
}
