/** How a turn without an answer of its own went, in words. Source: DESIGN.md, rule 5. */
import type { BackendError } from "../../model/backend-error.ts";
import type { Conversation } from "../../model/conversation.ts";
import { plain, type RichText } from "../../model/rich-text.ts";
import type { Timeline } from "../../model/timeline.ts";
import { changesText, summaryText } from "../../reply/timeline-text.ts";
import type { Chat } from "../chat.ts";

/** Tells the person how a turn without an answer of its own went. */
export class TurnReport {
  readonly chat: Chat;
  /** Null when the timeline before the turn could not be read. */
  readonly before: Timeline | null;
  /** True once it has said something. */
  hasSpoken = false;
  /** True once it has told of a failure. */
  hasFailed = false;
  readonly #text: string;
  /** Names the end of this turn, whichever process tells it. */
  readonly idempotencyKey: string;

  constructor(chat: Chat, turn: NonNullable<Conversation["inFlight"]>) {
    this.chat = chat;
    this.#text = turn.text;
    this.before = turn.before;
    this.idempotencyKey = `${turn.itemId}:end:${turn.sentAt}`;
  }

  async changed(
    after: Timeline,
    lead: "turn.changed" | "turn.recovered" | "turn.changed-but-failed",
  ): Promise<void> {
    this.hasSpoken = true;
    const { speaker } = this.chat;
    const changes = this.before
      ? changesText(speaker, this.before, after)
      : plain(summaryText(speaker, after));
    await this.#result(speaker.paragraphs(speaker.rich(lead), changes));
  }

  /** It is over, and all that can be said is how the project looks now. */
  async incomparable(after: Timeline): Promise<void> {
    this.hasSpoken = true;
    const { speaker } = this.chat;
    await this.#result(
      speaker.paragraphs(speaker.rich("turn.incomparable"), plain(summaryText(speaker, after))),
    );
  }

  async unchanged(
    key: "turn.unchanged" | "turn.temporary-problem" | "turn.not-recovered" | "turn.outcome-unknown",
  ): Promise<void> {
    this.hasSpoken = true;
    await this.#remember();
    const { speaker } = this.chat;
    const buttons = [[speaker.button("button.retry", this.chat.retry)]];
    const text = speaker.paragraphs(speaker.rich(key), speaker.rich("retry.may-cost"));
    await speaker.send({ text, tone: "error", buttons, idempotencyKey: this.idempotencyKey });
  }

  async failed(error: BackendError): Promise<void> {
    this.hasSpoken = true;
    this.hasFailed = true;
    await this.#remember();
    const { speaker } = this.chat;
    const message = this.chat.failure(error, true);
    const canRetry = message.buttons
      ?.flat()
      .some((one) => one.kind === "action" && one.action.kind === "retry");
    const text = speaker.paragraphs(message.text, canRetry ? speaker.rich("retry.may-cost") : []);
    await speaker.send({ ...message, text, idempotencyKey: this.idempotencyKey });
  }

  async #result(text: RichText): Promise<void> {
    const { speaker } = this.chat;
    const exportButton = speaker.button("button.export", { kind: "export" });
    const statusButton = speaker.button("button.status", { kind: "status" });
    await speaker.send({
      text,
      buttons: [[exportButton, statusButton]],
      idempotencyKey: this.idempotencyKey,
    });
  }

  #remember(): Promise<void> {
    return this.chat.keepForRetry({ text: this.#text, attachments: [] });
  }
}
