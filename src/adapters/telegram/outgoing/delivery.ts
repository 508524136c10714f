/**
 * Brings messages to their chat: in parts where they are long, after the chat when it moved, and once where that is
 * asked for. Source: platforms.md, "Lengths" and "Migration"; `OutgoingMessage.idempotencyKey`.
 */
import { GrammyError } from "grammy";
import type { ReplyTarget } from "../../../core/model/message.ts";
import type { RichText } from "../../../core/model/rich-text.ts";
import { ChatGoneError } from "../../../core/ports/chat-platform.ts";
import { retrying } from "../../../core/ports/retrying.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { Look } from "../../shared/sent-marks.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { Migrations } from "../migrations.ts";
import { addressOf } from "./address.ts";
import { type Call, type Claim, SentByOtherError, type TextCall, type VideoCall } from "./call.ts";
import type { Keyboard } from "./keyboard.ts";
import { renderText, type TextPart } from "./render.ts";
import type { SendQueue } from "./send-queue.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";

/** How long what a person is owed waits for the store; then it goes out without a mark. */
const LONGEST_OUTAGE_MS = 5 * 60_000;
/** Telegram answers sooner: a process that sends for longer has died over it. */
const LONGEST_SENDING_MS = 5_000;
const LOOK_EVERY_MS = 250;

export interface DeliveryOptions {
  queue: SendQueue<Call, Posted>;
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
  /**
   * A person waits for it: it is rather shown twice than not at all, and waits for a store in trouble. Everything
   * else is rather left out.
   */
  isOwed: boolean;
  /** There is another way: a refusal says nothing about the chat. */
  isOptional?: true;
  /** After a server error or a broken connection; absent: as the queue does. */
  maxRetries?: number;
}

/** Words with buttons below the last of their parts. */
export interface Words {
  text: RichText;
  keyboard: Keyboard;
  /** The first part goes below the message that it answers. */
  hangs: boolean;
}

/** The message to edit is in a chat that is no more. */
class LeftBehindError extends Error {}

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Messages with an idempotency key that are on their way. */
  readonly #underWay = new Map<string, Promise<Posted>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Posts words, in as many parts as it takes; returns the last. Throws as `post` does. */
  postWords(target: ReplyTarget, words: Words, posting: Posting): Promise<Posted | null> {
    return this.#postParts(target, renderText(words.text), words, posting, 0);
  }

  /**
   * Replaces what a message says; what does not fit goes below it. False when there is nothing to edit any more.
   * Progress gives way to newer progress. Throws `ChatGoneError`, Telegram's refusal, and the reason of a stop.
   */
  async edit(
    target: ReplyTarget,
    messageId: string,
    { words, isProgress, ...posting }: { words: Words; isProgress: boolean } & Posting,
  ): Promise<boolean> {
    const { queue } = this.#options;
    const { chatId: askedIn } = addressOf(target);
    const parts = renderText(words.text);
    const [part] = parts;
    if (!part) return false;
    const keyboard = parts.length === 1 ? words.keyboard : undefined;
    const call: Call = { kind: "edit", messageId: Number(messageId), part, keyboard };
    try {
      await this.#inChat(target, posting, async (chatId) => {
        // A supergroup counts its messages from one: this one stayed behind in the old chat.
        if (chatId !== askedIn) throw new LeftBehindError();
        await (isProgress ? queue.progress(chatId, messageId, call) : queue.send(chatId, call));
      });
    } catch (error) {
      if (error instanceof LeftBehindError) return false;
      if (!(error instanceof GrammyError)) throw error;
      // Deleted in the chat, or too old.
      if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/.test(error.description)) {
        return false;
      }
      // An edit whose answer was lost says so when it comes again.
      if (!error.description.includes("message is not modified")) throw error;
    }
    await this.#postParts(target, parts, words, posting, 1);
    return true;
  }

  /**
   * Posts one message, unless one with its idempotency key was posted: then that one is returned. Throws
   * `ChatGoneError`, Telegram's refusal, and the reason of a stop.
   */
  async post(target: ReplyTarget, call: TextCall | VideoCall, posting: Posting): Promise<Posted> {
    const { idempotencyKey } = posting;
    if (idempotencyKey === null) return this.#send(target, { ...call, claim: null }, posting);
    const underWay = this.#underWay.get(idempotencyKey);
    if (underWay) return underWay;
    const posted = this.#postOnce(target, call, posting, idempotencyKey);
    this.#underWay.set(idempotencyKey, posted);
    try {
      return await posted;
    } finally {
      this.#underWay.delete(idempotencyKey);
    }
  }

  async #postParts(
    target: ReplyTarget,
    parts: TextPart[],
    { keyboard, hangs }: Words,
    posting: Posting,
    from: number,
  ): Promise<Posted | null> {
    const address = addressOf(target);
    let last: Posted | null = null;
    for (const [index, part] of parts.entries()) {
      if (index < from) continue;
      const call = {
        kind: "text" as const,
        part,
        keyboard: index === parts.length - 1 ? keyboard : undefined,
        address,
        hangs: hangs && index === 0,
      };
      // The parts of a long message are marked one by one.
      const idempotencyKey = partKey(posting.idempotencyKey, index);
      last = await this.post(target, call, { ...posting, idempotencyKey });
    }
    return last;
  }

  async #postOnce(
    target: ReplyTarget,
    call: TextCall | VideoCall,
    posting: Posting,
    idempotencyKey: string,
  ): Promise<Posted> {
    const { marks, clock, log, stopped: signal } = this.#options;
    const { isOwed } = posting;
    const send = (look: Look<Posted> | null) =>
      this.#sendMarked(target, { ...call, claim: { idempotencyKey, look } }, posting);
    const attempt = async (): Promise<Posted> => {
      const look = await marks.look(idempotencyKey);
      // Of what was being sent it is not known whether it has arrived.
      if (look.mark && !(look.mark.isBeingSent && isOwed)) return look.mark;
      try {
        return await send(look);
      } catch (error) {
        if (!(error instanceof SentByOtherError)) throw error;
        if (!isOwed) return error.posted;
        await this.#waitForOther(idempotencyKey);
        return attempt();
      }
    };
    try {
      if (!isOwed) return await attempt();
      return await retrying(attempt, { clock, log, signal, maxWaitMs: LONGEST_OUTAGE_MS });
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      log.warn({ err: error, isOwed }, "a message goes out without its mark");
      return send(null);
    }
  }

  async #sendMarked(
    target: ReplyTarget,
    call: (TextCall | VideoCall) & { claim: Claim },
    posting: Posting,
  ): Promise<Posted> {
    const posted = await this.#send(target, call, posting);
    await this.#options.marks.remember(call.claim.idempotencyKey, posted);
    return posted;
  }

  /** Returns once another process does not send the message any more, or must have died over it. */
  async #waitForOther(idempotencyKey: string): Promise<void> {
    const { marks, clock, stopped } = this.#options;
    const until = clock.now() + LONGEST_SENDING_MS;
    while (clock.now() < until && (await marks.look(idempotencyKey)).mark?.isBeingSent)
      await clock.sleep(LOOK_EVERY_MS, stopped);
  }

  async #send(
    target: ReplyTarget,
    call: (TextCall | VideoCall) & { claim: Claim | null },
    posting: Posting,
  ): Promise<Posted> {
    const { queue, log } = this.#options;
    const send = (placed: typeof call) =>
      this.#inChat(target, posting, (chatId) => queue.send(chatId, placed, posting.maxRetries));
    try {
      return await send(call);
    } catch (error) {
      if (call.address.topicId === null || !isTopicGone(error)) throw error;
      log.info({ conversation: target.conversationId }, "a topic is gone: its message goes to the chat");
      // A reply would go to the topic of the message that it answers.
      return send({ ...call, address: { ...call.address, topicId: null }, hangs: false });
    }
  }

  /** Follows a migration, and tells of a chat that is gone. */
  async #inChat<T>(
    target: ReplyTarget,
    { isOptional }: Posting,
    send: (chatId: string) => Promise<T>,
  ): Promise<T> {
    const { migrations, onGone, log } = this.#options;
    const chatId = await migrations.currentOf(addressOf(target).chatId);
    try {
      return await send(chatId);
    } catch (error) {
      const newChatId = error instanceof GrammyError ? error.parameters.migrate_to_chat_id : undefined;
      if (newChatId !== undefined) {
        try {
          await migrations.note(chatId, String(newChatId));
        } catch (trouble) {
          // This process knows by now, and the others learn it as it did.
          if (!isStoreTrouble(trouble)) throw trouble;
          log.debug({ err: trouble }, "a migration could not be stored");
        }
        return send(String(newChatId));
      }
      if (isOptional || !isGone(error)) throw error;
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

/** Deleted, or closed for the bot. */
function isTopicGone(error: unknown): boolean {
  return (
    error instanceof GrammyError && /message thread not found|TOPIC_(CLOSED|DELETED)/.test(error.description)
  );
}

function partKey(idempotencyKey: string | null, index: number): string | null {
  return idempotencyKey === null || index === 0 ? idempotencyKey : `${idempotencyKey}:${index + 1}`;
}
