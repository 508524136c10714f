/**
 * Long polling. A batch is confirmed by asking for the next one, and that happens only after the core owns
 * everything in it; an album that may still grow holds its batch back for a moment.
 * Source: Bot API, getUpdates; DESIGN.md, rule 3.
 */
import { type Api, GrammyError } from "grammy";
import type { Update } from "grammy/types";
import type { Clock, Log } from "../../core/ports.ts";
import { ALBUM_SETTLE_MS, groupAlbums } from "./albums.ts";
import { ALLOWED_UPDATES, type UpdateHandler } from "./updates.ts";

const POLL_S = 30;
const BATCH = 100;
const CONFLICT_WAIT_MS = 5_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** An album has at most ten parts; more looks than that bring nothing. */
const MAX_ALBUM_LOOKS = 10;

/** Tries of one update, minutes apart in the end: a store has come back by then, a fault of ours has not. */
const MAX_FAILURES = 20;

export class Polling {
  readonly #api: Api;
  readonly #handler: UpdateHandler;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  #offset: number | undefined;
  /** How often an update could not be taken. */
  readonly #failures = new Map<number, number>();
  #running: Promise<void> = Promise.resolve();

  constructor(api: Api, handler: UpdateHandler, clock: Clock, log: Log) {
    this.#api = api;
    this.#handler = handler;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#log.error({ err: error }, "polling Telegram ended");
    });
  }

  /** Ends the poll that waits. What was handled last is confirmed, so that it does not come again. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error("polling stops"));
    await this.#running;
    if (this.#offset === undefined) return;
    await this.#api.getUpdates({ offset: this.#offset, limit: 1, timeout: 0 }).catch((error: unknown) => {
      // They come again at the next start and are known then.
      this.#log.debug({ err: error }, "the last updates were not confirmed");
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        const updates = await this.#fetch(POLL_S);
        retryMs = FIRST_RETRY_MS;
        if (updates.length > 0) await this.#handleBatch(updates);
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

  #fetch(timeoutS: number): Promise<Update[]> {
    const { signal } = this.#stopped;
    return this.#api.getUpdates(
      {
        ...(this.#offset === undefined ? {} : { offset: this.#offset }),
        timeout: timeoutS,
        limit: BATCH,
        allowed_updates: ALLOWED_UPDATES,
      },
      // grammY's type comes from a polyfill; the native signal is one of its kind.
      signal as unknown as Parameters<Api["getUpdates"]>[1],
    );
  }

  /** Handles a batch in order; chats with an album in it wait until the album has settled. */
  async #handleBatch(updates: Update[]): Promise<void> {
    const handled = new Set<number>();
    const all = await this.#settle(updates, handled);
    await this.#handle(all, handled);
    const last = all.at(-1);
    if (last) this.#offset = last.update_id + 1;
  }

  /**
   * Asks again, without confirming, until no further part of an album comes. What comes from other chats
   * meanwhile is handled at once: nobody waits for somebody else's album.
   */
  async #settle(updates: Update[], handled: Set<number>): Promise<Update[]> {
    let batch = updates;
    for (let look = 0; look < MAX_ALBUM_LOOKS; look++) {
      const albumChats = new Set(batch.map(albumChatOf).filter((chat) => chat !== null));
      if (albumChats.size === 0) break;
      await this.#handle(
        batch.filter((update) => !albumChats.has(chatOf(update) ?? Number.NaN)),
        handled,
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

  /** Throws it on, so that the update comes again, until it is clear that it never will be taken. */
  #countFailure(updateId: number, error: unknown): void {
    const failures = (this.#failures.get(updateId) ?? 0) + 1;
    this.#failures.set(updateId, failures);
    if (failures < MAX_FAILURES) throw error;
    this.#failures.delete(updateId);
    this.#log.error(
      { err: error, updateId },
      "an update could not be taken and is left out, for the sake of all others",
    );
  }

  async #handle(updates: Update[], handled: Set<number>): Promise<void> {
    const fresh = updates.filter((update) => !handled.has(update.update_id));
    const messages = fresh.flatMap(({ update_id: updateId, message }) =>
      message ? [{ updateId, message }] : [],
    );
    const groups = new Map(groupAlbums(messages).map((group) => [group.updateId, group]));
    for (const update of fresh) {
      const group = groups.get(update.update_id);
      try {
        if (group) await this.#handler.message(group);
        else if (!update.message) await this.#handler.other(update);
        this.#failures.delete(update.update_id);
      } catch (error) {
        this.#countFailure(update.update_id, error);
      }
      handled.add(update.update_id);
    }
  }
}

function albumChatOf(update: Update): number | null {
  return update.message?.media_group_id ? update.message.chat.id : null;
}

function chatOf(update: Update): number | null {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  return message?.chat.id ?? null;
}
