/** Where messages that people are owed leave for their platform. Implemented by `reply/outbox.ts`. */
import type { SentMessage } from "../model/message.ts";
import type { DeliveryItem } from "../model/work-item.ts";

export interface Outbox {
  /**
   * Sends a message. Returns it, or null once it is owed: it will be sent, whatever becomes of this process. Throws
   * the platform's refusal, and the reason of a stop.
   */
  send(item: DeliveryItem): Promise<SentMessage | null>;
  /** Sends a message that is owed, or waits for it where this process is at it already. Throws as `send`. */
  deliver(item: DeliveryItem): Promise<SentMessage>;
}
