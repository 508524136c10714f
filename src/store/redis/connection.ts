/**
 * A process's connection to Redis, for the store and the queue: every call has a bound, each outage is one line in
 * the log, and after it the connection goes to whichever node is the master then.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorReply } from "@redis/client";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { LogLimit } from "../../lib/log-limit.ts";
import { parseRedisAddress, type RedisAddress, type RedisHost } from "./address.ts";
import {
  inTime,
  isElsewhere,
  movedTo,
  NoAnswerError,
  newClient,
  type RedisClient,
  refuseOld,
  UnfitRedisError,
  wantsOneSlot,
} from "./client.ts";

const RECONNECT = { firstMs: 50, longestMs: 500 };
/** A refusal such as "out of memory" is written no more often. */
const REFUSAL_EVERY_MS = 60_000;
/** A cluster sends us to the node of our slot; one that is being rebuilt may do so more than once. */
const MAX_REDIRECTS = 3;

/** A step in Lua, which Redis runs alone. */
export interface Script {
  lua: string;
  sha: string;
}

export function scriptOf(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

export class RedisConnection {
  readonly #address: RedisAddress;
  readonly #log: Log;
  readonly #refusals = new LogLimit(REFUSAL_EVERY_MS);
  /** All that are open. */
  readonly #clients = new Set<RedisClient>();
  readonly #onBack = new Set<() => void>();
  #main: { client: RedisClient; host: RedisHost } | null = null;
  #namespace = "";
  #isAway = false;
  #isClosed = false;
  #answeredAt = 0;

  /** Throws `StoreTroubleError` when Redis does not answer, and another error when it is none that can be used. */
  static async connect(address: string, log: Log): Promise<RedisConnection> {
    const parsed = parseRedisAddress(address);
    if (parsed === null) throw new UnfitRedisError("is no address of a Redis");
    const connection = new RedisConnection(parsed, log);
    try {
      await connection.#openMain();
    } catch (error) {
      connection.close();
      if (error instanceof UnfitRedisError) throw error;
      throw new StoreTroubleError("Redis does not answer", { cause: error });
    }
    return connection;
  }

  private constructor(address: RedisAddress, log: Log) {
    this.#address = address;
    this.#log = log;
  }

  /** What the names of all our keys begin with. In a cluster it puts them into one slot, and so on one node. */
  get namespace(): string {
    return this.#namespace;
  }

  /** Calls `listener` each time Redis can be reached again. */
  onBack(listener: () => void): void {
    this.#onBack.add(listener);
  }

  /**
   * The answer, or `StoreTroubleError` when there is none in time. What was sent and not answered may have been
   * carried out: it is never sent twice.
   */
  async call<T>(ask: (client: RedisClient) => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    const client = this.#main?.client;
    try {
      if (!client) throw new Error("there is no connection");
      const answer = await inTime(ask(client));
      this.#answeredAt = performance.now();
      this.#isBack();
      return answer;
    } catch (error) {
      if (error instanceof ErrorReply) this.#isRefused(error);
      if (error instanceof NoAnswerError) this.#goesAway(error);
      const isSilent = error instanceof NoAnswerError && this.#answeredAt < askedAt;
      // Either nothing comes over this connection any more, or the master is another one by now.
      if (client && (isSilent || isElsewhere(error))) this.#lose(client, error);
      throw new StoreTroubleError("Redis does not answer", { cause: error });
    }
  }

  /** The answer of a script, as `call`. */
  run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown> {
    const options = { keys, arguments: args.map(String) };
    return this.call(async (client) => {
      try {
        return await client.evalSha(script.sha, options);
      } catch (error) {
        if (!(error instanceof ErrorReply) || !error.message.startsWith("NOSCRIPT")) throw error;
        return client.eval(script.lua, options);
      }
    });
  }

  /** One more connection, for commands that block. It breaks with this one, and is for its user to `drop`. */
  async openBlocking(): Promise<RedisClient> {
    if (!this.#main) throw new StoreTroubleError("Redis does not answer");
    return this.#openClient(this.#main.host);
  }

  drop(client: RedisClient): void {
    if (this.#clients.delete(client) && client.isOpen) client.destroy();
  }

  /** Breaks off what is under way, and fails calls from then on. */
  close(): void {
    this.#isClosed = true;
    this.#main = null;
    for (const client of this.#clients) this.drop(client);
  }

  #lose(client: RedisClient, error: unknown): void {
    if (this.#main?.client !== client) return;
    this.#main = null;
    for (const one of this.#clients) this.drop(one);
    this.#goesAway(error);
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    for (let tries = 1; !this.#isClosed; tries++) {
      try {
        await this.#openMain();
        this.#isBack();
        for (const listener of this.#onBack) listener();
        return;
      } catch {
        // The outage was reported when it began.
        await sleep(backoffMs(tries, RECONNECT));
      }
    }
  }

  async #openMain(): Promise<void> {
    const { masterName } = this.#address;
    const hosts = masterName === null ? this.#address.hosts : [await this.#askSentinels(masterName)];
    let trouble: unknown;
    for (const host of hosts) {
      try {
        await this.#openMaster(host, MAX_REDIRECTS);
        return;
      } catch (error) {
        trouble ??= error;
      }
    }
    throw trouble;
  }

  async #openMaster(host: RedisHost, redirects: number): Promise<void> {
    const client = await this.#openClient(host);
    try {
      const info = await inTime(client.info());
      refuseOld(info);
      const isCluster = await wantsOneSlot(client);
      const namespace = isCluster ? "{nemobot}" : "nemobot";
      if (isCluster) await inTime(client.exists(namespace));
      else if (/^role:slave/m.test(info)) throw new Error("it is a replica of another Redis");
      if (this.#isClosed) throw new Error("the connection was closed");
      this.#namespace ||= namespace;
      this.#main = { client, host };
      client.on("error", (error) => this.#lose(client, error));
    } catch (error) {
      this.drop(client);
      const moved = movedTo(error);
      if (moved === null || redirects === 0) throw error;
      await this.#openMaster({ host: moved.host || host.host, port: moved.port }, redirects - 1);
    }
  }

  async #openClient({ host, port }: RedisHost, isSentinel = false): Promise<RedisClient> {
    const { username, password, database } = this.#address;
    // What the address says of a user is said to Redis alone.
    const login = isSentinel ? {} : { username, password, database };
    const client = newClient({ host, port, isTls: this.#address.isTls, ...login });
    client.on("error", () => {
      // Every command that waits fails with it.
    });
    try {
      // One that is destroyed while it connects would stay open: it is only known from here on.
      await inTime(client.connect());
      this.#clients.add(client);
      if (this.#isClosed) throw new Error("the connection was closed");
      // A password that is wanted shows with the first command.
      if (!isSentinel) await inTime(client.ping());
      return client;
    } catch (error) {
      this.drop(client);
      if (client.isOpen) client.destroy();
      throw error;
    }
  }

  /** Where the master is, by the first Sentinel that knows. */
  async #askSentinels(masterName: string): Promise<RedisHost> {
    let trouble: unknown;
    for (const sentinel of this.#address.hosts) {
      try {
        const client = await this.#openClient(sentinel, true);
        const answer: unknown = await inTime(
          client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName]),
        ).finally(() => this.drop(client));
        if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) };
        trouble ??= new UnfitRedisError("the Sentinels know no master of that name");
      } catch (error) {
        trouble ??= error;
      }
    }
    throw trouble;
  }

  /** Redis is there and says no: it is full, or a replica, or starting. */
  #isRefused(error: Error): void {
    if (this.#refusals.isDue("refusal")) this.#log.error({ err: error }, "Redis refuses a command");
  }

  #goesAway(error: unknown): void {
    if (!this.#isAway && !this.#isClosed)
      this.#log.error({ err: error }, "Redis cannot be reached; trying again until it can");
    this.#isAway = true;
  }

  #isBack(): void {
    if (this.#isAway) this.#log.info({}, "Redis can be reached again");
    this.#isAway = false;
  }
}
