/**
 * The connections of the queue to Redis: bounded calls, one line in the log for each outage, and no silence that
 * is taken for patience.
 */
import { Redis, ReplyError } from "ioredis";
import type { Log } from "../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../core/ports/store.ts";

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_WAIT_MS = 500;
/** A connection that is closed while the other side says nothing is cut after this. */
const DISCONNECT_TIMEOUT_MS = 500;
/** A refusal such as "out of memory" is written no more often. */
const REFUSAL_EVERY_MS = 60_000;

export class RedisLink {
  /** For commands: they fail when they cannot be sent or answered at once, and are never sent twice. */
  readonly redis: Redis;
  readonly #log: Log;
  /** Those that wait for Redis for as long as it takes: they block, or listen. */
  readonly #patient: Redis[] = [];
  /** Those that are being cut. */
  readonly #closing = new Set<Redis>();
  #isPatient = true;
  #isClosed = false;
  #isAway = false;
  #answeredAt = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  /** Throws `StoreTroubleError` when Redis does not answer. */
  static async connect(url: string, log: Log, answerMs: number): Promise<RedisLink> {
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      commandTimeout: answerMs,
      enableOfflineQueue: false,
      // What was sent and not answered may have been carried out: whoever asked decides.
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      retryStrategy: reconnectWaitMs,
    });
    let trouble: unknown;
    const keep = (error: unknown) => {
      trouble ??= error;
    };
    redis.on("error", keep);
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw new StoreTroubleError("Redis does not answer", { cause: withoutCommand(trouble ?? error) });
    }
    redis.off("error", keep);
    return new RedisLink(redis, log);
  }

  private constructor(redis: Redis, log: Log) {
    this.redis = redis;
    this.#log = log;
    redis.on("error", (error: unknown) => this.#goesAway(error));
    redis.on("close", () => this.#goesAway(new Error("the connection was closed")));
    redis.on("ready", () => this.#isBack());
  }

  /** True while there is no use in asking. */
  get isAway(): boolean {
    return this.#isAway || this.redis.status !== "ready";
  }

  /** The answer, or `StoreTroubleError` when there is none in time. */
  async call<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    try {
      const answer = await ask(this.redis);
      this.#answeredAt = performance.now();
      if (this.#isAway) this.#isBack();
      return answer;
    } catch (error) {
      if (error instanceof ReplyError) this.#isRefused(error);
      if (isTimeout(error)) {
        this.#goesAway(error);
        if (this.#answeredAt < askedAt) this.#cutSilent();
      }
      throw new StoreTroubleError("Redis does not answer", { cause: withoutCommand(error) });
    }
  }

  /** One more connection, whose commands wait for Redis. It is closed with the link. */
  patientConnection(): Redis {
    const redis = this.redis.duplicate({
      lazyConnect: false,
      commandTimeout: undefined,
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      // Giving up is what fails the commands that wait: a `disconnect` between two tries leaves them waiting.
      retryStrategy: (tries) => (this.#isPatient ? reconnectWaitMs(tries) : null),
    });
    redis.on("ready", () => {
      if (this.#isClosed) redis.disconnect();
    });
    redis.on("error", () => {
      // The same outage as the one of the commands, which is reported.
    });
    this.#patient.push(redis);
    return redis;
  }

  /** Whoever waits for Redis waits no longer than the next try, if it is away. */
  dropPatience(): void {
    this.#isPatient = false;
  }

  close(): void {
    this.dropPatience();
    this.#isClosed = true;
    this.redis.removeAllListeners("close");
    for (const redis of [this.redis, ...this.#patient]) {
      if (redis === this.redis || redis.status !== "reconnecting") redis.disconnect();
    }
  }

  /** Nothing was answered for too long: the other side may be gone without a word. A new connection finds out. */
  #cutSilent(): void {
    for (const redis of [this.redis, ...this.#patient]) {
      if (redis.status !== "ready" || this.#closing.has(redis)) continue;
      this.#closing.add(redis);
      redis.once("close", () => this.#closing.delete(redis));
      redis.disconnect(true);
    }
  }

  /** Redis is there and says no: it is full, or a replica, or starting. */
  #isRefused(error: unknown): void {
    if (performance.now() - this.#refusedAt < REFUSAL_EVERY_MS) return;
    this.#refusedAt = performance.now();
    this.#log.error({ err: withoutCommand(error) }, "Redis refuses a step of the work queue");
  }

  #goesAway(error: unknown): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#log.error({ err: withoutCommand(error) }, "the work queue cannot reach Redis; trying until it can");
  }

  #isBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#log.info({}, "the work queue can reach Redis again");
  }
}

function reconnectWaitMs(tries: number): number {
  return Math.min(tries * 50, MAX_RECONNECT_WAIT_MS);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === "Command timed out";
}

/** An error of the driver without the command it carries: that holds people's words, or the password. */
export function withoutCommand(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const plain = new Error(error.message);
  plain.name = error.name;
  return "code" in error ? Object.assign(plain, { code: error.code }) : plain;
}
