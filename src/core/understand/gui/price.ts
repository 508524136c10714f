/**
 * What a button is said to cost, so that a person knows it before pressing ours. Source: nemo-api.md, "GUI
 * translation", and its prices in credits.
 */
import type { GuiLanguage } from "../../model/gui-lexicon.ts";
import { patternOf } from "./patterns.ts";
import { scriptTest } from "./writing.ts";

/** Finds prices in texts of all languages. */
export function pricesOf(languages: readonly GuiLanguage[]) {
  const price = patternOf(languages, "price");
  // the whole remark counts: "(costs 100 credits, takes 2 minutes)"
  const parenthesis = patternOf(
    languages,
    "priceUnit",
    "[(（]([^()（）\\n]{0,80}?\\d[\\d,.]{0,8} ?@[^()（）\\n]{0,80})[)）]",
  );
  const tests = languages.map((language) => ({ language, isOf: scriptTest(language) }));
  // a language is told by its script; of those that share one, the first is taken
  tests.sort((one, other) => other.language.unspaced.length - one.language.unspaced.length);
  return {
    /** Whether a text holds a price in credits. */
    areIn: (text: string): boolean => price.test(text),
    /**
     * The price in `text` as a sentence, with the `button` it belongs to when it is a mere number, and the space
     * before such a sentence; null without a price.
     */
    sentenceOf(text: string, button: string): { text: string; gap: string } | null {
      const said = (parenthesis.exec(text)?.[1] ?? price.exec(text)?.groups?.price ?? "").trim();
      const language = tests.find(({ isOf }) => isOf(said))?.language;
      if (said === "" || language === undefined) return null;
      const { unspaced, writing } = language;
      const label = /^\d/.test(said) ? button + writing.colon : "";
      const gap = unspaced.length === 0 ? " " : "";
      return { text: label + said.replace(/[.。]$/, "") + writing.stop, gap };
    },
  };
}
