/**
 * Waits for the words of the queue on a connection of its own, with a blocking pop. A word that is lost with the
 * process that took it costs half a second: the lanes that wait are found without.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClient } from "../../store/redis/client.ts";
import type { RedisConnection } from "../../store/redis/connection.ts";

/**
 * Redis ends a pop after so long. Less than a lease, so that a frozen process no longer waits in Redis for words when
 * its lanes are taken over: it would get the very word that says so.
 */
const BLOCK_S = 1;

export class WakeUps {
  readonly #redis: RedisConnection;
  readonly #lists: string[];
  readonly #hear: (list: string) => Promise<void>;
  readonly #retryMs: number;
  #client: RedisClient | null = null;
  #isStopped = false;

  /** `hear` gets the name of the list in which a word lay, one word at a time; the first list goes first. It never throws. */
  constructor(
    redis: RedisConnection,
    options: { lists: string[]; hear: (list: string) => Promise<void>; retryMs: number },
  ) {
    this.#redis = redis;
    this.#lists = options.lists;
    this.#hear = options.hear;
    this.#retryMs = options.retryMs;
  }

  start(): void {
    void this.#listen();
  }

  /** A word under way is lost. */
  stop(): void {
    this.#isStopped = true;
    this.#drop();
  }

  async #listen(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#client ??= await this.#redis.openBlocking();
        const word = await this.#client.blPop(this.#lists, BLOCK_S);
        if (word && !this.#isStopped) await this.#hear(word.key);
      } catch {
        // The outage is told by the connection for commands.
        this.#drop();
        if (!this.#isStopped) await sleep(this.#retryMs);
      }
    }
    this.#drop();
  }

  #drop(): void {
    if (this.#client) this.#redis.drop(this.#client);
    this.#client = null;
  }
}
