/** The Discord adapter from start to stop. Source: DESIGN.md, "Settings"; README.md, "Discord". */
import {
  type APIApplication,
  Client,
  DiscordAPIError,
  Events,
  type GatewayDispatchPayload,
  GatewayIntentBits,
  HTTPError,
  Options,
  Partials,
  PermissionFlagsBits,
  Routes,
  Status,
} from "discord.js";
import type { Agent } from "undici";
import type { Locales } from "../../core/locales.ts";
import type { AdapterMemory, ChatPlatform, Clock, Log, MessageSink, Metrics } from "../../core/ports.ts";
import type { SkillCatalog } from "../../core/skill.ts";
import { StopError } from "../../core/world.ts";
import { StartError } from "../../start-error.ts";
import { within } from "../../within.ts";
import { publishCommands } from "./commands.ts";
import { DiscordPlatform } from "./discord-platform.ts";
import { createFileAgent } from "./files.ts";
import { Intake } from "./intake.ts";
import { restOptions } from "./rest.ts";

export interface DiscordOptions {
  token: string;
  apiUrl: string;
  /** Granted the privileged intent: plain messages in the bot's own threads are edits. */
  hasMessageContent: boolean;
  /** Of all processes together; null: as many as Discord advises. */
  shards: number | null;
  /** Those that this process connects, with `shards`; null: all of them. */
  shardIds: number[] | null;
}

export interface DiscordWorld {
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  skills: SkillCatalog;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** What the bot does in a channel, for the invite link. */
const PERMISSIONS =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.CreatePublicThreads |
  PermissionFlagsBits.AttachFiles |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.ReadMessageHistory;

/** For Discord to say goodbye. */
const GOODBYE_MS = 1_000;

export class DiscordAdapter {
  readonly platform: ChatPlatform;
  readonly #options: DiscordOptions;
  readonly #world: DiscordWorld;
  readonly #client: Client;
  readonly #intake: Intake;
  readonly #dispatcher: Agent;
  /** Ends every request. */
  readonly #ending = new AbortController();
  /** The application's id, once somebody needed it. */
  #application: Promise<string> | null = null;
  #botId = "";
  #state: "idle" | "sending" | "receiving" | "stopped" = "idle";

  constructor(options: DiscordOptions, world: DiscordWorld) {
    const { memory, locales, log, clock, engine, metrics } = world;
    this.#options = options;
    this.#world = world;
    this.#dispatcher = createFileAgent(options.apiUrl);
    const { shards, shardIds } = options;
    const none = { maxSize: 0 };
    this.#client = new Client({
      intents: [
        GatewayIntentBits.Guilds,
        GatewayIntentBits.GuildMessages,
        GatewayIntentBits.DirectMessages,
        ...(options.hasMessageContent ? [GatewayIntentBits.MessageContent] : []),
      ],
      partials: [Partials.Channel, Partials.Message],
      rest: restOptions(options.apiUrl, metrics, this.#ending.signal),
      allowedMentions: { parse: [] },
      // Only the raw packets are used: nothing has to be remembered.
      makeCache: Options.cacheWithLimits({
        MessageManager: none,
        ReactionManager: none,
        UserManager: none,
        GuildMemberManager: none,
      }),
      ...(shards === null ? { shards: "auto" } : { shardCount: shards }),
      ...(shardIds === null ? {} : { shards: shardIds }),
    });
    const { rest } = this.#client;
    // Work of an earlier process may have something to say before this one is connected.
    rest.setToken(options.token);
    this.platform = new DiscordPlatform({
      rest,
      applicationId: () => this.#whoAmI(),
      memory,
      locales,
      clock,
      dispatcher: this.#dispatcher,
      stopped: this.#ending.signal,
      log,
      onGone: (conversationId) => {
        void engine.abandon(conversationId);
      },
    });
    this.#intake = new Intake({
      ...world,
      rest,
      hasMessageContent: options.hasMessageContent,
      botId: () => this.#botId,
      shards: shards !== null && shardIds !== null ? shardIds.map((id) => [id, shards] as const) : null,
    });
  }

  /** True while messages come in on all shards of this process; where none are asked for: can be sent. */
  get isConnected(): boolean {
    if (this.#state !== "receiving") return this.#state === "sending";
    const { shards } = this.#client.ws;
    return shards.size > 0 && shards.every((shard) => shard.status === Status.Ready);
  }

  /**
   * Makes ready to send, edit and deliver; nothing comes in. Throws `StartError` when Discord refuses the token
   * or does not answer.
   */
  async startSending(): Promise<void> {
    try {
      await this.#whoAmI();
      if (this.#state === "idle") this.#state = "sending";
    } catch (error) {
      throw startProblem(error);
    }
  }

  /** Connects to the gateway, too. Throws `StartError` when Discord refuses the token or an intent. */
  async start(): Promise<void> {
    const { log, memory, locales } = this.#world;
    const client = this.#client;
    await this.startSending();
    if (this.#state === "stopped") return;
    this.#state = "receiving";
    client.on(Events.Error, (error) => log.warn({ err: error }, "the connection to Discord had an error"));
    client.on(Events.Warn, (text) => log.warn({}, text));
    client.on(Events.ShardDisconnect, (event, shard) =>
      log.error({ shard, code: event.code }, "Discord ended a connection for good"),
    );
    client.on(Events.ShardReconnecting, (shard) => log.warn({ shard }, "reconnecting to Discord"));
    client.on(Events.ShardResume, (shard, replayed) => log.info({ shard, replayed }, "resumed on Discord"));
    await this.#intake.start();
    client.on(Events.Raw, (packet: GatewayDispatchPayload) => this.#intake.packet(packet));
    const ready = new Promise<void>((resolve, reject) => {
      client.once(Events.ClientReady, () => resolve());
      // 4004: wrong token, 4014: an intent that was not granted in the developer portal.
      client.once(Events.ShardDisconnect, (event) =>
        reject(Object.assign(new Error("refused"), { code: event.code })),
      );
    });
    try {
      await Promise.all([client.login(this.#options.token), ready]);
    } catch (error) {
      throw startProblem(error);
    }
    const id = await this.#whoAmI();
    log.info(
      {
        invite: `https://discord.com/oauth2/authorize?client_id=${id}&scope=bot+applications.commands&permissions=${PERMISSIONS}`,
      },
      "Discord is connected; invite the bot with this link",
    );
    // What is registered already keeps working.
    publishCommands(client.rest, id, locales, memory).catch((error: unknown) =>
      log.error({ err: error }, "the commands could not be registered"),
    );
  }

  /** Takes nothing more; what came in is owned, or left to the next process, after two seconds at most. */
  async stopReceiving(): Promise<void> {
    this.#state = "stopped";
    this.#client.removeAllListeners(Events.Raw);
    // Closing on purpose is no trouble to report.
    this.#client.removeAllListeners(Events.ShardReconnecting);
    await Promise.all([this.#leaveGateway(), this.#intake.stop()]);
  }

  /** Ends all requests, within a second; what was not sent yet rejects with a `StopError`, at once. */
  async stopSending(): Promise<void> {
    this.#state = "stopped";
    this.#ending.abort(new StopError("shutdown"));
    await this.#leaveGateway();
    await this.#dispatcher.destroy();
  }

  /** Whoever is spoken to from now on is found by the next process. */
  async #leaveGateway(): Promise<void> {
    const { rest } = this.#client;
    // The goodbye takes the token with it, however late it ends; the last words still need it.
    const goodbye = this.#client.destroy().finally(() => rest.setToken(this.#options.token));
    await within(GOODBYE_MS, goodbye, undefined);
  }

  #whoAmI(): Promise<string> {
    this.#application ??= this.#askWhoIAm().catch((error: unknown) => {
      // Asked again by whoever needs it next.
      this.#application = null;
      throw error;
    });
    return this.#application;
  }

  async #askWhoIAm(): Promise<string> {
    // The answer's shape is Discord's documented application object.
    const { id, bot } = (await this.#client.rest.get(Routes.currentApplication())) as APIApplication;
    this.#botId = bot?.id ?? id;
    return id;
  }
}

function startProblem(error: unknown): unknown {
  const isRefused = error instanceof DiscordAPIError && error.status === 401;
  const code = isRefused ? "TokenInvalid" : error instanceof Error && "code" in error ? error.code : null;
  const problems: Record<string, string> = {
    TokenInvalid:
      "DISCORD_BOT_TOKEN: Discord does not know this token (the developer portal gives a new one under Bot)",
    "4004":
      "DISCORD_BOT_TOKEN: Discord does not know this token (the developer portal gives a new one under Bot)",
    "4014":
      "DISCORD_MESSAGE_CONTENT: switch on “Message Content Intent” in the developer portal under Bot, or unset the variable",
    DisallowedIntents:
      "DISCORD_MESSAGE_CONTENT: switch on “Message Content Intent” in the developer portal under Bot, or unset the variable",
  };
  // A request that failed on its way: `fetch` says so with a TypeError, a repeated one with its own words.
  const isUnreachable = error instanceof HTTPError || error instanceof TypeError || code === "ECONNRESET";
  const problem = isUnreachable
    ? "DISCORD_API_URL: Discord does not answer there (is this machine online?)"
    : problems[String(code)];
  return problem ? new StartError("Discord cannot be used:", [problem], { cause: error }) : error;
}
