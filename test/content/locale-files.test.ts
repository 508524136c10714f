import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadLocales } from "../../src/content/locale-files.ts";
import { skills } from "../support/content.ts";
import { temporaryFolder } from "../support/test-chat.ts";

const LOCALES = join(import.meta.dirname, "../../config/locales");
const SOURCES = join(import.meta.dirname, "../../src");

async function textsOf(language: string, dir = LOCALES): Promise<Record<string, string>> {
  const texts: Record<string, string> = JSON.parse(await readFile(join(dir, `${language}.json`), "utf8"));
  return texts;
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].toSorted();

/** What the skills say and the bot says in a language, by key. */
async function spokenIn(language: string): Promise<Record<string, string>> {
  const ofSkills = skills.flatMap((skill) =>
    (
      [
        "title",
        "description",
        "greeting",
        "setup",
        "examples",
        "startExamples",
        "typicalTime",
        "tip",
      ] as const
    ).map((field): [string, string] => [
      `${skill.name} ${field}`,
      [skill[field][language] ?? []].flat().join("\n"),
    ]),
  );
  return { ...(await textsOf(language)), ...Object.fromEntries(ofSkills) };
}

const FAULTS_OF_ALL: Record<string, RegExp> = {
  "a straight quotation mark": /"/,
  "a space before %": /\s%/,
};
const FAULTS: Record<string, Record<string, RegExp>> = {
  en: {
    "a form that is contracted in speech":
      /\b(?:cannot|(?:can|could|do|does|did|is|are|was|were|has|have|will|would|should) not|(?:i (?:am|will|would)|(?:it|that|there|what|here) is|(?:it|that|there) will|you (?:are|will|would)|we (?:are|will)|they (?:are|will)|let us)(?![.,;!?]))\b/i,
    "Chinese punctuation": /[，。：；（）、！？]/,
  },
  zh: {
    "the formal you": /您/,
    "a half-width mark": /[,;:!?()]|\.\.|(?<=\p{Script=Han})\.|\.(?=\p{Script=Han})/u,
    "half an ellipsis": /(?<!…)…(?!…)|…{3,}/,
    "another word for thread, clip or account": /帖|片段|账户/,
  },
};

describe("the texts of the bot", () => {
  it("have the same keys and placeholders in both languages", async () => {
    const [english, chinese] = await Promise.all([textsOf("en"), textsOf("zh")]);
    expect(Object.keys(chinese)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(english)) {
      expect({ key, holds: placeholders(chinese[key] ?? "") }).toEqual({ key, holds: placeholders(text) });
    }
  });

  it("are sorted into groups, none empty, none twice", async () => {
    for (const language of ["en", "zh"]) {
      const source = await readFile(join(LOCALES, `${language}.json`), "utf8");
      const keys = [...source.matchAll(/^ {2}"([^"]+)":/gm)].map((match) => match[1]);
      expect(keys).toEqual([...new Set(keys)]);
      for (const [key, text] of Object.entries(await textsOf(language))) {
        expect({ key, isEmpty: text.trim() === "" }).toEqual({ key, isEmpty: false });
      }
    }
  });

  it("are Chinese in the Chinese file", async () => {
    for (const [key, text] of Object.entries(await textsOf("zh"))) {
      const words = text.replace(/\{\w+\}/g, "").replace(/[^\p{L}]/gu, "");
      // "✅ {name}" has no words at all.
      if (words !== "")
        expect({ key, isChinese: /\p{Script=Han}/u.test(words) }).toEqual({ key, isChinese: true });
    }
  });

  it.each(Object.keys(FAULTS))("read as a native would write them (%s)", async (language) => {
    const faults = Object.entries({ ...FAULTS_OF_ALL, ...FAULTS[language] });
    const found = Object.entries(await spokenIn(language)).flatMap(([key, text]) =>
      faults.filter(([, sign]) => sign.test(text)).map(([fault]) => `${key} has ${fault}: ${text}`),
    );
    expect(found).toEqual([]);
  });

  it("are all in use, and all that is in use is there", async () => {
    const names = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith(".ts"));
    const code = (await Promise.all(names.map((name) => readFile(join(SOURCES, name), "utf8")))).join("\n");
    const keys = Object.keys(await textsOf("en"));
    const groups = new Set(keys.map((key) => key.split(".")[0]));
    // `upload.${check}`: a key that is put together counts for its whole group.
    const open = new Set([...code.matchAll(/`([a-z]+)\.\$\{/g)].map((match) => match[1]));
    const unused = keys.filter((key) => !code.includes(`"${key}"`) && !open.has(key.split(".")[0]));
    expect(unused).toEqual([]);
    const used = [...code.matchAll(/\b(?:rich|plain|say|button)\(\s*"([a-z]+)(\.[a-z.-]+)"/g)];
    const missing = used
      .map(([, group = "", rest = ""]) => group + rest)
      .filter((key) => !keys.includes(key));
    expect(missing).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
    expect(groups.size).toBeGreaterThan(5);
  });

  it("show a forgotten value as its placeholder, and never read a value as markup", async () => {
    const locales = await loadLocales(LOCALES);
    expect(locales.plain("en", "upload.started")).toBe("Uploading {name}…");
    expect(locales.rich("en", "skill.switched", { title: "**x** {name}" })).toContainEqual({
      text: "**x** {name}",
      bold: true,
    });
  });

  it.each([
    ["en", "en"],
    ["en-GB", "en"],
    ["zh", "zh"],
    ["zh-Hans", "zh"],
    ["ZH_tw", "zh"],
    ["gv", null],
    ["", null],
    [null, null],
    [undefined, null],
  ])("for the wish %s are those of %s", async (wanted, language) => {
    expect((await loadLocales(LOCALES)).match(wanted)).toBe(language);
  });
});

describe("a folder of texts that is not right", () => {
  /** A copy of the texts in which `change` touched the file of one language. */
  async function copyWith(language: string, change: (source: string) => string): Promise<string> {
    const dir = await temporaryFolder();
    await cp(LOCALES, dir, { recursive: true });
    const path = join(dir, `${language}.json`);
    await writeFile(path, change(await readFile(path, "utf8")));
    return dir;
  }

  /** The number of the line with this key. */
  async function lineOf(key: string, language: string, dir = LOCALES): Promise<number> {
    const lines = (await readFile(join(dir, `${language}.json`), "utf8")).split("\n");
    return lines.findIndex((line) => line.includes(`"${key}":`)) + 1;
  }

  it("stops the start where a key is missing, and says which line of the English file has it", async () => {
    const dir = await copyWith("zh", (source) => source.replace(/^ {2}"upload\.help":.*\n/m, ""));
    await expect(loadLocales(dir)).rejects.toThrow(
      `${join(dir, "zh.json")}: misses "upload.help" (en.json:${await lineOf("upload.help", "en")})`,
    );
  });

  it("stops the start where a placeholder is wrong, with file and line", async () => {
    const dir = await copyWith("zh", (source) => source.replace("{elapsed}", "{time}"));
    const line = await lineOf("progress.still-working", "zh");
    await expect(loadLocales(dir)).rejects.toThrow(
      `${join(dir, "zh.json")}:${line}: "progress.still-working" needs the placeholders of en.json: {elapsed}`,
    );
  });

  it.each([
    ["command-name.export", "Mein Export", "1 to 32 small letters, digits, - and _"],
    ["command.edit-this", "x".repeat(33), "1 to 32 characters"],
    ["command.help", "x".repeat(101), "1 to 100 characters"],
  ])("stops the start where a menu would refuse %s, with file and line", async (key, text, said) => {
    const dir = await copyWith("zh", (source) =>
      source.replace(new RegExp(`^ {2}"${key}": .*$`, "m"), `  "${key}": "${text}",`),
    );
    const line = await lineOf(key, "zh");
    await expect(loadLocales(dir)).rejects.toThrow(
      `${join(dir, "zh.json")}:${line}: "${key}" must be ${said}`,
    );
  });

  it("stops the start where a key is unknown, with file and line", async () => {
    const dir = await copyWith("zh", (source) => source.replace("{\n", '{\n  "stray.key": "多余",\n'));
    await expect(loadLocales(dir)).rejects.toThrow(
      `${join(dir, "zh.json")}:2: "stray.key" is not in en.json`,
    );
  });

  it("stops the start where a file is no JSON, or holds more than texts", async () => {
    await expect(loadLocales(await copyWith("zh", () => "{"))).rejects.toThrow(
      /zh\.json:1: is no valid JSON/,
    );
    const comma = await copyWith("zh", (source) => source.replace('",\n', '"\n'));
    await expect(loadLocales(comma)).rejects.toThrow(/zh\.json:3: is no valid JSON/);
    await expect(loadLocales(await copyWith("zh", () => '{\n"a": 1}'))).rejects.toThrow(/zh\.json:2: "a" /);
  });

  it("stops the start where the English texts are missing", async () => {
    await expect(loadLocales(await temporaryFolder())).rejects.toThrow(
      /en\.json: the English texts are missing/,
    );
  });

  it("tells all problems at once", async () => {
    const dir = await copyWith("zh", (source) =>
      source.replace(/^ {2}"upload\.help":.*\n/m, "").replace("{\n", '{\n  "stray.key": "多余",\n'),
    );
    await expect(loadLocales(dir)).rejects.toThrow(/upload\.help[\s\S]*stray\.key/);
  });

  it("takes a language more without a change of the code", async () => {
    const dir = await temporaryFolder();
    await cp(LOCALES, dir, { recursive: true });
    await cp(join(LOCALES, "en.json"), join(dir, "gv.json"));
    const line = await lineOf("language.name", "en");
    await expect(loadLocales(dir)).rejects.toThrow(
      `${join(dir, "gv.json")}:${line}: "English" is what en.json calls itself`,
    );
    const source = await readFile(join(dir, "gv.json"), "utf8");
    await writeFile(join(dir, "gv.json"), source.replace('"English"', '"Gaelg"'));
    const locales = await loadLocales(dir);
    expect(locales.languages).toEqual(expect.arrayContaining(["en", "gv", "zh"]));
    expect(locales.match("gv-IM")).toBe("gv");
  });
});
