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
    this.#judge();
    this.#pending = this.#pending.trimStart();
    const text = this.#pending.slice(0, this.#cut());
    const at = this.#trailingApology(text, false);
    // an apology as long as this is no end of anything
    const good = at === 0 && this.#isLong ? text : text.slice(0, at);
    this.#pending = this.#pending.slice(good.length);
    if (good !== "") this.#hasGoodText = true;
    return good;
  }

  /**
   * Everything that is left at the end, however long: the platforms split what is too long for them.
   * `isOnlyApology`: the turn said nothing but that it had a temporary problem, which is no answer.
   */
  finish(): { text: string; isOnlyApology: boolean } {
    const rest = (this.#pending + hideMachineText(this.#raw, this.#yourClip)).trimStart();
    this.#pending = "";
    this.#raw = "";
    const text = rest.slice(0, this.#trailingApology(rest, true));
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

  /** Where the last whole sentence or line within `limit` ends; 0 when there is none. */
  #lastSentenceEnd(text: string, limit: number): number {
    return this.#understanding.sentenceEnds(text).findLast((end) => end <= limit) ?? 0;
  }

  /** How much could be shown: up to the end of a sentence; in a long text without one, of a word. */
  #cut(): number {
    // two units more than may be cut: one tells whether a sentence ends, one that the text goes on
    const end = this.#lastSentenceEnd(this.#pending.slice(0, MAX_CHUNK + 2), MAX_CHUNK);
    if (end > 0 || !this.#isLong) return end;
    const space = this.#pending.slice(0, MAX_CHUNK).search(/\s\S*$/);
    if (space > 0) return space;
    return /[\uD800-\uDBFF]/.test(this.#pending.charAt(MAX_CHUNK - 1)) ? MAX_CHUNK - 1 : MAX_CHUNK;
  }
}
