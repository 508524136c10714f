/**
 * Reads `config/locales/<language>.json`: every text a person sees. All files have the keys of `en.json`
 * and the same placeholders; a difference stops the process with the file and the line.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createLocales, type Locales, type TextKey } from "../core/model/locales.ts";
import { StartError } from "../lib/start-error.ts";

const fileSchema = z.record(z.string(), z.string());

/** Loads every language in `dir`. Throws `StartError` with all problems. */
export async function loadLocales(dir: string): Promise<Locales> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".json")).sort();
  const problems: string[] = [];
  const tables: Record<string, Record<string, string>> = {};
  const sources: Record<string, string> = {};
  for (const name of names) {
    const path = join(dir, name);
    const source = await readFile(path, "utf8");
    try {
      const language = name.slice(0, -".json".length);
      tables[language] = fileSchema.parse(JSON.parse(source));
      sources[language] = source;
    } catch (error) {
      const said = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
      problems.push(`${path}: ${said}`);
    }
  }
  const english = tables.en;
  if (!english) problems.push(`${join(dir, "en.json")}: the English texts are missing`);
  for (const [language, table] of Object.entries(english ? tables : {})) {
    for (const [key, text] of Object.entries(english ?? {})) {
      const own = table[key];
      if (own === undefined) {
        problems.push(
          `${join(dir, `${language}.json`)}: misses "${key}" (en.json:${lineOf(sources.en, key)})`,
        );
      } else if (placeholders(own) !== placeholders(text)) {
        problems.push(
          `${join(dir, `${language}.json`)}:${lineOf(sources[language], key)}: "${key}" needs the placeholders of en.json: ${placeholders(text) || "none"}`,
        );
      }
    }
    for (const key of Object.keys(table)) {
      if (english && !(key in english)) {
        problems.push(
          `${join(dir, `${language}.json`)}:${lineOf(sources[language], key)}: "${key}" is not in en.json`,
        );
      }
    }
  }
  if (problems.length > 0) throw new StartError("The locales need a look:", problems);
  // Checked above: every table has all keys.
  return createLocales(tables as Record<string, Record<TextKey, string>>);
}

function placeholders(text: string): string {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[0]))].sort().join(" ");
}

function lineOf(source: string | undefined, key: string): number {
  const at = source?.indexOf(`${JSON.stringify(key)}:`) ?? -1;
  return at < 0 ? 1 : (source?.slice(0, at).split("\n").length ?? 1);
}
