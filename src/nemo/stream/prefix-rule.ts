/**
 * The rule against doubled text: chunks come first, and a final event may repeat them, whole or not at all.
 * Source: nemo-api.md, "The SSE stream", "Prefix rule". Right on all recorded streams, where skipping
 * whatever is (or is not) `partial` was wrong on some.
 */
import { BoundedMap } from "../../lib/bounded-map.ts";

/** More authors than any agent team; beyond it the oldest is forgotten. */
const MAX_AUTHORS = 64;

/** What was shown as partial text, by author. Text and thoughts each have a memory of their own. */
export class PrefixMemory {
  readonly #shown = new BoundedMap<string, string>(MAX_AUTHORS);
  readonly #maxLength: number;

  /** @param maxLength longest text one event can hold: nothing longer can be repeated by one. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The part of `text` that was not shown yet; empty when all of it was. */
  unseen(author: string, text: string, isPartial: boolean): string {
    const shown = this.#shown.get(author) ?? "";
    if (isPartial) {
      this.#remember(author, shown + text);
      return text;
    }
    this.#shown.delete(author);
    return text.startsWith(shown) ? text.slice(shown.length) : text;
  }

  /** After an error the text starts over. */
  forget(): void {
    this.#shown.clear();
  }

  #remember(author: string, text: string): void {
    if (text.length > this.#maxLength) {
      this.#shown.delete(author);
      return;
    }
    this.#shown.set(author, text);
  }
}
