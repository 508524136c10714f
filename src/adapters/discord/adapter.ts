/** The Discord adapter from start to stop. Source: DESIGN.md, "Settings"; docs/usage.md, "On Discord". */
import { DiscordAPIError } from "@discordjs/rest";
import { GatewayCloseCodes, GatewayIntentBits, PermissionFlagsBits, Routes } from "discord-api-types/v10";
import type { Agent } from "undici";
import { z } from "zod";
import { StopError } from "../../core/model/stop.ts";
import type { ChatPlatform } from "../../core/ports/chat-platform.ts";
import { retried } from "../../lib/backoff.ts";
import { OutageLog } from "../../lib/log-limit.ts";
import { StartError } from "../../lib/start-error.ts";
import { within } from "../../lib/timeout.ts";
import { createFileAgent } from "./attachments.ts";
import { GatewayEvents, type GatewayEventsOptions } from "./gateway-events.ts";
import { Gateway, GatewayRefusal } from "./incoming/gateway.ts";
import { publishCommands } from "./interactions/command-menu.ts";
import { DiscordPlatform } from "./outgoing/platform.ts";
import { createRests, type Rests } from "./rest.ts";

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

/** What the adapter needs of the bot. */
export type DiscordContext = Omit<GatewayEventsOptions, "rest" | "hasMessageContent" | "botId" | "shards">;

/** What the bot does in a channel, for the invite link. */
const PERMISSIONS =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.CreatePublicThreads |
  PermissionFlagsBits.AttachFiles |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.AddReactions |
  PermissionFlagsBits.ReadMessageHistory;

/** For the gateway to be left in order. */
const GOODBYE_MS = 1_000;
/** Between two tries of a start while Discord cannot be reached. */
const START_WAITS = { firstMs: 500, longestMs: 30_000 };

const applicationSchema = z.object({
  id: z.string().regex(/^\d+$/),
  bot: z.object({ id: z.string().regex(/^\d+$/) }).nullish(),
});

export class DiscordAdapter {
  readonly platform: ChatPlatform;
  readonly #context: DiscordContext;
  readonly #rests: Rests;
  readonly #gateway: Gateway;
  readonly #events: GatewayEvents;
  readonly #dispatcher: Agent;
  /** Ends every request. */
  readonly #ending = new AbortController();
  /** Ends the waiting for a Discord that does not answer. */
  readonly #leaving = new AbortController();
  /** The application's id; null until it is asked for. */
  #application: Promise<string> | null = null;
  #botId = "";
  #left: Promise<void> | null = null;
  #state: "idle" | "sending" | "receiving" | "stopped" = "idle";

  constructor(options: DiscordOptions, context: DiscordContext) {
    const { memory, locales, log, clock, engine, metrics } = context;
    this.#context = context;
    this.#dispatcher = createFileAgent(options.apiUrl);
    const { token, shards, shardIds } = options;
    this.#rests = createRests({
      apiUrl: options.apiUrl,
      token,
      metrics,
      clock,
      stopped: this.#ending.signal,
    });
    const { owed: rest, once, decoration } = this.#rests;
    this.#gateway = new Gateway({
      token,
      shards,
      shardIds,
      intents: [
        GatewayIntentBits.Guilds,
        GatewayIntentBits.GuildMessages,
        GatewayIntentBits.DirectMessages,
        ...(options.hasMessageContent ? [GatewayIntentBits.MessageContent] : []),
      ].reduce((all, one) => all | one, 0),
      rest: once,
      clock,
      log,
      metrics,
      onEvent: (event) => this.#events.event(event),
    });
    this.platform = new DiscordPlatform({
      rest,
      decoration,
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
    this.#events = new GatewayEvents({
      ...context,
      rest,
      hasMessageContent: options.hasMessageContent,
      botId: () => this.#botId,
      shards: shards !== null && shardIds !== null ? shardIds.map((id) => [id, shards] as const) : null,
    });
  }

  /** True while messages come in on all shards of this process; where none are asked for: can be sent. */
  get isConnected(): boolean {
    return this.#state === "receiving" ? this.#gateway.isReady : this.#state === "sending";
  }

  /**
   * Makes ready to send, edit and deliver; nothing comes in. Waits for a Discord that does not answer. Throws
   * `StartError` when it refuses the token.
   */
  async startSending(): Promise<void> {
    await this.#retried(() => this.#whoAmI());
    if (this.#state === "idle") this.#state = "sending";
  }

  /** Connects to the gateway, too, and waits as well. Throws `StartError` when Discord refuses the token or an intent. */
  async start(): Promise<void> {
    const { log, memory, locales } = this.#context;
    const id = await this.#retried(() => this.#whoAmI());
    if (this.#state === "stopped") return;
    this.#state = "receiving";
    await this.#events.start();
    await this.#retried(() => this.#gateway.connect());
    log.info(
      {
        invite: `https://discord.com/oauth2/authorize?client_id=${id}&scope=bot+applications.commands&permissions=${PERMISSIONS}`,
      },
      "Discord is connected; invite the bot with this link",
    );
    // What is registered already keeps working.
    publishCommands(this.#rests.owed, id, locales, memory).catch((error: unknown) => {
      if (this.#ending.signal.aborted) return;
      log.error({ err: error }, "the commands could not be registered");
    });
  }

  /** Takes nothing more; what is under way is owned, or left to the next process, after two seconds at most. */
  async stopReceiving(): Promise<void> {
    this.#leave();
    await Promise.all([this.#goodbye(), this.#events.stop()]);
  }

  /** Ends all requests, within a second; what was not sent yet rejects with a `StopError`, at once. */
  async stopSending(): Promise<void> {
    this.#leave();
    this.#ending.abort(new StopError("shutdown"));
    await this.#goodbye();
    await this.#dispatcher.destroy();
    this.#rests.clear();
  }

  #leave(): void {
    this.#state = "stopped";
    this.#leaving.abort(new StopError("shutdown"));
  }

  /** What is said from now on is found by the next process's look back. */
  #goodbye(): Promise<void> {
    this.#left ??= this.#gateway.stop().catch((error: unknown) => {
      this.#context.log.info({ err: error }, "Discord was left without a goodbye");
    });
    return within(GOODBYE_MS, this.#left, undefined);
  }

  /** Waits out a Discord that does not answer, or not as it should; a refusal ends the start. */
  async #retried<T>(call: () => Promise<T>): Promise<T> {
    const { log, clock } = this.#context;
    const { signal } = this.#leaving;
    const outage = new OutageLog(log);
    const onFailure = (error: unknown) => {
      signal.throwIfAborted();
      const problem = refusalOf(error);
      if (problem) throw new StartError("Discord cannot be used:", [problem], { cause: error });
      outage.tell(error, "Discord does not answer at DISCORD_API_URL; trying again");
      return undefined;
    };
    const result = await retried(call, { ...START_WAITS, clock, signal, onFailure });
    // Nothing begins any more once the end was announced.
    signal.throwIfAborted();
    return result;
  }

  /** The application's id; asked for until it is known. */
  async #whoAmI(): Promise<string> {
    this.#application ??= this.#askWhoIAm().catch((error: unknown) => {
      // The next call asks again.
      this.#application = null;
      throw error;
    });
    return this.#application;
  }

  async #askWhoIAm(): Promise<string> {
    const { id, bot } = applicationSchema.parse(await this.#rests.once.get(Routes.currentApplication()));
    this.#botId = bot?.id ?? id;
    return id;
  }
}

const UNKNOWN_TOKEN =
  "DISCORD_BOT_TOKEN: Discord does not know this token (the developer portal gives a new one under Bot)";
const UNKNOWN_SHARDS = "DISCORD_SHARDS, DISCORD_SHARD_IDS: Discord does not take these shards";

/** What has to be mended before Discord takes the bot; null when waiting may help. */
function refusalOf(error: unknown): string | null {
  if (error instanceof DiscordAPIError) return error.status === 401 ? UNKNOWN_TOKEN : null;
  if (!(error instanceof GatewayRefusal)) return null;
  switch (error.code) {
    case GatewayCloseCodes.AuthenticationFailed:
      return UNKNOWN_TOKEN;
    case GatewayCloseCodes.DisallowedIntents:
      return "DISCORD_MESSAGE_CONTENT: switch on “Message Content Intent” in the developer portal under Bot, or unset the variable";
    case GatewayCloseCodes.InvalidShard:
    case GatewayCloseCodes.ShardingRequired:
      return UNKNOWN_SHARDS;
    default:
      return `${error.message}: this bot is too old for it, or Discord has changed`;
  }
}
