/**
 * Messages that show how work goes while it lasts: shown now or not at all, and never after what a person is owed has
 * taken their place. Source: `ChatPlatform.showProgress`; DESIGN.md, rules 12 and 13.
 */
import { GrammyError, HttpError } from "grammy";
import type { OutgoingMessage, ReplyTarget, SentMessage } from "../../../core/model/message.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedSet } from "../../../lib/bounded-map.ts";
import { within } from "../../../lib/timeout.ts";
import { endOfText } from "../../shared/split-text.ts";
import { addressOf, isHung, sentAs } from "./address.ts";
import type { TextCall } from "./call.ts";
import type { Delivery } from "./delivery.ts";
import { renderKeyboard } from "./keyboard.ts";
import { renderText, TEXT_LIMIT } from "./render.ts";
import { NoRoomError } from "./send-queue.ts";
import type { TelegramMarks } from "./sent-marks.ts";

/** How long the core waits for a message to be there; one that comes later is taken away again. */
const SHOWN_WITHIN_MS = 5_000;
/** Then the request of an update, or of a new message, has lost its connection: that can be there by then, for good. */
const UPDATE_TIMEOUT_MS = 15_000;
const FIRST_TIMEOUT_MS = 60_000;
/** How long owed words wait for an update of the same message that is on its way. */
const END_WITHIN_MS = 2_000;
/** Messages that are over and are remembered. */
const MAX_ENDED = 5_000;

export interface DecorationOptions {
  delivery: Delivery;
  marks: TelegramMarks;
  /** Keeps what buttons mean. */
  memory: AdapterMemory;
}

export class Decoration {
  readonly #options: DecorationOptions;
  /** What is on its way, by message or, before there is one, by idempotency key. */
  readonly #underWay = new Map<string, { done: Promise<unknown>; abort: AbortController }>();
  readonly #ended = new BoundedSet<string>(MAX_ENDED);

  constructor(options: DecorationOptions) {
    this.#options = options;
  }

  /** As `ChatPlatform.showProgress`. */
  async show(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null> {
    if (shown && shown.messageId !== "0") return this.#update(shown, message);
    const { marks } = this.#options;
    const { idempotencyKey } = message;
    // Which message it is will be known in a moment.
    if (idempotencyKey !== undefined && this.#underWay.has(idempotencyKey)) return null;
    const mark = idempotencyKey === undefined ? null : await marks.find(idempotencyKey);
    if (idempotencyKey === undefined || !mark) return this.#first(target, message);
    const taken = sentAs(target, mark);
    if (mark.messageId !== 0) return (await this.#update(taken, message)) ?? taken;
    // The number is not known: the process died before the answer, or Telegram did not say it, and never will.
    if (!shown || !mark.isBeingSent) return taken;
    await marks.forget(idempotencyKey);
    return this.#first(target, message);
  }

  /**
   * The message becomes something else, or goes: no update of it leaves any more. False when one is still on its way
   * after a moment, and could arrive last.
   */
  async end(sent: SentMessage): Promise<boolean> {
    const name = nameOf(sent);
    this.#ended.add(name);
    const update = this.#underWay.get(name);
    if (!update) return true;
    const isOver = await within(
      END_WITHIN_MS,
      update.done.then(() => true),
      false,
    );
    if (!isOver) update.abort.abort(new Error("owed words have taken the message's place"));
    return isOver;
  }

  async #first(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage | null> {
    const { delivery, marks, memory } = this.#options;
    const { idempotencyKey = null } = message;
    const [part] = renderText(endOfText(message.text, TEXT_LIMIT));
    if (!part || (idempotencyKey !== null && this.#underWay.has(idempotencyKey))) return null;
    const showing = this.#track(idempotencyKey, FIRST_TIMEOUT_MS, async (signal) => {
      const keyboard = await renderKeyboard(message.buttons, target.conversationId, memory);
      const address = addressOf(target);
      // It may become the answer.
      const hangs = isHung(address, message);
      const call: TextCall = { kind: "text", part, keyboard, address, hangs };
      const posted = await delivery.post(target, call, { idempotencyKey, isOwed: false, signal });
      return sentAs(target, posted);
    });
    const late = Symbol("late");
    const sent = await within(SHOWN_WITHIN_MS, showing, late);
    if (sent !== late) return sent;
    // The core goes on without it, and would never take it away.
    void showing.then(async (shown) => {
      if (!shown) return;
      if (idempotencyKey !== null) await marks.forget(idempotencyKey);
      // The core has found it by its name since, and it is the answer by now.
      if (!this.#ended.has(nameOf(shown))) await delivery.remove(shown);
    }, ignored);
    return null;
  }

  async #update(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage | null> {
    const { delivery, marks, memory } = this.#options;
    const { idempotencyKey } = message;
    const name = nameOf(sent);
    const [part] = renderText(endOfText(message.text, TEXT_LIMIT));
    if (!part || this.#ended.has(name) || this.#underWay.has(name)) return null;
    const updating = this.#track(name, UPDATE_TIMEOUT_MS, async (signal) => {
      const keyboard = await renderKeyboard(message.buttons, sent.target.conversationId, memory);
      return delivery.update(sent, { part, keyboard }, signal);
    });
    const isThere = await within(SHOWN_WITHIN_MS, updating, null);
    if (isThere === null) return null;
    if (isThere) return sent;
    void delivery.remove(sent);
    const mark = idempotencyKey === undefined ? null : await marks.find(idempotencyKey);
    if (idempotencyKey !== undefined && mark) {
      // Another process has shown it again, or it is the mark of the very message that is gone.
      if (![sent.messageId, "0"].includes(String(mark.messageId)))
        return this.show(sent.target, null, message);
      await marks.forget(idempotencyKey);
    }
    return this.#first(sent.target, message);
  }

  /** The result of a call that can be waited for; null when there was no room or no answer. */
  async #track<T>(
    name: string | null,
    timeoutMs: number,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)]);
    const done = task(signal).catch((error: unknown) => {
      if (signal.aborted || isLeftOut(error)) return null;
      throw error;
    });
    const settled = done.then(ignored, ignored);
    const entry = { done: settled, abort };
    if (name !== null) this.#underWay.set(name, entry);
    try {
      return await done;
    } finally {
      if (name !== null && this.#underWay.get(name) === entry) this.#underWay.delete(name);
    }
  }
}

/** There will be newer content to show. */
function isLeftOut(error: unknown): boolean {
  return (
    error instanceof NoRoomError ||
    error instanceof HttpError ||
    (error instanceof GrammyError && error.error_code >= 500)
  );
}

function nameOf({ target, messageId }: SentMessage): string {
  return `${addressOf(target).chatId} ${messageId}`;
}

function ignored(): void {
  // It was told where it was made.
}
