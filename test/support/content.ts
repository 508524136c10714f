/** The bot's own texts, skills and phrases, read once. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadLocales } from "../../src/content/locale-files.ts";
import { loadUnderstanding } from "../../src/content/phrase-files.ts";
import { loadSkills } from "../../src/content/skill-files.ts";
import { type PhraseFiles, phrasesSchema } from "../../src/core/model/phrases.ts";

const CONFIG = join(import.meta.dirname, "../../config");
const PHRASES = join(CONFIG, "phrases");

export const locales = await loadLocales(join(CONFIG, "locales"));
export const catalog = await loadSkills({
  dir: join(CONFIG, "skills"),
  defaultSkill: "film-maker",
  locales,
});
export const skills = catalog.list();
export const understanding = await loadUnderstanding(PHRASES, skills);
/** What the files say, by language. */
export const phrases: PhraseFiles = Object.fromEntries(
  readdirSync(PHRASES).map((name) => [
    name.replace(".yaml", ""),
    phrasesSchema.parse(parse(readFileSync(join(PHRASES, name), "utf8"))),
  ]),
);
