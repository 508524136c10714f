/** Words of all languages with one meaning each. */
import type { PhraseMistake } from "../model/phrases.ts";

/** Where a word stands in a phrase file. */
interface Source {
  language: string;
  path: readonly PropertyKey[];
  /** As it is written there. */
  word: string;
}

export class WordTable<T extends string> {
  readonly entries = new Map<string, T>();
  readonly #sources = new Map<string, Source>();
  readonly #report: (mistake: PhraseMistake) => void;

  constructor(report: (mistake: PhraseMistake) => void) {
    this.#report = report;
  }

  /** Adds a word by its `key`; reports one without a key, and one that means something else already. */
  add(key: string, meaning: T, source: Source): void {
    const { language, path, word } = source;
    const known = this.entries.get(key);
    if (key === "") {
      this.#report({ language, path, word, problem: `“${word}” holds nothing but fillers` });
    } else if (known !== undefined && known !== meaning) {
      const other = this.#sources.get(key);
      const where = other ? ` in ${other.language}, ${other.path.join(".")}` : "";
      this.#report({ language, path, word, problem: `“${word}” means ${known}${where}` });
    } else {
      this.entries.set(key, meaning);
      this.#sources.set(key, source);
    }
  }
}
