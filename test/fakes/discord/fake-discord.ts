/**
 * A Discord made of loopback: REST, gateway and CDN on one port, strict like the real one. Tests run the bot
 * against it as a process of its own and play the people.
 * Source: Discord developer docs, API v10.
 */

import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type CallFilter, type CallRecord, fits } from "./calls.ts";
import { Cdn } from "./cdn.ts";
import { CommandRegistry } from "./commands.ts";
import { type Core, DEFAULT_WAIT_MS, type Settings, type Violation, waitFor } from "./core.ts";
import { type FakeChannel, nextBotMessage } from "./fake-channel.ts";
import { FakeGuild, removeBot } from "./fake-guild.ts";
import { FakeInteraction } from "./fake-interaction.ts";
import type { FakeMessage } from "./fake-message.ts";
import { FakeUser } from "./fake-user.ts";
import { type Fault, Faults, type Hold } from "./faults.ts";
import { FakeGateway } from "./gateway.ts";
import { Interactions, sharesGuild } from "./interactions.ts";
import { EVERYONE_PERMISSIONS } from "./permissions.ts";
import { addPrivateChannel, dmWith } from "./private-channels.ts";
import { type Flood, RateLimits } from "./rate-limits.ts";
import { appRoutes } from "./routes-app.ts";
import { guildRoutes } from "./routes-guilds.ts";
import { interactionRoutes } from "./routes-interactions.ts";
import { messageRoutes, type TypingRecord } from "./routes-messages.ts";
import { threadRoutes } from "./routes-threads.ts";
import { NonceBook } from "./sending.ts";
import { type RestParts, serveApi } from "./server.ts";
import { Snowflakes } from "./snowflakes.ts";
import { Stage } from "./stage.ts";
import { ChannelType, LOCALES, MIB } from "./wire.ts";
import type { GuildState, UserState, World } from "./world.ts";

/** Options of the fake; everything has a default. */
export interface FakeDiscordOptions extends Partial<Settings> {
  applicationId?: string;
  /** The bot's name. */
  botName?: string;
  /** True: real-like buckets and the global limit answer with 429. Default false. */
  rateLimits?: boolean;
  /** How long an attachment URL lives, rounded up to seconds. Default a day. */
  attachmentUrlMs?: number;
}

/** A token of the shape real ones have, made at run time. */
function makeToken(applicationId: string): string {
  return [Buffer.from(applicationId).toString("base64url"), "fake", "t".repeat(38)].join(".");
}

/** Starts a fake on a free port of loopback. */
export async function startFakeDiscord(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  const fake = new FakeDiscord(options);
  await fake.start();
  return fake;
}

/** The fake and its world. */
export class FakeDiscord {
  readonly gateway: FakeGateway;
  readonly cdn: Cdn;
  readonly #core: Core;
  readonly #stage: Stage;
  readonly #interactions: Interactions;
  readonly #limits: RateLimits;
  readonly #faults = new Faults();
  readonly #calls: CallRecord[] = [];
  readonly #violations: Violation[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server;

  constructor(options: FakeDiscordOptions) {
    const ids = new Snowflakes();
    const applicationId = options.applicationId ?? ids.next();
    this.cdn = new Cdn(options.attachmentUrlMs ?? 86_400_000);
    const bot = makeUser(applicationId, options.botName ?? "nemobot", true);
    const world: World = {
      bot,
      applicationId,
      users: new Map([[bot.id, bot]]),
      guilds: new Map(),
      channels: new Map(),
    };
    this.#core = {
      settings: settingsFrom(options, applicationId),
      world,
      ids,
      cdn: this.cdn,
      commands: new CommandRegistry(applicationId, ids),
      changes: new EventEmitter().setMaxListeners(0),
      dispatch: (event) => this.gateway.dispatch(event),
      violate: (kind, detail) => {
        this.#violations.push({ kind, detail, at: Date.now() });
      },
    };
    this.gateway = new FakeGateway(this.#core);
    this.#interactions = new Interactions(this.#core);
    this.#limits = new RateLimits(options.rateLimits ?? false, (detail) =>
      this.#core.violate("rate-limit-ignored", detail),
    );
    const typings: TypingRecord[] = [];
    this.#stage = new Stage(this.#core, this.#interactions, typings);
    const parts: RestParts = {
      core: this.#core,
      interactions: this.#interactions,
      limits: this.#limits,
      faults: this.#faults,
      calls: this.#calls,
      routes: [
        ...appRoutes(this.gateway),
        ...messageRoutes(new NonceBook(), typings),
        ...threadRoutes(),
        ...guildRoutes((id) => this.#leave(id)),
        ...interactionRoutes(),
      ],
    };
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (url.pathname.startsWith("/cdn/")) void this.cdn.serve(request, response, url);
      else void serveApi(parts, request, response, url);
    });
    // node:http forgets upgraded connections: a stop has to end them here.
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (request, socket, head) => this.gateway.upgrade(request, socket, head));
  }

  /** Listens. */
  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.gateway.listenOn(this.#port);
    this.cdn.baseUrl = `http://127.0.0.1:${this.#port}`;
  }

  /** Cuts every connection and stops all clocks. */
  async stop(): Promise<void> {
    this.#interactions.stop();
    this.gateway.stop();
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** REST base, for `DISCORD_API_URL`; discord.js adds `/v10`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  /** The token the bot must have. */
  get token(): string {
    return this.#core.settings.token;
  }

  get applicationId(): string {
    return this.#core.world.applicationId;
  }

  /** The bot, for mentions. */
  get bot(): { id: string; mention: string } {
    const { id } = this.#core.world.bot;
    return { id, mention: `<@${id}>` };
  }

  /** The registered commands. */
  get commands(): CommandRegistry {
    return this.#core.commands;
  }

  /** Makes a user: English, with DMs open, without the app. */
  user(
    options: { name?: string; locale?: string; uploadLimitBytes?: number; hasInstalledApp?: boolean } = {},
  ): FakeUser {
    const { world, ids } = this.#core;
    const locale = options.locale ?? "en-US";
    if (!LOCALES.includes(locale)) throw new Error(`${locale} is no locale of Discord`);
    const state: UserState = {
      ...makeUser(ids.next(), options.name ?? `user${world.users.size}`, false),
      locale,
      uploadLimitBytes: options.uploadLimitBytes ?? 10 * MIB,
      hasInstalledApp: options.hasInstalledApp ?? false,
    };
    world.users.set(state.id, state);
    return new FakeUser(this.#stage, state);
  }

  /** Makes a guild with members, and with the bot unless told otherwise. Its owner takes no part. */
  guild(
    options: {
      name?: string;
      premiumTier?: number;
      locale?: string;
      features?: readonly string[];
      members?: readonly FakeUser[];
      hasBot?: boolean;
    } = {},
  ): FakeGuild {
    const { world, ids } = this.#core;
    const id = ids.nextOfLaterMs();
    const everyone = { id, name: "@everyone", permissions: EVERYONE_PERMISSIONS, isManaged: false };
    const state: GuildState = {
      id,
      name: options.name ?? "guild",
      ownerId: ids.next(),
      locale: options.locale ?? "en-US",
      premiumTier: options.premiumTier ?? 0,
      features: [...(options.features ?? [])],
      systemChannel: null,
      roles: new Map([[id, everyone]]),
      members: new Map(),
      channels: new Map(),
    };
    world.guilds.set(id, state);
    const guild = new FakeGuild(this.#stage, state);
    guild.join(...(options.members ?? []));
    if (options.hasBot !== false) guild.addBot();
    return guild;
  }

  /** The DM of a user and the bot. Throws when they have no guild in common and no install. */
  dm(user: FakeUser): FakeChannel {
    if (!sharesGuild(this.#core, user.state) && !user.state.hasInstalledApp)
      throw new Error("user and bot have no guild in common");
    return this.#stage.channel(dmWith(this.#core, user.state));
  }

  /** A DM or group DM without the bot: only a user's own install brings the app there. */
  privateChannel(...users: readonly FakeUser[]): FakeChannel {
    const type = users.length > 2 ? ChannelType.groupDm : ChannelType.dm;
    return this.#stage.channel(
      addPrivateChannel(
        this.#core,
        type,
        users.map((one) => one.state),
      ),
    );
  }

  /** The channel or thread with this id. */
  channel(id: string): FakeChannel | undefined {
    const state = this.#core.world.channels.get(id);
    return state === undefined ? undefined : this.#stage.channel(state);
  }

  /** The first message of the bot, anywhere, that fits and was not given before; waited for. */
  nextBotMessage(
    predicate: (message: FakeMessage) => boolean = () => true,
    timeoutMs: number = DEFAULT_WAIT_MS,
  ): Promise<FakeMessage> {
    return nextBotMessage(this.#stage, () => this.#core.world.channels.values(), predicate, timeoutMs);
  }

  /** Every interaction so far, oldest first. */
  interactions(): FakeInteraction[] {
    return this.#interactions.list().map((one) => new FakeInteraction(this.#stage, one));
  }

  /** REST calls so far, those of one kind with a filter. */
  calls(filter: CallFilter = () => true): CallRecord[] {
    return this.#calls.filter((call) => fits(call, filter));
  }

  /** What the bot did wrong so far, of one kind with an argument. */
  violations(kind?: Violation["kind"]): readonly Violation[] {
    return this.#violations.filter((one) => kind === undefined || one.kind === kind);
  }

  /** Answers that count against the limit of 10,000 in ten minutes: 401, 403 and 429 but for shared ones. */
  invalidRequests(): number {
    const isShared = (call: CallRecord) =>
      String((call.answer as { message?: unknown } | undefined)?.message).startsWith("The resource");
    return this.#calls.filter((call) => [401, 403, 429].includes(call.status) && !isShared(call)).length;
  }

  /** Answers the next calls of some routes with 429. */
  flood(flood: Flood): void {
    this.#limits.flood(flood);
  }

  /** Makes the next calls of a route fail, before or after their effect. */
  fail(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Keeps the next call of a route waiting until it is released, before its effect or, by default, after it. */
  hold(route: CallFilter, stage: Hold["stage"] = "after"): Hold {
    return this.#faults.hold(route, stage);
  }

  /** Keeps all calls of a route waiting, before their effect, until they are released. */
  holdAll(route: CallFilter): Hold {
    return this.#faults.hold(route, "before", true);
  }

  /** Makes the fifteen minutes pass that the tokens of all interactions so far have. */
  expireTokens(): void {
    this.#interactions.expireTokens();
  }

  /** Tells the bot of an interaction once more. */
  redeliver(interaction: FakeInteraction): void {
    this.#interactions.tell(interaction.state);
  }

  /** Resets the token in the developer portal: the old one is worth nothing from now on. */
  resetToken(token: string): void {
    this.#core.settings.token = token;
  }

  /** Waits for anything a test can read from the fake. Rejects with `what` after `timeoutMs`. */
  until<T>(read: () => T | undefined | false, what: string, timeoutMs: number = DEFAULT_WAIT_MS): Promise<T> {
    return waitFor(this.#core, () => read() || undefined, what, timeoutMs);
  }

  /** Waits until as many sessions are live. */
  async whenReady(sessions: number = 1, timeoutMs: number = 30_000): Promise<void> {
    await this.until(() => this.gateway.liveSessions >= sessions, "a gateway session", timeoutMs);
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #leave(guildId: string): void {
    const guild = this.#core.world.guilds.get(guildId);
    if (guild !== undefined) removeBot(this.#stage, guild);
  }
}

function makeUser(id: string, username: string, isBot: boolean): UserState {
  return {
    id,
    username,
    isBot,
    locale: "en-US",
    uploadLimitBytes: 10 * MIB,
    hasInstalledApp: false,
    acceptsDms: true,
  };
}

function settingsFrom(options: FakeDiscordOptions, applicationId: string): Settings {
  return {
    token: options.token ?? makeToken(applicationId),
    interactionDeadlineMs: options.interactionDeadlineMs ?? 3000,
    interactionTokenMs: options.interactionTokenMs ?? 900_000,
    maxRequestBytes: options.maxRequestBytes ?? 25 * MIB,
    uploadLimitBytes: options.uploadLimitBytes ?? 10 * MIB,
    nonceWindowMs: options.nonceWindowMs ?? 300_000,
    privilegedIntents: options.privilegedIntents ?? [],
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    sessionLifeMs: options.sessionLifeMs ?? 120_000,
    shards: options.shards ?? 1,
    maxConcurrency: options.maxConcurrency ?? 1,
    identifyIntervalMs: options.identifyIntervalMs ?? 0,
  };
}
