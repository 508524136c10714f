/** Text made shorter without breaking what a person sees as one character: a flag, a family, a skin tone. */

/** Control characters, breaks and marks of direction; what joins emoji and letters stays. */
export const UNSHOWN = /(?:(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s])+/gu;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** UTF-16 units of a single character; what is longer is a pile of marks and no emoji. */
const MAX_CHARACTER_LENGTH = 64;

/**
 * At most `max` characters as people count them, `end` included when something was left out. Takes time for
 * what is kept, not for what is cut off.
 */
export function shorten(text: string, max: number, end = "…"): string {
  if (text.length <= max) return text;
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

/**
 * The same for a limit that counts code points, as platforms do: at most `max` of them, `end` included when
 * something was left out.
 */
export function shortenToLimit(text: string, max: number, end = "…"): string {
  if (text.length <= max || Array.from(text).length <= max) return text;
  const room = max - Array.from(end).length;
  let kept = "";
  let length = 0;
  for (const { segment } of graphemes.segment(text.slice(0, 2 * max))) {
    length += Array.from(segment).length;
    if (length > room) break;
    kept += segment;
  }
  return `${kept.trimEnd()}${end}`;
}
