/**
 * Long polling. A batch is confirmed by asking for the next one, and only as far as everything in it is owned or set
 * aside; an album that may still grow holds its batch back for a moment. Source: Bot API, getUpdates; DESIGN.md, rule 3.
 */
import { type Api, GrammyError } from "grammy";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { backoffMs } from "../../../lib/backoff.ts";
import { OutageLog } from "../../../lib/log-limit.ts";
import { abortable } from "../../../lib/timeout.ts";
import type { Background } from "../../shared/background.ts";
import { nativeSignal, UnansweredError } from "../abort-signals.ts";
import { askedWaitMs } from "../retry-after.ts";
import { type Batch, type BatchItem, readBatch } from "./batch.ts";
import { BATCH_SIZE, GrowingAlbums, isFull, type Step, stepsOf } from "./batch-steps.ts";
import type { SetAside } from "./set-aside.ts";
import { ALLOWED_UPDATES, type UpdateHandler } from "./update-handler.ts";
import { UpdateIntake } from "./update-intake.ts";
import type { Update } from "./update-schema.ts";

const POLL_S = 30;
/** A poll that takes so much longer than it was to take has lost its connection. */
const POLL_GRACE_MS = 15_000;
const CONFLICT_WAIT_MS = 5_000;
const RETRIES = { firstMs: 500, longestMs: 30_000 };
/** While the store is away: people who write now want to hear of it now. */
const STORE_RETRY_MS = 750;
/** How often an album that may still grow is looked at: so long does an update of another chat wait. */
const ALBUM_LOOK_MS = 50;
/** Before the next look at an answer that holds nothing which could be confirmed. */
const NO_PROGRESS_MS = 1_000;
/** Such answers in a row before what is in them is stepped over. */
const MAX_NO_PROGRESS = 3;
/** How long a stop waits for what runs and for Telegram's confirmation, together. */
const STOP_MS = 1_500;

/** One look at a batch. */
interface Pass {
  /** Conversations whose next update could not be taken: what follows it has to wait. */
  stuck: Set<string>;
  isStoreAway: boolean;
}

export interface PollingOptions {
  api: Api;
  handler: UpdateHandler;
  setAside: SetAside;
  clock: Clock;
  log: Log;
  background: Background;
}

export class Polling {
  readonly #api: Api;
  readonly #handler: UpdateHandler;
  readonly #setAside: SetAside;
  readonly #intake: UpdateIntake;
  readonly #background: Background;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #trouble: OutageLog;
  readonly #stopped = new AbortController();
  #offset: number | undefined;
  /** Taken and not confirmed, because one before them is not taken. */
  readonly #taken = new Set<number>();
  readonly #growing = new GrowingAlbums();
  /** Answers in a row that could not be confirmed at all. */
  #noProgress = 0;
  #running: Promise<void> = Promise.resolve();
  #isConnected = false;

  constructor({ api, handler, setAside, clock, log, background }: PollingOptions) {
    this.#api = api;
    this.#handler = handler;
    this.#setAside = setAside;
    this.#background = background;
    this.#clock = clock;
    this.#log = log;
    this.#intake = new UpdateIntake({ setAside, background, log });
    this.#trouble = new OutageLog(log);
  }

  /** False from a poll that failed to the next one that works. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#isConnected = true;
    const run = () => this.#run();
    this.#running = this.#background.loop("polling Telegram begins again", run, this.#stopped.signal);
  }

  /** Ends the poll that waits, soon. What was taken last is confirmed if Telegram answers, so that it does not come again. */
  async stop(): Promise<void> {
    this.#isConnected = false;
    this.#stopped.abort(new Error("polling stops"));
    const deadline = AbortSignal.timeout(STOP_MS);
    try {
      await abortable(this.#running, deadline);
      if (this.#offset === undefined) return;
      const last = { offset: this.#offset, limit: 1, timeout: 0 };
      await abortable(this.#api.getUpdates(last, nativeSignal(deadline)), deadline);
    } catch (error) {
      // They come again at the next start and are known then.
      this.#log.debug({ err: error }, "the last updates were not confirmed");
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      try {
        // After a failure the answer shall come at once, to show that all is well again.
        const batch = await this.#fetch(this.#isConnected ? POLL_S : 0);
        failures = 0;
        this.#trouble.over("Telegram can be asked for updates again");
        const pass: Pass = { stuck: new Set(), isStoreAway: false };
        if (batch.items.length > 0) await this.#takeBatch(batch, pass);
        else if (batch.size > 0) await this.#stepOver(batch.size);
        if (batch.items.length > 0) this.#noProgress = 0;
        if (pass.isStoreAway) await this.#clock.sleep(STORE_RETRY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        await this.#clock.sleep(this.#waitAfter(error, failures), signal);
      }
    }
  }

  #waitAfter(error: unknown, failures: number): number {
    if (error instanceof GrammyError && error.error_code === 409) {
      this.#log.error({}, "another process polls Telegram with the same token: only one of them may run");
      return CONFLICT_WAIT_MS;
    }
    if (error instanceof GrammyError && error.error_code === 429) {
      return Math.max(1_000, askedWaitMs(error));
    }
    this.#trouble.tell(error, "Telegram could not be asked for updates; trying again");
    return backoffMs(failures, RETRIES);
  }

  async #fetch(timeoutS: number): Promise<Batch> {
    const { signal } = this.#stopped;
    const ended = new AbortController();
    const end = () => ended.abort(signal.reason);
    const timer = setTimeout(() => ended.abort(new UnansweredError()), timeoutS * 1_000 + POLL_GRACE_MS);
    signal.addEventListener("abort", end, { once: true });
    try {
      const answer = await this.#api.getUpdates(
        {
          ...(this.#offset === undefined ? {} : { offset: this.#offset }),
          timeout: timeoutS,
          limit: BATCH_SIZE,
          allowed_updates: ALLOWED_UPDATES,
        },
        nativeSignal(ended.signal),
      );
      const batch = readBatch(answer, this.#offset);
      this.#isConnected = !signal.aborted;
      for (const one of batch.unreadable) this.#setAside.unreadable(one);
      return batch;
    } catch (error) {
      this.#isConnected = false;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }

  /** Takes a batch, in order within each conversation. */
  async #takeBatch(batch: Batch, pass: Pass): Promise<void> {
    const all = await this.#settle(batch, pass);
    const open = all.find((item) => !this.#isOver(item));
    const last = all.at(-1);
    // Everything before the first that is not owned may be forgotten.
    if (open) this.#offset = open.updateId;
    else if (last) this.#offset = last.updateId + 1;
    const ids = new Set(open ? all.map((item) => item.updateId) : []);
    for (const id of this.#taken) if (!ids.has(id)) this.#taken.delete(id);
  }

  /** Elements without an id come again until something behind them is confirmed, or until they are counted off. */
  async #stepOver(count: number): Promise<void> {
    this.#noProgress++;
    if (this.#noProgress >= MAX_NO_PROGRESS && this.#offset !== undefined) {
      this.#offset += count;
      this.#noProgress = 0;
    }
    await this.#clock.sleep(NO_PROGRESS_MS, this.#stopped.signal);
  }

  #isOver({ updateId, update }: BatchItem): boolean {
    return update === null || this.#taken.has(updateId);
  }

  /**
   * Takes what is whole, and asks again, without confirming, until no album may grow any more. Updates of other
   * chats are taken at each look: no chat waits for another's album.
   */
  async #settle(batch: Batch, pass: Pass): Promise<BatchItem[]> {
    const { signal } = this.#stopped;
    let { items } = batch;
    let tripMs = 0;
    for (;;) {
      this.#growing.note(items, this.#clock.now());
      const growing = await this.#takeWhole(items, pass);
      if (growing.size === 0) break;
      // More waits behind a full batch: what is taken makes room for it, and the album is looked at with it.
      if (isFull(items) && items.findIndex((item) => growing.has(item)) >= BATCH_SIZE / 2) break;
      const waitMs = this.#growing.waitMs(growing, this.#clock.now());
      // An answer that would come too late is not asked for.
      const isLast = waitMs <= ALBUM_LOOK_MS + tripMs;
      await this.#clock.sleep(isLast ? waitMs : ALBUM_LOOK_MS, signal);
      if (isLast) continue;
      this.#offset = items[0]?.updateId;
      const askedAt = this.#clock.now();
      const again = await this.#fetch(0);
      tripMs = this.#clock.now() - askedAt;
      if (again.items.length >= items.length) items = again.items;
    }
    return items;
  }

  /** Takes all but albums that may still grow, and what follows them; these are returned. */
  async #takeWhole(items: readonly BatchItem[], pass: Pass): Promise<ReadonlySet<BatchItem>> {
    const open = items.filter((item) => !this.#isOver(item));
    const growing = this.#growing.among(open, this.#clock.now(), isFull(items));
    const whole = open.filter((item) => !growing.has(item));
    await this.#take(whole, pass);
    return growing;
  }

  /** Offers what is not taken yet; conversations go side by side, so that none waits for another's trouble. */
  async #take(items: readonly BatchItem[], pass: Pass): Promise<void> {
    const steps = stepsOf(items);
    const lanes = Map.groupBy(steps, (step) => step.conversation);
    await Promise.all([...lanes.values()].map((lane) => this.#takeInOrder(lane, pass)));
  }

  async #takeInOrder(lane: Step[], pass: Pass): Promise<void> {
    for (const { updates, conversation } of lane) {
      // The people of this conversation have heard of the trouble; to take this one now would break the order.
      if (pass.stuck.has(conversation)) await this.#putOff(updates[0]);
      else if (await this.#owns(updates)) for (const { update_id: id } of updates) this.#taken.add(id);
      else {
        pass.isStoreAway = true;
        pass.stuck.add(conversation);
      }
    }
  }

  #owns(updates: Step["updates"]): Promise<boolean> {
    return this.#intake.owns(updates, () => this.#handler.take(updates), this.#stopped.signal);
  }

  async #putOff(update: Update): Promise<void> {
    try {
      await this.#handler.putOff(update);
    } catch (error) {
      // It comes again, and its person hears of it then.
      if (!this.#intake.isStoreAway(error))
        this.#background.unexpected(error, "an update could not be put off");
    }
  }
}
