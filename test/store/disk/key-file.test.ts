import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadKeyFile } from "../../../src/store/disk/key-file.ts";
import { temporaryFolder } from "../../support/test-chat.ts";

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

  it("that is there already is used as it is, and narrowed", async () => {
    const dir = await temporaryFolder();
    const path = join(dir, "encryption.key");
    await writeFile(path, `${"ab".repeat(32)}\n`);
    await chmod(path, 0o644);
    expect(Buffer.from(await loadKeyFile(dir)).toString("hex")).toBe("ab".repeat(32));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("is one and the same for processes that start together", async () => {
    const dir = join(await temporaryFolder(), "data");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile(dir)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
  });

  it("of another length stops the start, by name and without its content", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "encryption.key"), "abcdef");
    await expect(loadKeyFile(dir)).rejects.toThrow(/encryption\.key does not hold a key of 32 bytes$/);
  });
});
