/** What people and agents say, and what the bot says, is data: no language lives in the code. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { phrases } from "../support/content.ts";

const SOURCES = join(import.meta.dirname, "../../src");

/**
 * Files that read what the backend writes. It writes English and Chinese, whatever language people speak, so its words
 * are part of its dialect and no language of ours.
 */
const READ_MACHINES: Record<string, string> = {
  "lib/machine-id.ts": "labels of ids in an answer",
  "lib/machine-json.ts": "keys of JSON in an answer that hold a text for people",
  "lib/machine-text.ts": "addresses, logs and errors that slip into an answer, and the words that name them",
  "nemo/answers/draft-facts.ts": "names that the backend gives the sounds of a draft",
  "nemo/transport/errors.ts": "messages of the backend's errors",
};

async function codeFiles(): Promise<{ name: string; source: string }[]> {
  const names = (await readdir(SOURCES, { recursive: true }))
    .map((name) => name.replaceAll("\\", "/"))
    // The sandbox plays the backend, which speaks for itself.
    .filter((name) => name.endsWith(".ts") && !name.startsWith("sandbox/"));
  return Promise.all(
    names.map(async (name) => ({ name, source: await readFile(join(SOURCES, name), "utf8") })),
  );
}

describe("the code", () => {
  it("holds no letters but Latin ones, beside the files that read what machines write", async () => {
    const found = (await codeFiles()).filter(({ source }) => /(?!\p{Script=Latin})\p{Lo}/u.test(source));
    expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(READ_MACHINES));
  });

  it("holds no phrases that a phrase file has", async () => {
    const words = new Set(
      Object.values(phrases).flatMap(({ fillers = [], cancel = {}, languages = {}, intents }) =>
        [
          fillers,
          ...Object.values(cancel),
          ...Object.values(languages),
          ...intents.map(({ phrases: all }) => all),
        ]
          .flat()
          // A single word may as well be the name of something.
          .filter((word) => word.includes(" ")),
      ),
    );
    const lists: string[] = [];
    for (const { name, source } of await codeFiles()) {
      const strings = [...source.matchAll(/"([a-z' ]+)"|(?<=[(|])([a-z' ]{4,})(?=[|)])/g)].map(
        ([, text = "", alternative = ""]) => text || alternative,
      );
      const known = new Set(strings.filter((text) => words.has(text)));
      if (known.size > 1) lists.push(`${name}: ${[...known].join(", ")}`);
    }
    expect(lists).toEqual([]);
  });
});
