/** Tokens at rest: AES-256-GCM with a key from `ENCRYPTION_KEY` or a key file. Source: DESIGN.md, rule 10. */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface Cipher {
  /** Text in, base64 of iv, tag and cipher text out; a different result each time. */
  encrypt(text: string): string;
  /** Throws when the text was made with another key or changed since. */
  decrypt(sealed: string): string;
}

export function createCipher(key: Uint8Array): Cipher {
  return {
    encrypt(text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
    },
    decrypt(sealed) {
      const bytes = Buffer.from(sealed, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), {
        // A tag that was cut short must not count.
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const body = bytes.subarray(IV_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    },
  };
}

/** The key file of `dataDir`, made with mode 0600 on first use; two starting processes agree on one. */
export async function loadKeyFile(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, "encryption.key");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Linked whole or not at all: whoever comes second, or after a crash, finds no half-written file.
  const draft = `${path}.${randomUUID()}`;
  try {
    if (!(await stat(path).catch(() => null))) {
      await writeFile(draft, randomBytes(KEY_BYTES).toString("hex"), { mode: 0o600, flag: "wx" });
      await link(draft, path);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const key = Buffer.from((await readFile(path, "utf8")).trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error(`${path} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}
