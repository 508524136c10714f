/**
 * Which language a person is spoken to in: the one they chose, else the one whose script they write, else the
 * platform's word. Where we have no words of our own in it, ours are English. Source: DESIGN.md, rule 5.
 */
import type { IncomingMessage } from "../model/message.ts";
import type { Understanding } from "../model/understanding.ts";
import type { Context } from "../ports/context.ts";

/**
 * The code of the person's language, such as `zh` or `fr`. The first message whose script tells a language
 * decides, and is remembered, until the person chooses.
 */
export async function languageOf(
  { store, understanding }: Pick<Context, "store" | "understanding">,
  message: IncomingMessage,
): Promise<string> {
  const { user } = message;
  const settings = await store.readUser(user.id);
  if (settings?.language) return settings.language;
  if (settings?.guessedLanguage) return settings.guessedLanguage;
  const written = writtenOf(understanding, message);
  if (written) {
    await store.updateUser(user.id, (current) => ({
      version: 1,
      language: current?.language ?? null,
      guessedLanguage: written,
    }));
  }
  return written ?? codeOf(user.language) ?? "en";
}

/** What the message alone tells, for when the store cannot be asked. */
export function guessLanguage(understanding: Understanding, message: IncomingMessage): string {
  return writtenOf(understanding, message) ?? codeOf(message.user.language) ?? "en";
}

/** The name of a language, in English or in the language `named`; null when there is none with this code. */
export function languageName(code: string, named = "en"): string | null {
  try {
    return new Intl.DisplayNames([named], { type: "language", fallback: "none" }).of(code) ?? null;
  } catch {
    // Not even the form of a code.
    return null;
  }
}

function writtenOf(understanding: Understanding, { text, user }: IncomingMessage): string | null {
  return understanding.writtenLanguage(text, codeOf(user.language));
}

/** `fr-CA` → `fr`. */
function codeOf(language: string | undefined): string | null {
  return /^([a-z]{2,3})(?:[-_]|$)/i.exec(language ?? "")?.[1]?.toLowerCase() ?? null;
}
