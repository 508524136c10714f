/** A chat platform that costs next to nothing: it counts what it is given, and forgets it. */
import type {
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../src/core/model/message.ts";
import type { ChatPlatform, OpenedAttachment } from "../../src/core/ports/chat-platform.ts";

export class CountingPlatform implements ChatPlatform {
  readonly name = "bench";
  /** As on Telegram. */
  readonly progressIntervalMs = 3_000;
  readonly typingLastsMs = 4_500;
  readonly maxAttachmentBytes = null;
  sends = 0;
  edits = 0;
  activities = 0;
  readonly #onSend: (target: ReplyTarget, message: OutgoingMessage) => void;

  constructor(onSend: (target: ReplyTarget, message: OutgoingMessage) => void = () => {}) {
    this.#onSend = onSend;
  }

  async send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    this.sends += 1;
    this.#onSend(target, message);
    return { target, messageId: String(this.sends) };
  }

  async edit(sent: SentMessage): Promise<SentMessage> {
    this.edits += 1;
    return sent;
  }

  async showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage> {
    return shown ? this.edit(shown) : this.send(target, message);
  }

  async find(): Promise<null> {
    return null;
  }

  async remove(): Promise<void> {}

  async react(): Promise<boolean> {
    return false;
  }

  async keptMessage(): Promise<null> {
    return null;
  }

  isShared(): boolean {
    return false;
  }

  async mayManage(): Promise<boolean> {
    return true;
  }

  async showActivity(): Promise<void> {
    this.activities += 1;
  }

  async deliverVideo(target: ReplyTarget, message: OutgoingMessage): Promise<{ isFileSent: boolean }> {
    await this.send(target, message);
    return { isFileSent: false };
  }

  async openAttachment(): Promise<OpenedAttachment> {
    throw new Error("nobody sends files here");
  }
}

/** What the person with this number says in a chat of their own. */
export function said(person: number, text: string, id = `bench:${person}:${text}`): IncomingMessage {
  const conversationId = `bench:${person}`;
  return {
    version: 1,
    id,
    conversationId,
    user: { id: `bench:user-${person}`, language: "en" },
    text,
    attachments: [],
    replyTo: { platform: "bench", conversationId, details: {} },
    receivedAt: Date.now(),
  };
}
