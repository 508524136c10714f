/** What the parts of the fake share: the world, its settings, and the notebook of what the bot did wrong. */

import type { EventEmitter } from "node:events";
import type { Cdn } from "./cdn.ts";
import type { CommandRegistry } from "./commands.ts";
import type { View } from "./serialize-message.ts";
import type { Snowflakes } from "./snowflakes.ts";
import type { JsonObject, PrivilegedIntent } from "./wire.ts";
import type { World } from "./world.ts";

/** A fault of the bot that the server answers mildly or not at all. */
export interface Violation {
  kind:
    | "not-acknowledged"
    | "answered-late"
    | "answered-twice"
    | "allowed-mentions"
    | "no-nonce"
    | "rate-limit-ignored"
    | "unknown-route"
    | "gateway";
  /** What happened, for a person. */
  detail: string;
  at: number;
}

/** An event on its way to the gateway's sessions. */
export interface GatewayEvent {
  name: string;
  /** Decides the shard; null goes to shard 0. */
  guildId: string | null;
  /** A session gets the event when it has one of these bits; 0: every session. */
  intents: number;
  /** `d` for one session. */
  data(view: View): JsonObject;
}

/** Timings and limits, all with defaults. */
export interface Settings {
  token: string;
  /** How long an interaction waits for its first answer. */
  interactionDeadlineMs: number;
  /** How long an interaction's token serves. */
  interactionTokenMs: number;
  /** Largest request body; larger ones get 413. */
  maxRequestBytes: number;
  /** What a bot may upload outside boosted guilds. */
  uploadLimitBytes: number;
  /** How long a nonce is remembered. */
  nonceWindowMs: number;
  /** Switches turned on in the developer portal. */
  privilegedIntents: readonly PrivilegedIntent[];
  heartbeatIntervalMs: number;
  /** How long a session without a connection can be resumed. */
  sessionLifeMs: number;
  /** Recommended number of shards. */
  shards: number;
  maxConcurrency: number;
  /** Time in which only `maxConcurrency` shards may identify; 0 turns the check off. */
  identifyIntervalMs: number;
}

/** The shared parts. */
export interface Core {
  settings: Settings;
  world: World;
  ids: Snowflakes;
  cdn: Cdn;
  commands: CommandRegistry;
  /** Emits "change" after anything happened that a test may wait for. */
  changes: EventEmitter;
  /** Hands an event to the gateway. True when a live connection took it. */
  dispatch(event: GatewayEvent): boolean;
  /** Notes a fault. */
  violate(kind: Violation["kind"], detail: string): void;
}

/** The view REST answers are made for: content only with the portal's switch. */
export function restView(core: Core): View {
  return {
    world: core.world,
    cdn: core.cdn,
    hasMessageContent: core.settings.privilegedIntents.includes("MESSAGE_CONTENT"),
  };
}

/** How long a test waits for what must come; a busy machine takes its time. */
export const DEFAULT_WAIT_MS = 20_000;

/** Waits until `read` gives something other than undefined. Rejects with `what` after `timeoutMs`. */
export function waitFor<T>(
  core: Core,
  read: () => T | undefined,
  what: string,
  timeoutMs: number,
): Promise<T> {
  const now = read();
  if (now !== undefined) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    const onChange = () => {
      const value = read();
      if (value === undefined) return;
      stop();
      resolve(value);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`nothing came within ${timeoutMs} ms: ${what}`));
    }, timeoutMs);
    const stop = () => {
      clearTimeout(timer);
      core.changes.off("change", onChange);
    };
    core.changes.on("change", onChange);
  });
}
