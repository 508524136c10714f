/** Reads tidy words as the longest entries of a table, also where a script has no spaces between words. */

/** A part of the words; `meaning` is null for a unit with which no entry begins. */
interface Match<T> {
  meaning: T | null;
  /** How many units it has. */
  length: number;
}

export class LongestMatch<T> {
  /** By their units, with spaces between. */
  readonly #entries = new Map<string, T>();
  /** Matches a character of a script without spaces, or a word. */
  readonly #unit: RegExp;
  /** Units of the longest entry by its first one. */
  readonly #longest = new Map<string, number>();

  /** `unspaced` as in `Spelling`. */
  constructor(unspaced: string) {
    this.#unit = unspaced === "" ? /[^ -]+/gu : new RegExp(`[${unspaced}]|[^ ${unspaced}-]+`, "gu");
  }

  /** Adds tidy words; the first meaning of the same words stays. */
  add(words: string, meaning: T): void {
    const units = this.unitsOf(words);
    const key = units.join(" ");
    if (key === "" || this.#entries.has(key)) return;
    this.#entries.set(key, meaning);
    const [first = ""] = units;
    this.#longest.set(first, Math.max(this.#longest.get(first) ?? 1, units.length));
  }

  /** Words, and characters of a script without spaces. */
  unitsOf(words: string): string[] {
    return words.match(this.#unit) ?? [];
  }

  /** The meaning of one unit by itself, or as the beginning of something longer. */
  knows(unit: string): boolean {
    return this.#longest.has(unit);
  }

  /** Reads from the first unit to the last, as far as it is asked to; `respell` gives a unit as it is meant. */
  *read(words: readonly string[], respell: (unit: string) => string = (unit) => unit): Generator<Match<T>> {
    const units: string[] = [];
    const reach = (end: number) => {
      for (let next = units.length; next < Math.min(end, words.length); next += 1) {
        units.push(respell(words[next] ?? ""));
      }
    };
    for (let at = 0; at < words.length; ) {
      reach(at + 1);
      let length = Math.min(this.#longest.get(units[at] ?? "") ?? 0, words.length - at);
      reach(at + length);
      let meaning: T | undefined;
      for (; length > 0; length -= 1) {
        meaning = this.#entries.get(
          length === 1 ? (units[at] ?? "") : units.slice(at, at + length).join(" "),
        );
        if (meaning !== undefined) break;
      }
      length = Math.max(length, 1);
      yield { meaning: meaning ?? null, length };
      at += length;
    }
  }
}
