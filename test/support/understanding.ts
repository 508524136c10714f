/** The bot's own phrases and skills, read once for tests that ask what words mean. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadUnderstanding } from "../../src/content/phrase-files.ts";
import { loadSkills } from "../../src/content/skill-files.ts";
import { type PhraseFiles, phrasesSchema } from "../../src/core/model/phrases.ts";

const CONFIG = join(import.meta.dirname, "../../config");
const PHRASES = join(CONFIG, "phrases");

export const skills = (await loadSkills({ dir: join(CONFIG, "skills"), defaultSkill: "film-maker" })).list();
export const understanding = await loadUnderstanding(PHRASES, skills);
/** What the files say, by language. */
export const phrases: PhraseFiles = Object.fromEntries(
  readdirSync(PHRASES).map((name) => [
    name.replace(".yaml", ""),
    phrasesSchema.parse(parse(readFileSync(join(PHRASES, name), "utf8"))),
  ]),
);
