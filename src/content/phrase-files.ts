/**
 * Reads `config/phrases/<language>.yaml`: what people say, and what it means. A mistake in a file, and a word that
 * means one thing in one language and something else in another, stops the process with file and line.
 */
import { join } from "node:path";
import { type Phrases, phrasesSchema } from "../core/model/phrases.ts";
import type { Skill } from "../core/model/skill.ts";
import type { Understanding } from "../core/model/understanding.ts";
import { createUnderstanding } from "../core/understand/understanding.ts";
import { StartError } from "../lib/start-error.ts";
import { readFolder } from "./files.ts";
import { YamlDocument } from "./yaml-document.ts";

/**
 * Loads every language in `dir` for a bot with these skills. Throws `StartError` with all problems.
 */
export async function loadUnderstanding(
  dir: string,
  skills: readonly Pick<Skill, "name" | "title">[],
): Promise<Understanding> {
  const problems: string[] = [];
  const files: Record<string, Phrases> = {};
  const documents = new Map<string, YamlDocument>();
  const pathOf = (language: string) => join(dir, `${language}.yaml`);
  const sources = await readFolder(dir, ".yaml", (problem) => problems.push(problem));
  // Without them "export" and "cancel" would be edits, which cost credits.
  if (!sources.some(({ name }) => name === "en"))
    problems.push(`${pathOf("en")}: the English phrases are missing`);
  for (const { name: language, path, text } of sources) {
    const document = new YamlDocument(text);
    const result = document.problems.length > 0 ? null : phrasesSchema.safeParse(document.value());
    const found = result?.error ? document.explain(result.error) : document.problems;
    problems.push(...found.map(({ line, text }) => `${path}:${line}: ${text}`));
    if (!result?.data) continue;
    files[language] = result.data;
    documents.set(language, document);
  }
  const understanding = createUnderstanding(files, skills, ({ language, path, word, problem }) => {
    const line = documents.get(language)?.lineOf(path, word) ?? 1;
    problems.push(`${pathOf(language)}:${line}: ${problem}`);
  });
  if (problems.length > 0) throw new StartError("The phrases need a look:", problems);
  return understanding;
}
