/**
 * The gateway: hello, heartbeats, identify, resume, dispatch.
 * Source: Discord docs, "Gateway", "Opcodes and Status Codes: Gateway".
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Core, GatewayEvent } from "./core.ts";
import {
  checkQuery,
  checkToken,
  GatewayRefusal,
  Op,
  readIdentify,
  readPayload,
} from "./gateway-handshake.ts";
import { GatewaySession, type SentEvent } from "./gateway-session.ts";
import { guildCreateWire, userWire } from "./serialize.ts";
import { shardOf } from "./snowflakes.ts";
import { Intent, isObject, type JsonObject } from "./wire.ts";
import { hasBot } from "./world.ts";

const RATE_LIMIT = 120;
const RATE_WINDOW_MS = 60_000;

/** One thing a client sent. */
export interface GatewayCall {
  op: number;
  d: unknown;
  at: number;
}

interface Connection {
  socket: WebSocket;
  session: GatewaySession | null;
  /** What the session sends through while this connection is its own. */
  sender: (event: SentEvent) => void;
  lastHeartbeatAt: number;
  timer: NodeJS.Timeout;
  /** When the last minute's payloads came. */
  recent: number[];
  /** Set once IDENTIFY or RESUME was taken or refused. */
  hasAuthenticated: boolean;
}

/** The gateway's side of all connections. */
export class FakeGateway {
  readonly #core: Core;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #identifies: { key: number; at: number }[] = [];
  /** Everything clients sent, heartbeats included. */
  readonly received: GatewayCall[] = [];
  /** Close codes given to clients, in order. */
  readonly closes: number[] = [];
  /** How many sessions were started and resumed. */
  identifies = 0;
  resumes = 0;
  /** While true heartbeats get no answer: the connection looks dead to the client. */
  isZombie = false;
  /** While true new connections are refused. */
  isDown = false;
  #port = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Remembers the port, for the addresses given to clients. */
  listenOn(port: number): void {
    this.#port = port;
  }

  /** Where clients connect first. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}/gateway`;
  }

  /** Where clients resume. */
  get resumeUrl(): string {
    return `ws://127.0.0.1:${this.#port}/gateway/resume`;
  }

  /** How many sessions have a live connection. */
  get liveSessions(): number {
    return [...this.#sessions.values()].filter((session) => session.send !== null).length;
  }

  /** Identify calls left today, as GET /gateway/bot tells it. */
  get identifiesLeft(): number {
    return Math.max(0, 1000 - this.identifies);
  }

  /** Takes an upgrade request of the HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? "/", "ws://localhost");
    if (this.isDown || !url.pathname.startsWith("/gateway")) {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#open(client, url.searchParams));
  }

  /** Sends an event to every session that hears it. True when a live connection took it. */
  dispatch(event: GatewayEvent): boolean {
    let isDelivered = false;
    this.#forgetOldSessions();
    for (const session of this.#sessions.values()) {
      if (!session.hears(event)) continue;
      session.push(event, this.#core);
      isDelivered ||= session.send !== null;
    }
    return isDelivered;
  }

  /** Sends a text to every client, whatever it says: as no faultless Discord would. */
  sendText(text: string): void {
    for (const { socket } of this.#connections) socket.send(text);
  }

  /** Ends all connections: with a close code, or without one by cutting the line. Sessions can be resumed. */
  dropConnection(code?: number): void {
    for (const connection of this.#connections) {
      if (code === undefined) connection.socket.terminate();
      else this.#close(connection, code, "dropped by the test");
    }
  }

  /** Sends op 9. Without `isResumable` the sessions are over. */
  invalidSession(isResumable: boolean): void {
    for (const connection of this.#connections) {
      if (!isResumable && connection.session !== null) this.#end(connection.session);
      connection.session = null;
      connection.hasAuthenticated = false;
      send(connection.socket, Op.invalidSession, isResumable);
    }
  }

  /** Sends op 7: the client should reconnect and resume. */
  requestReconnect(): void {
    for (const connection of this.#connections) send(connection.socket, Op.reconnect, null);
  }

  /** Sends op 1: the client should send a heartbeat at once. */
  requestHeartbeat(): void {
    for (const connection of this.#connections) send(connection.socket, Op.heartbeat, null);
  }

  /** Forgets all sessions, so that a resume is refused with op 9. */
  forgetSessions(): void {
    for (const session of this.#sessions.values()) this.#end(session);
  }

  /** Cuts everything. */
  stop(): void {
    for (const connection of this.#connections) {
      clearInterval(connection.timer);
      connection.socket.terminate();
    }
    this.#server.close();
  }

  #open(socket: WebSocket, query: URLSearchParams): void {
    const { heartbeatIntervalMs } = this.#core.settings;
    const connection: Connection = {
      socket,
      session: null,
      sender: (event) => sendEvent(socket, event),
      lastHeartbeatAt: Date.now(),
      timer: setInterval(() => this.#watch(connection), heartbeatIntervalMs),
      recent: [],
      hasAuthenticated: false,
    };
    this.#connections.add(connection);
    socket.on("message", (data, isBinary) =>
      this.#guard(connection, () => this.#receive(connection, String(data), isBinary)),
    );
    socket.on("close", (code) => this.#closed(connection, code));
    socket.on("error", () => socket.terminate());
    this.#guard(connection, () => {
      checkQuery(query);
      send(socket, Op.hello, { heartbeat_interval: heartbeatIntervalMs, _trace: ["fake"] });
    });
  }

  /** Runs `step`; a refusal closes the connection. */
  #guard(connection: Connection, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof GatewayRefusal)) throw error;
      this.#core.violate("gateway", `${error.code} ${error.message}`);
      this.#close(connection, error.code, error.message);
    }
    this.#core.changes.emit("change");
  }

  #receive(connection: Connection, text: string, isBinary: boolean): void {
    const now = Date.now();
    connection.recent = connection.recent.filter((at) => at > now - RATE_WINDOW_MS);
    connection.recent.push(now);
    if (connection.recent.length > RATE_LIMIT) throw new GatewayRefusal(4008, "Rate limited.");
    const payload = readPayload(text, isBinary);
    this.received.push({ op: payload.op, d: payload.d, at: now });
    switch (payload.op) {
      case Op.heartbeat:
        connection.lastHeartbeatAt = now;
        if (!this.isZombie) send(connection.socket, Op.heartbeatAck, null);
        break;
      case Op.identify:
      case Op.resume:
        if (connection.hasAuthenticated) throw new GatewayRefusal(4005, "Already authenticated.");
        if (payload.op === Op.identify) this.#identify(connection, payload.d);
        else this.#resume(connection, payload.d);
        break;
      case Op.presence:
      case Op.voice:
      case Op.requestMembers:
        if (connection.session === null) throw new GatewayRefusal(4003, "Not authenticated.");
        break;
      default:
        throw new GatewayRefusal(4001, "Unknown opcode.");
    }
  }

  #identify(connection: Connection, data: unknown): void {
    const { settings, world } = this.#core;
    const { intents, shard } = readIdentify(data, settings);
    if (this.#isTooSoon(shard[0])) {
      send(connection.socket, Op.invalidSession, false);
      return;
    }
    connection.hasAuthenticated = true;
    this.identifies += 1;
    const session = new GatewaySession(intents, shard);
    this.#sessions.set(session.id, session);
    this.#attach(connection, session);
    const guilds = [...world.guilds.values()].filter(
      (guild) => hasBot(world, guild) && shardOf(guild.id, shard[1]) === shard[0],
    );
    const ready = {
      v: 10,
      user: { ...userWire(world.bot), email: null, verified: true, mfa_enabled: false },
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      session_type: "normal",
      resume_gateway_url: this.resumeUrl,
      shard,
      application: { id: world.applicationId, flags: 0 },
      private_channels: [],
      relationships: [],
    };
    session.push({ name: "READY", data: () => ready }, this.#core);
    if ((intents & Intent.GUILDS) === 0) return;
    for (const guild of guilds)
      session.push({ name: "GUILD_CREATE", data: () => guildCreateWire(guild, world) }, this.#core);
  }

  #resume(connection: Connection, data: unknown): void {
    if (!isObject(data)) throw new GatewayRefusal(4002, "Error while decoding payload.");
    checkToken(data.token, this.#core.settings);
    this.#forgetOldSessions();
    const session = this.#sessions.get(String(data.session_id));
    if (session === undefined) {
      send(connection.socket, Op.invalidSession, false);
      return;
    }
    const missed = typeof data.seq === "number" ? session.since(data.seq) : null;
    if (missed === null) {
      this.#end(session);
      throw new GatewayRefusal(4007, "Invalid seq.");
    }
    connection.hasAuthenticated = true;
    this.resumes += 1;
    this.#attach(connection, session);
    for (const event of missed) sendEvent(connection.socket, event);
    session.push({ name: "RESUMED", data: () => ({ _trace: ["fake"] }) }, this.#core);
  }

  #attach(connection: Connection, session: GatewaySession): void {
    connection.session = session;
    session.lostAt = null;
    session.send = connection.sender;
  }

  /** Too many shards of one key within the interval. */
  #isTooSoon(shardId: number): boolean {
    const { identifyIntervalMs, maxConcurrency } = this.#core.settings;
    const key = shardId % maxConcurrency;
    const now = Date.now();
    const isTooSoon = this.#identifies.some((one) => one.key === key && one.at > now - identifyIntervalMs);
    if (!isTooSoon) this.#identifies.push({ key, at: now });
    return isTooSoon;
  }

  #watch(connection: Connection): void {
    // One interval of tolerance, as a late heartbeat is no dead client.
    const isDead = Date.now() - connection.lastHeartbeatAt > this.#core.settings.heartbeatIntervalMs * 2;
    if (isDead) this.#close(connection, 4000, "no heartbeat");
  }

  #close(connection: Connection, code: number, reason: string): void {
    this.closes.push(code);
    connection.socket.close(code, reason);
  }

  #closed(connection: Connection, code: number): void {
    clearInterval(connection.timer);
    this.#connections.delete(connection);
    const { session } = connection;
    // A session that was resumed on another connection is left alone by this one.
    if (session !== null && session.send === connection.sender) {
      session.send = null;
      session.lostAt = Date.now();
      // The client said goodbye: the session is over.
      if (code === 1000 || code === 1001) this.#end(session);
    }
    this.#core.changes.emit("change");
  }

  #end(session: GatewaySession): void {
    session.send = null;
    this.#sessions.delete(session.id);
  }

  #forgetOldSessions(): void {
    const limit = Date.now() - this.#core.settings.sessionLifeMs;
    for (const session of this.#sessions.values())
      if (session.lostAt !== null && session.lostAt < limit) this.#end(session);
  }
}

function send(socket: WebSocket, op: number, d: JsonObject | boolean | null): void {
  socket.send(JSON.stringify({ t: null, s: null, op, d }));
}

function sendEvent(socket: WebSocket, event: SentEvent): void {
  socket.send(JSON.stringify({ t: event.t, s: event.s, op: Op.dispatch, d: event.d }));
}
