/** Several processes of one bot, as far as Telegram and the store can tell: adapters side by side in the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api } from "grammy";
import { Keyv } from "keyv";
import { onTestFinished } from "vitest";
import type { HttpServer } from "../../../src/adapters/shared/http-server.ts";
import { TelegramAdapter, type TelegramOptions } from "../../../src/adapters/telegram/adapter.ts";
import { NO_METRICS } from "../../../src/app/no-metrics.ts";
import { systemClock } from "../../../src/app/system-clock.ts";
import { loadLocales } from "../../../src/content/locale-files.ts";
import type { Locales } from "../../../src/core/model/locales.ts";
import type {
  ConversationId,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
} from "../../../src/core/model/message.ts";
import type { MessageSink } from "../../../src/core/ports/chat-platform.ts";
import type { Clock, Metrics } from "../../../src/core/ports/runtime.ts";
import { type AdapterMemory, StoreTroubleError } from "../../../src/core/ports/store.ts";
import { createAdapterMemory } from "../../../src/store/adapter-memory.ts";
import { SqliteStorage } from "../../../src/store/disk/sqlite-storage.ts";
import { createRecords } from "../../../src/store/records.ts";
import type { FakeTelegram, FakeTelegramOptions } from "../../fakes/telegram/fake-telegram.ts";
import type { RedisServer } from "../../support/redis.ts";
import { openRecords } from "../../support/redis-store.ts";
import { TestLog } from "../../support/test-chat.ts";
import { startTelegram } from "./scene.ts";

const LOCALES_DIR = join(import.meta.dirname, "../../../config/locales");

/** Takes messages as the core does; `refuse` makes it throw. */
export class RecordingSink implements MessageSink {
  readonly received: IncomingMessage[] = [];
  /** What was offered, taken or not. */
  readonly offered: IncomingMessage[] = [];
  /** Conversations that were abandoned. */
  readonly abandoned: ConversationId[] = [];
  /** The error to refuse a message with; null to take it. */
  refuse: (message: IncomingMessage) => Error | null = () => null;

  async receive(message: IncomingMessage): Promise<void> {
    this.offered.push(message);
    const error = this.refuse(message);
    if (error) throw error;
    if (!this.received.some((one) => one.id === message.id)) this.received.push(message);
  }

  putOff(): void {}

  async revise(): Promise<void> {}

  async abandon(conversationId: ConversationId): Promise<void> {
    this.abandoned.push(conversationId);
  }

  /** What was taken, in order. */
  texts(): string[] {
    return this.received.map((message) => message.text);
  }
}

/** Time in which every wait is so many times shorter. */
export function hurriedClock(times: number): Clock {
  return { now: () => Date.now(), sleep: (ms, signal) => systemClock.sleep(ms / times, signal) };
}

/** A fake Telegram that is gone when the test ends. */
export async function telegramForTest(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const telegram = await startTelegram(options);
  onTestFinished(() => telegram.stop());
  return telegram;
}

/** A memory on disk; each call of the returned function opens it as another process would. */
export async function memoryOnDisk(): Promise<() => AdapterMemory> {
  const dir = await mkdtemp(join(tmpdir(), "nemobot-memory-"));
  const opened: Keyv[] = [];
  onTestFinished(async () => {
    for (const keyv of opened) await keyv.disconnect();
    await rm(dir, { recursive: true, force: true });
  });
  return () => {
    const keyv = new Keyv({ store: new SqliteStorage(join(dir, "memory.sqlite")), throwOnErrors: true });
    opened.push(keyv);
    return createAdapterMemory(createRecords(keyv), "telegram");
  };
}

/** A memory that lives as long as the test, the same for all who use it. */
export function sharedMemory(): AdapterMemory {
  return createAdapterMemory(createRecords(new Keyv({ throwOnErrors: true })), "telegram");
}

/** The same memory, away while `isAway` says so. */
export function withTrouble(memory: AdapterMemory, isAway: () => boolean): AdapterMemory {
  const check = () => {
    if (isAway()) throw new StoreTroubleError("away for the test");
  };
  return {
    async get(key) {
      check();
      return memory.get(key);
    },
    async set(key, value, ttlMs) {
      check();
      return memory.set(key, value, ttlMs);
    },
    async delete(key) {
      check();
      return memory.delete(key);
    },
    async update(key, change, ttlMs) {
      check();
      return memory.update(key, change, ttlMs);
    },
  };
}

/** The memory on a Redis, with a connection of its own. */
export async function memoryOnRedis(redis: RedisServer): Promise<AdapterMemory> {
  return createAdapterMemory((await openRecords(redis.url)).records, "telegram");
}

/** The Bot API of a fake, without anything of the adapter. */
export function testApi(telegram: FakeTelegram): Api {
  return new Api(telegram.token, { apiRoot: telegram.apiRoot });
}

/** The texts of the project. */
export function testLocales(): Promise<Locales> {
  return loadLocales(LOCALES_DIR);
}

export interface Process {
  adapter: TelegramAdapter;
  sink: RecordingSink;
  log: TestLog;
}

/** An adapter that is not started yet; it stops when the test ends. */
export async function createProcess(
  telegram: Pick<FakeTelegram, "token" | "apiRoot">,
  memory: AdapterMemory,
  options: Partial<TelegramOptions> & { clock?: Clock; metrics?: Metrics; http?: HttpServer } = {},
): Promise<Process> {
  const { clock = systemClock, metrics = NO_METRICS, http = null, ...rest } = options;
  const [sink, log] = [new RecordingSink(), new TestLog()];
  const adapter = new TelegramAdapter(
    {
      token: telegram.token,
      apiRoot: telegram.apiRoot,
      localFilesDir: null,
      webhook: null,
      isShared: false,
      ...rest,
    },
    { engine: sink, memory, locales: await testLocales(), clock, log, metrics, http },
  );
  onTestFinished(async () => {
    await adapter.stopReceiving();
    await adapter.stopSending();
  });
  return { adapter, sink, log };
}

/** A process that sends, like a worker. */
export async function startSender(...args: Parameters<typeof createProcess>): Promise<Process> {
  const process = await createProcess(...args);
  await process.adapter.startSending();
  return process;
}

/** Where a message to a chat goes. */
export function targetOf(chatId: number): ReplyTarget {
  return {
    platform: "telegram",
    conversationId: `telegram:${chatId}`,
    details: { chatId: String(chatId) },
  };
}

/** A message as the core makes it. */
export function outgoing(text: string, rest: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { tone: "reply", text: [{ text }], buttons: [], ...rest };
}
