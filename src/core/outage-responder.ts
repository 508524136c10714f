/**
 * Who answers while the store cannot: what needs no memory is answered at once, for everything else the person
 * reads, once, that the bot catches up later. Source: DESIGN.md, rules 3 and 5.
 */

import { BoundedSet } from "../lib/bounded-map.ts";
import type { IncomingMessage } from "./model/message.ts";
import type { AskedMessage } from "./model/request.ts";
import type { Context } from "./ports/context.ts";
import { guessLanguage } from "./understand/language.ts";
import { Chat } from "./workflows/chat.ts";
import { showHelp, showUploadHelp } from "./workflows/instant-answers.ts";

/** Conversations and messages that are remembered; an outage that sees more of them repeats itself a little. */
const MAX_REMEMBERED = 10_000;

export class OutageResponder {
  readonly #context: Context;
  /** Conversations that know of this outage. */
  readonly #told = new BoundedSet<string>(MAX_REMEMBERED);
  /** Messages that had their whole answer: when they come again, there is nothing left to do. */
  readonly #answered = new BoundedSet<string>(MAX_REMEMBERED);

  constructor(context: Context) {
    this.#context = context;
  }

  hasAnswered(messageId: string): boolean {
    return this.#answered.has(messageId);
  }

  /** Answers a message that could not be stored. Never throws. */
  async answer({ message, request }: AskedMessage): Promise<void> {
    if (this.#answered.has(message.id)) return;
    const { log } = this.#context;
    try {
      const { goal, attachments } = request;
      const action = goal.kind === "action" && attachments.length === 0 ? goal.action.kind : null;
      if (action === "help" || action === "upload-help") {
        this.#answered.add(message.id);
        const chat = this.#chatFor(message);
        await (action === "help" ? showHelp(chat) : showUploadHelp(chat));
        return;
      }
      if (this.#told.has(message.conversationId)) return;
      this.#told.add(message.conversationId);
      await this.#chatFor(message).speaker.say("store.catching-up", {}, { tone: "notice" });
    } catch (error) {
      log.error(
        { err: error, conversation: message.conversationId },
        "a person could not be told of the outage",
      );
    }
  }

  /** The store works again: the next outage is news. */
  close(): void {
    this.#told.clear();
  }

  #chatFor(message: IncomingMessage): Chat {
    const { conversationId: id, replyTo: target } = message;
    const language = guessLanguage(this.#context.understanding, message);
    return Chat.withoutRecord(this.#context, { id, target, language });
  }
}
