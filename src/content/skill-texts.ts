/** What skills say to people, as it stands in their front matter and in `<language>.yaml` beside them. */
import { z } from "zod";
import type { Localized, Skill } from "../core/model/skill.ts";
import { readFolder } from "./files.ts";
import { YamlDocument } from "./yaml-document.ts";

const text = z.string().transform(fold).pipe(z.string().min(1, "must not be empty").max(2000, "is too long"));
const examples = z.array(text).min(1, "must not be empty").max(10, "has more than 10 entries");
const FIELDS = {
  title: text,
  description: text,
  greeting: text,
  setup: text,
  examples,
  startExamples: examples,
  typicalTime: text,
  tip: text,
};

/** The texts of a skill in one language; what is absent stays English. */
const translationSchema = z.strictObject(FIELDS).partial();
const fileSchema = z.record(z.string(), translationSchema);

/** The texts in a skill's front matter, each in English or in several languages; absent and empty ones fall back. */
export const frontMatterTexts = {
  title: localizedOf(text),
  description: localizedOf(text),
  greeting: localizedOf(text),
  setup: localizedOf(text),
  examples: localizedOf(examples),
  startExamples: localizedOf(examples),
  typicalTime: localizedOf(text),
  tip: localizedOf(text),
};

type TextField = keyof typeof FIELDS;
export type SkillTexts = Pick<Skill, TextField>;
type OwnTexts = z.infer<z.ZodObject<typeof frontMatterTexts>>;

const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;

/** The translations of a folder of skills. */
export class SkillTranslations {
  readonly #files: {
    language: string;
    path: string;
    texts: z.infer<typeof fileSchema>;
    document: YamlDocument;
  }[] = [];

  /** Reads `<language>.yaml` files; problems go to `report`, with file and line. */
  static async read(dir: string, report: (problem: string) => void): Promise<SkillTranslations> {
    const translations = new SkillTranslations();
    for (const { name: language, path, text: source } of await readFolder(dir, ".yaml", report)) {
      if (!LANGUAGE.test(language)) continue;
      const document = new YamlDocument(source);
      const result = fileSchema.safeParse(document.value());
      const problems =
        document.problems.length > 0 || result.success ? document.problems : document.explain(result.error);
      for (const { line, text: said } of problems) report(`${path}:${line}: ${said}`);
      if (problems.length === 0 && result.success) {
        translations.#files.push({ language, path, texts: result.data, document });
      }
    }
    return translations;
  }

  /** All texts of the skill `name`: its own, then the translations, then what every skill may say. */
  textsOf(name: string, own: OwnTexts, general: SkillTexts): SkillTexts {
    const merged = <T>(
      field: TextField,
      mine: Record<string, T> | undefined,
      fallback: Localized<T>,
    ): Localized<T> => {
      const translated = Object.fromEntries(
        this.#files.flatMap(({ language, texts }) => {
          const said = texts[name]?.[field];
          return said === undefined ? [] : [[language, said as T]];
        }),
      );
      const english = mine?.en;
      return english === undefined ? { ...fallback, ...translated } : { en: english, ...translated, ...mine };
    };
    return {
      title: merged("title", own.title, general.title),
      description: merged("description", own.description, general.description),
      greeting: merged("greeting", own.greeting, general.greeting),
      setup: merged("setup", own.setup, general.setup),
      examples: merged("examples", own.examples, general.examples),
      startExamples: merged("startExamples", own.startExamples, general.startExamples),
      typicalTime: merged("typicalTime", own.typicalTime, general.typicalTime),
      tip: merged("tip", own.tip, general.tip),
    };
  }

  /** Translations of skills that are not there. */
  strangers(isKnown: (name: string) => boolean): string[] {
    return this.#files.flatMap(({ path, texts, document }) =>
      Object.keys(texts)
        .filter((name) => !isKnown(name))
        .map((name) => `${path}:${document.lineOf([name])}: no skill here is called "${name}"`),
    );
  }
}

/** A text in English, or one per language code with English among them; absent and empty fields fall back. */
function localizedOf<T extends z.ZodType>(one: T) {
  return z
    .preprocess(
      (value) =>
        typeof value === "string" || Array.isArray(value)
          ? { en: value }
          : value === null
            ? undefined
            : value,
      z
        .record(z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, "is no language code"), one)
        .refine((texts) => "en" in texts, "has no English text (en)")
        .optional(),
    )
    .optional();
}

function fold(value: string): string {
  return value.replace(/[\p{Cc}\s]+/gu, " ").trim();
}
