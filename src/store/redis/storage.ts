/**
 * Records on a Redis that several processes share, for Keyv, with changes that are written only where no other
 * process has written since. Source: DESIGN.md, `src/store`.
 */
import { Keyv, type KeyvStoreAdapter, type StoredData } from "keyv";
import { PLAIN_JSON, type Swap } from "../records.ts";
import { type RedisConnection, scriptOf } from "./connection.ts";

/** KEYS: the record. ARGV: what it was ("" for nothing), what it becomes ("" for nothing), its life in ms or 0. */
const SWAP = scriptOf(`
local current = redis.call("GET", KEYS[1]) or ""
if current ~= ARGV[1] then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1])
elseif ARGV[3] == "0" then redis.call("SET", KEYS[1], ARGV[2])
else redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return 1`);

/** KEYS: the items of the queue. ARGV: an id, what its text was, what it becomes. */
const SWAP_ITEM = scriptOf(`
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1`);

export interface RedisStorage {
  keyv: Keyv;
  swap: Swap;
  /** The keys that stand here now, without the namespace, in no order; some may come twice. */
  keys(): AsyncIterable<string>;
  /**
   * Changes the texts of the work that is owed, as far as `change` gives another; an item that another process has
   * changed or ended since is left. Returns how many were changed.
   */
  changeWork(change: (text: string, id: string) => string): Promise<number>;
}

/** Everything of the queue in Redis stands under this name. */
export function queueKeys(redis: RedisConnection): string {
  return `${redis.namespace}:q:`;
}

/** Records over an open connection, which they leave open. */
export function openRedisStorage(redis: RedisConnection): RedisStorage {
  const lead = `${redis.namespace}::`;
  const items = `${queueKeys(redis)}items`;
  const keyv = new Keyv({
    store: new RedisRecords(redis, lead),
    ...PLAIN_JSON,
    useKeyPrefix: false,
    throwOnErrors: true,
  });
  keyv.on("error", () => {
    // Thrown to the caller, and the connection's own trouble is reported there.
  });
  return {
    keyv,
    async *keys() {
      let cursor = "0";
      do {
        const page = await redis.call((client) => client.scan(cursor, { MATCH: `${lead}*`, COUNT: 500 }));
        for (const name of page.keys) yield name.slice(lead.length);
        cursor = page.cursor;
      } while (cursor !== "0");
    },
    async changeWork(change) {
      let count = 0;
      let cursor = "0";
      do {
        const page = await redis.call((client) => client.hScan(items, cursor, { COUNT: 500 }));
        for (const { field, value } of page.entries) {
          const next = change(value, field);
          if (next !== value && (await redis.run(SWAP_ITEM, [items], [field, value, next])) === 1) count += 1;
        }
        cursor = page.cursor;
      } while (cursor !== "0");
      return count;
    },
    async swap(key, change, ttlMs) {
      const name = lead + key;
      const before = await redis.call((client) => client.get(name));
      const next = change(before === null ? undefined : await readValue(keyv, before));
      const after = next === undefined ? "" : await textOf(keyv, next, ttlMs);
      return (await redis.run(SWAP, [name], [before ?? "", after, ttlMs ?? 0])) === 1;
    },
  };
}

/** One text a key. */
class RedisRecords implements KeyvStoreAdapter {
  readonly opts: Record<string, unknown> = { dialect: "redis" };
  readonly #redis: RedisConnection;
  readonly #lead: string;

  constructor(redis: RedisConnection, lead: string) {
    this.#redis = redis;
    this.#lead = lead;
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const text = await this.#redis.call((client) => client.get(this.#lead + key));
    // Keyv hands over and takes back the serialized text.
    return (text ?? undefined) as StoredData<Value> | undefined;
  }

  async set(key: string, text: string, ttlMs?: number): Promise<void> {
    const options = ttlMs ? ({ expiration: { type: "PX", value: ttlMs } } as const) : {};
    await this.#redis.call((client) => client.set(this.#lead + key, text, options));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#redis.call((client) => client.unlink(this.#lead + key))) > 0;
  }

  async clear(): Promise<void> {
    throw new Error("what several processes share is not cleared");
  }

  on(): this {
    // Errors are thrown to the caller.
    return this;
  }
}

/** As Keyv writes it: the value with the moment it runs out. */
async function textOf(keyv: Keyv, value: unknown, ttlMs: number | undefined): Promise<string> {
  const expires = ttlMs === undefined ? undefined : Date.now() + ttlMs;
  // Keyv gives text whenever it serializes, which it does here.
  return (await keyv.serializeData({ value, expires })) as string;
}

async function readValue(keyv: Keyv, text: string): Promise<unknown> {
  const data = await keyv.deserializeData<unknown>(text);
  const isOver = typeof data?.expires === "number" && data.expires < Date.now();
  return isOver ? undefined : data?.value;
}
