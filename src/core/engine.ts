/**
 * Where messages enter the core: each is owned, understood, and put where it is answered at once or waits its
 * turn in the mailbox of its conversation. Source: DESIGN.md, "The house" and rules 2, 3 and 9.
 */

import { createKeyedQueue } from "../lib/keyed-queue.ts";
import { abortable } from "../lib/timeout.ts";
import type { ConversationId, IncomingMessage } from "./model/message.ts";
import { type AskedMessage, startsEdit } from "./model/request.ts";
import { StopError } from "./model/stop.ts";
import {
  type DeliveryItem,
  exportLane,
  instantLane,
  type MessageItem,
  mailboxLane,
  outboxLane,
  targetOf,
  turnOf,
  type WorkItem,
} from "./model/work-item.ts";
import { OutageResponder } from "./outage-responder.ts";
import { ChatGoneError, type MessageSink, type PlaceEdit } from "./ports/chat-platform.ts";
import type { Context } from "./ports/context.ts";
import { StoreTroubleError } from "./ports/store.ts";
import { Speaker } from "./reply/speaker.ts";
import { languageOf } from "./understand/language.ts";
import { partsOf } from "./understand/request.ts";
import { Worker } from "./worker.ts";
import { stopButtons } from "./workflows/chat.ts";
import { runExport } from "./workflows/export/watch.ts";
import { refusalOf } from "./workflows/fitness.ts";
import { laneOf } from "./workflows/lane.ts";
import { showPlace } from "./workflows/waiting-notice.ts";

/** UTF-16 units of a refused message that are kept. */
const MAX_REFUSED_TEXT = 200;

export class Engine implements MessageSink {
  /** For intake: a store in trouble says so at once. */
  readonly #context: Context;
  /** For work that has begun: it waits for the store. */
  readonly #workContext: Context;
  readonly #worker: Worker;
  readonly #outage: OutageResponder;
  readonly #oneByOne = createKeyedQueue();
  /** Words to people that are on their way. */
  readonly #asides = new Set<Promise<unknown>>();

  /** Both contexts are the same, but `workContext` waits for a store and a queue in trouble. */
  constructor(context: Context, workContext: Context = context) {
    this.#context = context;
    this.#workContext = workContext;
    this.#worker = new Worker(workContext);
    this.#outage = new OutageResponder(context);
  }

  /** Starts working on the mailboxes. */
  async start(): Promise<void> {
    await this.#context.queue.start((item, signal) => this.#work(item, signal));
  }

  /** Gives running work `graceMs`, then hands it back: what is in flight stays written down for the process that takes over. */
  async stop(graceMs = 0): Promise<void> {
    await this.#context.queue.stop(new StopError("shutdown"), graceMs);
    await Promise.allSettled(this.#asides);
  }

  /** Throws `StoreTroubleError` when the message could not be stored: the person knows, and it must come again. */
  receive(message: IncomingMessage, place?: PlaceEdit): Promise<void> {
    return this.#context.inTurn(message.id, async () => {
      const read = this.#read(message);
      const asked = place && startsEdit(read.request) ? { ...read, message: await place() } : read;
      try {
        for (const part of partsOf(asked)) {
          const owned = { ...part, message: oncePressed(part.message) };
          // A redelivery that comes while the first delivery is being stored waits, and is known then.
          await this.#oneByOne(owned.message.id, () => this.#take(owned));
        }
      } catch (error) {
        if (error instanceof StoreTroubleError) this.#aside(this.#outage.answer(asked));
        throw error;
      }
    });
  }

  putOff(message: IncomingMessage): void {
    const answer = async () => this.#outage.answer(this.#read(message));
    this.#aside(this.#context.inTurn(message.id, answer));
  }

  /** The one place where a message is read: its item carries what it asks for. */
  #read(message: IncomingMessage): AskedMessage {
    return { message, request: this.#context.understanding.readRequest(message) };
  }

  async #take({ message, request }: AskedMessage): Promise<void> {
    const { store, queue, limits, log } = this.#context;
    if (await store.hasSeen(message.id)) {
      log.debug({ id: message.id }, "a redelivered message was left alone");
      return;
    }
    if (this.#outage.hasAnswered(message.id)) {
      await store.markSeen(message.id);
      return;
    }
    const refusal = refusalOf(message, limits);
    if (refusal) return this.#refuse(message, refusal);
    const lane = await laneOf(this.#context, message, request);
    const pushed = await queue.push(itemOf(lane, { message, request }));
    if (pushed.kind === "full") return this.#refuse(message, { key: "queue.full", limit: pushed.limit });
    log.info({ conversation: message.conversationId, as: pushed.kind }, "a message came in");
    // Seen only now that it is owned: a crash before this redelivers it.
    await store.markSeen(message.id);
    this.#outage.close();
    const waits = pushed.kind === "accepted" && pushed.ahead > 0;
    if (waits && lane === mailboxLane(message.conversationId)) {
      const speaker = this.#speakerFor(message, await languageOf(this.#context, message));
      void showPlace(
        this.#context,
        speaker,
        { id: message.id, lane },
        {
          firstAfterMs: this.#context.limits.placeNoticeMs,
          text: (place) => speaker.rich("queue.place", { place }),
          buttons: stopButtons(speaker, message.id),
        },
      );
    }
  }

  /** A refusal is owed like an answer: it is stored before the message counts as seen. */
  async #refuse(message: IncomingMessage, refusal: NonNullable<MessageItem["refusal"]>): Promise<void> {
    const { store, queue, log } = this.#context;
    const lane = instantLane(message, false);
    // What was too much is not kept; its first words tell the language.
    const text = message.text.slice(0, MAX_REFUSED_TEXT);
    const kept: IncomingMessage = { ...message, text, attachments: [], quoted: [] };
    const item: MessageItem = { version: 1, id: message.id, kind: "message", lane, message: kept, refusal };
    const pushed = await queue.push(item);
    log.info(
      { conversation: message.conversationId, why: refusal.key, as: pushed.kind },
      "a message was refused",
    );
    // A person who sends so much that even the refusals pile up has read some of them.
    await store.markSeen(message.id);
  }

  async revise(message: IncomingMessage): Promise<void> {
    const { queue, limits, log } = this.#context;
    if (refusalOf(message, limits)) return;
    const isRevised = await queue.revise(itemOf(mailboxLane(message.conversationId), this.#read(message)));
    log.debug({ id: message.id, isRevised }, "a message was edited");
  }

  async abandon(conversationId: ConversationId): Promise<void> {
    const { queue, log } = this.#workContext;
    log.info({ conversation: conversationId }, "a chat is gone; its work stops");
    try {
      for (const lane of [
        mailboxLane(conversationId),
        exportLane(conversationId),
        outboxLane(conversationId),
      ]) {
        await queue.clear(lane);
        await queue.cancel(lane, new StopError("gone"));
      }
    } catch (error) {
      // It ends by itself: nothing it says will arrive.
      log.warn({ err: error, conversation: conversationId }, "the work of a chat that is gone goes on");
    }
  }

  #work(item: WorkItem, signal: AbortSignal): Promise<void> {
    const { clock, log, inTurn, platforms } = this.#context;
    const startedAt = clock.now();
    return inTurn(turnOf(item), async () => {
      const { platform } = targetOf(item);
      if (!platforms.has(platform)) {
        log.error({ platform }, "work waits for a platform that does not run here: is its token missing?");
        // It stays owed: a process with that platform does it.
        return untilStopped(signal);
      }
      try {
        await this.#carryOut(item, signal);
      } finally {
        const isStopped = signal.aborted;
        log.info({ kind: item.kind, isStopped, ms: clock.now() - startedAt }, "work on a message ended");
      }
    });
  }

  #carryOut(item: WorkItem, signal: AbortSignal): Promise<void> {
    switch (item.kind) {
      case "message":
        return this.#worker.work(item, signal);
      case "export":
        return runExport(this.#workContext, item, signal);
      case "delivery":
        return this.#deliver(item, signal);
    }
  }

  /** A platform that refuses it for good is logged; a process that stops leaves it owed. */
  async #deliver(item: DeliveryItem, signal: AbortSignal): Promise<void> {
    try {
      await abortable(this.#context.outbox.deliver(item), signal);
    } catch (error) {
      if (signal.aborted || error instanceof StopError) throw error;
      const facts = { err: error, conversation: item.replyTo.conversationId };
      if (error instanceof ChatGoneError) this.#context.log.info(facts, "a message was not sent");
      else this.#context.log.error(facts, "a message was not sent");
    }
  }

  #speakerFor(message: IncomingMessage, language: string): Speaker {
    return new Speaker(this.#context, message.replyTo, language, message.id);
  }

  /** A word to the person that the platform's rate limit may hold up, and that intake must not wait for. */
  #aside(sending: Promise<unknown>): void {
    this.#asides.add(sending);
    const over = () => this.#asides.delete(sending);
    // What is said is logged where it fails; here it only ends.
    sending.then(over, over);
  }
}

/** A question that is answered twice is one message: words that cost credits are sent once. */
function oncePressed(message: IncomingMessage): IncomingMessage {
  const { action } = message;
  const isMeant = action?.kind === "edit" && action.meant?.userId === message.user.id;
  return isMeant ? { ...message, id: `${action.meant?.messageId}:meant` } : message;
}

/** Rejects with the reason of a stop. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function itemOf(lane: string, asked: AskedMessage): MessageItem {
  return { version: 1, id: asked.message.id, kind: "message", lane, ...asked };
}
