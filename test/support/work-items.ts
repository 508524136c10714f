/** Work for queues, and hands that hold each item until the test lets it go. */

import { type MessageItem, mailboxLane, type WorkItem } from "../../src/core/model/work-item.ts";
import type { WorkQueue } from "../../src/core/ports/work-queue.ts";

/** A message item; its id is what tests look at. */
export function item(id: string, lane = "test:1", more: Partial<MessageItem["message"]> = {}): MessageItem {
  return {
    version: 1,
    id,
    kind: "message",
    lane: mailboxLane(lane),
    message: {
      version: 1,
      id,
      conversationId: lane,
      user: { id: "test:anna" },
      text: id,
      attachments: [],
      replyTo: { platform: "test", conversationId: lane, details: {} },
      receivedAt: 0,
      ...more,
    },
  };
}

/** Works on items, each until the test says how it ends. */
export class Hands {
  /** What happened, in its order: "a starts", "a ends", "a stops: cancelled". */
  readonly events: string[] = [];
  /** Why items were stopped. */
  readonly reasons = new Map<string, unknown>();
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #tell: (event: string) => void;

  /** `tell` hears each event too. */
  constructor(tell: (event: string) => void = () => {}) {
    this.#tell = tell;
  }

  finish(...ids: string[]): void {
    for (const id of ids) this.#gate(id).resolve();
  }

  fail(id: string): void {
    this.#gate(id).reject(new Error("boom"));
  }

  readonly work = async ({ id }: WorkItem, signal: AbortSignal): Promise<void> => {
    this.#happens(`${id} starts`);
    signal.addEventListener("abort", () => this.#gate(id).reject(signal.reason), { once: true });
    try {
      await this.#gate(id).promise;
      this.#happens(`${id} ends`);
    } catch (error) {
      if (signal.aborted) this.reasons.set(id, signal.reason);
      this.#happens(`${id} stops: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  };

  #happens(event: string): void {
    this.events.push(event);
    this.#tell(event);
  }

  #gate(id: string): PromiseWithResolvers<void> {
    const known = this.#gates.get(id);
    if (known) return known;
    const gate = Promise.withResolvers<void>();
    // It may be told to fail before it starts.
    gate.promise.catch(() => {});
    this.#gates.set(id, gate);
    return gate;
  }
}

/** Starts a queue on such hands. */
export async function startHands(queue: WorkQueue): Promise<Hands> {
  const hands = new Hands();
  await queue.start(hands.work);
  return hands;
}
