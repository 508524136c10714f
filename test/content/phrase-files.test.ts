import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadUnderstanding } from "../../src/content/phrase-files.ts";
import { phrasesSchema } from "../../src/core/model/phrases.ts";
import { StartError } from "../../src/lib/start-error.ts";
import { phrases, skills, understanding } from "../support/content.ts";
import { short } from "../support/intents.ts";
import { temporaryFolder } from "../support/test-chat.ts";

const PHRASES = join(import.meta.dirname, "../../config/phrases");

/** The bot's own files with others beside them. */
async function withFiles(files: Record<string, string>): Promise<string> {
  const dir = await temporaryFolder();
  await cp(PHRASES, dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return dir;
}

async function problemsOf(files: Record<string, string>): Promise<string[]> {
  const dir = await withFiles(files);
  const error: unknown = await loadUnderstanding(dir, skills).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StartError)) throw new Error(`expected a StartError, got ${String(error)}`);
  return error.problems.map((problem) => problem.replaceAll(`${dir}/`, ""));
}

describe.each(Object.entries(phrases))("the examples of %s.yaml", (_language, { examples }) => {
  it.each(Object.entries(examples))("%s → %s", (text, meaning) => {
    expect(short(understanding.readIntent(text))).toBe(meaning);
  });
});

describe.each(["en", "zh"])("the examples of %s.yaml, all together", (language) => {
  it("show every kind of meaning", () => {
    const { examples = {} } = phrases[language] ?? {};
    const kinds = new Set(Object.values(examples).map((meaning) => meaning.split(" ")[0]));
    expect([...kinds].sort()).toEqual(
      [
        ...[
          "ask",
          "cancel",
          "credits",
          "edit",
          "export",
          "export-version",
          "help",
          "history",
          "language",
          "new-project",
          "projects",
        ],
        ...[
          "retry",
          "skill",
          "small-talk",
          "start",
          "status",
          "undo",
          "upload",
          "upload-again",
          "upload-help",
        ],
      ].sort(),
    );
  });
});

it("the file that docs/languages.md begins with is read as it says", async () => {
  const guide = await readFile(join(PHRASES, "../../docs/languages.md"), "utf8");
  const source = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? "";
  const { examples } = phrasesSchema.parse(parse(source));
  const { readIntent } = await loadUnderstanding(await withFiles({ "fr.yaml": source }), skills);
  const read = Object.keys(examples).map((text) => [text, short(readIntent(text))]);
  expect(Object.fromEntries(read)).toEqual(examples);
  expect(read.length).toBeGreaterThan(2);
});

describe("a word of a cancel that has another role in another language", () => {
  const SPANISH = [
    "intents: []",
    "cancel:",
    "  not: no",
    "  export: exportar, exportes, lo exportes",
    "  stop: cancela",
    "  where: a, me",
    "examples: {}",
  ].join("\n");
  const load = async () => loadUnderstanding(await withFiles({ "es.yaml": SPANISH }), skills);

  it("is read in the language that knows most of the message", async () => {
    const { readIntent } = await load();
    const meant = ["no exportes", "no lo exportes", "no, cancela", "cancela"].map((text) =>
      short(readIntent(text)),
    );
    expect(meant).toEqual(["cancel export", "cancel export", "cancel", "cancel"]);
  });

  it("changes nothing for the others", async () => {
    const { readIntent } = await load();
    const texts = [
      "no",
      "no no stop",
      "no, add a title",
      "give me a title",
      "no export",
      "no, don't stop",
      "取消",
    ];
    for (const text of [
      ...texts,
      ...Object.values(phrases).flatMap(({ examples }) => Object.keys(examples)),
    ]) {
      expect({ text, means: short(readIntent(text)) }).toEqual({
        text,
        means: short(understanding.readIntent(text)),
      });
    }
  });
});

describe("phrase files with mistakes", () => {
  it("stop the start with all of them, by file and line", async () => {
    const problems = await problemsOf({
      "xx.yaml": [
        "filler: please",
        "intents:",
        "  - action: exprot",
        "    say: exportu",
        "  - action: help",
        "commands:",
        "  help: 5",
        "examples: {}",
      ].join("\n"),
      "yy.yaml": "intents: [\nexamples: {}\n",
      "zz.yaml": "intents: []\n",
    });
    expect(problems).toEqual([
      expect.stringMatching(/^xx\.yaml:3: intents\.0\.action /),
      expect.stringMatching(/^xx\.yaml:5: intents\.1 needs either `each` or `say`/),
      expect.stringMatching(/^xx\.yaml:7: commands\.help /),
      expect.stringMatching(/^xx\.yaml:1: the file Unrecognized key: "filler"/),
      ...problems.filter((problem) => problem.startsWith("yy.yaml:")),
      "zz.yaml:1: examples is missing",
    ]);
    expect(problems.some((problem) => /^yy\.yaml:\d: is no valid YAML/.test(problem))).toBe(true);
  });

  it.each([
    [
      "a phrase",
      "intents:\n  - action: help\n    say: >-\n      aidu,\n      exportu, download\n",
      "xx.yaml:5:",
      "download",
      "export",
    ],
    ["a command", "intents: []\ncommands:\n  help: status\n", "xx.yaml:3:", "status", "status"],
    ["a scope", "intents: []\nscopes:\n  all: render\n", "xx.yaml:3:", "render", "export"],
    ["the name of a language", "intents: []\nlanguages:\n  fr: cn\n", "xx.yaml:3:", "cn", "zh"],
  ])("may not give %s of another language a second meaning", async (_what, text, where, word, meaning) => {
    expect(await problemsOf({ "xx.yaml": `${text}examples: {}\n` })).toEqual([
      expect.stringContaining(`${where} “${word}” means ${meaning} in `),
    ]);
  });

  it("may not give a word of a cancel two roles", async () => {
    const text = "intents: []\ncancel:\n  stop: haltu\n  work: faru, haltu\nexamples: {}\n";
    expect(await problemsOf({ "xx.yaml": text })).toEqual([
      "xx.yaml:4: “haltu” means stop in xx, cancel.stop",
    ]);
  });

  it("may not hold a phrase that is all politeness", async () => {
    const text = "fillers: bonvolu\nintents:\n  - action: export\n    say: bonvolu\nexamples: {}\n";
    expect(await problemsOf({ "xx.yaml": text })).toEqual(["xx.yaml:4: “bonvolu” holds nothing but fillers"]);
  });

  it("may not hold a slot that is none, or one of another action", async () => {
    const text =
      'intents:\n  - action: projects\n    say: "al {project}, al {projekto}, al {skill}"\nexamples: {}\n';
    expect(await problemsOf({ "xx.yaml": text })).toEqual([
      "xx.yaml:3: “al {projekto}”: {projekto} is no slot of projects",
      "xx.yaml:3: “al {skill}”: {skill} is no slot of projects",
    ]);
  });

  it("may not name what is named nowhere before, or grow without end", async () => {
    const rows = Array.from("bcdefghi", (name, index) => {
      const before = `*${"abcdefgh"[index]}, `.repeat(10);
      return `${name}: &${name} [${before}]`;
    });
    const problems = await problemsOf({
      "xx.yaml": "intents: []\nfillers: *later\nleads: &later bonvolu\nexamples: *none\n",
      "yy.yaml": `a: &a [x]\n${rows.join("\n")}\n`,
    });
    expect(problems).toEqual([
      "xx.yaml:2: is no valid YAML: no value is named &later before this line",
      "xx.yaml:4: is no valid YAML: no value is named &none before this line",
      expect.stringMatching(/^yy\.yaml:1: is no valid YAML: .*alias/),
    ]);
  });

  it("must be there for English: its commands would be edits, which cost credits", async () => {
    const dir = await temporaryFolder();
    await expect(loadUnderstanding(dir, skills)).rejects.toThrow(
      `${join(dir, "en.yaml")}: the English phrases are missing`,
    );
  });
});
