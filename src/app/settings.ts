/**
 * The table of settings: every variable with its check, its default and what it is for. `describeSettings` gives it
 * as text, for docs/settings.md and `.env.example`. Source: DESIGN.md, "Settings".
 */
import { z } from "zod";
import { parseRedisAddress } from "../store/redis/address.ts";
import type { Keys } from "../store/sealing/encryption.ts";

declare module "zod" {
  interface GlobalMeta {
    /** What holds when the variable is not set, in words. */
    fallback?: string;
  }
}

const DAY_MS = 86_400_000;

const ms = (fallback: number) =>
  z.coerce
    .number({ error: "must be a number of milliseconds" })
    .int({ error: "must be a whole number of milliseconds" })
    .min(1, { error: "must be at least 1 ms" })
    .max(DAY_MS, { error: "must be at most 86400000 ms (a day)" })
    .default(fallback);

const days = (fallback: number, least: number) =>
  z.coerce
    .number({ error: "must be a number of days" })
    .min(least, { error: `must be at least ${least}` })
    .max(3_650, { error: "must be at most 3650 days (ten years)" })
    .default(fallback)
    .transform((count) => Math.round(count * DAY_MS));

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) address" });
const baseUrl = (fallback: string) => httpUrl.default(fallback).transform((url) => url.replace(/\/+$/, ""));

const token = z.string().regex(/^[\x21-\x7e]+$/, { error: "must be a token without spaces" });

const editor = {
  NEMO_API_URL: baseUrl("https://mega-api-prod.nemovideo.ai").describe("The editor's API."),
  NEMO_WEB_URL: baseUrl("https://nemovideo.com").describe(
    "The editor's pages for people: registration, opening a project.",
  ),
  NEMO_TOKEN: token.optional().meta({
    fallback: "a free token for each conversation",
    description:
      "Your own token for all conversations. A free one has 100 credits for 7 days, and one address gets only a few of them.",
  }),
  OPERATORS: z
    .string()
    .regex(/^\s*(telegram|discord):\d+\s*(,\s*(telegram|discord):\d+\s*)*$/, {
      error: "must be people such as telegram:1234,discord:5678, by their numbers",
    })
    .transform((text) => text.split(",").map((one) => one.trim()))
    .optional()
    .describe(
      "Who runs this bot, such as `telegram:1234,discord:5678`. With `NEMO_TOKEN` only they see what its account holds.",
    ),
};

const telegram = {
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]+$/, { error: "must be the token that BotFather gave you" })
    .optional()
    .describe("The Telegram bot runs when it is set."),
  TELEGRAM_API_ROOT: baseUrl("https://api.telegram.org").describe(
    "The Bot API, or the address of your own Bot API server.",
  ),
  TELEGRAM_LOCAL_FILES_DIR: z
    .string()
    .optional()
    .describe("The folder your own Bot API server keeps files in. Nothing outside of it is read."),
  TELEGRAM_WEBHOOK_URL: httpUrl.optional().meta({
    fallback: "long polling",
    description:
      "Where Telegram sends updates to. Needs `TELEGRAM_WEBHOOK_SECRET`; long polling needs no open port.",
  }),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{1,256}$/, { error: "must be 1 to 256 letters, digits, dashes and underscores" })
    .optional()
    .describe("Telegram sends it with every update: 1 to 256 letters, digits, dashes and underscores."),
};

const discord = {
  DISCORD_BOT_TOKEN: token.optional().describe("The Discord bot runs when it is set."),
  DISCORD_API_URL: baseUrl("https://discord.com/api").describe(
    "The base of Discord's REST API; the gateway's address comes from it.",
  ),
  DISCORD_MESSAGE_CONTENT: z
    .enum(["on", "off"], { error: "must be on or off" })
    .default("off")
    .describe(
      '`on`: messages in the bot\'s own threads need no mention. Needs "Message Content Intent" in the developer portal.',
    ),
  DISCORD_SHARDS: z.coerce
    .number({ error: "must be a number of shards" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be at least 1" })
    .max(1000, { error: "must be at most 1000" })
    .optional()
    .meta({
      fallback: "as many as Discord advises",
      description: "Number of gateway connections, of all processes together.",
    }),
  DISCORD_SHARD_IDS: z
    .string()
    .regex(/^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$/, {
      error: "must be shard numbers such as 0,1 or 0-3",
    })
    .transform(readShardIds)
    .optional()
    .meta({
      fallback: "all",
      description: "The connections of this process, counted from 0: `0,1` or `0-3`. Needs `DISCORD_SHARDS`.",
    }),
};

const webServer = {
  HTTP_HOST: z
    .string()
    .default("127.0.0.1")
    .describe("Where the bot's own web server listens: health, metrics, webhooks."),
  HTTP_PORT: z.coerce
    .number({ error: "must be a port number" })
    .int({ error: "must be a port number" })
    .min(0, { error: "must be a port number" })
    .max(65_535, { error: "must be a port number" })
    .default(8080)
    .describe("Its port; 0 takes any free one."),
};

const skills = {
  DEFAULT_SKILL: z.string().default("film-maker").describe("The skill of a new conversation."),
  SKILLS_DIR: z
    .string()
    .optional()
    .meta({ fallback: "the bot's own `config/skills`", description: "The folder of the skills." }),
  SKILL_SOURCE: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: "must be a short word of letters, digits, dots and dashes" })
    .optional()
    .meta({ fallback: "from the skills' install path", description: "Sent as `X-Skill-Platform`." }),
};

const storage = {
  DATA_DIR: z
    .string()
    .default("data")
    .describe("Conversations, work and the key file; the terminal chat has a folder `console` in it."),
  ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, {
      error: "must be 32 bytes as 64 hexadecimal digits (openssl rand -hex 32)",
    })
    .transform(readKeys)
    .optional()
    .meta({
      fallback: "a key file made in `DATA_DIR`",
      description: "Encrypts everything that is kept: 64 hexadecimal digits (`openssl rand -hex 32`).",
    }),
  ENCRYPTION_KEYS: z
    .string()
    .regex(/^[0-9a-fA-F]{64}( *, *[0-9a-fA-F]{64}){0,9}$/, {
      error: "must be keys of 64 hexadecimal digits with commas between them, the new one first",
    })
    .transform(readKeys)
    .optional()
    .describe("Instead of `ENCRYPTION_KEY`, to change the key: the new one, a comma, the old one."),
  REDIS_URL: z
    .string()
    .refine((text) => parseRedisAddress(text) !== null, {
      error: "must be a redis:// or rediss:// address, or redis+sentinel://host:port,host:port/name",
    })
    .optional()
    .describe(
      "Keeps conversations and work on Redis instead of `DATA_DIR`, for several processes: `redis://localhost:6379`, `rediss://` with TLS, or its Sentinels: `redis+sentinel://host:26379,host:26379/name`.",
    ),
  ROLE: z
    .enum(["all", "ingress", "worker"], { error: "must be all, ingress or worker" })
    .default("all")
    .describe(
      "What this process does: `all`, `ingress` (platform connections only) or `worker` (jobs only). The last two need `REDIS_URL`.",
    ),
  CONVERSATION_RETENTION_DAYS: days(180, 1).describe(
    "A conversation is forgotten after so many days without a message, and so are a person's settings.",
  ),
  // Telegram redelivers within a day, and on Discord the bot looks back as far as two days.
  FINISHED_RETENTION_DAYS: days(2, 2).describe(
    "So many days finished work is remembered, so that a redelivery is known; at least 2.",
  ),
};

const log = {
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be one of trace, debug, info, warn, error, fatal, silent",
    })
    .default("info")
    .describe(
      "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`; the terminal chat begins with `error`.",
    ),
};

const waits = {
  STILL_WORKING_MS: ms(120_000).describe('Between two "⏳ Still working..." of one edit.'),
  TURN_TIMEOUT_MS: ms(900_000).describe("The longest a turn may take."),
  HEARTBEAT_ONLY_TIMEOUT_MS: ms(600_000).describe("The longest a turn may give nothing but heartbeats."),
  RECOVERY_FIRST_WAIT_MS: ms(30_000).describe(
    "After a dropped connection: the wait before the first look at the project.",
  ),
  RECOVERY_WAIT_MS: ms(60_000).describe("The wait between two looks."),
  RECOVERY_MAX_READS: z.coerce
    .number({ error: "must be a number" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be at least 1" })
    .max(100, { error: "must be at most 100" })
    .default(5)
    .describe("The number of looks."),
  RETRY_WAIT_MS: ms(30_000).describe("The wait before the single retry when the editor is busy."),
  EXPORT_POLL_MS: ms(30_000).describe(
    "The longest wait between two looks at a render; the first is 3 s, each further one half as long again.",
  ),
  EXPORT_TIMEOUT_MS: ms(900_000).describe("How long a render is waited for."),
};

/** Set by the system, not by the operator. */
const system = {
  LC_ALL: z.string().optional(),
  LANG: z.string().optional(),
  INIT_CWD: z.string().optional(),
};

/** Reads all variables at once; a variable that is missing has its default. */
export const SETTINGS = z.object({
  ...editor,
  ...telegram,
  ...discord,
  ...webServer,
  ...skills,
  ...storage,
  ...log,
  ...waits,
  ...system,
});

/** A setting as an operator reads of it, in Markdown. */
export interface SettingText {
  name: string;
  /** As it would be written in `.env`; null when there is none. */
  default: string | null;
  /** What holds when it is not set, in words; null where `default` says it, or nothing holds. */
  fallback: string | null;
  description: string;
}

/** The settings by groups, in the order in which they are to be shown. */
export function describeSettings(): { title: string; settings: SettingText[] }[] {
  return Object.entries({
    "The editor (Nemo backend)": editor,
    "Telegram: runs when the token is set": telegram,
    "Discord: runs when the token is set": discord,
    "The bot's own web server: /healthz, /readyz, /metrics, webhooks": webServer,
    Skills: skills,
    Storage: storage,
    Log: log,
    "Waits, in milliseconds": waits,
  }).map(([title, group]) => ({
    title,
    settings: Object.entries<z.ZodType>(group).map(([name, schema]) => {
      // The default of what is written, not of what it becomes: days, not the milliseconds they are turned into.
      const written = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      return {
        name,
        default: written.default === undefined ? null : String(written.default),
        fallback: schema.meta()?.fallback ?? null,
        description: schema.description ?? "",
      };
    }),
  }));
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
