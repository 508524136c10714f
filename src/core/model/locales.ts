/** The bot's own words in a person's language, from `config/locales`. */
import { own } from "../../lib/own.ts";
import { parseMarkup, type RichText } from "./rich-text.ts";

/** The shape alone: the file is read by `src/content/locale-files.ts`. */
type EnglishFile = typeof import("../../../config/locales/en.json");

/** A text of `config/locales/en.json`; the other languages have the same keys. */
export type TextKey = keyof EnglishFile;

/** What fills `{placeholders}`: shown as it is, never read as markup. */
export type TextParams = Record<string, string | number>;

export interface Locales {
  /** Codes such as `en` and `zh`, English first. */
  readonly languages: string[];
  /** The best language we have for BCP 47 `wanted`, such as `zh-Hans` → `zh`; null when we have none. */
  match(wanted: string | null | undefined): string | null;
  /** A text with its light formatting. */
  rich(language: string, key: TextKey, params?: TextParams): RichText;
  /** A text without formatting, for buttons. */
  plain(language: string, key: TextKey, params?: TextParams): string;
}

/** Makes locales from whole tables; `src/content/locale-files.ts` reads and checks them. */
export function createLocales(tables: Record<string, Record<TextKey, string>>): Locales {
  const languages = ["en", ...Object.keys(tables).filter((language) => language !== "en")];
  const template = (language: string, key: TextKey) =>
    own(tables, language)?.[key] ?? tables.en?.[key] ?? key;
  return {
    languages,
    match(wanted) {
      const base = wanted?.toLowerCase().split(/[-_]/)[0];
      return languages.find((language) => language === base) ?? null;
    },
    rich: (language, key, params = {}) =>
      parseMarkup(template(language, key)).map((span) => ({ ...span, text: fill(span.text, params) })),
    plain: (language, key, params = {}) => fill(template(language, key), params),
  };
}

/** Puts values into `{placeholders}`; an unknown placeholder stays, so that a test can find it. */
export function fill(template: string, params: TextParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(own(params, name) ?? whole));
}
