/**
 * Groups the text of a running turn into messages: whole sentences, shown when the backend pauses, without what
 * only machines read, and a trailing apology kept back. Source: nemo-api.md, "The SSE stream", rules 1 and 6.
 */

import { hideMachineText, openMachineText } from "../../../lib/machine-text.ts";
import type { Understanding } from "../../model/understanding.ts";

/** Longest text that `take` hands out, in UTF-16 units; well below every platform's limit. */
const MAX_CHUNK = 1_500;
/** A longer sentence is no mere apology. */
const MAX_APOLOGY = 300;

/** Alone at the end of a text. */
const LIST_NUMBER = /(?:^|\n)[ \t]*(?:\d{1,3}[.)、．]|[-*•])\s*$/;

/** The same below other lines, where nothing follows it any more. */
const LONE_NUMBER = /\n[ \t]*(?:\d{1,3}[.)、．]|[-*•])\s*$/;

const PARAGRAPH_END = /\n\s*\n/;

/** Blanks that are kept between two pieces. */
const MAX_GAP = 2;

type AgentReader = Pick<Understanding, "readApology" | "sentenceEnds">;

export class TurnText {
  readonly #understanding: AgentReader;
  readonly #yourClip: string;
  /** What came and cannot be judged yet: a sentence, or a piece of JSON, that goes on. */
  #raw = "";
  /** `#raw` is not looked at again before it is longer than this: each look reads all of it. */
  #lookAgainAt = 0;
  /** What is not shown yet; an apology that may turn out to be the last word stands at its beginning. */
  #pending = "";
  #hasGoodText = false;

  /** `yourClip` is what a clip is called whose name only a machine could read. */
  constructor(understanding: AgentReader, yourClip: string) {
    this.#understanding = understanding;
    this.#yourClip = yourClip;
  }

  add(text: string): void {
    this.#raw += text;
  }

  /** Whether `take` would wait for nothing but the end of a sentence. */
  get isFull(): boolean {
    return this.#isLong || this.#raw.length > Math.max(MAX_CHUNK, this.#lookAgainAt);
  }

  /**
   * Whole sentences that can be shown now, at most `MAX_CHUNK`; empty when there are none. There may be more:
   * call it until it is empty.
   */
  take(): string {
    const good = this.peek();
    this.#pending = this.#pending.slice(good.length);
    if (good !== "") this.#hasGoodText = true;
    return good;
  }

  /** What `take` would return. Blanks before it are how it stands apart from what was said before. */
  peek(): string {
    this.#judge();
    const words = this.#pending.trimStart();
    const gap = this.#hasGoodText ? this.#pending.slice(0, this.#pending.length - words.length) : "";
    this.#pending = (PARAGRAPH_END.test(gap) ? "\n\n" : gap.slice(0, MAX_GAP)) + words;
    const text = words.slice(0, this.#cut(words));
    const at = this.#trailingApology(text, false);
    // an apology as long as this is no end of anything
    const good = at === 0 && this.#isLong ? text : text.slice(0, at);
    return good === "" ? "" : this.#pending.slice(0, this.#pending.length - words.length + good.length);
  }

  /** What comes next stands apart: the agent did something in between. */
  endParagraph(): void {
    if (this.#hasGoodText || (this.#pending + this.#raw).trim() !== "")
      this.#raw = `${this.#raw.trimEnd()}\n\n`;
  }

  /**
   * Everything that is left at the end, however long: the platforms split what is too long for them.
   * `isOnlyApology`: the turn said nothing but that it had a temporary problem, which is no answer.
   */
  finish(): { text: string; isOnlyApology: boolean } {
    const left = this.#pending + hideMachineText(this.#raw, this.#yourClip);
    const rest = this.#hasGoodText && left.trim() !== "" ? left : left.trimStart();
    this.#pending = "";
    this.#raw = "";
    const text = rest.slice(0, this.#trailingApology(rest, true)).replace(LONE_NUMBER, "");
    if (text !== "") this.#hasGoodText = true;
    return { text, isOnlyApology: !this.#hasGoodText && rest !== "" };
  }

  /**
   * Where a trailing apology begins; the length of the text when it has none. Before the end of the turn a mere
   * "Sorry!" counts, since it may lead to one.
   */
  #trailingApology(text: string, isEnd: boolean): number {
    let start = text.length;
    let found = text.length;
    const ends = this.#understanding.sentenceEnds(text);
    const begins = [0, ...ends.filter((end) => end < text.length)];
    let hasApology = false;
    for (const begin of begins.reverse()) {
      const sentence = text.slice(begin, start).trim();
      start = begin;
      if (/^[\p{P}\s]*$/u.test(sentence)) continue;
      const kind = sentence.length > MAX_APOLOGY ? "content" : this.#understanding.readApology(sentence);
      if (kind === "content") break;
      hasApology ||= kind === "apology";
      // "Please try again" before the apology is part of the answer, "Sorry!" is not
      if (kind === "apology" || (kind === "sorry" && (hasApology || !isEnd))) found = begin;
    }
    return found;
  }

  get #isLong(): boolean {
    return this.#pending.length > MAX_CHUNK;
  }

  /** Moves what is complete from `#raw` to `#pending`: whole sentences, in a long text without one whole words. */
  #judge(): void {
    if (this.#raw.length <= this.#lookAgainAt) return;
    const closed = this.#raw.slice(0, openMachineText(this.#raw));
    let end = this.#lastSentenceEnd(closed, closed.length);
    if (end === 0 && closed.length > MAX_CHUNK) {
      const word = closed.search(/\s\S*$/) + 1;
      end = closed.slice(0, word).trim() === "" ? closed.length : word;
    }
    // As often as it doubles: who is fed character by character reads each a few times only.
    this.#lookAgainAt = end === 0 && this.#raw.length > MAX_CHUNK ? this.#raw.length * 1.5 : 0;
    this.#pending += hideMachineText(this.#raw.slice(0, end), this.#yourClip);
    this.#raw = this.#raw.slice(end);
  }

  /** Where the last whole sentence or line within `limit` ends; 0 when there is none. A list's number begins one. */
  #lastSentenceEnd(text: string, limit: number): number {
    const ends = this.#understanding.sentenceEnds(text);
    return (
      ends.findLast((end) => end <= limit && !LIST_NUMBER.test(text.slice(Math.max(0, end - 20), end))) ?? 0
    );
  }

  /** How much could be shown: up to the end of a sentence; in a long text without one, of a word. */
  #cut(words: string): number {
    const most = MAX_CHUNK - MAX_GAP;
    // two units more than may be cut: one tells whether a sentence ends, one that the text goes on
    const end = this.#lastSentenceEnd(words.slice(0, most + 2), most);
    if (end > 0 || words.length <= most) return end;
    const space = words.slice(0, most).search(/\s\S*$/);
    if (space > 0) return space;
    return /[\uD800-\uDBFF]/.test(words.charAt(most - 1)) ? most - 1 : most;
  }
}
