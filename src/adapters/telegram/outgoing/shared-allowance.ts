/**
 * One allowance for all processes that send for the same bot. What a chat was sent stands in the memory that they
 * share and is asked before decoration leaves; answers are written there after they have left. Blocks are read once a
 * second while messages leave: an answer asks no store, and costs a second 429 at worst in a process that was idle.
 * Clocks may differ by about 100 ms. Source: platforms.md, "Rates".
 */
import { z } from "zod";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import {
  type Allowance,
  type AllowanceLimits,
  type ChatCalls,
  DEFAULT_ALLOWANCE,
  type DecorationKind,
  isQuiet,
  type LocalAllowance,
  NO_CALLS,
  withCalls,
  withDecoration,
} from "./allowance.ts";

/** How long answers that have left are collected before they are written down. */
const WRITE_AFTER_MS = 200;
/** How often blocks are read, and for how long after the last answer. */
const LOOK_EVERY_MS = 1_000;
const LOOK_FOR_MS = 60_000;
/** A record outlives a 429 and what it halves. */
const KEPT_FOR_MS = 3_600_000;
const BLOCKED = "blocked-chats";

const callsSchema = z.object({ at: z.array(z.number()), updatedAt: z.number(), halvedUntil: z.number() });
/** Chats that Telegram wants nothing in, with the epoch ms of the end of it. */
const blockedSchema = z.record(z.string(), z.number());

/** While the store is away, the allowance of this process alone. */
export class SharedAllowance implements Allowance {
  readonly #calls: JsonMemory<ChatCalls>;
  readonly #blocked: JsonMemory<Record<string, number>>;
  readonly #local: LocalAllowance;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: AllowanceLimits;
  readonly #stopped: AbortSignal;
  /** When answers left that are not written down yet, by chat. */
  #unwritten = new Map<string, number[]>();
  #isWriting = false;
  #isLooking = false;
  #usedAt = 0;

  constructor(
    memory: AdapterMemory,
    local: LocalAllowance,
    clock: Clock,
    log: Log,
    stopped: AbortSignal,
    limits: AllowanceLimits = DEFAULT_ALLOWANCE,
  ) {
    const options = { memory, log, ttlMs: KEPT_FOR_MS };
    this.#calls = new JsonMemory({ ...options, schema: callsSchema, what: "a chat's allowance" });
    this.#blocked = new JsonMemory({ ...options, schema: blockedSchema, what: "chats that are blocked" });
    this.#local = local;
    this.#clock = clock;
    this.#log = log;
    this.#stopped = stopped;
    this.#limits = limits;
  }

  blockedForMs(chatId: string): number {
    return this.#local.blockedForMs(chatId);
  }

  isStrained(chatId: string): boolean {
    return this.#local.isStrained(chatId);
  }

  count(chatId: string): void {
    const now = this.#clock.now();
    this.#local.count(chatId);
    this.#unwritten.set(chatId, [...(this.#unwritten.get(chatId) ?? []), now]);
    this.#usedAt = now;
    void this.#write();
    void this.#look();
  }

  async take(chatId: string, kind: DecorationKind): Promise<boolean> {
    // What this process alone has sent may be reason enough to refuse.
    if (!this.#local.room(chatId, kind)) return false;
    let isTaken = false;
    try {
      await this.#change(chatId, (chat, now) => {
        const next = withDecoration(chatId, chat, kind, now, this.#limits);
        isTaken = next !== null;
        return next ?? chat;
      });
      return isTaken;
    } catch (error) {
      this.#report(error);
      return this.#local.take(chatId, kind);
    }
  }

  block(chatId: string, waitMs: number): void {
    this.#local.block(chatId, waitMs);
    void this.#tellOfBlock(chatId, this.#clock.now() + waitMs);
  }

  async #tellOfBlock(chatId: string, until: number): Promise<void> {
    const { halvedUntil } = this.#local.chat(chatId);
    try {
      await this.#blocked.update(BLOCKED, (known) => {
        const now = this.#clock.now();
        const lasting = Object.entries(known ?? {}).filter(([, end]) => end > now);
        return { ...Object.fromEntries(lasting), [chatId]: until };
      });
      await this.#change(chatId, (chat) => ({ ...chat, halvedUntil }));
    } catch (error) {
      this.#report(error);
    }
  }

  /** Changes what all processes know of a chat, what this one has not written yet included. */
  async #change(chatId: string, change: (chat: ChatCalls, now: number) => ChatCalls): Promise<void> {
    const times = this.#unwritten.get(chatId) ?? [];
    this.#unwritten.delete(chatId);
    const next = await this.#calls.update(`allowance:${chatId}`, (known) => {
      const now = this.#clock.now();
      const chat = change(withCalls(known ?? NO_CALLS, times, now, this.#limits), now);
      return isQuiet(chat, now, this.#limits) ? null : chat;
    });
    // Answers that have left since are in neither yet.
    const since = this.#unwritten.get(chatId) ?? [];
    if (next) this.#local.keep(chatId, withCalls(next, since, this.#clock.now(), this.#limits));
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#unwritten.size > 0) {
        await this.#clock.sleep(WRITE_AFTER_MS, this.#stopped);
        for (const chatId of [...this.#unwritten.keys()]) await this.#change(chatId, (chat) => chat);
      }
    } catch (error) {
      // An allowance that is too small for a minute does no harm; neither does one that is too large.
      this.#unwritten.clear();
      if (!this.#stopped.aborted) this.#report(error);
    } finally {
      this.#isWriting = false;
    }
  }

  /** Learns of the blocks that other processes were told of. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#clock.now() - this.#usedAt < LOOK_FOR_MS) {
        const blocked = (await this.#blocked.get(BLOCKED)) ?? {};
        for (const [chatId, until] of Object.entries(blocked)) {
          if (until > this.#clock.now()) this.#local.blockUntil(chatId, until);
        }
        await this.#clock.sleep(LOOK_EVERY_MS, this.#stopped);
      }
    } catch (error) {
      if (!this.#stopped.aborted) this.#report(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #report(error: unknown): void {
    const facts = { err: error };
    const what = "the allowance of a chat is this process's own for now";
    if (isStoreTrouble(error)) this.#log.debug(facts, what);
    else this.#log.warn(facts, what);
  }
}
