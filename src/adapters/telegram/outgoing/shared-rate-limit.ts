/**
 * One rate limit for all processes that send for the same bot: a record in their shared memory says what left when.
 * All that waits in a process is asked for at once, so a call costs one change of the record at most. Clocks may differ
 * by about 100 ms, which is the room the limits leave below Telegram's. Source: platforms.md, "Rates".
 */
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { JsonMemory } from "../../shared/json-memory.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import {
  DEFAULT_RATE_LIMITS,
  isSpare,
  type LocalRateLimit,
  type RateLimit,
  type RateLimits,
  waitBefore,
} from "./rate-limit.ts";
import { type RateRecord, type RateState, rateRecordSchema, readRate, writeRate } from "./rate-record.ts";

const RECORD = "pace";
/** The record outlives every window in it, and goes when nothing is sent. */
const KEPT_FOR_MS = 3_600_000;
/** Looked at again at the latest then. */
const MAX_NAP_MS = 10_000;

interface Request {
  chatId: string;
  /** May be refused, and is not worth waiting for. */
  isSpare: boolean;
  settle: (outcome: "granted" | "refused" | "store-away") => void;
}

/** While the store is away, the rate limit of this process alone. */
export class SharedRateLimit implements RateLimit {
  readonly #record: JsonMemory<RateRecord>;
  readonly #local: LocalRateLimit;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: RateLimits;
  /** Oldest first. */
  #waiting: Request[] = [];
  #isAsking = false;
  #nap = new AbortController();

  constructor(
    memory: AdapterMemory,
    local: LocalRateLimit,
    clock: Clock,
    log: Log,
    options: RateLimits = DEFAULT_RATE_LIMITS,
  ) {
    this.#record = new JsonMemory({
      memory,
      schema: rateRecordSchema,
      what: "the shared rate limit",
      log,
      ttlMs: KEPT_FOR_MS,
    });
    this.#local = local;
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
  }

  async take(chatId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const outcome = await this.#request(chatId, false, signal);
    signal.throwIfAborted();
    if (outcome === "store-away") return this.#local.take(chatId, signal);
    this.#local.count(chatId);
  }

  async takeSpare(chatId: string): Promise<boolean> {
    // What this process alone has sent may be reason enough to refuse.
    if (!(await this.#local.takeSpare(chatId))) return false;
    return (await this.#request(chatId, true, null)) !== "refused";
  }

  async block(chatId: string, waitMs: number): Promise<void> {
    await this.#local.block(chatId, waitMs);
    const until = this.#clock.now() + waitMs;
    try {
      await this.#change((state) => state.blocked.set(chatId, until));
    } catch (error) {
      this.#report(error);
    }
  }

  #request(
    chatId: string,
    isSpare: boolean,
    signal: AbortSignal | null,
  ): Promise<"granted" | "refused" | "store-away"> {
    return new Promise((resolve) => {
      const request: Request = {
        chatId,
        isSpare,
        settle: (outcome) => {
          signal?.removeEventListener("abort", leave);
          this.#waiting = this.#waiting.filter((one) => one !== request);
          resolve(outcome);
        },
      };
      const leave = () => {
        request.settle("refused");
        this.#nap.abort();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(request);
      this.#nap.abort();
      if (!this.#isAsking) void this.#ask();
    });
  }

  /** Asks for everything that waits until nothing does. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      this.#nap = new AbortController();
      const waitMs = await this.#askOnce();
      if (this.#waiting.length === 0) break;
      await this.#clock.sleep(Math.min(waitMs, MAX_NAP_MS), this.#nap.signal).catch(() => {
        // A request was added or has left: worth another look.
      });
    }
    this.#isAsking = false;
  }

  /** Returns after how many ms the next place is free. */
  async #askOnce(): Promise<number> {
    const asked = [...this.#waiting];
    let granted: Request[] = [];
    let refused: Request[] = [];
    let waitMs = MAX_NAP_MS;
    try {
      await this.#change((state, now) => {
        [granted, refused, waitMs] = [[], [], MAX_NAP_MS];
        for (const request of asked) {
          const { chatId } = request;
          const at = state.chats.get(chatId) ?? [];
          const chat = { at, blockedUntil: state.blocked.get(chatId) ?? 0 };
          if (request.isSpare) {
            const isGranted = isSpare(chat, state.all, now, this.#options);
            (isGranted ? granted : refused).push(request);
            if (isGranted) state.all.push(now);
            continue;
          }
          const ownWaitMs = waitBefore(chatId, chat, state.all, now, this.#options);
          if (ownWaitMs > 0) {
            waitMs = Math.min(waitMs, ownWaitMs);
            continue;
          }
          state.chats.set(chatId, [...at, now]);
          state.all.push(now);
          granted.push(request);
        }
      });
      for (const request of granted) request.settle("granted");
      for (const request of refused) request.settle("refused");
    } catch (error) {
      this.#report(error);
      for (const request of asked) request.settle("store-away");
    }
    return waitMs;
  }

  async #change(change: (state: RateState, now: number) => void): Promise<void> {
    await this.#record.update(RECORD, (record) => {
      const now = this.#clock.now();
      const state = readRate(record, now, this.#options);
      change(state, now);
      return writeRate(state, now);
    });
  }

  #report(error: unknown): void {
    const facts = { err: error };
    if (isStoreTrouble(error)) this.#log.debug(facts, "the rate limit is this process's own for now");
    else
      this.#log.warn(
        facts,
        "the shared rate limit could not be read; the rate limit is this process's own for now",
      );
  }
}
