/**
 * Messages that people are owed, on their way: a platform that takes long, since it asked to wait, holds up no work.
 * What it has not taken after a moment is owed as an item of its own, in a lane of its conversation.
 * Source: DESIGN.md, rules 1 and 5.
 */
import { within } from "../../lib/timeout.ts";
import type { SentMessage } from "../model/message.ts";
import type { DeliveryItem } from "../model/work-item.ts";
import type { ChatPlatform } from "../ports/chat-platform.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { WorkQueue } from "../ports/work-queue.ts";

/** Platforms mostly answer sooner. */
const HAND_OVER_MS = 400;

const LATE = Symbol("late");

export class LaneOutbox implements Outbox {
  readonly #queue: WorkQueue;
  readonly #platforms: ReadonlyMap<string, ChatPlatform>;
  /** What this process sends now, by item. */
  readonly #underWay = new Map<string, Promise<SentMessage>>();

  constructor(queue: WorkQueue, platforms: ReadonlyMap<string, ChatPlatform>) {
    this.#queue = queue;
    this.#platforms = platforms;
  }

  async send(item: DeliveryItem): Promise<SentMessage | null> {
    const sending = this.deliver(item);
    const sent = await within(HAND_OVER_MS, sending, LATE);
    if (sent !== LATE) return sent;
    const pushed = await this.#queue.push(item);
    // There is no room to owe it: it is waited for.
    return pushed.kind === "full" ? sending : null;
  }

  deliver(item: DeliveryItem): Promise<SentMessage> {
    const underWay = this.#underWay.get(item.id);
    if (underWay) return underWay;
    const sending = this.#send(item).finally(() => this.#underWay.delete(item.id));
    this.#underWay.set(item.id, sending);
    // It may be waited for by the item alone, later.
    sending.catch(() => {});
    return sending;
  }

  async #send({ replyTo, message, instead, removes }: DeliveryItem): Promise<SentMessage> {
    const platform = this.#platforms.get(replyTo.platform);
    if (!platform) throw new Error(`no platform named ${replyTo.platform} runs in this process`);
    const sent = instead ? await platform.edit(instead, message) : await platform.send(replyTo, message);
    if (removes) void platform.remove(removes);
    return sent;
  }
}
