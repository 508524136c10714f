/** Patterns of languages as regular expressions, which ignore case. */
import type { GuiLanguage, PatternKey } from "../../model/gui-lexicon.ts";

/** The part that each language has in a pattern, in place of the `@` of `frame`; without any it matches nothing. */
export function patternOf(
  languages: readonly GuiLanguage[],
  key: PatternKey,
  frame = "@",
  flags = "iu",
): RegExp {
  const sources = languages.flatMap(({ patterns }) => patterns[key] ?? []);
  const source = sources.length === 0 ? "(?!)" : `(?:${sources.join("|")})`;
  return new RegExp(
    frame.replace("@", () => source),
    flags,
  );
}

/** `source` over whole texts. */
export function wholePattern(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, "iu");
}

/** The entries of a table of ours, whose keys a strict schema has checked, without those that are missing. */
export function entriesOf<K extends string>(
  table: { readonly [Key in K]?: string | undefined },
): [K, string][] {
  return (Object.entries(table) as [K, string | undefined][]).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value]],
  );
}
