/**
 * The connections to Discord's gateway: events come out of them as they are, unread. They come back by themselves, for
 * as long as it takes. Source: Discord docs, "Gateway".
 */
import type { REST } from "@discordjs/rest";
import {
  type SessionInfo,
  SimpleShardingStrategy,
  WebSocketManager,
  WebSocketShardEvents,
} from "@discordjs/ws";
import { GatewayCloseCodes } from "discord-api-types/v10";
import { z } from "zod";
import type { Clock, Log, Metrics } from "../../../core/ports/runtime.ts";
import { LogLimit } from "../../../lib/log-limit.ts";

/** A connection that does not come back is told of once in so long. */
const TOLD_EVERY_MS = 60_000;

/** Nothing but a change of the settings helps: the library does not try again either. */
const REFUSALS: ReadonlySet<number> = new Set([
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
]);

/** Discord refuses the token, an intent or the shards. */
export class GatewayRefusal extends Error {
  /** As Discord's list of close codes has it. */
  readonly code: number;

  constructor(code: number) {
    super(`the gateway refuses the connection: ${code}`);
    this.name = "GatewayRefusal";
    this.code = code;
  }
}

/** An event as it came over the wire; nothing in it has been checked. */
export interface RawEvent {
  t: unknown;
  d: unknown;
}

export interface GatewayOptions {
  token: string;
  intents: number;
  /** Of all processes together; null: as many as Discord advises. */
  shards: number | null;
  /** Those of this process; null: all. */
  shardIds: number[] | null;
  /** Asks for the gateway's address. */
  rest: REST;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  onEvent: (event: RawEvent) => void;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #manager: WebSocketManager;
  readonly #shards: Shards;
  /** What a connection needs to go on where it was. */
  readonly #sessions = new Map<number, SessionInfo>();
  /** The shards whose events come in. */
  readonly #ready = new Set<number>();
  /** By shard. */
  readonly #troubleLines: LogLimit;
  readonly #connected = Promise.withResolvers<void>();
  /** The shards of this process, once they are known. */
  #ids: readonly number[] | null = null;
  #isStopped = false;

  constructor(options: GatewayOptions) {
    const { token, intents, shards, shardIds, rest } = options;
    this.#options = options;
    this.#troubleLines = new LogLimit(TOLD_EVERY_MS, options.clock);
    let strategy: Shards | null = null;
    this.#manager = new CheckedManager({
      token,
      // The type knows single intents alone.
      intents: intents as 0,
      rest,
      shardCount: shards,
      shardIds,
      buildStrategy: (manager) => {
        strategy = new Shards(manager);
        return strategy;
      },
      // Nothing may begin after the end: a shard that waits to reconnect waits for good.
      retrieveSessionInfo: (id) =>
        this.#isStopped ? new Promise(() => {}) : (this.#sessions.get(id) ?? null),
      updateSessionInfo: (id, session) => this.#keepSession(id, session),
    });
    if (!strategy) throw new Error("the gateway has no shards");
    this.#shards = strategy;
    this.#connected.promise.catch(() => {
      // `connect` throws it.
    });
    this.#listen();
  }

  /** True while events come in on all shards of this process. */
  get isReady(): boolean {
    return !this.#isStopped && this.#ids !== null && this.#ids.every((id) => this.#ready.has(id));
  }

  /**
   * Resolves when all shards are ready. Throws `GatewayRefusal`, and what keeps it from even beginning, such as an
   * unknown address of the gateway: then it can be tried again.
   */
  async connect(): Promise<void> {
    // An address that was had before may be an old one.
    await this.#manager.fetchGatewayInformation(true);
    this.#ids = await this.#manager.getShardIds();
    try {
      await this.#manager.connect();
    } catch (error) {
      // From its begin on a connection comes back by itself, and only its close code tells that it does not.
      if (!this.#shards.hasBegun) throw error;
    }
    await this.#connected.promise;
  }

  /** Hands out nothing more and says goodbye. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#manager.destroy();
  }

  #listen(): void {
    const { log } = this.#options;
    const manager = this.#manager;
    manager.on(WebSocketShardEvents.Hello, ({ shardId }) => {
      this.#ready.delete(shardId);
    });
    manager.on(WebSocketShardEvents.Ready, ({ shardId }) => this.#isIn(shardId));
    manager.on(WebSocketShardEvents.Resumed, ({ shardId }) => {
      log.info({ shard: shardId }, "resumed on Discord");
      this.#isIn(shardId);
    });
    manager.on(WebSocketShardEvents.Closed, ({ code, shardId }) => this.#isOut(shardId, code));
    manager.on(WebSocketShardEvents.Error, ({ error, shardId }) => {
      this.#tell(shardId, { cause: error.message }, "the connection to Discord had an error");
    });
    manager.on(WebSocketShardEvents.Dispatch, ({ data }) => {
      if (this.#isStopped) return;
      try {
        this.#options.onEvent(data);
      } catch (error) {
        // It would be an unhandled rejection of the library's.
        log.error({ err: error }, "an event of Discord failed in an unexpected way");
        this.#options.metrics.unexpectedError("discord");
      }
    });
  }

  #isIn(shard: number): void {
    this.#ready.add(shard);
    this.#troubleLines.reset(shard);
    if (this.isReady) this.#connected.resolve();
  }

  #isOut(shard: number, code: number): void {
    this.#ready.delete(shard);
    if (this.#isStopped) return;
    if (!REFUSALS.has(code)) {
      this.#tell(shard, { code }, "reconnecting to Discord");
      return;
    }
    this.#options.log.error({ shard, code }, "Discord ended a connection for good");
    this.#connected.reject(new GatewayRefusal(code));
  }

  #tell(shard: number, facts: object, what: string): void {
    if (this.#isStopped || !this.#troubleLines.isDue(shard)) return;
    this.#options.log.warn({ shard, ...facts }, what);
  }

  /** What cannot be resumed with would keep the connection from ever coming back. */
  #keepSession(id: number, session: SessionInfo | null): void {
    if (session !== null && sessionSchema.safeParse(session).success) this.#sessions.set(id, session);
    // An event with an odd number tells nothing about where it was.
    else if (session?.sessionId !== this.#sessions.get(id)?.sessionId) this.#sessions.delete(id);
  }
}

const addressSchema = z.url({ protocol: /^wss?$/ });

const sessionSchema = z.object({
  sessionId: z.string(),
  sequence: z.int().nonnegative(),
  resumeURL: addressSchema,
});

const informationSchema = z.object({
  url: addressSchema,
  shards: z.int().positive(),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number(),
    max_concurrency: z.int().positive(),
  }),
});

/** A `WebSocketManager` that takes no answer on trust. */
class CheckedManager extends WebSocketManager {
  override async fetchGatewayInformation(force?: boolean) {
    return informationSchema.parse(await super.fetchGatewayInformation(force));
  }
}

/** The shards of one process, which remember that they have begun. */
class Shards extends SimpleShardingStrategy {
  hasBegun = false;

  override connect(): Promise<void> {
    this.hasBegun = true;
    return super.connect();
  }
}
