import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSkills, platformOf } from "../../src/content/skill-files.ts";
import { localized, type Skill } from "../../src/core/model/skill.ts";
import { StartError } from "../../src/lib/start-error.ts";
import { locales } from "../support/content.ts";

const OURS = ["editor-change-background", "film-maker", "free-image-editing", "video-object-ops"];
const MEGABYTE = 1024 * 1024;

/** As such skills are published: a name, a version, a description, and text for an agent. */
const PUBLISHED = `---
name: ai-night-mode
version: "1.4.2"
description: >-
  Turn a dark 20-second clip
  into a bright one. "Whether" it is: a street or a room.
metadata: {"emoji": "🌙", "requires": {"env": ["NEMO_TOKEN"]}}
author: someone
---
## Getting Started

> Send me your dark clips and I'll brighten them up.

**Try saying:**
- "brighten a 20-second street clip into a 1080p MP4"
- "remove the noise and lift the shadows"
- "grading night footage for vloggers"

### Automatic Setup
Show a brief status like "Setting things up...".

A quick example: upload a clip, and you'll get a 1080p MP4 back in roughly 40-80 seconds. All server-side.

Worth noting: steady clips with some light left give better results.

Max file size is 300MB. Stick to MP4, MOV, MKV for the smoothest experience.
`;

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "skills-"));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
}

function load(defaultSkill = "x", skillSource?: string) {
  return loadSkills({ dir, defaultSkill, locales, ...(skillSource === undefined ? {} : { skillSource }) });
}

async function problemsOf(loading: Promise<unknown>): Promise<string[]> {
  const error: unknown = await loading.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StartError)) throw new Error(`expected a StartError, got ${String(error)}`);
  return error.problems.map((problem) => problem.replace(`${dir}/`, ""));
}

describe("the skills that come with the bot", () => {
  const ours = () => loadSkills({ dir: "config/skills", defaultSkill: "film-maker", locales });

  it("are these four, with film-maker to begin with", async () => {
    const catalog = await ours();
    expect(catalog.list().map((skill) => skill.name)).toEqual(OURS);
    expect(catalog.defaultSkill.name).toBe("film-maker");
    expect(catalog.find("film-maker")).toBe(catalog.defaultSkill);
    expect(catalog.find("nosuch")).toBeNull();
  });

  it.each(OURS)("%s is complete in English and Chinese", async (name) => {
    const skill = (await ours()).find(name);
    if (skill === null) throw new Error("not installed");
    expect(skill).toMatchObject({ version: "1.0.0", platform: "unknown" });
    for (const field of ["title", "description", "greeting", "setup", "typicalTime", "tip"] as const) {
      expect(Object.keys(skill[field])).toEqual(expect.arrayContaining(["en", "zh"]));
      expect(localized(skill[field], "en")).not.toMatch(/\p{Script=Han}/u);
      expect(localized(skill[field], "zh")).toMatch(/\p{Script=Han}/u);
    }
    expect(skill.examples.en).toHaveLength(3);
    expect(skill.examples.zh).toHaveLength(3);
  });

  it("state their limits and formats", async () => {
    const facts = ({ name, maxFileBytes, favouredFormats }: Skill) => [
      name,
      maxFileBytes / MEGABYTE,
      favouredFormats.join(" "),
    ];
    expect((await ours()).list().map(facts)).toEqual([
      ["editor-change-background", 500, "mp4 mov avi webm"],
      ["film-maker", 500, "mp4 mov avi mkv"],
      ["free-image-editing", 200, "jpg png webp gif"],
      ["video-object-ops", 500, "mp4 mov avi webm"],
    ]);
  });
});

describe("a published skill", () => {
  it("says in its text what ours say in their front matter", async () => {
    await write("ai-night-mode/SKILL.md", PUBLISHED);
    const { defaultSkill } = await load("ai-night-mode");
    expect(defaultSkill).toMatchObject({
      name: "ai-night-mode",
      version: "1.4.2",
      title: { en: "Ai Night Mode" },
      description: {
        en: 'Turn a dark 20-second clip into a bright one. "Whether" it is: a street or a room.',
      },
      setup: { en: "Setting things up...", zh: "正在连接……" },
      typicalTime: { en: "40-80 seconds", zh: "40-80 秒" },
      tip: { en: "Steady clips with some light left give better results." },
      maxFileBytes: 300 * MEGABYTE,
      favouredFormats: ["mp4", "mov", "mkv"],
    });
    expect(defaultSkill.examples.en).toEqual([
      "brighten a 20-second street clip into a 1080p MP4",
      "remove the noise and lift the shadows",
      "grading night footage for vloggers",
    ]);
    expect(defaultSkill.greeting.zh).toMatch(/\p{Script=Han}/u);
  });

  it("needs a name and a version alone", async () => {
    await write("bare.md", "\uFEFF---\r\nname: bare\r\nversion: 1.10\r\n---\r\n");
    const { defaultSkill } = await load("bare");
    expect(defaultSkill).toMatchObject({
      version: "1.10",
      title: { en: "Bare" },
      maxFileBytes: 500 * MEGABYTE,
    });
    for (const field of ["description", "greeting", "setup", "typicalTime", "tip"] as const) {
      expect(defaultSkill[field].en).not.toBe("");
      expect(defaultSkill[field].zh).toMatch(/\p{Script=Han}/u);
    }
    expect(defaultSkill.examples.en.length).toBeGreaterThan(0);
    expect(defaultSkill.favouredFormats).toContain("mp4");
  });

  it("may greet in its own words above its examples", async () => {
    await write(
      "a.md",
      '---\nname: a\nversion: 1\n---\nReady when you are. Drop a file.\nTry saying:\n- "cut it"\n',
    );
    const { defaultSkill } = await load("a");
    expect(defaultSkill.greeting.en).toBe("Ready when you are. Drop a file.");
    expect(defaultSkill.examples.en).toEqual(["cut it"]);
  });

  it("may give a text in one language or in several", async () => {
    await write("a.md", "---\nname: a\nversion: 1\ntitle: One\ntip:\n  en: Tip\n  fr: Conseil\n---\n");
    const { defaultSkill } = await load("a");
    expect(localized(defaultSkill.title, "zh")).toBe("One");
    expect(localized(defaultSkill.tip, "fr")).toBe("Conseil");
  });
});

describe("the platform that is reported", () => {
  it.each([
    ["/home/me/.clawhub/skills/x/SKILL.md", "clawhub"],
    ["/home/me/.cursor/skills/x/SKILL.md", "cursor"],
    ["C:\\Users\\me\\.cursor\\skills\\x.md", "cursor"],
    ["/home/me/.cursor/rules/x.md", "unknown"],
    ["/srv/nemobot/config/skills/x.md", "unknown"],
  ])("for %s is %s", (path, platform) => {
    expect(platformOf(path)).toBe(platform);
  });

  it("comes from the install path, or from SKILL_SOURCE", async () => {
    await write(".clawhub/skills/x/SKILL.md", "---\nname: x\nversion: 1.0.0\n---\n");
    const installed = { dir: join(dir, ".clawhub/skills"), defaultSkill: "x", locales };
    expect((await loadSkills(installed)).defaultSkill.platform).toBe("clawhub");
    expect((await loadSkills({ ...installed, skillSource: "shop" })).defaultSkill.platform).toBe("shop");
    expect(await problemsOf(loadSkills({ ...installed, skillSource: "a\r\nX-Evil: 1" }))).toEqual([
      expect.stringContaining("SKILL_SOURCE"),
    ]);
  });
});

describe("a skill in another language", () => {
  it("is said in the language's file beside it; what is missing there stays as it was", async () => {
    await write("a.md", "---\nname: a\nversion: 1\ntitle: One\ntip:\n  en: Tip\n  gv: Coyrle\n---\n");
    await write("gv.yaml", "a:\n  title: Nane\n  tip: Astuce\n  examples:\n    - coupe\n");
    const { defaultSkill } = await load("a");
    expect(localized(defaultSkill.title, "gv")).toBe("Nane");
    expect(localized(defaultSkill.title, "zh")).toBe("One");
    expect(localized(defaultSkill.tip, "gv")).toBe("Coyrle");
    expect(localized(defaultSkill.examples, "gv")).toEqual(["coupe"]);
    expect(localized(defaultSkill.greeting, "gv")).toBe(defaultSkill.greeting.en);
  });

  it("is refused with file and line where its file does not fit", async () => {
    await write("a.md", "---\nname: a\nversion: 1\n---\n");
    await write("gv.yaml", "a:\n  titel: Un\n  tip: 5\n");
    expect(await problemsOf(load("a"))).toEqual([
      expect.stringMatching(/^gv\.yaml:3: a\.tip /),
      expect.stringMatching(/^gv\.yaml:2: a Unrecognized key: "titel"/),
    ]);
    await write("gv.yaml", "a:\n  title: Nane\nb:\n  title: Jees\n");
    expect(await problemsOf(load("a"))).toEqual(['gv.yaml:3: no skill here is called "b"']);
  });
});

describe("skills that cannot be used", () => {
  it("are named with file and line, all at once", async () => {
    await write("a.md", "---\nname: Bad Name\nversion: 1.0.0\nmaxFileSizeMb: huge\n---\n");
    await write("b.md", "---\nname: b\n---\n");
    await write("c.md", "# No front matter\n");
    await write("d/SKILL.md", '---\nname: d\nversion: "1\\r\\nX-Evil: 1"\ntitle:\n  zh: 标题\n---\n');
    await write("e.md", "---\nname: e\nversion: 1.0.0\n  broken: [\n---\n");
    await write("f.md", "---\nname: f\nversion: 1.0.0\nexamples:\n  en:\n    - fine\n    - 5\n---\n");
    await write("README.md", "about this folder");
    const problems = await problemsOf(load());
    expect(problems).toEqual([
      expect.stringMatching(/^a\.md:2: name must be/),
      expect.stringMatching(/^a\.md:4: maxFileSizeMb /),
      expect.stringMatching(/^b\.md:1: version is missing$/),
      expect.stringMatching(/^c\.md:1: must begin with YAML front matter/),
      expect.stringMatching(/^d\/SKILL\.md:3: version must be/),
      expect.stringMatching(/^d\/SKILL\.md:4: title has no English text/),
      ...problems.filter((problem) => problem.startsWith("e.md:")),
      expect.stringMatching(/^f\.md:7: examples\.en\.1 /),
    ]);
    expect(problems.filter((problem) => /^e\.md:\d+: is no valid YAML/.test(problem)).length).toBeGreaterThan(
      0,
    );
  });

  it("have one name twice", async () => {
    await write("a.md", "---\nversion: 1.0.0\nname: same\n---\n");
    await write("b.md", "---\nversion: 1.0.0\nname: same\n---\n");
    expect(await problemsOf(load("same"))).toEqual([
      expect.stringMatching(/^b\.md:3: the name "same" is taken by .*a\.md$/),
    ]);
  });

  it("do not hold the default one: the installed ones are named", async () => {
    await write("a.md", "---\nname: a\nversion: 1.0.0\n---\n");
    await write("b.md", "---\nname: b\nversion: 1.0.0\n---\n");
    expect(await problemsOf(load("film-maker"))).toEqual([
      'DEFAULT_SKILL: "film-maker" is not installed; installed: a, b',
    ]);
  });

  it("are not there at all", async () => {
    expect(await problemsOf(load())).toEqual([expect.stringContaining("no skills in")]);
    expect(await problemsOf(loadSkills({ dir: join(dir, "none"), defaultSkill: "x", locales }))).toEqual([
      expect.stringContaining("cannot be read (ENOENT)"),
    ]);
  });
});
