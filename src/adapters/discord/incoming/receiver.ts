/**
 * Where everything that people ask for, by a message or an interaction, goes to the core: in place, or in a thread of
 * its own. Source: platforms.md, "Threads".
 */
import type { ChannelType } from "discord.js";
import type { IncomingMessage } from "../../../core/model/message.ts";
import type { MessageSink, PlaceEdit } from "../../../core/ports/chat-platform.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { placeOf } from "../place.ts";
import type { Threads } from "../threads.ts";
import type { ConversationIndex } from "./conversation-index.ts";
import { inThread } from "./normalize.ts";

export interface ReceiverOptions {
  engine: MessageSink;
  threads: Threads;
  conversations: ConversationIndex;
}

export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Resolves once the core owns it, or the person knows what keeps it. Throws while the store is in trouble: it must come again. */
  async receive(message: IncomingMessage, place?: PlaceEdit): Promise<void> {
    await this.#options.engine.receive(this.#note(message), place);
  }

  /** As `receive`; an edit goes to a thread of its own, which begins at the message `messageId`. */
  receiveSaid(message: IncomingMessage, messageId: string): Promise<void> {
    return this.receive(message, async () => {
      const { channelId } = placeOf(message.replyTo);
      const opened = this.openThread(message, { channelId, messageId });
      // Where the store does not say whether a thread is wanted, it does not take the message either.
      const threadId = await orInTrouble(opened, null);
      return threadId === null ? message : this.#note(inThread(message, threadId));
    });
  }

  /** The thread for what `message` asks for. Null: the answer belongs in place. Throws while the store is in trouble. */
  openThread(
    message: IncomingMessage,
    start: { channelId: string; messageId: string; channelType?: ChannelType },
  ): Promise<string | null> {
    const { guildId, userId } = placeOf(message.replyTo);
    const name = message.text || (message.attachments[0]?.name ?? "");
    return this.#options.threads.open({ ...start, guildId }, { name, userId });
  }

  /** The answers may be sent by another process: this one hears when the place is gone. */
  #note(message: IncomingMessage): IncomingMessage {
    this.#options.conversations.note(message.replyTo);
    return message;
  }
}
