/**
 * What the conversation store costs over Keyv: reads and changes of 1.3 KB records, schema, sealing and order
 * of changes included, beside Keyv alone that reads, or reads and writes, the same values on the same storage.
 * Target: at least 0.6 of Keyv's speed. `node bench/store.ts` (Redis where redis-server is installed)
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import KeyvRedis from "@keyv/redis";
import { Keyv } from "keyv";
import { loadConfig } from "../src/app/config.ts";
import { createConversationStore } from "../src/store/conversation-store.ts";
import { SqliteStorage } from "../src/store/disk/sqlite-storage.ts";
import { openStorage } from "../src/store/storage.ts";
import { median, printTable } from "./support/figures.ts";
import { quietLog } from "./support/quiet-log.ts";
import { startRedis } from "./support/redis.ts";
import { storedConversation } from "./support/stored-conversation.ts";

const CONVERSATIONS = 2_000;
const CALLS = 2_000;
/** Calls on their way at once: each is of another conversation, as in a busy bot. */
const AT_ONCE = 16;
const ROUNDS = 9;
const TARGET = 0.6;

interface Subject {
  name: string;
  call(id: string): Promise<unknown>;
  perS: number[];
}

/** Calls a second. */
async function speedOf({ call }: Subject): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  const line = async () => {
    while (next < CALLS) await call(`bench:${next++ % CONVERSATIONS}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return CALLS / ((performance.now() - startedAt) / 1000);
}

/** Keyv alone against the store, on two storages of the same kind. */
async function measure(storage: string, keyv: Keyv, env: Record<string, string>): Promise<string[][]> {
  const config = loadConfig(env);
  const { retention } = config.storage;
  const opened = await openStorage(config.storage, quietLog);
  const { records } = opened;
  const store = createConversationStore(records, { retention, log: quietLog });
  for (let person = 0; person < CONVERSATIONS; person++) {
    const conversation = storedConversation(person);
    await store.update(`bench:${person}`, () => conversation);
    await keyv.set(`bench:${person}`, conversation, retention.conversationMs);
  }
  let changes = 0;
  const subjects: Subject[] = [
    { name: "Keyv get", call: (id) => keyv.get(id), perS: [] },
    { name: "store read", call: (id) => store.read(id), perS: [] },
    {
      name: "Keyv get + set",
      async call(id) {
        const value = await keyv.get(id);
        await keyv.set(
          id,
          { ...value, render: { renderId: `render_${changes++}`, itemId: "" } },
          retention.conversationMs,
        );
      },
      perS: [],
    },
    {
      name: "store update",
      call: (id) =>
        store.update(id, (current) => {
          if (!current) throw new Error("the record is gone");
          return { ...current, render: { renderId: `render_${changes++}`, itemId: "" } };
        }),
      perS: [],
    },
  ];
  // In turns, so that a busy machine slows all of them alike; the first rounds only warm up.
  for (let round = -2; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const perS = await speedOf(subject);
      if (round >= 0) subject.perS.push(perS);
    }
  }
  await opened.close();
  await keyv.disconnect();
  const speeds = subjects.map((subject) => median(subject.perS));
  return subjects.map(({ name }, index) => {
    const speed = `${Math.round(speeds[index] ?? 0)}/s`;
    if (index % 2 === 0) return [`${storage}: ${name}`, speed, "baseline"];
    const ratio = (speeds[index] ?? 0) / (speeds[index - 1] ?? 0);
    return [`${storage}: ${name}`, speed, `ratio ${ratio.toFixed(2)}, target: at least ${TARGET}`];
  });
}

const dir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
const redis = await startRedis();
try {
  const onFile = new Keyv({ store: new SqliteStorage(join(dir, "keyv.sqlite")), throwOnErrors: true });
  const rows = await measure("SQLite", onFile, { DATA_DIR: dir });
  if (redis) {
    const onRedis = new Keyv({ store: new KeyvRedis(redis.url), throwOnErrors: true });
    rows.push(...(await measure("Redis", onRedis, { DATA_DIR: dir, REDIS_URL: redis.url })));
  }
  printTable(
    `${CALLS} calls, ${AT_ONCE} at once, on ${CONVERSATIONS} conversations of 1.3 KB; median of ${ROUNDS}`,
    rows,
  );
} finally {
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
}
