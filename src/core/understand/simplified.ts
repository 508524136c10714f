/** Traditional characters folded into simplified ones, as far as the words we know need it. */
import { TRADITIONAL_PAIRS } from "./phrases.ts";

const FOLD = new Map(
  Array.from({ length: TRADITIONAL_PAIRS.length / 2 }, (_, index) => [
    TRADITIONAL_PAIRS.charAt(index * 2),
    TRADITIONAL_PAIRS.charAt(index * 2 + 1),
  ]),
);

/** `text` with simplified characters; of the same length. */
export function simplify(text: string): string {
  return text.replace(/\p{Script=Han}/gu, (character) => FOLD.get(character) ?? character);
}
