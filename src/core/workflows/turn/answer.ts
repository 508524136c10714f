/**
 * What the agent says during a turn, shown in whole sentences as it comes, GUI instructions turned into
 * actions and offers. Source: nemo-api.md, "GUI translation" and "The SSE stream", rules 1 and 6.
 */
import type { BackendError } from "../../model/backend-error.ts";
import type { Heard } from "../../model/conversation.ts";
import type { GuiAction, GuiOffer } from "../../model/gui-action.ts";
import type { Button, SentMessage } from "../../model/message.ts";
import type { Question } from "../../model/question.ts";
import { cleanText, parseMarkup, plain, type RichText } from "../../model/rich-text.ts";
import type { TurnEvent } from "../../ports/video-backend.ts";
import { questionMessage } from "../../reply/question.ts";
import type { Chat } from "../chat.ts";
import type { AskedQuestion } from "./in-flight.ts";
import { offerButton, offerButtons } from "./offers.ts";
import { TurnText } from "./text.ts";

/** UTF-16 units of one turn that are shown; an agent that says more has lost its way, and is cut off there. */
const MAX_TURN_TEXT = 60_000;

/** Collects what the agent says and shows it in whole sentences, GUI instructions turned into actions. */
export class TurnAnswer {
  /** What the agent told a person to do in a GUI: done by the bot after the turn. */
  readonly actions: GuiAction[] = [];
  /** What the agent told a person they could do: shown as buttons. */
  readonly offers: GuiOffer[] = [];
  /** What the person was asked; null while that is nothing, or when a failure was told instead. */
  asked: AskedQuestion | null = null;
  /** The last failure the stream told of; null while there is none. */
  failure: BackendError | null = null;
  readonly #chat: Chat;
  readonly #text: TurnText;
  readonly #mayEdit: boolean;
  readonly #keep: (heard: Heard) => Promise<void>;
  #heard: Heard = { pieces: [], end: null };
  /** What is written down. */
  #kept: Heard = this.#heard;
  /** An end that an earlier process has heard; null otherwise. */
  readonly #earlierEnd: string | null;
  #writing: Promise<void> = Promise.resolve();
  #tail: Promise<void> = Promise.resolve();
  /** True once the person has read something of this turn. */
  #hasShown = false;
  #lastShown: { sent: SentMessage; text: RichText; buttons: Button[][] } | null = null;
  /** UTF-16 units that came so far. */
  #length = 0;
  #pause: NodeJS.Timeout | undefined;

  /**
   * `keep` writes down what was heard, and is awaited before any of it is sent. With `heard`, which an earlier
   * process has written down, it is said again: what was shown already is not shown twice.
   * `mayEdit`: whether the agent's words may ask for one more turn.
   */
  constructor(chat: Chat, mayEdit: boolean, keep: (heard: Heard) => Promise<void>, heard?: Heard) {
    this.#chat = chat;
    this.#mayEdit = mayEdit;
    this.#text = new TurnText(chat.context.understanding, chat.speaker.plain("turn.your-clip"));
    this.#keep = keep;
    this.#earlierEnd = heard?.end ?? null;
    if (!heard) return;
    this.#heard = heard;
    this.#kept = heard;
    for (const piece of heard.pieces) void this.#show(piece, []);
  }

  /** What the agent wants to know; null when it asked nothing. */
  get question(): Question | null {
    return this.#heard.question ?? null;
  }

  take(event: TurnEvent): void {
    if (event.type === "failure") this.failure = event.error;
    if (event.type === "question") this.#heard = { ...this.#heard, question: event.question };
    if (event.type !== "text") return;
    const room = MAX_TURN_TEXT - this.#length;
    if (room <= 0) return;
    this.#length += event.text.length;
    // One event can hold the whole answer: what fits of it is said all the same.
    this.#text.add(event.text.length > room ? `${event.text.slice(0, room)}…` : event.text);
    clearTimeout(this.#pause);
    if (this.#text.isFull) void this.flush();
    else this.#pause = setTimeout(() => void this.flush(), this.#chat.context.limits.textPauseMs);
  }

  /** Shows the whole sentences that wait. */
  flush(): Promise<void> {
    clearTimeout(this.#pause);
    for (let text = this.#text.take(); text !== ""; text = this.#text.take()) {
      this.#heard = { ...this.#heard, pieces: [...this.#heard.pieces, text] };
      void this.#show(text, []);
    }
    return this.#tail;
  }

  /**
   * Shows what is left, with the buttons that follow from it; `idempotencyKey` names it as the end of the turn, which is
   * then known to a successor as such.
   */
  async finish(idempotencyKey?: string): Promise<"something" | "apology" | "nothing"> {
    clearTimeout(this.#pause);
    const { text: rest, isOnlyApology } = this.#text.finish();
    const text = this.#earlierEnd ?? rest;
    if (idempotencyKey !== undefined && this.#earlierEnd === null) {
      this.#heard = { ...this.#heard, end: text };
      // Written down even if nothing is left to say: a successor need not ask for the outcome.
      this.#enqueue(async () => {});
    } else if (rest !== "") this.#heard = { ...this.#heard, pieces: [...this.#heard.pieces, text] };
    const { speaker } = this.#chat;
    const usual = [
      speaker.button("button.export", { kind: "export" }),
      speaker.button("button.status", { kind: "status" }),
    ];
    const { question } = this;
    await this.#show(text, question ? [] : usual, idempotencyKey);
    if (question && idempotencyKey !== undefined) {
      this.#leaveEdit();
      await this.#ask(question, idempotencyKey);
      return "something";
    }
    const last = this.#lastShown;
    // Everything was shown while the backend paused: the last message gets its buttons now.
    if (last && last.buttons.length === 0)
      await speaker.edit(last.sent, { text: last.text, buttons: [usual] });
    return this.#hasShown ? "something" : isOnlyApology ? "apology" : "nothing";
  }

  stop(): void {
    clearTimeout(this.#pause);
  }

  /** What the agent wants to know comes first: what would be a turn of its own becomes a button. */
  #leaveEdit(): void {
    const edit = this.actions.find((action) => action.kind === "edit");
    if (!edit) return;
    this.actions.splice(this.actions.indexOf(edit), 1);
    const { speaker } = this.#chat;
    const button = offerButton(this.#chat, edit, true);
    this.#enqueue(async () => {
      await speaker.send({ text: plain(edit.text), buttons: [[button]] });
    });
  }

  #ask(question: Question, idempotencyKey: string): Promise<void> {
    const { speaker, itemId } = this.#chat;
    const open = { itemId, question, answers: [], chosen: [], shown: null };
    this.#enqueue(async () => {
      const shown = await speaker.send({
        ...questionMessage(speaker, open),
        idempotencyKey: `${idempotencyKey}:question`,
      });
      this.asked = { question, shown };
    });
    return this.#tail;
  }

  #show(raw: string, lastButtons: Button[], idempotencyKey?: string): Promise<void> {
    const name = idempotencyKey === undefined ? {} : { idempotencyKey };
    const mayEdit = this.#mayEdit && !this.actions.some(({ kind }) => kind === "edit");
    const { text, actions, offers } = this.#chat.context.understanding.translateGui(cleanText(raw), mayEdit);
    const { speaker } = this.#chat;
    this.actions.push(...actions.filter((action) => !hasAction(this.actions, action)));
    const fresh = offers.filter((offer) => !hasAction(this.offers, offer));
    this.offers.push(...fresh);
    const offered = offerButtons(this.#chat, fresh);
    const shown = text.trim();
    if (shown !== "") {
      this.#hasShown = true;
      const labels = offered.flat().map((button) => button.label);
      const others = lastButtons.filter((button) => !labels.includes(button.label));
      const buttons = [...offered, ...(others.length > 0 ? [others] : [])];
      const message = { text: parseMarkup(shown), buttons };
      this.#enqueue(async () => {
        const sent = await speaker.send({ ...message, ...name });
        this.#lastShown = sent ? { ...message, sent } : null;
      });
    } else if (fresh.length > 0) {
      this.#hasShown = true;
      this.#enqueue(async () => {
        await speaker.say("turn.offer", {}, { buttons: offered, ...name });
        this.#lastShown = null;
      });
    }
    return this.#tail;
  }

  /** Sends in order; what was heard so far is written down before, however long other messages take to leave. */
  #enqueue(send: () => Promise<void>): void {
    const written = this.#writeDown();
    this.#tail = this.#tail.then(async () => {
      await written;
      await send();
    });
    // `flush` and `finish` wait for it and throw; the timer that calls `flush` does not.
    this.#tail.catch(() => {});
  }

  #writeDown(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const heard = this.#heard;
      if (this.#kept === heard) return;
      await this.#keep(heard);
      this.#kept = heard;
    });
    this.#writing.catch(() => {});
    return this.#writing;
  }
}

function hasAction(actions: readonly GuiOffer[], action: GuiOffer): boolean {
  return actions.some((one) => JSON.stringify(one) === JSON.stringify(action));
}
