/**
 * The log of the process: JSON lines of pino, pretty in a terminal, with everything that looks like a
 * secret cut out of the finished line, and with the turn a line belongs to. Source: DESIGN.md, rule 10.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import pino from "pino";
import type { Log } from "../core/ports/runtime.ts";
import { TOKENS } from "../lib/secrets.ts";
import { parseRedisAddress } from "../store/redis/address.ts";
import type { Config } from "./config.ts";

const SECRETS: [pattern: RegExp, replacement: string][] = [
  // Kept out by their shape, wherever they come from; the kind of an account's token may stay.
  ...TOKENS.map(([pattern, hasKind]): [RegExp, string] => [pattern, hasKind ? "$1[hidden]" : "[hidden]"]),
  // Authorization headers and query strings, which carry signatures; an invite link carries none.
  [/\b(Bearer|Bot)\s+[\w.~+/=-]{8,}/g, "$1 [hidden]"],
  // Name and password in an address, such as Redis has.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'/?#]*@/gi, "$1[hidden]@"],
  [/(https?:\/\/(?!discord\.com\/oauth2\/)[^\s"'?#]+)\?[^\s"'\\]+/g, "$1?[hidden]"],
];

/** Cuts secrets out of a line. `own` are this process's tokens, whatever they look like. */
export function redact(line: string, own: readonly string[] = []): string {
  let clean = line;
  for (const secret of own) clean = clean.replaceAll(secret, "[hidden]");
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** What of the settings must never be written, in each form that it may be written in. */
export function secretsOf(config: Config): string[] {
  const { nemo, telegram, discord, storage } = config;
  const password = parseRedisAddress(storage.redisUrl ?? "")?.password;
  return [
    nemo.token,
    telegram?.token,
    telegram?.webhook?.secret,
    discord?.token,
    storage.redisUrl,
    password,
    password && encodeURIComponent(password),
    ...(storage.encryptionKeys ?? []).map((key) => Buffer.from(key).toString("hex")),
  ].filter((secret) => typeof secret === "string");
}

const turns = new AsyncLocalStorage<string>();

/** Runs `task`; every line that is logged by it, however deep, carries `turn`. An inner turn takes an outer's place. */
export function withTurn<T>(turn: string, task: () => Promise<T>): Promise<T> {
  return turns.run(turn, task);
}

/**
 * Makes the process's logger. It writes to standard error, so that standard output stays the chat's, or hands each
 * line to `write`. `secrets` are values that must never be written, such as the operator's tokens.
 */
export async function createLog(options: {
  level: Config["logLevel"];
  secrets: string[];
  write?: (line: string) => void;
}): Promise<pino.Logger> {
  const secrets = options.secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    // The finished line is JSON, which writes quotes and backslashes in its own way.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    mixin: () => {
      const turn = turns.getStore();
      return turn === undefined ? {} : { turn };
    },
    hooks: { streamWrite: (line) => redact(line, secrets) },
  };
  const { write } = options;
  if (write) return pino(settings, { write });
  if (!process.stderr.isTTY) return pino(settings, pino.destination({ dest: 2, sync: true }));
  // Loaded for people only: a service starts faster without it.
  const { default: pretty } = await import("pino-pretty");
  return pino(settings, pretty({ destination: 2, sync: true, colorize: true, ignore: "pid,hostname" }));
}

/** Shorter ones would take ordinary words out of the lines. */
const MIN_SECRET = 6;

/** Longest message of an error that is written; schema errors quote whole answers. */
const MAX_MESSAGE = 400;
const MAX_CAUSES = 4;

/**
 * Logs an uncaught error, counts it, and lets the process go on: whatever one event, timer or promise of a platform
 * or a library does, all other people are still served. Work is written down before it begins, so what the lost step
 * owed is owed still. A broken store or start is thrown to `main.ts`, and ends the process there.
 */
export function outliveUncaught(log: Log, count: () => void): void {
  const note = (what: string) => (error: unknown) => {
    count();
    log.error({ err: error }, what);
  };
  process.on("uncaughtException", note("an uncaught error; what it was thrown by ends"));
  process.on("unhandledRejection", note("an unhandled rejection; what it belongs to ends"));
}

/** An error's facts, causes included. Properties of unknown errors stay out: they may hold bytes of the wire. */
function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message.slice(0, MAX_MESSAGE),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(depth === 0 ? { stack: error.stack?.split("\n").slice(1, 6).join("\n") } : {}),
    ...(error.cause !== undefined && depth < MAX_CAUSES
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
