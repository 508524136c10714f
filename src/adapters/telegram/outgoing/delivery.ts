/**
 * Brings messages to their chat: in parts where they are long, after the chat when it moved, and once where that is
 * asked for. Source: platforms.md, "Lengths" and "Migration"; `OutgoingMessage.idempotencyKey`.
 */
import { GrammyError } from "grammy";
import type { ReplyTarget, SentMessage } from "../../../core/model/message.ts";
import type { RichText } from "../../../core/model/rich-text.ts";
import { ChatGoneError } from "../../../core/ports/chat-platform.ts";
import { retrying } from "../../../core/ports/retrying.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { Look } from "../../shared/sent-marks.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { Migrations } from "../migrations.ts";
import { askedWaitMs } from "../retry-after.ts";
import { addressOf } from "./address.ts";
import {
  type Call,
  type Claim,
  type EditCall,
  SentByOtherError,
  type TextCall,
  type VideoCall,
} from "./call.ts";
import type { Keyboard } from "./keyboard.ts";
import { renderText, type TextPart } from "./render.ts";
import type { Place, SendQueue } from "./send-queue.ts";
import type { Posted, TelegramMarks } from "./sent-marks.ts";

/** How long what a person is owed waits for the store; then it goes out without a mark. */
const LONGEST_OUTAGE_MS = 5 * 60_000;
/** Telegram answers sooner: a process that sends for longer has died over it. */
const LONGEST_SENDING_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** Tries of taking a message away: after a broken connection, and after what Telegram asks to wait for. */
const MAX_REMOVE_RETRIES = 2;
const MAX_REMOVE_WAITS = 3;

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
   * else is decoration: left out when there is no room for it, which throws `NoRoomError`.
   */
  isOwed: boolean;
  /** Ends decoration that takes too long. */
  signal?: AbortSignal;
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
   * Throws `ChatGoneError`, Telegram's refusal, and the reason of a stop.
   */
  async edit(sent: SentMessage, words: Words, posting: Posting): Promise<boolean> {
    const { queue } = this.#options;
    const parts = renderText(words.text);
    const [part] = parts;
    if (!part) return false;
    const keyboard = parts.length === 1 ? words.keyboard : undefined;
    const isThere = await this.#change(sent, { part, keyboard }, true, (place, call) =>
      queue.send(place, call),
    );
    if (isThere) await this.#postParts(sent.target, parts, words, posting, 1);
    return isThere;
  }

  /** Updates decoration; false when there is nothing to update any more. Throws as `edit`, and `NoRoomError`. */
  update(
    sent: SentMessage,
    words: Pick<EditCall, "part" | "keyboard">,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { queue } = this.#options;
    return this.#change(sent, words, false, ({ chatId }, call) =>
      queue.decorate(chatId, call, "update", signal),
    );
  }

  /** Takes a message away, after what is before it in its conversation. Never throws. */
  async remove({ target, messageId }: SentMessage): Promise<void> {
    const { queue, clock, log, stopped } = this.#options;
    const call: Call = { kind: "delete", messageId: Number(messageId) };
    for (let waits = 0; ; waits++) {
      try {
        await this.#inSameChat(target, (place) =>
          queue.send(place, call, { isOutside: true, maxRetries: MAX_REMOVE_RETRIES }),
        );
        return;
      } catch (error) {
        const waitMs = askedWaitMs(error);
        if (waitMs === 0 || waits >= MAX_REMOVE_WAITS || stopped.aborted) {
          log.debug({ err: error }, "a message could not be removed");
          return;
        }
        await clock.sleep(waitMs, stopped).catch(() => {
          // The process ends, and tries no more.
        });
      }
    }
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
    const { queue, log, stopped } = this.#options;
    const { isOwed, isOptional = false, maxRetries, signal = stopped } = posting;
    const send = (placed: typeof call) =>
      this.#inChat(target, isOptional, (place) =>
        isOwed
          ? queue.send(place, placed, { maxRetries, isSlow: call.kind === "video" })
          : queue.decorate(place.chatId, placed, "first", signal),
      );
    try {
      return await send(call);
    } catch (error) {
      if (call.address.topicId === null || !isTopicGone(error)) throw error;
      log.info({ conversation: target.conversationId }, "a topic is gone: its message goes to the chat");
      // A reply would go to the topic of the message that it answers.
      return send({ ...call, address: { ...call.address, topicId: null }, hangs: false });
    }
  }

  /** Edits a message; false when there is nothing to edit any more. */
  async #change(
    { target, messageId }: SentMessage,
    words: Pick<EditCall, "part" | "keyboard">,
    isOwed: boolean,
    send: (place: Place, call: Call) => Promise<unknown>,
  ): Promise<boolean> {
    const call: Call = { kind: "edit", messageId: Number(messageId), ...words };
    try {
      await this.#inSameChat(target, (place) => send(place, call));
    } catch (error) {
      if (error instanceof LeftBehindError) return false;
      if (!(error instanceof GrammyError)) throw error;
      // An edit whose answer was lost says so when it comes again.
      if (error.description.includes("message is not modified")) return true;
      // Deleted in the chat, or too old; owed words are said in a new message whatever Telegram has against the edit.
      if (isOwed ? error.error_code === 400 : isNotEditable(error)) return false;
      throw error;
    }
    return true;
  }

  /** For a message that is there. Throws `LeftBehindError` when its chat has moved. */
  #inSameChat<T>(target: ReplyTarget, send: (place: Place) => Promise<T>): Promise<T> {
    const { chatId: askedIn } = addressOf(target);
    return this.#inChat(target, false, async (place) => {
      // A supergroup counts its messages from one: this one stayed behind in the old chat.
      if (place.chatId !== askedIn) throw new LeftBehindError();
      return send(place);
    });
  }

  /** Follows a migration, and tells of a chat that is gone. */
  async #inChat<T>(target: ReplyTarget, isOptional: boolean, send: (place: Place) => Promise<T>): Promise<T> {
    const { migrations, onGone, log } = this.#options;
    const { chatId: askedIn, topicId } = addressOf(target);
    const chatId = await migrations.currentOf(askedIn);
    const sendIn = (id: string) => send({ chatId: id, lane: `${id}:${topicId ?? ""}` });
    try {
      return await sendIn(chatId);
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
        return sendIn(String(newChatId));
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

function isNotEditable({ description }: GrammyError): boolean {
  return /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/.test(description);
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
