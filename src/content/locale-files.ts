/**
 * Reads `config/locales/<language>.json`: every text a person sees. All files have the keys of `en.json`
 * and the same placeholders; a difference, and a text that a platform would refuse, stops the process with the file
 * and the line.
 */
import { join } from "node:path";
import { z } from "zod";
import { createLocales, type Locales, type TextKey } from "../core/model/locales.ts";
import { StartError } from "../lib/start-error.ts";
import { readFolder } from "./files.ts";

const fileSchema = z.record(z.string(), z.string());

/** Loads every language in `dir`. Throws `StartError` with all problems. */
export async function loadLocales(dir: string): Promise<Locales> {
  const problems: string[] = [];
  const tables: Record<string, Record<string, string>> = {};
  const sources: Record<string, string> = {};
  for (const { name, path, text } of await readFolder(dir, ".json", (problem) => problems.push(problem))) {
    const table = readTable(text, (line, problem) => problems.push(`${path}:${line}: ${problem}`));
    if (table === null) continue;
    tables[name] = table;
    sources[name] = text;
  }
  const english = tables.en;
  if (!english) problems.push(`${join(dir, "en.json")}: the English texts are missing`);
  const names = new Map<string, string>();
  for (const [language, table] of Object.entries(english ? tables : {})) {
    const path = join(dir, `${language}.json`);
    const at = (key: string) => `${path}:${lineOf(sources[language], key)}`;
    for (const [key, text] of Object.entries(english ?? {})) {
      const own = table[key];
      if (own === undefined) {
        problems.push(`${path}: misses "${key}" (en.json:${lineOf(sources.en, key)})`);
      } else if (placeholders(own) !== placeholders(text)) {
        const needed = placeholders(text) || "none";
        problems.push(`${at(key)}: "${key}" needs the placeholders of en.json: ${needed}`);
      }
    }
    for (const [key, text] of Object.entries(table)) {
      const limit = limitOf(key);
      if (limit && !limit.form.test(text)) problems.push(`${at(key)}: "${key}" must be ${limit.said}`);
      if (english && !(key in english)) problems.push(`${at(key)}: "${key}" is not in en.json`);
    }
    const name = table["language.name"] ?? "";
    const other = names.get(name);
    if (name !== "" && other !== undefined) {
      problems.push(`${at("language.name")}: "${name}" is what ${other}.json calls itself`);
    }
    names.set(name, language);
  }
  if (problems.length > 0) throw new StartError("The locales need a look:", problems);
  // Checked above: every table has all keys.
  return createLocales(tables as Record<string, Record<TextKey, string>>);
}

/** The texts of a file; null where it has mistakes, which go to `report`. */
function readTable(
  source: string,
  report: (line: number, problem: string) => void,
): Record<string, string> | null {
  try {
    const { data, error } = fileSchema.safeParse(JSON.parse(source));
    for (const { path, message } of error?.issues ?? []) {
      const key = path.map(String).join(".");
      report(lineOf(source, key), `${key ? `"${key}"` : "the file"} ${message}`);
    }
    return data ?? null;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    report(
      Number(/\(line (\d+) column/.exec(said)?.[1] ?? 1),
      `is no valid JSON: ${said.replace(/\s+/g, " ")}`,
    );
    return null;
  }
}

/** A menu with one text that a platform refuses is refused as a whole. Source: Discord docs, "Application Commands". */
function limitOf(key: string): { form: RegExp; said: string } | null {
  if (key.startsWith("command-name.")) {
    return {
      form: /^(?:(?!\p{Lu})[\p{L}\p{M}\p{N}_-]){1,32}$/u,
      said: "1 to 32 small letters, digits, - and _",
    };
  }
  if (!key.startsWith("command.")) return null;
  const length = key === "command.edit-this" ? 32 : 100;
  return { form: new RegExp(`^.{1,${length}}$`, "su"), said: `1 to ${length} characters` };
}

function placeholders(text: string): string {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[0]))].sort().join(" ");
}

function lineOf(source: string | undefined, key: string): number {
  const at = source?.indexOf(`${JSON.stringify(key)}:`) ?? -1;
  return at < 0 ? 1 : (source?.slice(0, at).split("\n").length ?? 1);
}
