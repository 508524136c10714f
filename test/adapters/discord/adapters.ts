/** Several Discord adapters on one store, as the processes of one bot have them, with a core that only listens. */
import { expect, onTestFinished } from "vitest";
import { DiscordAdapter, type DiscordOptions } from "../../../src/adapters/discord/adapter.ts";
import { createLog } from "../../../src/app/log.ts";
import { NO_METRICS } from "../../../src/app/no-metrics.ts";
import { systemClock } from "../../../src/app/system-clock.ts";
import type { IncomingMessage, OutgoingMessage } from "../../../src/core/model/message.ts";
import { startsEdit } from "../../../src/core/model/request.ts";
import type { ByteSource, MessageSink, PlaceEdit } from "../../../src/core/ports/chat-platform.ts";
import { type AdapterMemory, StoreTroubleError } from "../../../src/core/ports/store.ts";
import { createAdapterMemory } from "../../../src/store/adapter-memory.ts";
import { openMemoryStorage } from "../../../src/store/storage.ts";
import {
  type FakeDiscord,
  type FakeDiscordOptions,
  startFakeDiscord,
} from "../../fakes/discord/fake-discord.ts";
import { catalog, locales, understanding } from "../../support/content.ts";

/** The store, with a switch for its trouble. */
export class Store implements AdapterMemory {
  isInTrouble = false;
  /** Records that it does not take, while it is well otherwise. */
  refuses: (key: string) => boolean = () => false;
  /** Told of each record that is asked for. */
  onGet: (key: string) => void = () => {};
  /** How often it did not take one. */
  refused = 0;
  readonly #memory = createAdapterMemory(openMemoryStorage().records, "discord");

  async get(key: string) {
    this.onGet(key);
    this.check();
    return this.#memory.get(key);
  }

  async set(key: string, value: string, ttlMs?: number) {
    this.check();
    return this.#memory.set(key, value, ttlMs);
  }

  async delete(key: string) {
    this.check();
    return this.#memory.delete(key);
  }

  async update(key: string, change: (current: string | null) => string | null, ttlMs?: number) {
    this.check();
    if (this.refuses(key)) {
      this.refused += 1;
      throw new StoreTroubleError("refused for the test");
    }
    return this.#memory.update(key, change, ttlMs);
  }

  check(): void {
    if (this.isInTrouble) throw new StoreTroubleError("switched off by the test");
  }
}

/** The core's door: the messages that were handed over, each once, in order. */
class Inbox implements MessageSink {
  readonly received: IncomingMessage[] = [];
  readonly abandoned: string[] = [];
  /** How often the store's trouble was told to the adapter that brought a message. */
  refusals = 0;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async receive(read: IncomingMessage, place?: PlaceEdit): Promise<void> {
    const message = place && startsEdit(understanding.readRequest(read)) ? await place() : read;
    try {
      this.#store.check();
    } catch (error) {
      this.refusals += 1;
      throw error;
    }
    if (this.received.every((one) => one.id !== message.id)) this.received.push(message);
  }

  putOff(): void {}

  async revise(): Promise<void> {}

  async abandon(conversationId: string): Promise<void> {
    this.abandoned.push(conversationId);
  }

  /** Waits for a message. */
  async next(fits: (message: IncomingMessage) => boolean = () => true): Promise<IncomingMessage> {
    await expect.poll(() => this.received.some(fits), { timeout: 15_000 }).toBe(true);
    const found = this.received.find(fits);
    if (!found) throw new Error("gone again");
    return found;
  }

  texts(): string[] {
    return this.received.map((message) => message.text);
  }
}

export interface AdapterScene {
  discord: FakeDiscord;
  store: Store;
  inbox: Inbox;
  /** One more process; stopped when the test ends. */
  adapter(
    options?: Partial<DiscordOptions> & { onCall?: (status: number | null) => void; now?: () => number },
  ): Promise<DiscordAdapter>;
}

export async function startAdapterScene(options: FakeDiscordOptions = {}): Promise<AdapterScene> {
  const discord = await startFakeDiscord(options);
  onTestFinished(() => discord.stop());
  const log = await createLog({ level: "silent", secrets: [] });
  const store = new Store();
  const inbox = new Inbox(store);
  return {
    discord,
    store,
    inbox,
    async adapter({ onCall, now = systemClock.now, ...changes } = {}) {
      const adapter = new DiscordAdapter(
        {
          token: discord.token,
          apiUrl: discord.apiUrl,
          hasMessageContent: false,
          shards: null,
          shardIds: null,
          ...changes,
        },
        {
          engine: inbox,
          memory: store,
          conversations: { read: async () => null },
          locales,
          skills: catalog,
          clock: { ...systemClock, now },
          log,
          metrics: { ...NO_METRICS, apiCall: (_platform, status) => onCall?.(status) },
        },
      );
      onTestFinished(async () => {
        await adapter.stopReceiving();
        await adapter.stopSending();
      });
      return adapter;
    },
  };
}

/** A message of the core. */
export function words(text: string, changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { tone: "reply", text: [{ text }], buttons: [], language: "en", ...changes };
}

export const VIDEO = {
  name: "film.mp4",
  sizeBytes: 5,
  durationS: 1,
  width: 640,
  height: 360,
};

/** The bytes of `VIDEO`. */
export async function openVideo(): Promise<ByteSource> {
  async function* bytes() {
    yield Buffer.from("movie");
  }
  return { stream: bytes(), sizeBytes: VIDEO.sizeBytes };
}
