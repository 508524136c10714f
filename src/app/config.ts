/**
 * The one reader of the environment: the table of settings, checked across its rows and nested by what needs it.
 * Source: DESIGN.md, "Settings".
 */
import { join } from "node:path";
import { StartError } from "../lib/start-error.ts";
import type { StorageSettings } from "../store/storage.ts";
import { SETTINGS } from "./settings.ts";

const BUNDLED_SKILLS = join(import.meta.dirname, "../../config/skills");

/** Everything the process can be told from outside. Times are in ms. */
export interface Config {
  nemo: {
    apiUrl: string;
    webUrl: string;
    /** The operator's own token for all conversations; null: a free one for each. A secret. */
    token: string | null;
    retryWaitMs: number;
  };
  /** Who runs the bot, as `<platform>:<id>`. */
  operators: readonly string[];
  skills: { dir: string; defaultSkill: string; source: string | null };
  /** What this process does: everything, the platforms' connections alone, or the work alone. */
  role: "all" | "ingress" | "worker";
  storage: StorageSettings;
  /** Null: the adapter does not run. */
  telegram: {
    /** A secret. */
    token: string;
    apiRoot: string;
    localFilesDir: string | null;
    /** Null: long polling. */
    webhook: { url: string; secret: string } | null;
  } | null;
  /** Null: the adapter does not run. */
  discord: {
    /** A secret. */
    token: string;
    apiUrl: string;
    hasMessageContent: boolean;
    /** Of all processes together; null: as many as Discord advises. */
    shards: number | null;
    /** Those that this process connects, from 0; null: all of them. */
    shardIds: number[] | null;
  } | null;
  /** `isPortChosen`: the operator named the port, and relies on it. */
  http: { host: string; port: number; isPortChosen: boolean };
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  timing: Timing;
  /** Language of a person on this machine's terminal, such as `zh`. */
  terminalLanguage: string | null;
  /** The folder a person typed the command in: relative paths in the terminal chat start here. */
  callerDir: string;
}

/** How long things may take, all in ms but the last. Source: nemo-api.md, "The SSE stream", rules 2–5. */
interface Timing {
  stillWorkingMs: number;
  turnTimeoutMs: number;
  heartbeatOnlyTimeoutMs: number;
  recoveryFirstWaitMs: number;
  recoveryWaitMs: number;
  exportPollMs: number;
  exportTimeoutMs: number;
  /** A number of reads, not a time. */
  recoveryMaxReads: number;
}

const LEAD = "The settings need a look:";

/**
 * Reads the settings from `env`; a variable that is set to nothing counts as not set.
 * Throws `StartError` with every problem at once, by variable name and without values.
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = SETTINGS.safeParse(filled);
  if (!parsed.success) {
    throw new StartError(
      LEAD,
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    );
  }
  const s = parsed.data;
  const conflicts: string[] = [];
  if (s.HEARTBEAT_ONLY_TIMEOUT_MS > s.TURN_TIMEOUT_MS) {
    conflicts.push("HEARTBEAT_ONLY_TIMEOUT_MS: must not be longer than TURN_TIMEOUT_MS");
  }
  if (s.TELEGRAM_WEBHOOK_URL && !s.TELEGRAM_WEBHOOK_SECRET) {
    conflicts.push("TELEGRAM_WEBHOOK_SECRET: is needed with TELEGRAM_WEBHOOK_URL");
  }
  if (s.TELEGRAM_WEBHOOK_SECRET && !s.TELEGRAM_WEBHOOK_URL) {
    conflicts.push("TELEGRAM_WEBHOOK_URL: is needed with TELEGRAM_WEBHOOK_SECRET");
  }
  if (s.ENCRYPTION_KEY && s.ENCRYPTION_KEYS) {
    conflicts.push("ENCRYPTION_KEYS: takes the place of ENCRYPTION_KEY; set one of them");
  }
  if (s.ROLE !== "all" && !s.REDIS_URL) {
    conflicts.push("REDIS_URL: is needed with ROLE=ingress and ROLE=worker, which share their work");
  }
  if (s.DISCORD_SHARD_IDS && !s.DISCORD_SHARDS) {
    conflicts.push("DISCORD_SHARDS: is needed with DISCORD_SHARD_IDS: how many there are in all");
  } else if (s.DISCORD_SHARD_IDS?.some((id) => id >= (s.DISCORD_SHARDS ?? 0))) {
    conflicts.push("DISCORD_SHARD_IDS: shards are counted from 0 and must be below DISCORD_SHARDS");
  }
  if (conflicts.length > 0) throw new StartError(LEAD, conflicts);
  return {
    nemo: {
      apiUrl: s.NEMO_API_URL,
      webUrl: s.NEMO_WEB_URL,
      token: s.NEMO_TOKEN ?? null,
      retryWaitMs: s.RETRY_WAIT_MS,
    },
    operators: s.OPERATORS ?? [],
    skills: {
      dir: s.SKILLS_DIR ?? BUNDLED_SKILLS,
      defaultSkill: s.DEFAULT_SKILL,
      source: s.SKILL_SOURCE ?? null,
    },
    role: s.ROLE,
    storage: {
      dataDir: s.DATA_DIR,
      encryptionKeys: s.ENCRYPTION_KEYS ?? s.ENCRYPTION_KEY ?? null,
      redisUrl: s.REDIS_URL ?? null,
      retention: {
        conversationMs: s.CONVERSATION_RETENTION_DAYS,
        finishedMs: s.FINISHED_RETENTION_DAYS,
      },
    },
    telegram: s.TELEGRAM_BOT_TOKEN
      ? {
          token: s.TELEGRAM_BOT_TOKEN,
          apiRoot: s.TELEGRAM_API_ROOT,
          localFilesDir: s.TELEGRAM_LOCAL_FILES_DIR ?? null,
          webhook:
            s.TELEGRAM_WEBHOOK_URL && s.TELEGRAM_WEBHOOK_SECRET
              ? { url: s.TELEGRAM_WEBHOOK_URL, secret: s.TELEGRAM_WEBHOOK_SECRET }
              : null,
        }
      : null,
    discord: s.DISCORD_BOT_TOKEN
      ? {
          token: s.DISCORD_BOT_TOKEN,
          apiUrl: s.DISCORD_API_URL,
          hasMessageContent: s.DISCORD_MESSAGE_CONTENT === "on",
          shards: s.DISCORD_SHARDS ?? null,
          shardIds: s.DISCORD_SHARD_IDS ?? null,
        }
      : null,
    http: { host: s.HTTP_HOST, port: s.HTTP_PORT, isPortChosen: filled.HTTP_PORT !== undefined },
    logLevel: s.LOG_LEVEL,
    timing: {
      stillWorkingMs: s.STILL_WORKING_MS,
      turnTimeoutMs: s.TURN_TIMEOUT_MS,
      heartbeatOnlyTimeoutMs: s.HEARTBEAT_ONLY_TIMEOUT_MS,
      recoveryFirstWaitMs: s.RECOVERY_FIRST_WAIT_MS,
      recoveryWaitMs: s.RECOVERY_WAIT_MS,
      recoveryMaxReads: s.RECOVERY_MAX_READS,
      exportPollMs: s.EXPORT_POLL_MS,
      exportTimeoutMs: s.EXPORT_TIMEOUT_MS,
    },
    terminalLanguage: (s.LC_ALL ?? s.LANG)?.match(/^[a-z]{2,3}(?=[_.-]|$)/)?.[0] ?? null,
    callerDir: s.INIT_CWD ?? process.cwd(),
  };
}
