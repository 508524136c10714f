/** What the labels of buttons, tabs and menu entries stand for, in any language: people mix them. */
import type { GuiLanguage, LabelMeaning } from "../../model/gui-lexicon.ts";
import { entriesOf, patternOf, wholePattern } from "./patterns.ts";

export type Labels = ReturnType<typeof labelsOf>;

/** Reads the labels of all languages. */
export function labelsOf(languages: readonly GuiLanguage[]) {
  const tables = languages.map((language) => ({
    frame: patternOf([language], "labelFrame", "@", "giu"),
    meanings: entriesOf(language.labels).map(([meaning, source]) => [meaning, wholePattern(source)] as const),
  }));
  const polite = languages.flatMap(({ okay }) =>
    okay === undefined ? [] : { pattern: wholePattern(okay.pattern), says: okay.says },
  );
  return {
    /** Null for a label that a chat does not need. */
    meaningOf(label: string): LabelMeaning | null {
      const words = label.replace(/[*_`]/g, "").replace(/\s+/g, " ");
      for (const { frame, meanings } of tables) {
        const name = words.replace(frame, "").trim();
        const found = meanings.find(([, pattern]) => pattern.test(name));
        if (found !== undefined) return found[0];
      }
      return null;
    },
    /** `word` as a button of our own. */
    buttonOf(word: string): string {
      const says = polite.find(({ pattern }) => pattern.test(word))?.says;
      return says ?? word.charAt(0).toUpperCase() + word.slice(1);
    },
  };
}
