/** How long ago something was, in words of a language of ours. */

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** `5 min ago`, `1 day ago`, `now` within the first minute; times in epoch ms. */
export function relativeTime(language: string, at: number, now: number): string {
  const agoMs = Math.max(0, now - at);
  const [unit, unitMs] = UNITS.find(([, ms]) => agoMs >= ms) ?? [];
  if (unit === undefined)
    return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");
  const format = new Intl.RelativeTimeFormat(language, { style: "short" });
  // The mark of an abbreviation reads as the end of a sentence.
  return format.format(-Math.floor(agoMs / unitMs), unit).replace(".", "");
}
