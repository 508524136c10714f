/** The documents and the program say the same: links, commands, variables and file names. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { envExample, settingsPage } from "../../docs/write-settings.ts";
import packageInfo from "../../package.json" with { type: "json" };
import { SETTINGS } from "../../src/app/settings.ts";
import { hideTokens } from "../../src/lib/secrets.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const exists = (name: string) => statSync(join(ROOT, name), { throwIfNoEntry: false }) !== undefined;

/** All Markdown that people read here; the skills are data. */
const DOCUMENTS = ["", "docs", "bench"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);
/** Those that tell of the present; the changelog also tells of what is gone. */
const CURRENT = DOCUMENTS.filter((name) => name !== "CHANGELOG.md");

const SOURCES = ["src", "test", "bench", "docs"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

/** Read by a compose file, Node or the tests, not by the bot. */
const NOT_OF_THE_BOT = [
  "TELEGRAM_API_ID",
  "TELEGRAM_API_HASH",
  "REDIS_PASSWORD",
  "NODE_EXTRA_CA_CERTS",
  "FUZZ_SEED",
  "FUZZ_UPDATES",
];
/** Set by the system. */
const SYSTEM = ["LC_ALL", "LANG", "INIT_CWD"];
const VARIABLES = Object.keys(SETTINGS.shape).filter((name) => !SYSTEM.includes(name));

/** The text without blocks of code, in which brackets and # mean something else. */
const prose = (name: string) => read(name).replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(name: string): Set<string> {
  const headings = [...prose(name).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe.each(DOCUMENTS)("%s", (name) => {
  it("links to files and headings that exist", () => {
    const targets = [...prose(name).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken = targets.filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? name : join(dirname(name), path);
      return !exists(file) || (anchor !== undefined && !anchorsOf(file).has(anchor));
    });
    expect(broken).toEqual([]);
  });
});

describe.each(CURRENT)("what %s names", (name) => {
  it("is a script of package.json where it says `npm run`", () => {
    const scripts = [...read(name).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script]) => script);
    expect(scripts.filter((script) => !Object.hasOwn(packageInfo.scripts, script ?? ""))).toEqual([]);
  });

  it("is a file or folder that exists", () => {
    const text = read(name);
    const paths = [...text.matchAll(/(?<![\w/.-])(?:src|test|config|docs|bench)\/[\w./-]*\w/g)].map(String);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it("is a setting the bot has", () => {
    const named = [...read(name).matchAll(/(?<=`|^|\s)([A-Z]+(?:_[A-Z]+)+)(?=[`=,…\s])/gm)].map(
      ([, variable = ""]) => variable,
    );
    const known = new Set([...VARIABLES, ...NOT_OF_THE_BOT]);
    expect(named.filter((variable) => !known.has(variable))).toEqual([]);
  });
});

describe("docs/settings.md and .env.example", () => {
  it("are what `npm run docs` writes", () => {
    expect(read("docs/settings.md")).toBe(settingsPage());
    expect(read(".env.example")).toBe(envExample());
  });

  it("name every setting once", () => {
    expect([...settingsPage().matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).toSorted()).toEqual(
      VARIABLES.toSorted(),
    );
    expect([...envExample().matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name).toSorted()).toEqual(
      VARIABLES.toSorted(),
    );
  });
});

describe("README.md", () => {
  it("has at most 200 lines and leads to every document", () => {
    const text = read("README.md");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(200);
    const others = DOCUMENTS.filter((name) => name !== "README.md");
    expect(others.filter((name) => !text.includes(`](${name}`))).toEqual([]);
  });
});

describe("the pictures", () => {
  const PICTURES = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".svg"));

  it.each(PICTURES)("%s is small, loads nothing, and is shown by a document", (name) => {
    const svg = read(`docs/${name}`);
    expect(svg.length).toBeLessThan(100_000);
    expect(svg).toMatch(/<title/);
    expect(hideTokens(svg)).toBe(svg);
    expect(svg).not.toMatch(/<script|<image|href|url\((?!#)|@import/);
    expect(DOCUMENTS.some((document) => read(document).includes(`${name})`))).toBe(true);
  });

  it("name only folders that exist", () => {
    const house = read("docs/house.svg");
    const folders = [...house.matchAll(/>(src\/[\w.]+)/g)].map(([, folder = ""]) => folder);
    expect(folders.length).toBeGreaterThan(5);
    expect(folders.filter((folder) => !exists(folder))).toEqual([]);
  });
});

describe("a source that names a document", () => {
  it("names one that exists, and a heading in it", () => {
    const wrong = SOURCES.flatMap((source) => {
      const text = read(source).replace(/\n\s*(?:\*|\/\/) ?/g, " ");
      return [...text.matchAll(/\b((?:docs\/)?[\w-]+\.md), "([^"]+)"(?: and "([^"]+)")?/g)]
        .filter(([, document = ""]) => DOCUMENTS.includes(document))
        .flatMap(([, document = "", ...headings]) =>
          headings
            .filter((heading) => heading && !read(document).includes(`# ${heading}\n`))
            .map((heading) => `${relative(ROOT, source)}: ${document}, "${heading}"`),
        );
    });
    expect(wrong).toEqual([]);
  });
});
