/**
 * Brings calls to their chat: in the chat's turn, after it when it moved, and what must be shown once is shown
 * once. Source: platforms.md, "Rates" and "Migration"; `OutgoingMessage.idempotencyKey`.
 */
import { GrammyError, HttpError } from "grammy";
import type { ReplyTarget } from "../../../core/model/message.ts";
import { ChatGoneError } from "../../../core/ports/chat-platform.ts";
import { patiently } from "../../../core/ports/retrying.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import { StoreTroubleError } from "../../../core/ports/store.ts";
import type { Look } from "../../shared/sent-marks.ts";
import type { Migrations } from "../migrations.ts";
import type { SendQueue } from "./send-queue.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";

/** How long what a person is owed waits for the store; then it goes out without a mark. */
const LONGEST_OUTAGE_MS = 5 * 60_000;

export interface DeliveryOptions {
  queue: SendQueue;
  migrations: Migrations;
  marks: TelegramMarks;
  clock: Clock;
  log: Log;
  /** Ends all waiting for the store. */
  stopped: AbortSignal;
  /** Told when a chat turns out to be gone: blocked, kicked or deleted. */
  onGone: (conversationId: string) => void;
}

/** How a message is posted. */
export interface Posting {
  /** Null: it may be shown twice after a crash. */
  idempotencyKey: string | null;
  /** It is a video. */
  isFile: boolean;
  /**
   * A person waits for it: it is rather shown twice than not at all, and waits for a store in trouble. Everything
   * else is rather left out.
   */
  isOwed: boolean;
  maxRetries?: number;
}

/**
 * Makes the request and returns the message's id. `leaving` is awaited when nothing can hold the message back any
 * more: before a request, or before the end of one that is streamed. What it throws must be thrown on.
 */
export type Post = (chatId: string, signal: AbortSignal, leaving: () => Promise<void>) => Promise<number>;

/** Another process has shown the message meanwhile. */
class ShownByOtherError extends Error {
  readonly shown: Posted;

  constructor(shown: Posted) {
    super("another process has sent this message");
    this.shown = shown;
  }
}

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Messages with an idempotency key that are on their way. */
  readonly #posting = new Map<string, Promise<Posted>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** A call in the chat's turn. Throws `ChatGoneError`, Telegram's refusal, or the queue's reason to stop. */
  call<T>(
    target: ReplyTarget,
    run: (chatId: string, signal: AbortSignal) => Promise<T>,
    maxRetries?: number,
  ): Promise<T> {
    const { queue } = this.#options;
    return this.#follow(target, (chatId) => queue.send(chatId, (signal) => run(chatId, signal), maxRetries));
  }

  /** An edit of a progress message; see `SendQueue.progress`. */
  async progress(
    target: ReplyTarget,
    messageId: string,
    run: (chatId: string, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { queue } = this.#options;
    await this.#follow(target, (chatId) =>
      queue.progress(chatId, messageId, (signal) => run(chatId, signal)),
    );
  }

  /** A new message, unless one with its idempotency key was shown already: then that one. */
  async post(target: ReplyTarget, posting: Posting, post: Post): Promise<Posted> {
    const { idempotencyKey, isFile, maxRetries } = posting;
    if (idempotencyKey === null) {
      const run = async (chatId: string, signal: AbortSignal) => {
        const messageId = await post(chatId, signal, async () => {});
        return { chatId, messageId, isFile };
      };
      return this.call(target, run, maxRetries);
    }
    const known = this.#posting.get(idempotencyKey);
    if (known) return known;
    const done = this.#postOnce(target, posting, idempotencyKey, post);
    this.#posting.set(idempotencyKey, done);
    try {
      return await done;
    } finally {
      this.#posting.delete(idempotencyKey);
    }
  }

  async #postOnce(
    target: ReplyTarget,
    posting: Posting,
    idempotencyKey: string,
    post: Post,
  ): Promise<Posted> {
    const { marks, clock, log, stopped: signal } = this.#options;
    const attempt = async () =>
      this.#postMarked(target, posting, idempotencyKey, post, await marks.look(idempotencyKey));
    try {
      return await (posting.isOwed
        ? patiently(attempt, { clock, log, signal, maxWaitMs: LONGEST_OUTAGE_MS })
        : attempt());
    } catch (error) {
      if (!(error instanceof StoreTroubleError)) throw error;
      log.warn({ err: error, isOwed: posting.isOwed }, "a message goes out without its mark");
      return this.#postMarked(target, posting, idempotencyKey, post, null);
    }
  }

  /** Without a `look` no mark is written. Throws `StoreTroubleError` when one could not be. */
  async #postMarked(
    target: ReplyTarget,
    { isFile, isOwed, maxRetries }: Posting,
    idempotencyKey: string,
    post: Post,
    look: Look<Posted> | null,
  ): Promise<Posted> {
    const { marks } = this.#options;
    // Nobody knows whether what was being sent has arrived.
    if (look?.mark && !(look.mark.isBeingSent && isOwed)) return look.mark;
    try {
      const shown = await this.call(
        target,
        async (chatId, signal) => {
          let isOver = false;
          const leaving = async () => {
            // An upload may still be read when it was refused already.
            if (isOver) throw new Error("the request is over");
            const other = look && (await marks.claim(idempotencyKey, look, { chatId, messageId: 0, isFile }));
            if (other) throw new ShownByOtherError(other);
          };
          try {
            return { chatId, messageId: await post(chatId, signal, leaving), isFile };
          } catch (error) {
            isOver = true;
            // Before any wait: the request is about to be repeated, by this process or, if it ends, by the next.
            await marks.release(idempotencyKey);
            throw ownError(error);
          }
        },
        maxRetries,
      );
      await marks.remember(idempotencyKey, shown);
      return shown;
    } catch (error) {
      if (error instanceof ShownByOtherError) return error.shown;
      throw error;
    }
  }

  /** Follows a migration, and tells of a chat that is gone. */
  async #follow<T>(target: ReplyTarget, run: (chatId: string) => Promise<T>): Promise<T> {
    const { migrations, onGone, log } = this.#options;
    const chatId = await migrations.currentOf(String(target.details.chatId));
    try {
      return await run(chatId);
    } catch (error) {
      const newChatId = error instanceof GrammyError ? error.parameters.migrate_to_chat_id : undefined;
      if (newChatId !== undefined) {
        try {
          await migrations.note(chatId, String(newChatId));
        } catch (trouble) {
          // This process knows by now, and the others learn it as we did.
          if (!(trouble instanceof StoreTroubleError)) throw trouble;
          log.debug({ err: trouble }, "a migration could not be stored");
        }
        return run(String(newChatId));
      }
      if (!isGone(error)) throw error;
      onGone(target.conversationId);
      throw new ChatGoneError({ cause: error });
    }
  }
}

/** Blocked, kicked, or deleted: nothing will ever arrive there again. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return (
    (error.error_code === 403 && !error.description.includes("not enough rights")) ||
    (error.error_code === 400 && /chat not found|group chat was deactivated/.test(error.description))
  );
}

/** What our own code threw while a request was streamed comes wrapped. */
function ownError(error: unknown): unknown {
  const cause = error instanceof HttpError ? error.error : error;
  return cause instanceof ShownByOtherError || cause instanceof StoreTroubleError ? cause : error;
}
