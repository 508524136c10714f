/**
 * Where messages enter the core: each is owned, understood, and put where it is answered at once or waits its
 * turn in the mailbox of its conversation. Source: DESIGN.md, "The house" and rules 2, 3 and 9.
 */
import { isAnsweredAtOnce } from "./actions.ts";
import { watchExport } from "./export-job.ts";
import type { ConversationId, IncomingMessage } from "./message.ts";
import type { MessageSink } from "./ports.ts";
import { readRequest } from "./request.ts";
import { Speaker } from "./speaker.ts";
import { areAllUnfit } from "./upload.ts";
import { exportLane, instantLane, type MessageItem, mailboxLane, type WorkItem } from "./work-item.ts";
import { languageOf, Worker } from "./worker.ts";
import { StopError, type World } from "./world.ts";

export class Engine implements MessageSink {
  readonly #world: World;
  readonly #worker: Worker;
  /** Words to people that are on their way. */
  readonly #asides = new Set<Promise<unknown>>();

  constructor(world: World) {
    this.#world = world;
    this.#worker = new Worker(world);
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

  async receive(message: IncomingMessage): Promise<void> {
    const { store, queue, limits, log } = this.#world;
    if (await store.hasSeen(message.id)) {
      log.debug({ id: message.id }, "a redelivered message was left alone");
      return;
    }
    const speaker = new Speaker(this.#world, message.replyTo, await languageOf(this.#world, message));
    const tooMuch = tooMuchOf(message, limits);
    if (tooMuch) {
      await store.markSeen(message.id);
      this.#aside(speaker.say(tooMuch.key, { limit: tooMuch.limit }, { tone: "error" }));
      return;
    }
    const lane = await this.#laneOf(message);
    const pushed = await queue.push({ version: 1, id: message.id, kind: "message", lane, message });
    // Seen only now that it is owned: whatever comes in between, it is not lost.
    await store.markSeen(message.id);
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
    const { queue, log } = this.#world;
    log.info({ conversation: conversationId }, "a chat is gone; its work stops");
    for (const lane of [mailboxLane(conversationId), exportLane(conversationId)]) {
      await queue.clear(lane);
      await queue.cancel(lane, new StopError("gone"));
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
    switch (item.kind) {
      case "message":
        return this.#worker.work(item, signal);
      case "export":
        return watchExport(this.#world, item, signal);
    }
  }

  /** A word to the person that the platform's pace may hold up, and that intake must not wait for. */
  #aside(sending: Promise<unknown>): void {
    this.#asides.add(sending);
    void sending.finally(() => this.#asides.delete(sending));
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
