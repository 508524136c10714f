/**
 * One gateway session: what it may hear, what it has heard, and what it missed while away.
 * Source: Discord docs, "Gateway: Resuming".
 */

import { randomBytes } from "node:crypto";
import type { GatewayEvent } from "./core.ts";
import type { View } from "./serialize-message.ts";
import { shardOf } from "./snowflakes.ts";
import { Intent, type JsonObject } from "./wire.ts";

/** Events kept for a resume; a client further behind must identify again. */
const MAX_KEPT = 1000;

/** A numbered event. */
export interface SentEvent {
  s: number;
  t: string;
  d: JsonObject;
}

/** A session from IDENTIFY to its end; connections come and go. */
export class GatewaySession {
  readonly id = randomBytes(16).toString("hex");
  readonly intents: number;
  readonly shard: readonly [number, number];
  /** Sends to the live connection; null while away. */
  send: ((event: SentEvent) => void) | null = null;
  /** When the last connection was lost, epoch ms. */
  lostAt: number | null = null;
  readonly #kept: SentEvent[] = [];
  #sequence = 0;

  constructor(intents: number, shard: readonly [number, number]) {
    this.intents = intents;
    this.shard = shard;
  }

  /** The last number given out. */
  get sequence(): number {
    return this.#sequence;
  }

  /** True when this session is one of the event's listeners. */
  hears(event: GatewayEvent): boolean {
    const [id, count] = this.shard;
    const shard = event.guildId === null ? 0 : shardOf(event.guildId, count);
    return shard === id && (event.intents === 0 || (this.intents & event.intents) !== 0);
  }

  /** Numbers and keeps an event, and sends it when a connection is there. */
  push(event: Pick<GatewayEvent, "name" | "data">, view: Omit<View, "hasMessageContent">): void {
    const hasMessageContent = (this.intents & Intent.MESSAGE_CONTENT) !== 0;
    this.#sequence += 1;
    const sent = { s: this.#sequence, t: event.name, d: event.data({ ...view, hasMessageContent }) };
    this.#kept.push(sent);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    this.send?.(sent);
  }

  /** Events after `seq`; null when the number was never given or the events are forgotten. */
  since(seq: number): SentEvent[] | null {
    const oldest = this.#kept[0]?.s ?? 1;
    if (seq > this.#sequence || seq < oldest - 1) return null;
    return this.#kept.filter((event) => event.s > seq);
  }
}
