import { randomBytes } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createCipher, loadKeyFile } from "../../src/store/encryption.ts";
import { temporaryFolder } from "../support/test-chat.ts";

describe("a sealed text", () => {
  it.each(["", "a token", "标题 🎬", "x".repeat(10_000)])("opens with its key", (text) => {
    const cipher = createCipher(randomBytes(32));
    expect(cipher.decrypt(cipher.encrypt(text))).toBe(text);
  });

  it("looks different each time and shows nothing of the text", () => {
    const cipher = createCipher(randomBytes(32));
    const sealed = cipher.encrypt("a token");
    expect(cipher.encrypt("a token")).not.toBe(sealed);
    expect(Buffer.from(sealed, "base64").includes("token")).toBe(false);
  });

  it("does not open with another key, cut short, or changed in any byte", () => {
    const cipher = createCipher(randomBytes(32));
    const bytes = Buffer.from(cipher.encrypt("a token"), "base64");
    expect(() => createCipher(randomBytes(32)).decrypt(bytes.toString("base64"))).toThrow();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => cipher.decrypt(changed.toString("base64")), `byte ${at}`).toThrow();
      expect(() => cipher.decrypt(bytes.toString("base64", 0, at)), `${at} bytes`).toThrow();
    }
  });
});

describe("the key file", () => {
  it("is made on first use, readable by its owner alone, and kept", async () => {
    const dir = join(await temporaryFolder(), "data");
    const key = await loadKeyFile(dir);
    expect(key).toHaveLength(32);
    const path = join(dir, "encryption.key");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await loadKeyFile(dir)).toEqual(key);
    expect((await readFile(path, "utf8")).trim()).toMatch(/^[0-9a-f]{64}$/);
  });

  it("that is there already is used as it is", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "encryption.key"), `${"ab".repeat(32)}\n`);
    await chmod(join(dir, "encryption.key"), 0o600);
    expect(Buffer.from(await loadKeyFile(dir)).toString("hex")).toBe("ab".repeat(32));
  });

  it("of another length stops the start, by name and without its content", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "encryption.key"), "abcdef");
    await expect(loadKeyFile(dir)).rejects.toThrow(/encryption\.key does not hold a key of 32 bytes$/);
  });
});
