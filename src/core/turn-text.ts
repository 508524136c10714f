/**
 * Groups the text of a running turn into messages: whole sentences, shown when the backend pauses, and a
 * trailing apology kept back. Source: nemo-api.md, "The SSE stream", rules 1 and 6.
 */

/** Longest text shown at once, in UTF-16 units; well below every platform's limit. */
const MAX_CHUNK = 1_500;

const APOLOGY =
  /(?:^|(?<=[.!?。！？]\s*)|(?<=\n))[^.!?。！？\n]*(?:(?:encountered|ran into|hit|experienc\w+) (?:a |some )?temporary (?:issue|problem|error)|(?:遇到|出现|发生)了?(?:一个|一些)?(?:临时|暂时)(?:性)?的?(?:问题|错误|故障))/i;

export class TurnText {
  #pending = "";
  /** An apology seen after a good answer; shown only if the turn goes on talking. */
  #held = "";
  #hasGoodText = false;

  add(text: string): void {
    this.#pending += text;
  }

  /** Whether `take` would wait for nothing but the end of a sentence. */
  get isFull(): boolean {
    return this.#pending.length > MAX_CHUNK;
  }

  /** Whole sentences that can be shown now; empty when there are none. */
  take(): string {
    const end = lastSentenceEnd(this.#pending);
    const cut = end > 0 ? end : this.isFull ? MAX_CHUNK : 0;
    const ready = this.#pending.slice(0, cut);
    this.#pending = this.#pending.slice(cut);
    return this.#withoutApology(ready);
  }

  /**
   * Everything that is left at the end. `onlyApology`: the turn said nothing but that it had a temporary
   * problem, which is no answer.
   */
  finish(): { text: string; isOnlyApology: boolean } {
    const ready = this.#pending;
    this.#pending = "";
    const text = this.#withoutApology(ready);
    return { text, isOnlyApology: !this.#hasGoodText && this.#held !== "" };
  }

  #withoutApology(text: string): string {
    if (text.trim() === "") return "";
    const at = APOLOGY.exec(text)?.index ?? -1;
    if (at < 0) {
      this.#hasGoodText = true;
      const whole = this.#held + text;
      this.#held = "";
      return whole;
    }
    const good = text.slice(0, at);
    if (good.trim() === "") {
      this.#held += text;
      return "";
    }
    this.#hasGoodText = true;
    const whole = this.#held + good;
    this.#held = text.slice(at);
    return whole;
  }
}

/** Where the last whole sentence or line ends; 0 when there is none. */
function lastSentenceEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?…]["')\]*”’]*(?=\s)|[。！？]["')\]*”’」』）]*|\n/g)) {
    end = match.index + match[0].length;
  }
  // A pause right behind the last full stop ends the sentence too.
  return /[.!?…]["')\]*”’]*$/.test(text) ? text.length : end;
}
