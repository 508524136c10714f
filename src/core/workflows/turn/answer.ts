/**
 * What the agent says during a turn: kept in whole sentences, its GUI instructions turned into actions and offers, and
 * shown in the living message while it grows. Source: nemo-api.md, "GUI translation" and "The SSE stream", rules 1 and 6.
 */
import type { BackendError } from "../../model/backend-error.ts";
import type { Heard } from "../../model/conversation.ts";
import type { GuiAction, GuiOffer } from "../../model/gui-action.ts";
import type { Question } from "../../model/question.ts";
import { cleanText, isBlank, parseMarkup } from "../../model/rich-text.ts";
import type { TurnEvent } from "../../ports/video-backend.ts";
import type { LivingMessage } from "../../reply/living-message.ts";
import type { MessageDraft } from "../../reply/speaker.ts";
import { stepText } from "../../reply/tool-steps.ts";
import type { Chat } from "../chat.ts";
import { offerButtons } from "./offers.ts";
import { TurnText } from "./text.ts";

/** UTF-16 units of one turn that are shown; an agent that says more has lost its way, and is cut off there. */
const MAX_TURN_TEXT = 60_000;
/** Between two looks at what has come, to show it while it grows. */
const PREVIEW_MS = 400;

export interface AnswerOptions {
  living: LivingMessage;
  /** Whether the agent's words may ask for one more turn. */
  mayEdit: boolean;
  /** Writes down what was heard: a successor says it again. */
  keep: (heard: Heard) => Promise<void>;
  /** What an earlier process has written down. */
  heard?: Heard | undefined;
}

export class TurnAnswer {
  /** What the agent told a person to do in a GUI: done by the bot after the turn. */
  readonly actions: GuiAction[] = [];
  /** What the agent told a person they could do: shown as buttons. */
  readonly offers: GuiOffer[] = [];
  /** The last failure the stream told of; null while there is none. */
  failure: BackendError | null = null;
  readonly #chat: Chat;
  readonly #options: AnswerOptions;
  readonly #text: TurnText;
  #heard: Heard;
  /** What is written down. */
  #kept: Heard;
  #writing: Promise<void> = Promise.resolve();
  /** What the agent has said, in words for people. */
  #said = "";
  /** UTF-16 units that came so far. */
  #length = 0;
  #pause: NodeJS.Timeout | undefined;
  #preview: NodeJS.Timeout | undefined;

  constructor(chat: Chat, options: AnswerOptions) {
    this.#chat = chat;
    this.#options = options;
    this.#text = new TurnText(chat.context.understanding, chat.speaker.plain("turn.your-clip"));
    this.#heard = options.heard ?? { pieces: [], end: null };
    this.#kept = this.#heard;
    for (const piece of this.#heard.pieces) this.#say(piece);
  }

  /** What the agent wants to know; null when it asked nothing. */
  get question(): Question | null {
    return this.#heard.question ?? null;
  }

  take(event: TurnEvent): void {
    if (event.type === "failure") this.failure = event.error;
    if (event.type === "question") this.#heard = { ...this.#heard, question: event.question };
    if (event.type === "tool-call") this.#showStep(event);
    if (event.type !== "text") return;
    const room = MAX_TURN_TEXT - this.#length;
    if (room <= 0) return;
    this.#length += event.text.length;
    // One event can hold the whole answer: what fits of it is said all the same.
    this.#text.add(event.text.length > room ? `${event.text.slice(0, room)}…` : event.text);
    clearTimeout(this.#pause);
    if (this.#text.isFull) this.hear();
    else this.#pause = setTimeout(() => this.hear(), this.#chat.context.limits.textPauseMs);
    this.#preview ??= setTimeout(() => this.#showWords(), PREVIEW_MS);
  }

  /** Takes the whole sentences that wait, and has them written down. */
  hear(): void {
    clearTimeout(this.#pause);
    const before = this.#heard;
    for (let text = this.#text.take(); text !== ""; text = this.#text.take()) {
      this.#heard = { ...this.#heard, pieces: [...this.#heard.pieces, text] };
      this.#say(text);
    }
    if (this.#heard === before) return;
    // Who waits for it throws; that it was tried here is no reason to.
    this.#writeDown().catch(() => {});
    this.#showWords();
  }

  /**
   * Takes what is left. With `isEnd` it is the end of the turn, which a successor then knows as such. Returns once it
   * is written down. Throws a `StopError` when another process has told the end of the turn.
   */
  async finish(isEnd: boolean): Promise<"something" | "apology" | "nothing"> {
    this.stop();
    const { text: rest, isOnlyApology } = this.#text.finish();
    const earlierEnd = this.#heard.end;
    const text = earlierEnd ?? rest;
    if (isEnd && earlierEnd === null) this.#heard = { ...this.#heard, end: text };
    else if (rest !== "") this.#heard = { ...this.#heard, pieces: [...this.#heard.pieces, text] };
    this.#say(text);
    await this.#writeDown();
    if (this.#said !== "" || this.offers.length > 0 || this.question) return "something";
    return isOnlyApology ? "apology" : "nothing";
  }

  /** What the agent has said, with the buttons it offers; null when that is nothing. */
  message(): (MessageDraft & { buttons: NonNullable<MessageDraft["buttons"]> }) | null {
    const buttons = offerButtons(this.#chat, this.offers);
    if (this.#said !== "") return { text: parseMarkup(this.#said.trimEnd()), buttons };
    return buttons.length > 0 ? { text: this.#chat.speaker.rich("turn.offer"), buttons } : null;
  }

  stop(): void {
    clearTimeout(this.#pause);
    clearTimeout(this.#preview);
    this.#preview = undefined;
  }

  /** What the agent does, in words for people; what it says next stands in a paragraph of its own. */
  #showStep(event: TurnEvent & { type: "tool-call" }): void {
    this.#text.endParagraph();
    this.hear();
    const step = stepText(this.#chat.speaker, event);
    if (step) this.#options.living.status(step);
  }

  #showWords(): void {
    clearTimeout(this.#preview);
    this.#preview = undefined;
    const growing = this.#text.peek();
    // What it asks for counts once its sentences are taken.
    const { text } = this.#translate(growing, false);
    this.#options.living.words(parseMarkup(append(this.#said, growing, text).trimEnd()));
  }

  #say(raw: string): void {
    const mayEdit = this.#options.mayEdit && !this.actions.some(({ kind }) => kind === "edit");
    const { text, actions, offers } = this.#translate(raw, mayEdit);
    this.actions.push(...actions.filter((action) => !hasAction(this.actions, action)));
    this.offers.push(...offers.filter((offer) => !hasAction(this.offers, offer)));
    this.#said = append(this.#said, raw, text);
  }

  #translate(raw: string, mayEdit: boolean) {
    return this.#chat.context.understanding.translateGui(cleanText(raw), mayEdit);
  }

  #writeDown(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const heard = this.#heard;
      if (this.#kept === heard) return;
      await this.#options.keep(heard);
      this.#kept = heard;
    });
    return this.#writing;
  }
}

/** `text`, which `raw` stands for, behind what was `said`: apart as it came, or as a paragraph of its own. */
function append(said: string, raw: string, text: string): string {
  const words = text.trim();
  if (isBlank(words)) return said;
  const before = said.trimEnd();
  const gap = said.slice(before.length) + (/^\s+/.exec(raw)?.[0] ?? "");
  return `${before}${before === "" ? "" : gap || "\n\n"}${words}${/\s+$/.exec(raw)?.[0] ?? ""}`;
}

function hasAction(actions: readonly GuiOffer[], action: GuiOffer): boolean {
  return actions.some((one) => JSON.stringify(one) === JSON.stringify(action));
}
