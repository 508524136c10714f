/**
 * Records on a Redis that several processes share: Keyv's own storage, with a bound on every wait and with
 * changes that are written only where nobody else has written since. Source: DESIGN.md, `src/store`.
 */
import KeyvRedis, { createClient, type RedisClientType } from "@keyv/redis";
import { Keyv } from "keyv";
import type { Log } from "../core/ports/runtime.ts";
import { StoreTroubleError } from "../core/ports/store.ts";
import { QUEUE_KEYS } from "../jobs/redis/commands.ts";
import { backoffMs } from "../lib/backoff.ts";
import { within } from "../lib/timeout.ts";
import { PLAIN_JSON, type Swap } from "./records.ts";

/** Everything of ours in Redis stands under this name. */
const NAMESPACE = "nemobot";
const CONNECT_TIMEOUT_MS = 5_000;
/** Redis answers within a millisecond; one that takes longer than this is away. */
const ANSWER_TIMEOUT_MS = 2_500;
const RECONNECT = { firstMs: 50, longestMs: 1_000 };
const LATE = Symbol("late");
/** A connection that has died without a word is found out by its missing pings. */
const PING_MS = 4_000;
const SILENCE_MS = 10_000;

/** KEYS: the record. ARGV: what it was ("" for nothing), what it becomes ("" for nothing), its life in ms or 0. */
const SWAP = `
local current = redis.call("GET", KEYS[1]) or ""
if current ~= ARGV[1] then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1])
elseif ARGV[3] == "0" then redis.call("SET", KEYS[1], ARGV[2])
else redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return 1`;

/** KEYS: the items of the queue. ARGV: an id, what its text was, what it becomes. */
const SWAP_ITEM = `
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1`;
const ITEMS = `${QUEUE_KEYS}items`;

export interface RedisStorage {
  keyv: Keyv;
  swap: Swap;
  /** The keys that stand here now, without the namespace, in no order; some may come twice. */
  keys(): AsyncIterable<string>;
  /**
   * Changes the texts of the work that is owed, as far as `change` gives another; an item that somebody else has
   * changed or ended meanwhile is left. Returns how many were changed.
   */
  changeWork(change: (text: string, id: string) => string): Promise<number>;
  /** Throws `StoreTroubleError` while Redis does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Connects; throws when Redis does not answer at all. Later outages are ridden out. */
export async function connectRedis(url: string, log: Log): Promise<RedisStorage> {
  const client = createClient({
    url,
    // A command that cannot be sent fails at once: who asked knows better than a queue what to do.
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (tries) => backoffMs(tries + 1, RECONNECT),
    },
  }) as RedisClientType;
  const outage = new Outage(log);
  const bounded = <T>(answer: Promise<T>) => outage.bounded(answer);
  // Until the first connection stands, who started us reads what is wrong: the first thing says most.
  let reason: unknown;
  client.on("error", (error: unknown) => {
    reason ??= error;
  });
  try {
    await inTime(client.connect());
    // A password that is wanted or wrong shows with the first command.
    await inTime(client.ping());
    refuseOld(await inTime(client.info("server")));
  } catch (error) {
    client.destroy();
    if (error instanceof TooOldError) throw error;
    throw reason === undefined ? error : new StoreTroubleError("Redis does not answer", { cause: reason });
  }
  client.on("error", (error: unknown) => outage.began(error));
  client.on("ready", () => outage.ended());
  const store = new GuardedRedis(client, outage);
  const keyv = new Keyv({
    store,
    ...PLAIN_JSON,
    namespace: NAMESPACE,
    useKeyPrefix: false,
    throwOnErrors: true,
  });
  for (const emitter of [store, keyv]) {
    emitter.on("error", () => {
      // Thrown to whoever asked, and the connection's own trouble is reported above.
    });
  }
  return {
    keyv,
    async *keys() {
      const lead = store.createKeyPrefix("", NAMESPACE);
      for await (const names of client.scanIterator({ MATCH: `${lead}*`, COUNT: 500 })) {
        for (const name of names) yield name.slice(lead.length);
      }
    },
    async changeWork(change) {
      let count = 0;
      for await (const entries of client.hScanIterator(ITEMS, { COUNT: 500 })) {
        for (const { field, value } of entries) {
          const next = change(value, field);
          if (next === value) continue;
          const swapped = client.eval(SWAP_ITEM, { keys: [ITEMS], arguments: [field, value, next] });
          if ((await bounded(swapped)) === 1) count += 1;
        }
      }
      return count;
    },
    check: async () => {
      await bounded(client.ping());
    },
    async close() {
      // What breaks off now is our own doing, and no outage.
      client.removeAllListeners("error").on("error", () => {});
      if (client.isOpen) client.destroy();
    },
    async swap(key, change, ttlMs) {
      const name = store.createKeyPrefix(key, NAMESPACE);
      const before = await bounded(client.get(name));
      const next = change(before === null ? undefined : await readValue(keyv, before));
      const after = next === undefined ? "" : await textOf(keyv, next, ttlMs);
      const swapped = await bounded(
        client.eval(SWAP, { keys: [name], arguments: [before ?? "", after, String(ttlMs ?? 0)] }),
      );
      return swapped === 1;
    },
  };
}

class TooOldError extends Error {}

/** The queue needs what came with 6.2. `info` is what `INFO server` says. */
function refuseOld(info: string): void {
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  if (!version) return;
  const [major = 0, minor = 0] = version.slice(1).map(Number);
  if (major > 6 || (major === 6 && minor >= 2)) return;
  throw new TooOldError(`Redis ${version[0].split(":")[1]} is too old; 6.2 or newer is needed`);
}

/** Keyv's storage for Redis, never waiting longer than a person would. */
class GuardedRedis extends KeyvRedis<string> {
  readonly #outage: Outage;

  constructor(client: RedisClientType, outage: Outage) {
    super(client, { namespace: NAMESPACE, throwOnErrors: true, throwOnConnectError: true });
    this.#outage = outage;
  }

  override get<T>(key: string): Promise<T | undefined> {
    return this.#outage.bounded(super.get<T>(key));
  }

  override set(key: string, value: string, ttl?: number): Promise<void> {
    return this.#outage.bounded(super.set(key, value, ttl));
  }

  override delete(key: string): Promise<boolean> {
    return this.#outage.bounded(super.delete(key));
  }
}

/** Whether Redis is away: one line in the log when it goes, one when it is back. */
class Outage {
  readonly #log: Log;
  #isOn = false;

  constructor(log: Log) {
    this.#log = log;
  }

  began(error: unknown): void {
    if (!this.#isOn) this.#log.error({ err: error }, "Redis cannot be reached; trying again until it can");
    this.#isOn = true;
  }

  ended(): void {
    if (this.#isOn) this.#log.info({}, "Redis can be reached again");
    this.#isOn = false;
  }

  /** The answer, or `StoreTroubleError` when there is none in time. */
  async bounded<T>(answer: Promise<T>): Promise<T> {
    try {
      const answered = await inTime(answer);
      this.ended();
      return answered;
    } catch (error) {
      this.began(error);
      throw error;
    }
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  try {
    const answered = await within(ANSWER_TIMEOUT_MS, answer, LATE);
    if (answered === LATE) throw new Error("no answer in time");
    return answered;
  } catch (error) {
    throw new StoreTroubleError("Redis does not answer", { cause: error });
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
