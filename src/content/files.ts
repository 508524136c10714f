/** The files of a folder that the bot reads at its start. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export interface ContentFile {
  /** The file's name without its ending. */
  name: string;
  path: string;
  text: string;
}

/** Reads all files of `dir` with this ending, sorted by name; those that cannot be read are told to `report`. */
export async function readFolder(
  dir: string,
  ending: `.${string}`,
  report: (problem: string) => void,
): Promise<ContentFile[]> {
  const files: ContentFile[] = [];
  const paths = await readdir(dir).then(
    (names) => names.filter((name) => extname(name) === ending).sort(),
    (error: unknown) => {
      report(`${dir}: cannot be read (${codeOf(error)})`);
      return [];
    },
  );
  for (const name of paths) {
    const path = join(dir, name);
    try {
      const text = await readFile(path, "utf8");
      // Some editors begin a file with a mark of its encoding.
      files.push({ name: name.slice(0, -ending.length), path, text: text.replace(/^\uFEFF/, "") });
    } catch (error) {
      report(`${path}:1: cannot be read (${codeOf(error)})`);
    }
  }
  return files;
}

/** Such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
