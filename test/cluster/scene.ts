/** A Telegram, a backend, a Redis, and a bot of several processes between them. */
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { settingsFor, startTelegram } from "../adapters/telegram/scene.ts";
import type { FakeTelegram } from "../fakes/telegram/fake-telegram.ts";
import type { ChatPlayer, SeenMessage } from "../fakes/telegram/players.ts";
import { type BotProcess, startBotProcess } from "../support/bot-process.ts";
import { launchRedis, type RedisServer } from "../support/redis.ts";

export interface ClusterOptions {
  workers: number;
  nemo?: SandboxOptions;
  env?: Record<string, string>;
}

export class ClusterScene implements AsyncDisposable {
  readonly telegram: FakeTelegram;
  readonly nemo: Sandbox;
  readonly redis: RedisServer;
  readonly ingress: BotProcess;
  readonly workers: BotProcess[];
  readonly #startWorker: () => Promise<BotProcess>;

  constructor(parts: {
    telegram: FakeTelegram;
    nemo: Sandbox;
    redis: RedisServer;
    ingress: BotProcess;
    workers: BotProcess[];
    startWorker: () => Promise<BotProcess>;
  }) {
    this.#startWorker = parts.startWorker;
    this.telegram = parts.telegram;
    this.nemo = parts.nemo;
    this.redis = parts.redis;
    this.ingress = parts.ingress;
    this.workers = parts.workers;
  }

  /** One more worker. */
  async addWorker(): Promise<void> {
    this.workers.push(await this.#startWorker());
  }

  /** A worker by its number, around and around. */
  worker(index: number): BotProcess {
    const worker = this.workers[index % this.workers.length];
    if (!worker) throw new Error("there are no workers");
    return worker;
  }

  /** What was said to the agent, in order. */
  turns(): string[] {
    return this.nemo.requests("POST /run_sse").map((request) => {
      const { new_message } = request.json as { new_message: { parts: { text: string }[] } };
      return new_message.parts.map((part) => part.text).join("\n");
    });
  }

  /** Everything the processes wrote. */
  get log(): string {
    return [this.ingress, ...this.workers].map((process) => process.log).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [this.ingress, ...this.workers]) await process[Symbol.asyncDispose]();
    await this.telegram.stop();
    await this.nemo.stop();
    await this.redis[Symbol.asyncDispose]();
  }
}

/** Starts all of it; resolves when the ingress listens. */
export async function startCluster(options: ClusterOptions): Promise<ClusterScene> {
  const telegram = await startTelegram();
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  const redis = await launchRedis();
  const settings = {
    ...settingsFor(telegram, nemo),
    REDIS_URL: redis.url,
    ENCRYPTION_KEY: "5".repeat(64),
    ...options.env,
  };
  const ingress = await startBotProcess({ ...settings, ROLE: "ingress" });
  const startWorker = () => startBotProcess({ ...settings, ROLE: "worker" });
  const workers = await Promise.all(Array.from({ length: options.workers }, startWorker));
  const scene = new ClusterScene({ telegram, nemo, redis, ingress, workers, startWorker });
  try {
    await telegram.waitFor(() => telegram.isPolled, { what: "the ingress", timeoutMs: 60_000 });
  } catch (error) {
    await scene[Symbol.asyncDispose]();
    throw new Error(`the bot did not start:\n${scene.log}`, { cause: error });
  }
  return scene;
}

/** The answers that hang below a question. */
export function answersTo(chat: ChatPlayer, questionId: number): SeenMessage[] {
  return chat.botMessages().filter((message) => message.replyToId === questionId && !isAlive(message));
}

/** It shows work that goes on. */
export function isAlive({ buttons }: SeenMessage): boolean {
  return buttons.flat().some(({ text }) => text.startsWith("Cancel"));
}
