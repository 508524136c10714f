import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SqliteStorage } from "../../../src/store/disk/sqlite-storage.ts";
import { temporaryFolder } from "../../support/test-chat.ts";

async function open(path?: string) {
  const file = path ?? join(await temporaryFolder(), "nemobot.sqlite");
  const keyv = new Keyv({ store: new SqliteStorage(file) });
  onTestFinished(() => keyv.disconnect());
  return { keyv, file };
}

/** What it keeps, and how, is in test/contracts. */
describe("the SQLite storage", () => {
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

  describe("once an hour", () => {
    const HOUR_MS = 3_600_000;

    /** A storage with `count` rows that have run out, its file, and a clock in the test's hand. */
    async function start(count: number) {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
      const { keyv, file } = await open();
      const database = new DatabaseSync(file);
      onTestFinished(async () => {
        database.close();
        await keyv.disconnect();
        vi.useRealTimers();
      });
      const fill = database.prepare(`
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO entries (key, value, expires_at) SELECT 'old ' || n, '{}', ? FROM numbers
      `);
      fill.run(count, Date.now() - 1);
      await keyv.set("new", 1);
      const rows = () => Number(database.prepare("SELECT count(*) AS n FROM entries").get()?.n);
      return { keyv, file, database, rows };
    }

    it("removes what has run out, some rows at a time", async () => {
      const { keyv, rows } = await start(12_000);
      vi.advanceTimersByTime(HOUR_MS);
      expect(rows()).toBe(7_001);
      await expect.poll(rows).toBe(1);
      expect(await keyv.get("new")).toBe(1);
    });

    it("can be closed amid a purge, and goes on at the next opening", async () => {
      const { keyv, file, rows } = await start(17_000);
      vi.advanceTimersByTime(HOUR_MS);
      await keyv.disconnect();
      expect(rows()).toBe(12_001);
      await open(file);
      expect(rows()).toBe(7_001);
      await expect.poll(rows).toBe(1);
    });

    it("lets a trouble of the file pass, and tries again at the next hour", async () => {
      const { database, rows } = await start(12_000);
      database.exec(`
        CREATE TRIGGER refuse BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the disk is in trouble'); END
      `);
      expect(() => vi.advanceTimersByTime(HOUR_MS)).not.toThrow();
      expect(rows()).toBe(12_001);
      database.exec("DROP TRIGGER refuse");
      await expect
        .poll(() => {
          vi.advanceTimersByTime(HOUR_MS);
          return rows();
        })
        .toBe(1);
    });
  });

  it("can be closed twice", async () => {
    const { keyv } = await open();
    await keyv.disconnect();
    await keyv.disconnect();
  });
});
