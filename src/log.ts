/**
 * The log of the process: JSON lines of pino, pretty in a terminal, with everything that looks like a
 * secret cut out of the finished line. Source: DESIGN.md, rule 10.
 */
import pino from "pino";
import type { Config } from "./config.ts";

const SECRETS: [pattern: RegExp, replacement: string][] = [
  // Nemo tokens of people and of claim links.
  [/\b(nmv_[a-z]+_|clm_)[\w-]+/g, "$1[hidden]"],
  // A Telegram bot token, alone or behind "bot" in an address; kept out by its shape, wherever it comes from.
  [/(?<!\d)\d{5,12}:[\w-]{30,}/g, "[hidden]"],
  // Authorization headers and query strings, which carry signatures; an invite link carries none.
  [/\b(Bearer|Bot)\s+[\w.~+/=-]{8,}/g, "$1 [hidden]"],
  [/(https?:\/\/(?!discord\.com\/oauth2\/)[^\s"'?#]+)\?[^\s"'\\]+/g, "$1?[hidden]"],
];

/**
 * Cuts secrets out of a line. `own` are this process's tokens, whatever they look like.
 */
export function redact(line: string, own: readonly string[] = []): string {
  let clean = line;
  for (const secret of own) clean = clean.replaceAll(secret, "[hidden]");
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * Makes the process's logger. It writes to standard error, so that standard output stays the chat's.
 * `secrets` are values that must never be written, such as the operator's tokens.
 */
export async function createLog(options: {
  level: Config["logLevel"];
  secrets: string[];
}): Promise<pino.Logger> {
  const secrets = options.secrets.filter((secret) => secret.length >= 6);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    hooks: { streamWrite: (line) => redact(line, secrets) },
  };
  if (!process.stderr.isTTY) return pino(settings, pino.destination({ dest: 2, sync: true }));
  // Loaded for people only: a service starts faster without it.
  const { default: pretty } = await import("pino-pretty");
  return pino(settings, pretty({ destination: 2, sync: true, colorize: true, ignore: "pid,hostname" }));
}

/** Longest message of an error that is written; schema errors quote whole answers. */
const MAX_MESSAGE = 400;
const MAX_CAUSES = 4;

/** An error's facts, causes included. Properties of unknown errors stay out: they may hold what came over the wire. */
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
