/**
 * Where messages enter the core: each is owned, understood, and put where it is answered at once or waits its
 * turn in the mailbox of its conversation. Source: DESIGN.md, "The house" and rules 2, 3 and 9.
 */
import { isAnsweredAtOnce } from "./actions.ts";
import { watchExport } from "./export-job.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import type { ConversationId, IncomingMessage } from "./message.ts";
import { OfflineDesk } from "./offline-desk.ts";
import { type MessageSink, StoreTroubleError } from "./ports.ts";
import { readRequest } from "./request.ts";
import { Speaker } from "./speaker.ts";
import { areAllUnfit } from "./upload.ts";
import { languageOf } from "./user-language.ts";
import {
  exportLane,
  instantLane,
  type MessageItem,
  mailboxLane,
  turnOf,
  type WorkItem,
} from "./work-item.ts";
import { Worker } from "./worker.ts";
import { StopError, type World } from "./world.ts";

export class Engine implements MessageSink {
  /** For intake: a store in trouble says so at once. */
  readonly #world: World;
  /** For work that has begun: it waits for the store. */
  readonly #workWorld: World;
  readonly #worker: Worker;
  readonly #offline: OfflineDesk;
  readonly #oneByOne = createKeyedQueue();
  /** Words to people that are on their way. */
  readonly #asides = new Set<Promise<unknown>>();

  /** Both worlds are the same but for their patience with the store and the queue. */
  constructor(world: World, workWorld: World = world) {
    this.#world = world;
    this.#workWorld = workWorld;
    this.#worker = new Worker(workWorld);
    this.#offline = new OfflineDesk(world);
  }

  /** Starts working on the mailboxes. */
  async start(): Promise<void> {
    await this.#world.queue.start((item, signal) => this.#work(item, signal));
  }

  /** Hands running work back; what is in flight stays written down for the next start. */
  async stop(): Promise<void> {
    await this.#world.queue.stop(new StopError("shutdown"));
    await Promise.allSettled(this.#asides);
  }

  /** Throws `StoreTroubleError` when the message could not be stored: the person knows, and it must come again. */
  receive(message: IncomingMessage): Promise<void> {
    return this.#world.inTurn(message.id, async () => {
      try {
        // A redelivery that comes while the first delivery is being stored waits, and is known then.
        await this.#oneByOne(message.id, () => this.#take(message));
      } catch (error) {
        if (error instanceof StoreTroubleError) this.#aside(this.#offline.answer(message));
        throw error;
      }
    });
  }

  putOff(message: IncomingMessage): Promise<void> {
    return this.#world.inTurn(message.id, () => this.#offline.answer(message));
  }

  async #take(message: IncomingMessage): Promise<void> {
    const { store, queue, limits, log } = this.#world;
    if (await store.hasSeen(message.id)) {
      log.debug({ id: message.id }, "a redelivered message was left alone");
      return;
    }
    if (this.#offline.hasAnswered(message.id)) {
      await store.markSeen(message.id);
      return;
    }
    const speaker = this.#speakerFor(message, await languageOf(this.#world, message));
    const tooMuch = tooMuchOf(message, limits);
    if (tooMuch) {
      await store.markSeen(message.id);
      this.#aside(speaker.say(tooMuch.key, { limit: tooMuch.limit }, { tone: "error" }));
      return;
    }
    const lane = await this.#laneOf(message);
    const pushed = await queue.push({ version: 1, id: message.id, kind: "message", lane, message });
    log.info({ conversation: message.conversationId, as: pushed.kind }, "a message came in");
    // Seen only now that it is owned: whatever comes in between, it is not lost.
    await store.markSeen(message.id);
    this.#offline.close();
    if (pushed.kind === "full") {
      this.#aside(speaker.say("queue.full", { limit: pushed.limit }, { tone: "error" }));
    } else if (
      pushed.kind === "accepted" &&
      pushed.ahead > 0 &&
      lane === mailboxLane(message.conversationId)
    ) {
      const drop = speaker.button("button.cancel", { kind: "drop", itemId: message.id });
      this.#aside(speaker.say("queue.place", { place: pushed.ahead }, { tone: "notice", buttons: [[drop]] }));
    }
  }

  async revise(message: IncomingMessage): Promise<void> {
    const { queue, limits, log } = this.#world;
    if (tooMuchOf(message, limits)) return;
    const lane = mailboxLane(message.conversationId);
    const item: MessageItem = { version: 1, id: message.id, kind: "message", lane, message };
    const isRevised = await queue.revise(item);
    log.debug({ id: message.id, isRevised }, "a message was edited");
  }

  async abandon(conversationId: ConversationId): Promise<void> {
    const { queue, log } = this.#workWorld;
    log.info({ conversation: conversationId }, "a chat is gone; its work stops");
    try {
      for (const lane of [mailboxLane(conversationId), exportLane(conversationId)]) {
        await queue.clear(lane);
        await queue.cancel(lane, new StopError("gone"));
      }
    } catch (error) {
      // It ends by itself: nothing it says will arrive.
      log.warn({ err: error, conversation: conversationId }, "the work of a chat that is gone goes on");
    }
  }

  /** What waits in the mailbox, and what is answered beside it. */
  async #laneOf(message: IncomingMessage): Promise<string> {
    const { store, skills } = this.#world;
    const { goal, attachments } = readRequest(message, skills.list());
    const record = await store.read(message.conversationId);
    const skill = skills.find(record?.skill ?? "") ?? skills.defaultSkill;
    const action = goal.kind === "action" ? goal.action : null;
    const isInstant =
      attachments.length > 0
        ? areAllUnfit(this.#world, skill, attachments)
        : action !== null && isAnsweredAtOnce(action, record?.session != null);
    if (!isInstant) return mailboxLane(message.conversationId);
    // A slow answer about credits must not hold up somebody who wants to stop.
    return instantLane(message.conversationId, action?.kind === "cancel" || action?.kind === "drop");
  }

  #work(item: WorkItem, signal: AbortSignal): Promise<void> {
    const { clock, log, inTurn } = this.#world;
    const startedAt = clock.now();
    return inTurn(turnOf(item), async () => {
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
        return watchExport(this.#workWorld, item, signal);
    }
  }

  #speakerFor(message: IncomingMessage, language: string): Speaker {
    return new Speaker(this.#world, message.replyTo, language, message.id);
  }

  /** A word to the person that the platform's pace may hold up, and that intake must not wait for. */
  #aside(sending: Promise<unknown>): void {
    this.#asides.add(sending);
    const over = () => this.#asides.delete(sending);
    // What is said is logged where it fails; here it only ends.
    sending.then(over, over);
  }
}

function tooMuchOf(message: IncomingMessage, limits: World["limits"]) {
  if (message.text.length > limits.maxTextLength) {
    return { key: "message.too-long", limit: limits.maxTextLength } as const;
  }
  if (message.attachments.length > limits.maxFilesPerMessage) {
    return { key: "message.too-many-files", limit: limits.maxFilesPerMessage } as const;
  }
  return null;
}
