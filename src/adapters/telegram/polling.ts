/**
 * Long polling. A batch is confirmed by asking for the next one, and only as far as the core owns everything in
 * it; an album that may still grow holds its batch back for a moment. Source: Bot API, getUpdates; DESIGN.md, rule 3.
 */
import { type Api, GrammyError } from "grammy";
import type { Message, Update } from "grammy/types";
import type { Clock, Log } from "../../core/ports.ts";
import { ALBUM_SETTLE_MS, groupAlbums } from "./albums.ts";
import { conversationOf } from "./normalize.ts";
import { Outage } from "./outage.ts";
import { nativeSignal, UnansweredError } from "./signals.ts";
import { ALLOWED_UPDATES, type UpdateHandler } from "./updates.ts";

const POLL_S = 30;
/** A poll that takes so much longer than it was to take has lost its connection. */
const POLL_GRACE_MS = 15_000;
const BATCH = 100;
const CONFLICT_WAIT_MS = 5_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** While the store is away: people who write now want to hear of it now. */
const STORE_RETRY_MS = 750;
/** An album has at most ten parts; more looks than that bring nothing. */
const MAX_ALBUM_LOOKS = 10;
/** Tries of one update, minutes apart in the end. A store that is away does not count, a fault of ours does. */
const MAX_FAILURES = 20;
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
  updateIds: number[];
  conversation: string;
  /** The update, or the last part of the album. */
  update: Update;
  /** True when the core took something. */
  take: () => Promise<boolean>;
}

export class Polling {
  readonly #api: Api;
  readonly #handler: UpdateHandler;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outage: Outage;
  readonly #stopped = new AbortController();
  #offset: number | undefined;
  /** Taken and not confirmed, because one before them is not taken. */
  readonly #taken = new Set<number>();
  /** How often an update could not be taken. */
  readonly #failures = new Map<number, number>();
  #running: Promise<void> = Promise.resolve();
  #isConnected = false;

  constructor(api: Api, handler: UpdateHandler, clock: Clock, log: Log) {
    this.#api = api;
    this.#handler = handler;
    this.#clock = clock;
    this.#log = log;
    this.#outage = new Outage(log);
  }

  /** False from a poll that failed to the next one that works. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#isConnected = true;
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#log.error({ err: error }, "polling Telegram ended");
    });
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
        const updates = await this.#fetch(this.#isConnected ? POLL_S : 0);
        const pass: Pass = { stuck: new Set(), isStoreAway: false };
        if (updates.length > 0) await this.#takeBatch(updates, pass);
        if (pass.isStoreAway) await this.#clock.sleep(STORE_RETRY_MS, signal);
        else if (pass.stuck.size === 0) retryMs = FIRST_RETRY_MS;
        else {
          await this.#clock.sleep(retryMs, signal);
          retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
        }
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
      return Math.max(1, error.parameters.retry_after ?? 1) * 1_000;
    }
    this.#log.warn({ err: error }, "Telegram could not be asked for updates; trying again");
    return retryMs;
  }

  async #fetch(timeoutS: number): Promise<Update[]> {
    const { signal } = this.#stopped;
    const ended = new AbortController();
    const end = () => ended.abort(signal.reason);
    const timer = setTimeout(() => ended.abort(new UnansweredError()), timeoutS * 1_000 + POLL_GRACE_MS);
    signal.addEventListener("abort", end, { once: true });
    try {
      const updates = await this.#api.getUpdates(
        {
          ...(this.#offset === undefined ? {} : { offset: this.#offset }),
          timeout: timeoutS,
          limit: BATCH,
          allowed_updates: ALLOWED_UPDATES,
        },
        nativeSignal(ended.signal),
      );
      this.#isConnected = !signal.aborted;
      return updates;
    } catch (error) {
      this.#isConnected = false;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }

  /** Takes a batch, in order within each conversation; chats with an album in it wait until the album has settled. */
  async #takeBatch(updates: Update[], pass: Pass): Promise<void> {
    const all = await this.#settle(updates, pass);
    await this.#take(all, pass);
    const open = all.find((update) => !this.#taken.has(update.update_id));
    const last = all.at(-1);
    // Everything before the first that nobody owns may be forgotten.
    if (open) this.#offset = open.update_id;
    else if (last) this.#offset = last.update_id + 1;
    const ids = new Set(open ? all.map((update) => update.update_id) : []);
    for (const id of this.#taken) if (!ids.has(id)) this.#taken.delete(id);
    for (const id of this.#failures.keys()) if (!ids.has(id)) this.#failures.delete(id);
  }

  /**
   * Asks again, without confirming, until no further part of an album comes. What comes from other chats
   * meanwhile is taken at once: nobody waits for somebody else's album.
   */
  async #settle(updates: Update[], pass: Pass): Promise<Update[]> {
    let batch = updates;
    for (let look = 0; look < MAX_ALBUM_LOOKS; look++) {
      const albumChats = new Set(
        batch.filter((update) => !this.#taken.has(update.update_id)).map(albumChatOf),
      );
      albumChats.delete(null);
      if (albumChats.size === 0) break;
      await this.#take(
        batch.filter((update) => !albumChats.has(chatOf(update))),
        pass,
      );
      await this.#clock.sleep(ALBUM_SETTLE_MS, this.#stopped.signal);
      const [first] = batch;
      this.#offset = first?.update_id;
      const again = await this.#fetch(0);
      const parts = (list: Update[]) => list.filter((update) => albumChatOf(update) !== null).length;
      const isSettled = parts(again) <= parts(batch);
      if (again.length >= batch.length) batch = again;
      if (isSettled) break;
    }
    return batch;
  }

  /** Offers what is not taken yet; conversations go side by side, so that none waits for another's trouble. */
  async #take(updates: Update[], pass: Pass): Promise<void> {
    const lines = new Map<string, Step[]>();
    for (const step of this.#stepsOf(updates)) {
      const line = lines.get(step.conversation);
      if (line) line.push(step);
      else lines.set(step.conversation, [step]);
    }
    await Promise.all([...lines.values()].map((line) => this.#takeInOrder(line, pass)));
  }

  #stepsOf(updates: Update[]): Step[] {
    const fresh = updates.filter((update) => !this.#taken.has(update.update_id));
    const messages = fresh.flatMap(({ update_id: updateId, message }) =>
      message ? [{ updateId, message }] : [],
    );
    const groups = new Map(groupAlbums(messages).map((group) => [group.updateId, group]));
    return fresh.flatMap((update): Step[] => {
      const group = groups.get(update.update_id);
      // A later part of an album goes with its first.
      if (update.message && !group) return [];
      return [
        {
          updateIds: group?.updateIds ?? [update.update_id],
          conversation: lineOf(update),
          update,
          take: () => (group ? this.#handler.message(group) : this.#handler.other(update)),
        },
      ];
    });
  }

  async #takeInOrder(line: Step[], pass: Pass): Promise<void> {
    for (const { updateIds, conversation, update, take } of line) {
      // The people of this conversation have heard of the trouble; to take this one now would break the order.
      if (pass.stuck.has(conversation)) {
        await this.#handler.putOff(update);
        continue;
      }
      try {
        if (await take()) this.#outage.end();
      } catch (error) {
        if (this.#stopped.signal.aborted) throw error;
        if (this.#outage.isMet(error)) {
          pass.isStoreAway = true;
          pass.stuck.add(conversation);
          continue;
        }
        if (!this.#isHopeless(update.update_id, error)) {
          pass.stuck.add(conversation);
          continue;
        }
      }
      for (const id of updateIds) this.#taken.add(id);
    }
  }

  /** True when an update that fails again and again is left out. */
  #isHopeless(updateId: number, error: unknown): boolean {
    const failures = (this.#failures.get(updateId) ?? 0) + 1;
    this.#failures.set(updateId, failures);
    if (failures < MAX_FAILURES) {
      this.#log.warn({ err: error, updateId, failures }, "an update could not be taken; trying again");
      return false;
    }
    this.#log.error(
      { err: error, updateId },
      "an update could not be taken and is left out, for the sake of all others",
    );
    return true;
  }
}

function albumChatOf(update: Update): number | null {
  return update.message?.media_group_id ? update.message.chat.id : null;
}

function chatOf(update: Update): number | null {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  return message?.chat.id ?? update.my_chat_member?.chat.id ?? null;
}

/** The conversation within which updates keep their order. */
function lineOf(update: Update): string {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  // What is inaccessible has a chat, and that is all we need of it.
  return message ? conversationOf(message as Message) : `telegram:${chatOf(update)}`;
}

/** Resolves when the signal fires. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
