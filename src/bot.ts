/** Wires the core to the world: the one place that knows every implementation of a port. */
import { join } from "node:path";
import { Keyv } from "keyv";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { Engine } from "./core/engine.ts";
import type { Locales } from "./core/locales.ts";
import type {
  AdapterMemory,
  ChatPlatform,
  ConversationStore,
  Log,
  WorkJournal,
  WorkQueue,
} from "./core/ports.ts";
import type { SkillCatalog } from "./core/skill.ts";
import { FIXED_LIMITS } from "./core/world.ts";
import { InProcessQueue } from "./jobs/in-process-queue.ts";
import { loadLocales } from "./locales.ts";
import { NemoClient } from "./nemo/client.ts";
import { loadSkills } from "./skills.ts";
import { StartError } from "./start-error.ts";
import { createAdapterMemory, createConversationStore } from "./store/conversation-store.ts";
import { type Cipher, createCipher, loadKeyFile } from "./store/encryption.ts";
import { SqliteJournal } from "./store/sqlite-journal.ts";
import { SqliteStorage } from "./store/sqlite-storage.ts";

const KEY_CHECK = "key-check";
const LOCALES_DIR = join(import.meta.dirname, "../config/locales");

/** A bot without its chats: platforms are added, then the engine is started. */
export interface Bot {
  engine: Engine;
  queue: WorkQueue;
  store: ConversationStore;
  locales: Locales;
  skills: SkillCatalog;
  addPlatform(platform: ChatPlatform): void;
  /** The durable memory of one adapter. */
  memoryOf(adapter: string): AdapterMemory;
  /** Stops the work, then closes the backend's connections and the store. */
  stop(): Promise<void>;
}

/**
 * Makes a bot from checked settings. `memory` keeps nothing after the process ends, as it fits the
 * sandbox. Throws `StartError` when skills, locales or the data folder cannot be used.
 */
export async function startBot(
  config: Config,
  options: { log: Log; storage: "disk" | "memory" },
): Promise<Bot> {
  const { log } = options;
  const { skills: skillOptions, nemo, timing } = config;
  const [skills, locales] = await Promise.all([
    loadSkills({
      dir: skillOptions.dir,
      defaultSkill: skillOptions.defaultSkill,
      ...(skillOptions.source ? { skillSource: skillOptions.source } : {}),
    }),
    loadLocales(LOCALES_DIR),
  ]);
  const { key, keyv, journal } = await openStorage(config.storage, options);
  const store = createConversationStore(keyv, createCipher(key), log);
  const queue = new InProcessQueue(log, journal);
  const backend = new NemoClient({
    apiUrl: nemo.apiUrl,
    webUrl: nemo.webUrl,
    retryWaitMs: nemo.retryWaitMs,
    log,
    clock: systemClock,
  });
  const platforms = new Map<string, ChatPlatform>();
  const engine = new Engine({
    store,
    backend,
    queue,
    clock: systemClock,
    skills,
    locales,
    log,
    platforms,
    operatorToken: nemo.token,
    webUrl: nemo.webUrl,
    limits: { ...timing, ...FIXED_LIMITS },
  });
  return {
    engine,
    queue,
    store,
    locales,
    skills,
    addPlatform: (platform) => platforms.set(platform.name, platform),
    memoryOf: (adapter) => createAdapterMemory(keyv, adapter),
    async stop() {
      await engine.stop();
      await backend.close();
      await journal?.close();
      await keyv.disconnect();
    },
  };
}

interface Storage {
  key: Uint8Array;
  keyv: Keyv;
  /** Null: what is owed ends with the process. */
  journal: WorkJournal | null;
}

/** The encryption key, the records and the owed work: on disk, or for the life of the process. */
async function openStorage(
  { dataDir, encryptionKey }: Config["storage"],
  options: { log: Log; storage: "disk" | "memory" },
): Promise<Storage> {
  // Without `throwOnErrors` a read that fails looks like a conversation that does not exist.
  if (options.storage === "memory") {
    const key = crypto.getRandomValues(new Uint8Array(32));
    return { key, keyv: new Keyv({ throwOnErrors: true }), journal: null };
  }
  try {
    const key = encryptionKey ?? (await loadKeyFile(dataDir));
    const path = join(dataDir, "nemobot.sqlite");
    const keyv = new Keyv({ store: new SqliteStorage(path), throwOnErrors: true });
    await checkKey(keyv, createCipher(key));
    return { key, keyv, journal: new SqliteJournal(path, options.log) };
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError("The data folder cannot be used:", [`DATA_DIR: ${reason}`], { cause: error });
  }
}

/** Another key than the one the records were written with would make every token unreadable. */
async function checkKey(keyv: Keyv, cipher: Cipher): Promise<void> {
  const sealed: unknown = await keyv.get(KEY_CHECK);
  if (sealed === undefined) {
    await keyv.set(KEY_CHECK, cipher.encrypt(KEY_CHECK));
    return;
  }
  try {
    if (typeof sealed === "string" && cipher.decrypt(sealed) === KEY_CHECK) return;
  } catch {
    // Made with another key: said below.
  }
  throw new StartError("The stored conversations cannot be read:", [
    "ENCRYPTION_KEY: is not the key that DATA_DIR was written with (nor is the key file in it)",
  ]);
}
