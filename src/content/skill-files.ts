/**
 * Reads the skills of this bot from a folder: our own files, which say in their front matter what there is to say, and
 * published Nemo skills with little more than a name and a version. Source: nemo-api.md, "Headers".
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Locales } from "../core/model/locales.ts";
import type { Skill, SkillCatalog } from "../core/model/skill.ts";
import { StartError } from "../lib/start-error.ts";
import { codeOf } from "./files.ts";
import { fallbacksFor } from "./published-skill.ts";
import { frontMatterTexts, SkillTranslations } from "./skill-texts.ts";
import { YamlDocument } from "./yaml-document.ts";

export interface LoadSkillsOptions {
  /**
   * Holds `<name>.md` or `<name>/SKILL.md` files, and their texts in other languages in `<language>.yaml`; `README.md`
   * and hidden files are passed over.
   */
  dir: string;
  /** Name of the skill a new conversation starts with. */
  defaultSkill: string;
  /** `SKILL_SOURCE`: the platform to report, instead of what the install path tells. */
  skillSource?: string;
  /** Has what skills may say that say little themselves. */
  locales: Locales;
}

const LEAD = "The skills cannot be read:";

const MAX_FILE_BYTES = 256 * 1024;
const MEGABYTE = 1024 * 1024;
/** The front matter begins behind the first `---`. */
const FRONT_MATTER_LINE = 2;
/** What may stand in an HTTP header and be read in a log. */
const HEADER_VALUE = /^[\x21-\x7e]{1,64}$/;

/** Reads and checks all skills. Throws `StartError` with all problems at once. */
export async function loadSkills(options: LoadSkillsOptions): Promise<SkillCatalog> {
  const problems: string[] = [];
  if (options.skillSource && !HEADER_VALUE.test(options.skillSource)) {
    problems.push("SKILL_SOURCE: must be 1 to 64 printable ASCII characters without spaces");
  }
  const skills = new Map<string, { skill: Skill; file: string }>();
  const files = await findFiles(options.dir);
  const translations = await SkillTranslations.read(options.dir, (problem) => problems.push(problem));
  for (const file of files) {
    const result = await readSkill(file, {
      locales: options.locales,
      skillSource: options.skillSource,
      translations,
    });
    if (result.kind === "invalid") {
      problems.push(...result.problems);
      continue;
    }
    const { skill, nameLine } = result;
    const other = skills.get(skill.name);
    if (other === undefined) skills.set(skill.name, { skill, file });
    else problems.push(`${file}:${nameLine}: the name "${skill.name}" is taken by ${other.file}`);
  }
  // A file that cannot be read may be the one that is translated.
  if (problems.length === 0) problems.push(...translations.strangers((name) => skills.has(name)));
  const list = [...skills.values()].map(({ skill }) => skill);
  const defaultSkill = skills.get(options.defaultSkill)?.skill;
  if (defaultSkill === undefined && problems.length === 0) {
    const installed =
      list.length === 0 ? `no skills in ${options.dir}` : list.map(({ name }) => name).join(", ");
    problems.push(`DEFAULT_SKILL: "${options.defaultSkill}" is not installed; installed: ${installed}`);
  }
  if (defaultSkill === undefined || problems.length > 0) throw new StartError(LEAD, problems);
  return { defaultSkill, list: () => [...list], find: (name) => skills.get(name)?.skill ?? null };
}

/** The platform of a skill by where it is installed. Source: nemo-api.md, "Headers". */
export function platformOf(path: string): string {
  const unified = path.replaceAll("\\", "/");
  if (unified.includes("/.clawhub/")) return "clawhub";
  return unified.includes("/.cursor/skills/") ? "cursor" : "unknown";
}

// --- files ------------------------------------------------------------------------------------------

async function findFiles(dir: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    throw new StartError(LEAD, [`${dir}: the folder of the skills cannot be read (${codeOf(cause)})`]);
  }
  const files: string[] = [];
  for (const name of names.sort()) {
    if (/^[._]/.test(name) || /^readme/i.test(name)) continue;
    const path = join(dir, name);
    if (name.endsWith(".md")) files.push(path);
    else if (await isFile(join(path, "SKILL.md"))) files.push(join(path, "SKILL.md"));
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // a folder without a skill, or no folder at all
  }
}

// --- front matter -----------------------------------------------------------------------------------

const schema = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be 1 to 64 of a-z, 0-9 and hyphens"),
  version: z
    .string()
    .regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}$/, "must be 1 to 32 of letters, digits and . + - _"),
  ...frontMatterTexts,
  maxFileSizeMb: z.number().positive().max(100_000).optional(),
  favouredFormats: z
    .array(z.string().regex(/^\.?[A-Za-z0-9]{2,5}$/, "must be a file extension"))
    .min(1, "must not be empty")
    .optional(),
});

type ReadResult = { kind: "valid"; skill: Skill; nameLine: number } | { kind: "invalid"; problems: string[] };

/** What all skills of a folder share. */
interface ReadContext {
  locales: Locales;
  translations: SkillTranslations;
  skillSource: string | undefined;
}

async function readSkill(file: string, context: ReadContext): Promise<ReadResult> {
  const invalid = (line: number, problem: string): ReadResult => ({
    kind: "invalid",
    problems: [`${file}:${line}: ${problem}`],
  });
  let source: string;
  let path: string;
  try {
    if ((await stat(file)).size > MAX_FILE_BYTES) return invalid(1, "the file is larger than 256 kB");
    source = (await readFile(file, "utf8")).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
    path = await realpath(file);
  } catch (cause) {
    return invalid(1, `cannot be read (${codeOf(cause)})`);
  }
  const match = /^---[ \t]*\n([\s\S]*?\n)---[ \t]*(?:\n|$)/.exec(source);
  if (match === null) return invalid(1, "must begin with YAML front matter between two lines of ---");
  const parsed = readFrontMatter(file, match[1] ?? "");
  if (parsed.kind === "invalid") return parsed;
  const skill = toSkill(
    parsed.fields,
    source.slice(match[0].length),
    context.skillSource || platformOf(path),
    context,
  );
  return { kind: "valid", skill, nameLine: parsed.nameLine };
}

type Fields = z.infer<typeof schema>;

function readFrontMatter(
  file: string,
  yaml: string,
): { kind: "valid"; fields: Fields; nameLine: number } | { kind: "invalid"; problems: string[] } {
  const document = new YamlDocument(yaml, FRONT_MATTER_LINE);
  const result = schema.safeParse(document.value(["version"]));
  if (document.problems.length === 0 && result.success) {
    return { kind: "valid", fields: result.data, nameLine: document.lineOf(["name"]) };
  }
  const problems =
    result.error && document.problems.length === 0 ? document.explain(result.error) : document.problems;
  return {
    kind: "invalid",
    problems: problems.map(({ line, text }) => `${file}:${line}: ${text}`),
  };
}

function toSkill(
  fields: Fields,
  body: string,
  platform: string,
  { locales, translations }: ReadContext,
): Skill {
  const fallbacks = fallbacksFor(fields.name, body, locales);
  return {
    name: fields.name,
    version: fields.version,
    platform,
    ...translations.textsOf(fields.name, fields, fallbacks),
    maxFileBytes: Math.floor((fields.maxFileSizeMb ?? fallbacks.maxFileSizeMb) * MEGABYTE),
    favouredFormats: (fields.favouredFormats ?? fallbacks.favouredFormats).map((format) =>
      format.replace(/^\./, "").toLowerCase(),
    ),
  };
}
