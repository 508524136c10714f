/**
 * What Telegram lets a bot say in one chat: new messages and edits share it, and a forum with all its topics is one
 * chat. Answers are counted here and held up by nothing but a `retry_after`; decoration takes from what they leave
 * over. Source: platforms.md, "Rates".
 */
import type { Clock } from "../../../core/ports/runtime.ts";

export interface AllowanceLimits {
  /** Calls of one chat within `minuteMs`, below which Telegram is known to refuse none. */
  perMinute: number;
  minuteMs: number;
  /** Of those, what a new message of decoration must leave to answers. */
  firstReserve: number;
  /** The same for an update of one, which people miss less. */
  updateReserve: number;
  /** Least time between two updates of a chat, whichever of its messages they are for. */
  privateUpdateMs: number;
  groupUpdateMs: number;
  /** How long after a 429 there is half as much decoration. */
  halvedForMs: number;
}

export const DEFAULT_ALLOWANCE: AllowanceLimits = {
  perMinute: 20,
  minuteMs: 60_000,
  firstReserve: 2,
  updateReserve: 5,
  privateUpdateMs: 3_000,
  groupUpdateMs: 10_000,
  halvedForMs: 600_000,
};

/** A message that appears, or a change of one that is there. */
export type DecorationKind = "first" | "update";

/** Who may call when. */
export interface Allowance {
  /** Ms for which Telegram wants nothing in the chat, as far as this process knows; 0: none. Asks no store. */
  blockedForMs(chatId: string): number;
  /** Telegram has refused a call of the chat lately. */
  isStrained(chatId: string): boolean;
  /** An answer leaves now; it may be more than the allowance. */
  count(chatId: string): void;
  /** A place for decoration; false when what is over is needed for answers. Never waits for one. */
  take(chatId: string, kind: DecorationKind): Promise<boolean>;
  /** Telegram wants nothing in this chat for so long. */
  block(chatId: string, waitMs: number): void;
}

/** What is remembered of one chat, in epoch ms. */
export interface ChatCalls {
  /** When the calls of the last minute left, oldest first. */
  at: number[];
  /** When decoration was updated last. */
  updatedAt: number;
  /** Until when there is half as much decoration. */
  halvedUntil: number;
}

/** Calls remembered of a chat: what is beyond them changes no decision. */
const MAX_CALLS = 60;
/** Chats remembered before the quiet ones are looked for. */
const MANY_CHATS = 1_000;

export const NO_CALLS: ChatCalls = { at: [], updatedAt: 0, halvedUntil: 0 };

/** The chat after calls that left at `times`. */
export function withCalls(
  chat: ChatCalls,
  times: readonly number[],
  now: number,
  { minuteMs }: AllowanceLimits,
): ChatCalls {
  // A clock that is far ahead of ours must not hold us up.
  const at = [...chat.at, ...times]
    .map((time) => Math.min(time, now))
    .filter((time) => now - time < minuteMs);
  return { ...chat, at: at.sort((a, b) => a - b).slice(-MAX_CALLS) };
}

/** The chat after a call of decoration that leaves now; null when there is no room for it. */
export function withDecoration(
  chatId: string,
  chat: ChatCalls,
  kind: DecorationKind,
  now: number,
  limits: AllowanceLimits,
): ChatCalls | null {
  const share = now < chat.halvedUntil ? 2 : 1;
  const recent = withCalls(chat, [], now, limits);
  const reserve = kind === "first" ? limits.firstReserve : limits.updateReserve;
  if (recent.at.length >= (limits.perMinute - reserve) / share) return null;
  const everyMs = chatId.startsWith("-") ? limits.groupUpdateMs : limits.privateUpdateMs;
  if (kind === "update" && now - chat.updatedAt < everyMs * share) return null;
  return { ...withCalls(recent, [now], now, limits), updatedAt: kind === "update" ? now : chat.updatedAt };
}

/** Whether a chat is not worth remembering. */
export function isQuiet({ at, halvedUntil }: ChatCalls, now: number, { minuteMs }: AllowanceLimits): boolean {
  return halvedUntil <= now && now - (at.at(-1) ?? 0) >= minuteMs;
}

/** The allowance as this process alone knows it. */
export class LocalAllowance implements Allowance {
  readonly #clock: Clock;
  readonly #limits: AllowanceLimits;
  readonly #chats = new Map<string, ChatCalls>();
  readonly #blockedUntil = new Map<string, number>();

  constructor(clock: Clock, limits: AllowanceLimits = DEFAULT_ALLOWANCE) {
    this.#clock = clock;
    this.#limits = limits;
  }

  blockedForMs(chatId: string): number {
    const until = this.#blockedUntil.get(chatId);
    if (until === undefined) return 0;
    const leftMs = until - this.#clock.now();
    if (leftMs <= 0) this.#blockedUntil.delete(chatId);
    return Math.max(0, leftMs);
  }

  isStrained(chatId: string): boolean {
    return this.#clock.now() < this.chat(chatId).halvedUntil;
  }

  count(chatId: string): void {
    const now = this.#clock.now();
    this.keep(chatId, withCalls(this.chat(chatId), [now], now, this.#limits));
  }

  async take(chatId: string, kind: DecorationKind): Promise<boolean> {
    const next = this.room(chatId, kind);
    if (next) this.keep(chatId, next);
    return next !== null;
  }

  block(chatId: string, waitMs: number): void {
    const until = this.#clock.now() + waitMs;
    this.blockUntil(chatId, until);
    this.keep(chatId, { ...this.chat(chatId), halvedUntil: until + this.#limits.halvedForMs });
  }

  /** Another process was told so. */
  blockUntil(chatId: string, until: number): void {
    this.#blockedUntil.set(chatId, Math.max(until, this.#blockedUntil.get(chatId) ?? 0));
  }

  /** The chat after a call of decoration that leaves now; null when there is no room for it. */
  room(chatId: string, kind: DecorationKind): ChatCalls | null {
    if (this.blockedForMs(chatId) > 0) return null;
    return withDecoration(chatId, this.chat(chatId), kind, this.#clock.now(), this.#limits);
  }

  chat(chatId: string): ChatCalls {
    return this.#chats.get(chatId) ?? NO_CALLS;
  }

  keep(chatId: string, chat: ChatCalls): void {
    if (!this.#chats.has(chatId) && this.#chats.size >= MANY_CHATS) this.#forgetQuiet();
    this.#chats.set(chatId, chat);
  }

  #forgetQuiet(): void {
    const now = this.#clock.now();
    for (const [chatId, chat] of this.#chats) {
      if (isQuiet(chat, now, this.#limits)) this.#chats.delete(chatId);
    }
    for (const chatId of [...this.#blockedUntil.keys()]) this.blockedForMs(chatId);
  }
}
