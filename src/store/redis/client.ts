/** One connection to one node of Redis: how it is set up, how long it may take, and what its answers say of the node. */
import { createClient, ErrorReply } from "@redis/client";
import { within } from "../../lib/timeout.ts";

/** Redis answers within a millisecond; one that takes longer than this is away. */
const ANSWER_MS = 2_000;
/** Less, so that no half-open connection is left when the answer is given up. */
const CONNECT_MS = 1_500;
/** A connection that has died without a word is found out by its missing pings. */
const PING_MS = 4_000;
const SILENCE_MS = 10_000;
/** Two keys of different slots: a script with both is refused by a cluster, and by what stands before one. */
const TWO_SLOTS = ["nemobot:a", "nemobot:b"];

/** Waiting does not mend it: the settings name a Redis that cannot be used. */
export class UnfitRedisError extends Error {}

export class NoAnswerError extends Error {
  override message = "no answer in time";
}

/** A client that is not connected yet. It does not connect again by itself, and fails what it cannot send. */
export function newClient(to: {
  host: string;
  port: number;
  isTls: boolean;
  username?: string | undefined;
  password?: string | undefined;
  database?: number;
}) {
  const { host, port, isTls, username, password, database = 0 } = to;
  return createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    // The sender of a command knows better than a queue what to do.
    disableOfflineQueue: true,
    disableClientInfo: true,
    pingInterval: PING_MS,
    socket: {
      host,
      port,
      ...(isTls && { tls: true }),
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      // The master may be another node after an outage: a new client is made for it.
      reconnectStrategy: false,
    },
  });
}

export type RedisClient = ReturnType<typeof newClient>;

/** The answer; throws `NoAnswerError` when there is none in time. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = new NoAnswerError();
  const result = await within(ANSWER_MS, answer, late);
  if (result === late) throw late;
  // What is not `late` is the answer.
  return result as T;
}

/** Where a cluster says that our slot is: an empty host stands for the one that was asked. */
export function movedTo(error: unknown): { host: string; port: number } | null {
  const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(messageOf(error)) ?? [];
  return host === undefined ? null : { host, port: Number(port) };
}

/** True when this node says that it is not, or no longer, the one to ask. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof ErrorReply && /^(MOVED|READONLY|MASTERDOWN)\b/.test(error.message);
}

/** True when a script may use keys of one slot alone. */
export async function wantsOneSlot(client: RedisClient): Promise<boolean> {
  try {
    await inTime(client.eval("return 1", { keys: TWO_SLOTS }));
    return false;
  } catch (error) {
    if (messageOf(error).startsWith("CROSSSLOT")) return true;
    throw error;
  }
}

/** The queue needs what came with 6.2. `info` is what `INFO` says. Throws `UnfitRedisError`. */
export function refuseOld(info: string): void {
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  if (!version) return;
  const [major = 0, minor = 0] = version.slice(1).map(Number);
  if (major > 6 || (major === 6 && minor >= 2)) return;
  throw new UnfitRedisError(`Redis ${version[0].split(":")[1]} is too old; 6.2 or newer is needed`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
