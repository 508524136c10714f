/**
 * The one reader of the environment: a checked table of settings with defaults and units.
 * Source: DESIGN.md, "Settings". The same table stands in README.md and `.env.example`.
 */
import { join } from "node:path";
import { z } from "zod";
import { StartError } from "../lib/start-error.ts";
import type { Keys } from "../store/encryption.ts";

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
  storage: {
    dataDir: string;
    /** The first seals, all unseal; null: the key file in `dataDir`, made on first use. Secrets. */
    encryptionKeys: Keys | null;
    /** Null: records and work are kept in `dataDir`. May hold a password: a secret. */
    redisUrl: string | null;
    retention: Retention;
  };
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

/** How long things are kept, in ms. */
interface Retention {
  /** A conversation or a person nobody has heard of for so long is forgotten. */
  conversationMs: number;
  /** What is remembered of finished work, so that a redelivery is known. */
  finishedMs: number;
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

const ms = (fallback: number) =>
  z.coerce
    .number({ error: "must be a number of milliseconds" })
    .int({ error: "must be a whole number of milliseconds" })
    .min(1, { error: "must be at least 1 ms" })
    .max(86_400_000, { error: "must be at most 86400000 ms (a day)" })
    .default(fallback);

const DAY_MS = 86_400_000;

const days = (fallback: number, least: number) =>
  z.coerce
    .number({ error: "must be a number of days" })
    .min(least, { error: `must be at least ${least}` })
    .max(3_650, { error: "must be at most 3650 days (ten years)" })
    .default(fallback)
    .transform((count) => Math.round(count * DAY_MS));

const httpUrl = (fallback: string) =>
  z
    .url({ protocol: /^https?$/, error: "must be an http(s) address" })
    .transform((url) => url.replace(/\/+$/, ""))
    .default(fallback);

const schema = z.object({
  NEMO_API_URL: httpUrl("https://mega-api-prod.nemovideo.ai"),
  NEMO_WEB_URL: httpUrl("https://nemovideo.com"),
  NEMO_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: "must be a token without spaces" })
    .optional(),
  OPERATORS: z
    .string()
    .regex(/^\s*(telegram|discord):\d+\s*(,\s*(telegram|discord):\d+\s*)*$/, {
      error: "must be people such as telegram:1234,discord:5678, by their numbers",
    })
    .transform((text) => text.split(",").map((one) => one.trim()))
    .optional(),
  SKILL_SOURCE: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: "must be a short word of letters, digits, dots and dashes" })
    .optional(),
  DEFAULT_SKILL: z.string().default("film-maker"),
  SKILLS_DIR: z.string().default(join(import.meta.dirname, "../../config/skills")),
  ROLE: z.enum(["all", "ingress", "worker"], { error: "must be all, ingress or worker" }).default("all"),
  DATA_DIR: z.string().default("data"),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" }).optional(),
  CONVERSATION_RETENTION_DAYS: days(180, 1),
  // Telegram redelivers within a day, and on Discord the bot looks back as far as two days.
  FINISHED_RETENTION_DAYS: days(2, 2),
  ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, {
      error: "must be 32 bytes as 64 hexadecimal digits (openssl rand -hex 32)",
    })
    .transform(readKeys)
    .optional(),
  ENCRYPTION_KEYS: z
    .string()
    .regex(/^[0-9a-fA-F]{64}( *, *[0-9a-fA-F]{64}){0,9}$/, {
      error: "must be keys of 64 hexadecimal digits with commas between them, the new one first",
    })
    .transform(readKeys)
    .optional(),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]+$/, { error: "must be the token that BotFather gave you" })
    .optional(),
  TELEGRAM_API_ROOT: httpUrl("https://api.telegram.org"),
  TELEGRAM_LOCAL_FILES_DIR: z.string().optional(),
  TELEGRAM_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: "must be an http(s) address" }).optional(),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{1,256}$/, { error: "must be 1 to 256 letters, digits, dashes and underscores" })
    .optional(),
  DISCORD_BOT_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: "must be a token without spaces" })
    .optional(),
  DISCORD_API_URL: httpUrl("https://discord.com/api"),
  DISCORD_MESSAGE_CONTENT: z.enum(["on", "off"], { error: "must be on or off" }).default("off"),
  DISCORD_SHARDS: z.coerce
    .number({ error: "must be a number of shards" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be at least 1" })
    .max(1000, { error: "must be at most 1000" })
    .optional(),
  DISCORD_SHARD_IDS: z
    .string()
    .regex(/^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$/, {
      error: "must be shard numbers such as 0,1 or 0-3",
    })
    .transform(readShardIds)
    .optional(),
  HTTP_HOST: z.string().default("127.0.0.1"),
  HTTP_PORT: z.coerce
    .number({ error: "must be a port number" })
    .int({ error: "must be a port number" })
    .min(0, { error: "must be a port number" })
    .max(65_535, { error: "must be a port number" })
    .default(8080),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be one of trace, debug, info, warn, error, fatal, silent",
    })
    .default("info"),
  RETRY_WAIT_MS: ms(30_000),
  STILL_WORKING_MS: ms(120_000),
  TURN_TIMEOUT_MS: ms(900_000),
  HEARTBEAT_ONLY_TIMEOUT_MS: ms(600_000),
  RECOVERY_FIRST_WAIT_MS: ms(30_000),
  RECOVERY_WAIT_MS: ms(60_000),
  RECOVERY_MAX_READS: z.coerce
    .number({ error: "must be a number" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be at least 1" })
    .max(100, { error: "must be at most 100" })
    .default(5),
  EXPORT_POLL_MS: ms(30_000),
  EXPORT_TIMEOUT_MS: ms(900_000),
  LC_ALL: z.string().optional(),
  LANG: z.string().optional(),
  INIT_CWD: z.string().optional(),
});

/**
 * Reads the settings from `env`; a variable that is set to nothing counts as not set.
 * Throws `StartError` with every problem at once, by variable name and without values.
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = schema.safeParse(filled);
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
    skills: { dir: s.SKILLS_DIR, defaultSkill: s.DEFAULT_SKILL, source: s.SKILL_SOURCE ?? null },
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

/** The regular expressions have seen to it that there is at least one. */
function readKeys(text: string): Keys {
  const [first = "", ...others] = text.split(",").map((key) => key.trim());
  return [Buffer.from(first, "hex"), ...others.map((key) => Buffer.from(key, "hex"))];
}

/** `0,2-4` as 0, 2, 3, 4. */
function readShardIds(text: string): number[] {
  const ids = text.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step);
  });
  return [...new Set(ids)];
}
