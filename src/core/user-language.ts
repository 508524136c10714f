/** Which language a person is answered in. Source: DESIGN.md, rule 5. */
import type { Locales } from "./locales.ts";
import type { IncomingMessage } from "./message.ts";
import type { World } from "./world.ts";

/** Chinese writing without the scripts that share its characters. */
const CHINESE = /\p{Script=Han}/u;
const NOT_CHINESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** The person's choice, else the platform's word, else what their writing has suggested. */
export async function languageOf(
  { store, locales }: Pick<World, "store" | "locales">,
  message: IncomingMessage,
): Promise<string> {
  const { user } = message;
  const settings = await store.readUser(user.id);
  const known = locales.match(settings?.language) ?? locales.match(user.language);
  if (known) return known;
  const guess = guessLanguage(locales, message);
  if (guess && guess !== settings?.guessedLanguage) {
    await store.updateUser(user.id, (current) => ({
      version: 1,
      language: current?.language ?? null,
      guessedLanguage: guess,
    }));
  }
  return guess ?? locales.match(settings?.guessedLanguage) ?? "en";
}

/** What the message alone tells: the platform's word, else its writing. Null: nothing. */
export function guessLanguage(locales: Locales, { user, text }: IncomingMessage): string | null {
  const isChinese = CHINESE.test(text) && !NOT_CHINESE.test(text);
  return locales.match(user.language) ?? (isChinese ? locales.match("zh") : null);
}
