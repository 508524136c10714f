/** All that is read from files at the start: what the bot says, what its skills say, and what others say to it. */
import { join } from "node:path";
import { createLocales, type Locales } from "../core/model/locales.ts";
import type { SkillCatalog } from "../core/model/skill.ts";
import type { Understanding } from "../core/model/understanding.ts";
import { StartError } from "../lib/start-error.ts";
import { loadLocales } from "./locale-files.ts";
import { loadUnderstanding } from "./phrase-files.ts";
import { type LoadSkillsOptions, loadSkills } from "./skill-files.ts";

export interface Content {
  locales: Locales;
  skills: SkillCatalog;
  understanding: Understanding;
}

const CONFIG_DIR = join(import.meta.dirname, "../../config");

/**
 * Loads `locales` and `phrases` of `configDir`, the project's own unless another is given, and the skills. Throws
 * `StartError` with the problems of all of them.
 */
export async function loadContent(
  skillOptions: Omit<LoadSkillsOptions, "locales">,
  configDir = CONFIG_DIR,
): Promise<Content> {
  const errors: StartError[] = [];
  const attempt = async <T>(loading: Promise<T>): Promise<T | null> => {
    try {
      return await loading;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      errors.push(error);
      return null;
    }
  };
  const locales = await attempt(loadLocales(join(configDir, "locales")));
  // Their own mistakes are told too.
  const skills = await attempt(loadSkills({ ...skillOptions, locales: locales ?? createLocales({}) }));
  const understanding = await attempt(loadUnderstanding(join(configDir, "phrases"), skills?.list() ?? []));
  const [first, ...others] = errors;
  if (first && others.length === 0) throw first;
  if (!locales || !skills || !understanding) {
    const problems = errors.flatMap((error) => error.problems);
    throw new StartError("The locales, skills and phrases need a look:", problems);
  }
  return { locales, skills, understanding };
}
