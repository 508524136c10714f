/** The key that is made on first use, where the settings hold none. Source: docs/operations.md, "What is kept". */
import { randomBytes, randomUUID } from "node:crypto";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { privateFile, privateFolder } from "./private-files.ts";

const KEY_BYTES = 32;

/** The key file of `dataDir`, made on first use; two starting processes agree on one. */
export async function loadKeyFile(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, "encryption.key");
  privateFolder(dataDir);
  // Linked whole or not at all: a second process, or one after a crash, finds no half-written file.
  const draft = `${path}.${randomUUID()}`;
  try {
    if (!(await stat(path).catch(() => null))) {
      privateFile(draft);
      await writeFile(draft, randomBytes(KEY_BYTES).toString("hex"));
      await link(draft, path);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  privateFile(path);
  const key = Buffer.from((await readFile(path, "utf8")).trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error(`${path} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}
