/** How a turn without an answer of its own went, in words. Source: DESIGN.md, rule 5. */
import type { BackendError } from "./backend-error.ts";
import type { Chat } from "./chat.ts";
import { warnOperator } from "./connect.ts";
import { failureMessage } from "./failure.ts";
import type { Timeline } from "./timeline.ts";
import { changesText } from "./timeline-text.ts";

/** Tells the person how a turn without an answer of its own went. */
export class TurnReport {
  readonly chat: Chat;
  readonly before: Timeline;
  readonly #text: string;

  constructor(chat: Chat, text: string, before: Timeline) {
    this.chat = chat;
    this.#text = text;
    this.before = before;
  }

  async changed(
    after: Timeline,
    lead: "turn.changed" | "turn.recovered" | "turn.changed-but-failed",
  ): Promise<void> {
    const { speaker } = this.chat;
    await this.chat.update((current) => ({ ...current, timeline: after }));
    await speaker.send({
      text: speaker.paragraphs(speaker.rich(lead), changesText(speaker, this.before, after)),
      buttons: [
        [
          speaker.button("button.export", { kind: "export" }),
          speaker.button("button.status", { kind: "status" }),
        ],
      ],
    });
  }

  async unchanged(
    key: "turn.unchanged" | "turn.temporary-problem" | "turn.not-recovered" | "turn.outcome-unknown",
  ): Promise<void> {
    await this.#remember();
    const { speaker } = this.chat;
    await speaker.say(
      key,
      {},
      { tone: "error", buttons: [[speaker.button("button.retry", { kind: "retry" })]] },
    );
  }

  async failed(error: BackendError): Promise<void> {
    await this.#remember();
    const { payer, skill, world, speaker } = this.chat;
    warnOperator(this.chat, error);
    world.log.warn({ err: error, conversation: this.chat.id }, "a turn failed");
    await speaker.send(
      failureMessage(speaker, error, { payer, skill, webUrl: world.webUrl, canRetry: true }),
    );
  }

  async #remember(): Promise<void> {
    await this.chat.update((current) => ({ ...current, lastFailed: { text: this.#text, attachments: [] } }));
  }
}
