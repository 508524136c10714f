/**
 * Messages through the mailbox: taken in by the engine, owned by the queue, handed to a handler that does nothing;
 * beside what owning costs at the very least, a bare write and removal of the same message on the same storage.
 * `node bench/mailbox.ts`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import { startBot } from "../src/app/compose.ts";
import { loadConfig } from "../src/app/config.ts";
import { CountingPlatform, said } from "./support/counting-platform.ts";
import { median, percentile, printTable } from "./support/figures.ts";
import { quietLog } from "./support/quiet-log.ts";
import { startRedis } from "./support/redis.ts";

const MESSAGES = 4_000;
const CONVERSATIONS = 1_000;
/** Messages that are taken in at once, as from a platform's batch of updates. */
const AT_ONCE = 16;
const ROUNDS = 5;
/** All rounds share one Redis. */
const KEY = "0f".repeat(32);

interface Round {
  perS: number;
  /** From the call of `receive` to the handler, in ms. */
  waits: number[];
}

/** Message ids are never used twice: the store and the queue remember them. */
let lastId = 0;

/** One round through the mailbox of a bot with these settings. */
async function throughMailbox(env: Record<string, string>): Promise<Round> {
  const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const config = loadConfig({
    NEMO_TOKEN: "bench",
    DATA_DIR: dataDir,
    ENCRYPTION_KEY: KEY,
    ...env,
  });
  const bot = await startBot(config, { log: quietLog, storage: "disk" });
  bot.addPlatform(new CountingPlatform());
  const receivedAt = new Map<string, number>();
  const waits: number[] = [];
  await bot.queue.start(async ({ id }) => {
    waits.push(performance.now() - (receivedAt.get(id) ?? Number.NaN));
  });
  let next = 0;
  const line = async () => {
    while (next < MESSAGES) {
      const number = next++;
      const message = said(number % CONVERSATIONS, `Make film number ${number}`, `bench:${lastId++}`);
      receivedAt.set(message.id, performance.now());
      await bot.engine.receive(message);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  await bot.queue.idle();
  const perS = MESSAGES / ((performance.now() - startedAt) / 1000);
  if (waits.length !== MESSAGES) throw new Error(`${waits.length} of ${MESSAGES} messages were worked on`);
  await bot.stop();
  await rm(dataDir, { recursive: true, force: true });
  return { perS, waits };
}

/** The same messages written to a table of the same kind and removed again. */
async function bareSqlite(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const database = new DatabaseSync(join(dir, "bare.sqlite"));
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE work (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, item TEXT NOT NULL);
  `);
  const add = database.prepare("INSERT INTO work (id, item) VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM work WHERE id = ?");
  const startedAt = performance.now();
  for (let number = 0; number < MESSAGES; number++) {
    const message = said(number % CONVERSATIONS, `Make film number ${number}`);
    add.run(message.id, JSON.stringify(message));
    remove.run(message.id);
  }
  const perS = MESSAGES / ((performance.now() - startedAt) / 1000);
  database.close();
  await rm(dir, { recursive: true, force: true });
  return perS;
}

/** The same messages put into a list and taken out again, as many at once. */
async function bareRedis(url: string): Promise<number> {
  const client = createClient({ url });
  await client.connect();
  let next = 0;
  const line = async () => {
    while (next < MESSAGES) {
      const number = next++;
      await client.rPush("bare", JSON.stringify(said(number % CONVERSATIONS, `Make film number ${number}`)));
      await client.lPop("bare");
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  const perS = MESSAGES / ((performance.now() - startedAt) / 1000);
  client.destroy();
  return perS;
}

/** A storage, the settings that name it, and the least that owning a message costs there. */
interface Storage {
  name: string;
  env: Record<string, string>;
  bare: () => Promise<number>;
}

const redis = await startRedis();
const storages: Storage[] = [{ name: "SQLite", env: {}, bare: bareSqlite }];
if (redis) storages.push({ name: "Redis", env: { REDIS_URL: redis.url }, bare: () => bareRedis(redis.url) });

const rows: string[][] = [];
for (const { name, env, bare } of storages) {
  const speeds: { bare: number[]; mailbox: number[] } = { bare: [], mailbox: [] };
  const waits: number[] = [];
  // In turns, so that a busy machine slows both alike; the first round only warms up.
  for (let round = -1; round < ROUNDS; round++) {
    const bareSpeed = await bare();
    const through = await throughMailbox(env);
    if (round < 0) continue;
    speeds.bare.push(bareSpeed);
    speeds.mailbox.push(through.perS);
    waits.push(...through.waits);
  }
  const ratio = median(speeds.mailbox) / median(speeds.bare);
  rows.push(
    [`${name}: written and removed`, `${Math.round(median(speeds.bare))}/s`, "baseline"],
    [`${name}: through the mailbox`, `${Math.round(median(speeds.mailbox))}/s`, `ratio ${ratio.toFixed(2)}`],
    [`${name}: until it is worked on`, `${percentile(waits, 0.5)} p50`, `${percentile(waits, 0.99)} p99`],
  );
}
printTable(
  `${MESSAGES} messages of ${CONVERSATIONS} conversations, ${AT_ONCE} at once; median of ${ROUNDS}`,
  rows,
);
await redis?.stop();
