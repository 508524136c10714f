/** The bot's own texts, skills and phrases, read once for all bots of a test process. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Content, loadContent } from "../../src/content/content.ts";
import { type PhraseFiles, phrasesSchema } from "../../src/core/model/phrases.ts";

const CONFIG = join(import.meta.dirname, "../../config");
const PHRASES = join(CONFIG, "phrases");

const content = await loadContent({ dir: join(CONFIG, "skills"), defaultSkill: "film-maker" });
export const { locales, skills: catalog, understanding } = content;
export const skills = catalog.list();
/** What the phrase files say, by language. */
export const phrases: PhraseFiles = Object.fromEntries(
  readdirSync(PHRASES).map((name) => [
    name.replace(".yaml", ""),
    phrasesSchema.parse(parse(readFileSync(join(PHRASES, name), "utf8"))),
  ]),
);

/** What a bot with these settings has read; undefined where they ask for other files. */
export function contentFor(env: Readonly<Record<string, string>>): Content | undefined {
  return ["SKILLS_DIR", "DEFAULT_SKILL", "SKILL_SOURCE"].some((name) => name in env) ? undefined : content;
}
