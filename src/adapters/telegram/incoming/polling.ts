/**
 * Long polling. A batch is confirmed by asking for the next one, and only as far as everything in it is owned or set
 * aside; an album that may still grow holds its batch back for a moment. Source: Bot API, getUpdates; DESIGN.md, rule 3.
 */
import { type Api, GrammyError } from "grammy";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { OutageLog } from "../../../lib/log-limit.ts";
import type { Beside } from "../../shared/background.ts";
import { nativeSignal, UnansweredError } from "../abort-signals.ts";
import { askedWaitMs } from "../retry-after.ts";
import { ALBUM_SETTLE_MS, groupAlbums } from "./albums.ts";
import { type Batch, type BatchItem, messagesOf, readBatch } from "./batch.ts";
import { conversationOf } from "./normalize.ts";
import type { SetAside } from "./set-aside.ts";
import { StoreOutage } from "./store-outage.ts";
import { ALLOWED_UPDATES, type UpdateHandler } from "./update-handler.ts";
import type { Update } from "./update-schema.ts";

const POLL_S = 30;
/** A poll that takes so much longer than it was to take has lost its connection. */
const POLL_GRACE_MS = 15_000;
const BATCH = 100;
const CONFLICT_WAIT_MS = 5_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** While the store is away: people who write now want to hear of it now. */
const STORE_RETRY_MS = 750;
/** How often an album that may still grow is looked at: so long do others wait who write meanwhile. */
const ALBUM_LOOK_MS = 250;
/** An album has at most ten parts; longer waits than those for each of them bring nothing. */
const MAX_ALBUM_WAIT_MS = 10 * ALBUM_SETTLE_MS;
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

/** What is taken as one: a message, an album, anything else. */
interface Step {
  /** The update, or the parts of the album. */
  updates: [Update, ...Update[]];
  conversation: string;
}

export interface PollingOptions {
  api: Api;
  handler: UpdateHandler;
  setAside: SetAside;
  clock: Clock;
  log: Log;
  beside: Beside;
}

export class Polling {
  readonly #api: Api;
  readonly #handler: UpdateHandler;
  readonly #setAside: SetAside;
  readonly #beside: Beside;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outage: StoreOutage;
  readonly #trouble: OutageLog;
  readonly #stopped = new AbortController();
  #offset: number | undefined;
  /** Taken and not confirmed, because one before them is not taken. */
  readonly #taken = new Set<number>();
  /** Answers in a row that could not be confirmed at all. */
  #noProgress = 0;
  #running: Promise<void> = Promise.resolve();
  #isConnected = false;

  constructor({ api, handler, setAside, clock, log, beside }: PollingOptions) {
    this.#api = api;
    this.#handler = handler;
    this.#setAside = setAside;
    this.#beside = beside;
    this.#clock = clock;
    this.#log = log;
    this.#outage = new StoreOutage(log);
    this.#trouble = new OutageLog(log);
  }

  /** False from a poll that failed to the next one that works. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#isConnected = true;
    const run = () => this.#run();
    this.#running = this.#beside.loop("polling Telegram begins anew", run, this.#stopped.signal);
  }

  /** Ends the poll that waits, soon. What was taken last is confirmed if Telegram answers, so that it does not come again. */
  async stop(): Promise<void> {
    this.#isConnected = false;
    this.#stopped.abort(new Error("polling stops"));
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), STOP_MS);
    try {
      await Promise.race([this.#running, aborted(patience.signal)]);
      if (this.#offset === undefined) return;
      const last = { offset: this.#offset, limit: 1, timeout: 0 };
      const confirming = this.#api.getUpdates(last, nativeSignal(patience.signal));
      await Promise.race([confirming, aborted(patience.signal)]);
      confirming.catch(() => {
        // Nobody waits for it any more.
      });
    } catch (error) {
      // They come again at the next start and are known then.
      this.#log.debug({ err: error }, "the last updates were not confirmed");
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        // After a failure the answer shall come at once, to show that all is well again.
        const batch = await this.#fetch(this.#isConnected ? POLL_S : 0);
        retryMs = FIRST_RETRY_MS;
        this.#trouble.over("Telegram can be asked for updates again");
        const pass: Pass = { stuck: new Set(), isStoreAway: false };
        if (batch.items.length > 0) await this.#takeBatch(batch, pass);
        else if (batch.size > 0) await this.#stepOver(batch.size);
        if (batch.items.length > 0) this.#noProgress = 0;
        if (pass.isStoreAway) await this.#clock.sleep(STORE_RETRY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        const waitMs = this.#waitAfter(error, retryMs);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
        await this.#clock.sleep(waitMs, signal);
      }
    }
  }

  #waitAfter(error: unknown, retryMs: number): number {
    if (error instanceof GrammyError && error.error_code === 409) {
      this.#log.error({}, "another process polls Telegram with the same token: only one of them may run");
      return CONFLICT_WAIT_MS;
    }
    if (error instanceof GrammyError && error.error_code === 429) {
      return Math.max(1_000, askedWaitMs(error));
    }
    this.#trouble.tell(error, "Telegram could not be asked for updates; trying again");
    return retryMs;
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
          limit: BATCH,
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
    // Everything before the first that nobody owns may be forgotten.
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
   * Takes what is whole, and asks again, without confirming, until no further part of an album comes. What comes
   * from other chats meanwhile is taken soon: nobody waits for somebody else's album.
   */
  async #settle(batch: Batch, pass: Pass): Promise<BatchItem[]> {
    let { items } = batch;
    let quietMs = 0;
    for (let waitedMs = 0; ; waitedMs += ALBUM_LOOK_MS) {
      const isLastLook = quietMs >= ALBUM_SETTLE_MS || waitedMs >= MAX_ALBUM_WAIT_MS;
      const growing = isLastLook ? NOTHING : mayGrow(items, (item) => this.#isOver(item));
      await this.#take(
        items.filter((item) => !growing.has(item)),
        pass,
      );
      if (growing.size === 0) break;
      // More waits behind a full batch: what is taken makes room for it, and the album is looked at with it.
      if (isFull(items) && items.findIndex((item) => growing.has(item)) >= BATCH / 2) break;
      await this.#clock.sleep(ALBUM_LOOK_MS, this.#stopped.signal);
      this.#offset = items[0]?.updateId;
      const again = await this.#fetch(0);
      quietMs = partsIn(again.items) > partsIn(items) ? 0 : quietMs + ALBUM_LOOK_MS;
      if (again.items.length >= items.length) items = again.items;
    }
    return items;
  }

  /** Offers what is not taken yet; conversations go side by side, so that none waits for another's trouble. */
  async #take(items: readonly BatchItem[], pass: Pass): Promise<void> {
    const lines = new Map<string, Step[]>();
    for (const step of stepsOf(items.filter((item) => !this.#isOver(item)))) {
      const line = lines.get(step.conversation);
      if (line) line.push(step);
      else lines.set(step.conversation, [step]);
    }
    await Promise.all([...lines.values()].map((line) => this.#takeInOrder(line, pass)));
  }

  async #takeInOrder(line: Step[], pass: Pass): Promise<void> {
    for (const { updates, conversation } of line) {
      // The people of this conversation have heard of the trouble; to take this one now would break the order.
      if (pass.stuck.has(conversation)) await this.#putOff(updates[0]);
      else if (await this.#isOwned(updates)) for (const { update_id: id } of updates) this.#taken.add(id);
      else {
        pass.isStoreAway = true;
        pass.stuck.add(conversation);
      }
    }
  }

  /** True when the core has the updates, or when they are set aside; false while the store is away. */
  async #isOwned(updates: readonly Update[]): Promise<boolean> {
    try {
      if (await this.#handler.take(updates)) this.#outage.end();
      return true;
    } catch (error) {
      if (this.#stopped.signal.aborted) throw error;
      if (this.#outage.isMet(error)) return false;
      return this.#isSetAside(updates, error);
    }
  }

  async #isSetAside(updates: readonly Update[], error: unknown): Promise<boolean> {
    try {
      await this.#setAside.failed(updates, error);
    } catch (trouble) {
      if (this.#outage.isMet(trouble)) return false;
      this.#beside.unexpected(trouble, "an update could not be set aside and is left out");
    }
    return true;
  }

  async #putOff(update: Update): Promise<void> {
    try {
      await this.#handler.putOff(update);
    } catch (error) {
      // It comes again, and its person hears of it then.
      if (!this.#outage.isMet(error)) this.#beside.unexpected(error, "an update could not be put off");
    }
  }
}

function stepsOf(items: readonly BatchItem[]): Step[] {
  const groups = new Map(groupAlbums(messagesOf(items)).map((group) => [group.updateId, group]));
  const byId = new Map(items.map(({ updateId, update }) => [updateId, update]));
  return items.flatMap(({ updateId, update }): Step[] => {
    const group = groups.get(updateId);
    // A later part of an album goes with its first.
    if (!update || (update.message && !group)) return [];
    const others = group?.updateIds.slice(1).flatMap((id) => byId.get(id) ?? []) ?? [];
    return [{ updates: [update, ...others], conversation: lineOf(update) }];
  });
}

const NOTHING: ReadonlySet<BatchItem> = new Set();

/**
 * Albums that may still grow, with all that follows them in their chats. In a full batch that is only an album at
 * the end of its chat: else somebody who sends one after the other would hold up whoever comes behind them.
 */
function mayGrow(items: readonly BatchItem[], isOver: (item: BatchItem) => boolean): ReadonlySet<BatchItem> {
  const chats = new Map<number | null, BatchItem[]>();
  for (const item of items) {
    if (isOver(item)) continue;
    const chat = item.update && chatOf(item.update);
    chats.set(chat, [...(chats.get(chat) ?? []), item]);
  }
  return new Set(
    [...chats.values()].flatMap((ofChat) => {
      const last = albumOf(ofChat.at(-1));
      const from = ofChat.findIndex((item) =>
        isFull(items) ? last !== undefined && albumOf(item) === last : albumOf(item) !== undefined,
      );
      return from < 0 ? [] : ofChat.slice(from);
    }),
  );
}

function isFull(items: readonly BatchItem[]): boolean {
  return items.length >= BATCH;
}

function albumOf(item: BatchItem | undefined): string | undefined {
  return item?.update?.message?.media_group_id;
}

function partsIn(items: readonly BatchItem[]): number {
  return items.filter((item) => albumOf(item) !== undefined).length;
}

function chatOf(update: Update): number | null {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  return message?.chat.id ?? update.my_chat_member?.chat.id ?? null;
}

/** The conversation within which updates keep their order. */
function lineOf(update: Update): string {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  return message ? conversationOf(message) : `telegram:${chatOf(update)}`;
}

/** Resolves when the signal fires. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
