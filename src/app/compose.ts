/** Wires the core to the world: the one place that knows every implementation of a port. */
import { type Content, loadContent } from "../content/content.ts";
import { Engine } from "../core/engine.ts";
import type { Locales } from "../core/model/locales.ts";
import type { SkillCatalog } from "../core/model/skill.ts";
import { StopError } from "../core/model/stop.ts";
import type { ChatPlatform } from "../core/ports/chat-platform.ts";
import { type Context, FIXED_LIMITS } from "../core/ports/context.ts";
import { retryingQueue, retryingStore } from "../core/ports/retrying.ts";
import type { Log, Metrics } from "../core/ports/runtime.ts";
import type { AdapterMemory, ConversationStore } from "../core/ports/store.ts";
import type { WorkQueue } from "../core/ports/work-queue.ts";
import { LaneOutbox } from "../core/reply/outbox.ts";
import { InProcessQueue } from "../jobs/in-process-queue.ts";
import { LinkGuard } from "../lib/link-guard.ts";
import { LogLimit } from "../lib/log-limit.ts";
import { type ResolveHost, systemResolve } from "../lib/public-address.ts";
import { NemoClient } from "../nemo/client.ts";
import { createAdapterMemory } from "../store/adapter-memory.ts";
import { createConversationStore } from "../store/conversation-store.ts";
import { openMemoryStorage, openStorage, type Storage } from "../store/storage.ts";
import type { Config } from "./config.ts";
import { NO_METRICS } from "./no-metrics.ts";
import { systemClock } from "./system-clock.ts";

/** How often the operator is told of the same trouble. */
const REMIND_EVERY_MS = 3_600_000;
/** How long work that has begun waits for a store that is away. */
const STORE_MAX_WAIT_MS = 300_000;

/** A bot without its chats: platforms are added, then the engine is started. */
export interface Bot {
  engine: Engine;
  queue: WorkQueue;
  store: ConversationStore;
  locales: Locales;
  skills: SkillCatalog;
  addPlatform(platform: ChatPlatform): void;
  /** Throws `StoreTroubleError` while nothing can be stored. */
  check(): Promise<void>;
  /** The durable memory of one adapter. */
  memoryOf(adapter: string): AdapterMemory;
  /** Gives running work `graceMs` to end, then hands it over to the next process. */
  stopWork(graceMs: number): Promise<void>;
  /** Stops the work, then closes the backend's connections and the store. */
  stop(): Promise<void>;
}

interface BotOptions {
  log: Log;
  storage: "disk" | "memory";
  metrics?: Metrics;
  inTurn?: Context["inTurn"];
  /** Bounds that no setting changes, made shorter. */
  limits?: Partial<Context["limits"]>;
  /** What was read from files already; absent: it is read. */
  content?: Content | undefined;
  /** Looks up hosts of links and of finished videos; absent: the system does. */
  resolveHost?: ResolveHost;
  /** Ends the waiting for a Redis that does not answer. */
  signal?: AbortSignal;
}

/**
 * Makes a bot from checked settings. `memory` keeps nothing after the process ends, as it fits the
 * sandbox. Throws `StartError` when skills, locales, phrases or the data folder cannot be used.
 */
export async function startBot(config: Config, options: BotOptions): Promise<Bot> {
  const { log, metrics = NO_METRICS, inTurn = (_turn, task) => task() } = options;
  const { resolveHost = systemResolve } = options;
  const { nemo, timing } = config;
  const { dir, defaultSkill, source } = config.skills;
  const skillOptions = { dir, defaultSkill, ...(source ? { skillSource: source } : {}) };
  const content = options.content ?? (await loadContent(skillOptions));
  const storage =
    options.storage === "disk" ? await openStorage(config.storage, log, options.signal) : openMemoryStorage();
  const { records } = storage;
  const { retention } = config.storage;
  const store = createConversationStore(records, { retention, log });
  const queue = await openQueue(storage, log);
  const backend = new NemoClient({
    apiUrl: nemo.apiUrl,
    webUrl: nemo.webUrl,
    retryWaitMs: nemo.retryWaitMs,
    log,
    clock: systemClock,
    resolveHost,
  });
  const trusted = [nemo.apiUrl, ...(config.discord ? [config.discord.apiUrl] : [])];
  const links = new LinkGuard(
    trusted.map((url) => new URL(url).origin),
    resolveHost,
  );
  const platforms = new Map<string, ChatPlatform>();
  const stopping = new AbortController();
  const how = { clock: systemClock, log, signal: stopping.signal, maxWaitMs: STORE_MAX_WAIT_MS };
  const workQueue = retryingQueue(queue, how);
  const context: Context = {
    stopping: stopping.signal,
    outbox: new LaneOutbox(workQueue, platforms),
    store,
    backend,
    queue,
    links,
    clock: systemClock,
    ...content,
    log,
    metrics,
    inTurn,
    platforms,
    operatorToken: nemo.token,
    // The person at this machine's terminal runs the bot.
    operators: new Set([...config.operators, "console:local"]),
    reminders: new LogLimit(REMIND_EVERY_MS, systemClock),
    webUrl: nemo.webUrl,
    limits: { ...timing, ...FIXED_LIMITS, ...options.limits },
  };
  const engine = new Engine(context, {
    ...context,
    store: retryingStore(store, how),
    queue: workQueue,
  });
  async function stopWork(graceMs: number): Promise<void> {
    // Nothing waits for a store in trouble beyond the grace.
    const timer = setTimeout(() => stopping.abort(new StopError("shutdown")), graceMs);
    await engine.stop(graceMs);
    clearTimeout(timer);
    stopping.abort(new StopError("shutdown"));
  }
  return {
    engine,
    queue,
    store,
    locales: content.locales,
    skills: content.skills,
    addPlatform: (platform) => platforms.set(platform.name, platform),
    memoryOf: (adapter) => createAdapterMemory(records, adapter),
    check: () => storage.check(),
    stopWork,
    async stop() {
      await stopWork(0);
      await backend.close();
      await storage.close();
    },
  };
}

/** On Redis the queue belongs to all processes; else this one keeps it, in the journal where there is one. */
async function openQueue({ redis, sealing, journal }: Storage, log: Log): Promise<WorkQueue> {
  if (redis === null) return new InProcessQueue(log, journal);
  const { RedisQueue } = await import("../jobs/redis/queue.ts");
  return new RedisQueue(redis, sealing, log);
}
