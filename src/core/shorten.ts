/** Text made shorter without breaking what a person sees as one character: a flag, a family, a skin tone. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** UTF-16 units of a single character; what is longer is a pile of marks and no emoji. */
const MAX_CHARACTER_LENGTH = 64;

/**
 * At most `max` characters as people count them, `end` included when something was left out. Takes time for
 * what is kept, not for what is cut off.
 */
export function shorten(text: string, max: number, end = "…"): string {
  const kept: string[] = [];
  for (const { segment } of graphemes.segment(text.slice(0, (max + 1) * MAX_CHARACTER_LENGTH))) {
    if (kept.length === max || segment.length > MAX_CHARACTER_LENGTH) {
      const room = kept.length === max ? max - Array.from(end).length : max;
      return `${kept.slice(0, room).join("").trimEnd()}${end}`;
    }
    kept.push(segment);
  }
  return kept.join("");
}
