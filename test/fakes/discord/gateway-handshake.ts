/**
 * What clients may send to the gateway: payloads, IDENTIFY, shards; and the close codes that answer the rest.
 * Source: Discord docs, "Gateway Events: Identify", "Opcodes and Status Codes: Gateway".
 */

import type { Settings } from "./core.ts";
import { Intent, isObject, KNOWN_INTENTS, PRIVILEGED_INTENTS } from "./wire.ts";

/** Gateway opcodes. */
export const Op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  voice: 4,
  resume: 6,
  reconnect: 7,
  requestMembers: 8,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;

/** A client is shown the door. */
export class GatewayRefusal extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.name = "GatewayRefusal";
    this.code = code;
  }
}

const MAX_PAYLOAD_BYTES = 4096;

/** Reads a payload, or throws 4002. */
export function readPayload(text: string, isBinary: boolean): { op: number; d: unknown } {
  if (!isBinary && Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES) {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value) && typeof value.op === "number") return { op: value.op, d: value.d };
    } catch {
      // Not JSON: refused below like every other payload that cannot be read.
    }
  }
  throw new GatewayRefusal(4002, "Error while decoding payload.");
}

/** Checks the address a client connected with. Throws 4012, 4002 or, for compression, 4000. */
export function checkQuery(query: URLSearchParams): void {
  if (query.get("v") !== "10") throw new GatewayRefusal(4012, "Invalid API version");
  if (query.get("encoding") !== "json") throw new GatewayRefusal(4002, "Error while decoding payload.");
  // The real gateway can compress; this one cannot, and says so instead of sending unreadable bytes.
  if (query.has("compress")) throw new GatewayRefusal(4000, "the fake gateway does not compress");
}

/** Checks IDENTIFY. Throws 4002, 4004, 4010, 4013 or 4014. */
export function readIdentify(
  data: unknown,
  settings: Settings,
): { intents: number; shard: [number, number] } {
  if (!isObject(data) || !isObject(data.properties))
    throw new GatewayRefusal(4002, "Error while decoding payload.");
  checkToken(data.token, settings);
  const { intents } = data;
  if (typeof intents !== "number" || !Number.isInteger(intents) || (intents & ~KNOWN_INTENTS) !== 0)
    throw new GatewayRefusal(4013, "Invalid intent(s).");
  const isRefused = PRIVILEGED_INTENTS.some(
    (name) => (intents & Intent[name]) !== 0 && !settings.privilegedIntents.includes(name),
  );
  if (isRefused) throw new GatewayRefusal(4014, "Disallowed intent(s).");
  return { intents, shard: readShard(data.shard) };
}

/** Throws 4004 for another token than the bot's. */
export function checkToken(token: unknown, settings: Settings): void {
  if (token !== settings.token) throw new GatewayRefusal(4004, "Authentication failed.");
}

function readShard(value: unknown): [number, number] {
  if (value === undefined) return [0, 1];
  if (Array.isArray(value) && value.length === 2) {
    const [id, count] = value as unknown[];
    const isWhole = Number.isInteger(id) && Number.isInteger(count);
    if (isWhole && Number(count) >= 1 && Number(id) >= 0 && Number(id) < Number(count))
      return [Number(id), Number(count)];
  }
  throw new GatewayRefusal(4010, "Invalid shard.");
}
