/** The journal's file, damaged rows included; what queues ask of it is in their own tests. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { SqliteJournal } from "../../../src/store/disk/sqlite-journal.ts";
import { TEST_SEALING } from "../../support/sealing.ts";
import { TestLog, temporaryFolder } from "../../support/test-chat.ts";
import { item } from "../../support/work-items.ts";

/** A journal in which "a", "b" and "c" are owed, and its file as the operator sees it. */
async function start() {
  const path = join(await temporaryFolder(), "work.sqlite");
  const log = new TestLog();
  const journal = new SqliteJournal(path, TEST_SEALING, log);
  const database = new DatabaseSync(path);
  onTestFinished(async () => {
    database.close();
    await journal.close();
  });
  for (const id of ["a", "b", "c"]) await journal.add(item(id));
  const unreadable = () => database.prepare("SELECT id, item FROM unreadable_work ORDER BY place").all();
  /** Writes over what stands for an item. */
  const damage = (id: string, text: string) =>
    database.prepare("UPDATE work SET item = ? WHERE id = ?").run(text, TEST_SEALING.name(id));
  const owed = async () => (await journal.all()).map(({ id }) => id);
  return { path, journal, log, database, owed, unreadable, damage };
}

describe("the journal", () => {
  it("says whether an item took another's place", async () => {
    const { journal, owed } = await start();
    expect(await journal.replace("b", item("new b"))).toBe(true);
    expect(await journal.replace("b", item("new b"))).toBe(false);
    expect(await owed()).toEqual(["a", "new b", "c"]);
  });

  it("removes any number of items in one step, or none of them", async () => {
    const { journal, database, owed } = await start();
    database.exec(`
      CREATE TRIGGER refuse BEFORE DELETE ON work WHEN old.id = '${TEST_SEALING.name("b")}'
      BEGIN SELECT RAISE(ABORT, 'the disk is in trouble'); END
    `);
    await expect(journal.remove("a", "b")).rejects.toThrow("the disk is in trouble");
    expect(await owed()).toEqual(["a", "b", "c"]);
    database.exec("DROP TRIGGER refuse");
    await journal.remove("a", "b", "never there");
    await journal.remove();
    expect(await owed()).toEqual(["c"]);
  });

  it("sets aside what cannot be read, says so once, and takes its id again", async () => {
    const { journal, log, owed, unreadable, damage } = await start();
    const [a, c] = [TEST_SEALING.name("a"), TEST_SEALING.name("c")];
    const strange = TEST_SEALING.seal('{"version":7}', c);
    damage("a", '{"version":1,"i');
    damage("c", strange);
    expect(await owed()).toEqual(["b"]);
    expect(await owed()).toEqual(["b"]);
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^error an item of waiting work cannot be read; it was set aside.*id="[\w-]{43}"/,
      ),
      expect.stringMatching(
        /^error an item of waiting work cannot be read; it was set aside.*id="[\w-]{43}"/s,
      ),
    ]);
    expect(unreadable()).toEqual([
      { id: a, item: '{"version":1,"i' },
      { id: c, item: strange },
    ]);
    expect(await journal.add(item("a"))).toBe(true);
    expect(await owed()).toEqual(["b", "a"]);
  });

  it("keeps the last thousand of what it has set aside", async () => {
    const { database, owed, unreadable } = await start();
    database.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1010)
      INSERT INTO work (id, item) SELECT 'broken ' || n, '?' FROM numbers
    `);
    expect(await owed()).toEqual(["a", "b", "c"]);
    database.exec("INSERT INTO work (id, item) VALUES ('last', '?')");
    expect(await owed()).toEqual(["a", "b", "c"]);
    const ids = unreadable().map(({ id }) => id);
    expect(ids).toHaveLength(1_000);
    expect([ids[0], ids.at(-1)]).toEqual(["broken 12", "last"]);
  });

  it("gives what can be read even when nothing can be set aside", async () => {
    const { log, database, owed, unreadable, damage } = await start();
    damage("a", "?");
    database.exec(`
      CREATE TRIGGER refuse BEFORE DELETE ON work BEGIN SELECT RAISE(ROLLBACK, 'the disk is in trouble'); END
    `);
    expect(await owed()).toEqual(["b", "c"]);
    expect(unreadable()).toEqual([]);
    expect(log.lines).toEqual([expect.stringMatching(/could not be set aside.*the disk is in trouble/)]);
    database.exec("DROP TRIGGER refuse");
    expect(await owed()).toEqual(["b", "c"]);
    expect(unreadable()).toHaveLength(1);
  });

  it("seals what an older version has kept in plain text, and owes it as before", async () => {
    const { path, journal, log, database, owed } = await start();
    await journal.remove("a", "b");
    const add = database.prepare("INSERT INTO work (id, item) VALUES (?, ?)");
    add.run("old", JSON.stringify(item("old")));
    const aside = database.prepare("INSERT INTO unreadable_work (id, item, moved_at) VALUES (?, ?, 0)");
    aside.run("strange", '{"text":"marzipan"}');
    const opened = new SqliteJournal(path, TEST_SEALING, log);
    onTestFinished(() => opened.close());
    expect(await owed()).toEqual(["c", "old"]);
    expect(await opened.add(item("old"))).toBe(false);
    const all = database
      .prepare("SELECT id, item FROM work UNION SELECT id, item FROM unreadable_work")
      .all();
    expect(all).toHaveLength(3);
    expect(JSON.stringify(all)).not.toMatch(/old|strange|marzipan/);
  });
});
