import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { SqliteStorage } from "../../src/store/sqlite-storage.ts";
import { temporaryFolder } from "../support/test-chat.ts";

async function open(path?: string) {
  const file = path ?? join(await temporaryFolder(), "nemobot.sqlite");
  const keyv = new Keyv({ store: new SqliteStorage(file) });
  onTestFinished(() => keyv.disconnect());
  return { keyv, file };
}

describe("the SQLite storage", () => {
  it("sets, replaces, reads and deletes", async () => {
    const { keyv } = await open();
    expect(await keyv.get("a")).toBeUndefined();
    await keyv.set("a", { n: 1 });
    await keyv.set("a", { n: 2 });
    expect(await keyv.get("a")).toEqual({ n: 2 });
    expect(await keyv.delete("a")).toBe(true);
    expect(await keyv.delete("a")).toBe(false);
    expect(await keyv.get("a")).toBeUndefined();
  });

  it("takes any text as a key and in a value", async () => {
    const { keyv } = await open();
    const odd = "key:'; DROP TABLE entries; -- 标题 🎬";
    await keyv.set(odd, { odd });
    expect(await keyv.get(odd)).toEqual({ odd });
  });

  it("forgets what has run out, also at the next opening", async () => {
    const { keyv, file } = await open();
    await keyv.set("short", 1, 1);
    await keyv.set("long", 1, 60_000);
    await expect.poll(() => keyv.get("short")).toBeUndefined();
    await keyv.disconnect();
    const again = await open(file);
    expect(await again.keyv.get("short")).toBeUndefined();
    expect(await again.keyv.get("long")).toBe(1);
  });

  it("clears everything", async () => {
    const { keyv } = await open();
    await keyv.set("a", 1);
    await keyv.clear();
    expect(await keyv.get("a")).toBeUndefined();
  });

  it("makes its folder, for its owner alone", async () => {
    const dir = join(await temporaryFolder(), "deep", "data");
    await open(join(dir, "nemobot.sqlite"));
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  it("says at once that its file cannot be written", async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, "nemobot.sqlite"));
    expect(() => new SqliteStorage(join(dir, "nemobot.sqlite"))).toThrow();
  });

  it("can be closed twice", async () => {
    const { keyv } = await open();
    await keyv.disconnect();
    await keyv.disconnect();
  });
});
