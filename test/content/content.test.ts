import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadContent } from "../../src/content/content.ts";
import { StartError } from "../../src/lib/start-error.ts";
import { temporaryFolder } from "../support/test-chat.ts";

const CONFIG = join(import.meta.dirname, "../../config");

/** What keeps the bot from starting once `change` has been at a copy of its own files. */
async function problemsAfter(change: (dir: string) => Promise<void>): Promise<string[]> {
  const dir = await temporaryFolder();
  await cp(CONFIG, dir, { recursive: true });
  await change(dir);
  const options = { dir: join(dir, "skills"), defaultSkill: "film-maker" };
  const error: unknown = await loadContent(options, dir).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StartError)) throw new Error("expected a StartError", { cause: error });
  return error.problems.map((problem) => problem.replaceAll(`${dir}/`, ""));
}

async function replaceIn(path: string, what: string | RegExp, by: string): Promise<void> {
  await writeFile(path, (await readFile(path, "utf8")).replace(what, by));
}

it("tells the mistakes of texts, skills and phrases at once, with file and line", async () => {
  const problems = await problemsAfter(async (dir) => {
    await replaceIn(join(dir, "locales/zh.json"), /^ {2}"([^"]+)": ".*",\n/m, '  "$1": 3,\n');
    await replaceIn(join(dir, "skills/film-maker.md"), /^version:.*$/m, "version: '!'");
    await replaceIn(join(dir, "phrases/en.yaml"), "fillers: >-", "one: 1\ntwo: 2\nfillers: >-");
    await replaceIn(join(dir, "phrases/zh.yaml"), "unspaced:", "leads: *nothing\nunspaced:");
  });
  expect(problems).toEqual([
    expect.stringMatching(/^locales\/zh\.json:2: "ask\.[a-z-]+" /),
    expect.stringMatching(/^skills\/film-maker\.md:3: version must be /),
    expect.stringMatching(/^phrases\/en\.yaml:\d+: the file Unrecognized key: "one"/),
    expect.stringMatching(/^phrases\/en\.yaml:\d+: the file Unrecognized key: "two"/),
    expect.stringMatching(/^phrases\/zh\.yaml:\d+: is no valid YAML: no value is named &nothing/),
  ]);
});

it("tells of files that cannot be read", async () => {
  const problems = await problemsAfter(async (dir) => {
    await mkdir(join(dir, "locales/fr.json"));
    await mkdir(join(dir, "skills/fr.yaml"));
    await symlink(join(dir, "nowhere"), join(dir, "phrases/fr.yaml"));
  });
  expect(problems).toEqual([
    "locales/fr.json:1: cannot be read (EISDIR)",
    "skills/fr.yaml:1: cannot be read (EISDIR)",
    "phrases/fr.yaml:1: cannot be read (ENOENT)",
  ]);
});
