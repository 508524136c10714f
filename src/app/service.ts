/**
 * The bot as a service: the platforms whose tokens are set and the work for them, as the role says, from their
 * start to an orderly stop. Source: DESIGN.md, "Settings"; docs/operations.md, "Several processes" and "Stopping".
 */
import packageInfo from "../../package.json" with { type: "json" };
import { type HttpServer, startHttpServer } from "../adapters/shared/http-server.ts";
import type { SendLimits } from "../adapters/telegram/outgoing/send-queue.ts";
import type { Content } from "../content/content.ts";
import { StopError } from "../core/model/stop.ts";
import type { ChatPlatform } from "../core/ports/chat-platform.ts";
import type { Log } from "../core/ports/runtime.ts";
import { StartError } from "../lib/start-error.ts";
import { within } from "../lib/timeout.ts";
import { type Bot, startBot } from "./compose.ts";
import type { Config } from "./config.ts";
import { Readiness, serveOperations } from "./health.ts";
import { createLog, outliveUncaught, secretsOf, withTurn } from "./log.ts";
import { PrometheusMetrics } from "./prometheus.ts";
import { Deadline } from "./shutdown-deadline.ts";
import { systemClock } from "./system-clock.ts";

/** What every platform's adapter can do. */
interface Adapter {
  readonly platform: ChatPlatform;
  /** True while messages can come in, or, in a worker, while they can be sent. */
  readonly isConnected: boolean;
  /** Connects and takes messages. Throws `StartError` when the platform refuses. */
  start(): Promise<void>;
  /** Instead of `start` in a worker: prepares what sending needs, and connects nothing. */
  startSending(): Promise<void>;
  stopReceiving(): Promise<void>;
  stopSending(): Promise<void>;
}

/** Running work may come to its end for so long after the signal. */
const GRACE_MS = 4_000;
/** What is cut off may tell its people for so long; then the connections are closed. */
const HAND_OVER_MS = 2_000;
/** The process is gone within the ten seconds that `docker stop` and its like give it. */
const DEADLINE_MS = 9_000;

/** Runs until `stopped` resolves; returns the exit code. Throws `StartError` when it cannot start. */
export async function runService(config: Config, stopped: Promise<void>): Promise<number> {
  const log = await createLog({ level: config.logLevel, secrets: secretsOf(config) });
  const metrics = new PrometheusMetrics({ version: packageInfo.version, role: config.role });
  outliveUncaught(log, () => metrics.unexpectedError("process"));
  return serve(config, { log, metrics, deadline: new Deadline(log) }, stopped);
}

/** What a service needs of its process. */
export interface ServiceParts {
  log: Log;
  metrics: PrometheusMetrics;
  deadline: Deadline;
  /** How long running work may go on after the stop was asked for, read when it is; absent: as long as an operator's. */
  graceMs?: number;
  /** How fast Telegram is written to; absent: as it allows. */
  telegramLimits?: SendLimits;
  /** What was read from files already; absent: it is read. */
  content?: Content | undefined;
}

/** As `runService`, in a process that has a log, counters and an end of its own. */
export async function serve(config: Config, parts: ServiceParts, stopped: Promise<void>): Promise<number> {
  const { log } = parts;
  const service = new Service(config, parts);
  void stopped.then(() => service.stopTaking());
  try {
    await service.run(stopped);
    await service.stop(parts.graceMs ?? GRACE_MS);
    return 0;
  } catch (error) {
    const isStopping = service.isStopping;
    if (!isStopping && !(error instanceof StartError)) log.error({ err: error }, "the bot cannot go on");
    await service.stop(0);
    // Once it was told to end, why it could not start is of no use.
    if (isStopping) return 0;
    if (error instanceof StartError) throw error;
    return 1;
  }
}

class Service {
  readonly #config: Config;
  readonly #log: Log;
  readonly #metrics: PrometheusMetrics;
  readonly #deadline: Deadline;
  readonly #telegramLimits: SendLimits | undefined;
  readonly #content: Content | undefined;
  readonly #readiness = new Readiness();
  readonly #adapters: Adapter[] = [];
  readonly #stopping = new AbortController();
  #bot: Bot | null = null;
  #http: HttpServer | null = null;

  constructor(config: Config, { log, metrics, deadline, telegramLimits, content }: ServiceParts) {
    this.#config = config;
    this.#content = content;
    this.#telegramLimits = telegramLimits;
    this.#log = log;
    this.#metrics = metrics;
    this.#deadline = deadline;
  }

  get isStopping(): boolean {
    return this.#readiness.isStopping;
  }

  /** Starts everything the role asks for, and resolves once `stopped` does. */
  async run(stopped: Promise<void>): Promise<void> {
    const metrics = this.#metrics;
    for (const part of ["store", ...this.#platformNames()]) this.#readiness.watch(part, async () => false);
    this.#http = await startHttp(this.#config, this.#log);
    if (this.#http) serveOperations(this.#http, this.#readiness, metrics);
    const bot = await startBot(this.#config, {
      log: this.#log,
      storage: "disk",
      metrics,
      inTurn: withTurn,
      content: this.#content,
      signal: this.#stopping.signal,
    });
    this.#bot = bot;
    metrics.watchQueue(bot.queue);
    this.#readiness.watch("store", async () => {
      await bot.check();
      return true;
    });
    await this.#addAdapters(bot, metrics);
    if (this.isStopping) return;
    // A signal while a platform cannot be reached ends the waiting too.
    await Promise.race([this.#begin(bot), stopped]);
    await stopped;
  }

  /** From now on nothing is taken in, and the process ends in time whatever happens. */
  stopTaking(): void {
    this.#log.info({}, "stopping");
    this.#readiness.isStopping = true;
    this.#stopping.abort(new StopError("shutdown"));
    this.#deadline.start(DEADLINE_MS, 0);
    this.#http?.stopTaking();
  }

  /** Ends everything in order. Running work has `graceMs` to finish; what is left stays owed. */
  async stop(graceMs: number): Promise<void> {
    const bot = this.#bot;
    // A start that failed ends in time as well.
    this.#deadline.start(DEADLINE_MS, 1);
    const handedOver = bot && this.#deadline.ended("work", bot.stopWork(graceMs));
    await Promise.all([
      this.#eachAdapter("receiving", (adapter) => adapter.stopReceiving()),
      within(graceMs + HAND_OVER_MS, Promise.resolve(handedOver), undefined),
    ]);
    await this.#eachAdapter("sending", (adapter) => adapter.stopSending());
    await handedOver;
    if (this.#http) await this.#deadline.ended("http", this.#http.stop());
    if (bot) await this.#deadline.ended("store", bot.stop());
    this.#deadline.met();
  }

  #platformNames(): string[] {
    const { telegram, discord } = this.#config;
    return [...(telegram ? ["telegram"] : []), ...(discord ? ["discord"] : [])];
  }

  /** Each platform is loaded only when it runs: the start is faster without the others. */
  async #addAdapters(bot: Bot, metrics: PrometheusMetrics): Promise<void> {
    const { telegram, discord } = this.#config;
    const { engine, locales, skills } = bot;
    const context = {
      engine,
      locales,
      skills,
      clock: systemClock,
      log: this.#log,
      metrics,
      http: this.#http,
    };
    if (telegram) {
      const { TelegramAdapter } = await import("../adapters/telegram/adapter.ts");
      // On Redis several processes send for the same bot, and keep to its rates together.
      const isShared = this.#config.storage.redisUrl !== null;
      const limits = this.#telegramLimits;
      const options = { ...telegram, isShared, ...(limits ? { limits } : {}) };
      this.#adapters.push(new TelegramAdapter(options, { ...context, memory: bot.memoryOf("telegram") }));
    }
    if (discord) {
      const { DiscordAdapter } = await import("../adapters/discord/adapter.ts");
      this.#adapters.push(
        new DiscordAdapter(discord, {
          ...context,
          memory: bot.memoryOf("discord"),
          conversations: bot.store,
        }),
      );
    }
    for (const { platform } of this.#adapters) bot.addPlatform(platform);
  }

  /** The work and the platforms, as the role says. The work goes on while a platform is away. */
  async #begin(bot: Bot): Promise<void> {
    const { role } = this.#config;
    if (role !== "ingress") await bot.engine.start();
    if (this.isStopping) return;
    await Promise.all(
      this.#adapters.map(async (adapter) => {
        await (role === "worker" ? adapter.startSending() : adapter.start());
        this.#readiness.watch(adapter.platform.name, async () => adapter.isConnected);
      }),
    );
  }

  async #eachAdapter(what: string, end: (adapter: Adapter) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#adapters.map((adapter) => this.#deadline.ended(`${adapter.platform.name} ${what}`, end(adapter))),
    );
  }
}

/** Null: the default port is taken. A newcomer's bot goes on without health and metrics. */
async function startHttp(config: Config, log: Log): Promise<HttpServer | null> {
  const { host, port, isPortChosen } = config.http;
  const isWebhook = config.role !== "worker" && config.telegram?.webhook != null;
  try {
    const http = await startHttpServer({ host, port, log });
    log.info({ http: `${host.includes(":") ? `[${host}]` : host}:${http.port}` }, "listening");
    return http;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const reason = error instanceof Error ? error.message : String(error);
    const problem = isTaken ? `HTTP_PORT: port ${port} is taken` : `HTTP_HOST, HTTP_PORT: ${reason}`;
    if (isTaken && !isPortChosen && !isWebhook) {
      log.warn({}, `${problem}; health and metrics are off`);
      return null;
    }
    const need = isTaken && isWebhook ? ", and the webhook needs it" : "";
    throw new StartError("The web server cannot start:", [`${problem}${need}`], { cause: error });
  }
}
