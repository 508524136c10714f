import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@keyv/redis";
import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Conversation, newConversation } from "../../src/core/model/conversation.ts";
import { createConversationStore } from "../../src/store/conversation-store.ts";
import { createRecords, PLAIN_JSON } from "../../src/store/records.ts";
import { connectRedis } from "../../src/store/redis-storage.ts";
import { SqliteStorage } from "../../src/store/sqlite-storage.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";
import { TestLog, temporaryFolder } from "../support/test-chat.ts";

const TOKEN = "nmv_usr_a-token-of-the-tests";
const RETENTION = { conversationMs: 10 * 86_400_000, finishedMs: 86_400_000 };

const CONVERSATION: Conversation = {
  ...newConversation("film-maker"),
  account: {
    owner: "free",
    clientId: "5c1f3c1e-0f0c-4c59-9a51-3d4a2b8f6c11",
    token: TOKEN,
    userId: "anon_1",
    expiresAt: 1_800_000_000_000,
  },
  session: { sessionId: "s1", taskId: "t1", userId: "anon_1" },
  files: [{ platform: "test", fileId: "f1", name: "clip.mp4", sizeBytes: 5 }],
  lastFailed: { itemId: "test:7", text: "add a title 🎬", attachments: [] },
  render: { renderId: "render_1", itemId: "test:6" },
};

function storeOver(keyv: Keyv, log: TestLog, retention = RETENTION) {
  return createConversationStore(createRecords(keyv), { retention, log });
}

/** A store on the file in `dir`, as another process would open it. */
function openStore(dir: string) {
  const log = new TestLog();
  const keyv = new Keyv({ store: new SqliteStorage(join(dir, "nemobot.sqlite")) });
  onTestFinished(() => keyv.disconnect());
  return { store: storeOver(keyv, log), keyv, log };
}

describe.each([
  { where: "in memory", open: async () => new Keyv() },
  {
    where: "on disk",
    open: async () => new Keyv({ store: new SqliteStorage(join(await temporaryFolder(), "nemobot.sqlite")) }),
  },
])("the conversation store $where", ({ open }) => {
  async function start() {
    const keyv = await open();
    onTestFinished(() => keyv.disconnect());
    const log = new TestLog();
    return { store: storeOver(keyv, log), keyv, log };
  }

  it("gives back what it was given", async () => {
    const { store } = await start();
    expect(await store.read("test:1")).toBeNull();
    await store.update("test:1", () => CONVERSATION);
    expect(await store.read("test:1")).toEqual(CONVERSATION);
    expect(await store.read("test:2")).toBeNull();
  });

  it("keeps people's settings apart from conversations", async () => {
    const { store } = await start();
    await store.updateUser("test:1", () => ({ version: 1, language: "zh" }));
    expect(await store.readUser("test:1")).toEqual({ version: 1, language: "zh" });
    expect(await store.read("test:1")).toBeNull();
  });

  it("never loses one of many changes that come at once", async () => {
    const { store } = await start();
    await store.update("test:1", () => ({ ...CONVERSATION, files: [] }));
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store.update("test:1", (current) => {
          if (!current) throw new Error("the record is gone");
          return { ...current, files: [...current.files, { platform: "test", name: `${index}.mp4` }] };
        }),
      ),
    );
    const files = (await store.read("test:1"))?.files.map((one) => one.name);
    expect(new Set(files).size).toBe(50);
  });

  it("goes on after a change that threw, and keeps what was there", async () => {
    const { store } = await start();
    await store.update("test:1", () => CONVERSATION);
    const thrown = store.update("test:1", () => {
      throw new Error("no");
    });
    const next = store.update("test:1", (current) => ({ ...(current ?? CONVERSATION), render: null }));
    await expect(thrown).rejects.toThrow("no");
    expect((await next).render).toBeNull();
    expect((await store.read("test:1"))?.session).toEqual(CONVERSATION.session);
  });

  it("knows the messages it was told of, and no others", async () => {
    const { store } = await start();
    expect(await store.hasSeen("test:m1")).toBe(false);
    await store.markSeen("test:m1");
    expect(await store.hasSeen("test:m1")).toBe(true);
    expect(await store.hasSeen("test:m2")).toBe(false);
  });

  it("reads a record of version 1 and goes on with it", async () => {
    const { store, keyv, log } = await start();
    const { settled: _settled, render: _render, account: _account, ...rest } = CONVERSATION;
    await keyv.set("conversation:test:1", { ...rest, account: null, version: 1, renderId: "render_1" });
    const migrated = { ...CONVERSATION, account: null, render: { renderId: "render_1", itemId: "" } };
    expect(await store.read("test:1")).toEqual(migrated);
    await store.update("test:1", (current) => ({ ...(current ?? CONVERSATION), skill: "other" }));
    expect(await keyv.get("conversation:test:1")).toMatchObject({ version: 2, skill: "other" });
    expect(log.lines).toEqual([]);
  });

  it("forgets a conversation that nobody has spoken in for as long as the setting says", async () => {
    const { keyv, log } = await start();
    const brief = storeOver(keyv, log, { conversationMs: 40, finishedMs: 40 });
    await brief.update("test:1", () => CONVERSATION);
    await brief.markSeen("test:m1");
    expect(await brief.read("test:1")).not.toBeNull();
    await expect.poll(() => brief.read("test:1")).toBeNull();
    await expect.poll(() => brief.hasSeen("test:m1")).toBe(false);
  });

  it("keeps a conversation that is only looked at", async () => {
    const { store, keyv } = await start();
    const record = { ...CONVERSATION, account: null };
    await keyv.set("conversation:test:1", record, RETENTION.conversationMs - 2 * 86_400_000);
    await store.read("test:1");
    const { expires = 0 } = (await keyv.getRaw("conversation:test:1")) ?? {};
    expect(expires).toBeGreaterThan(Date.now() + RETENTION.conversationMs - 60_000);
  });

  it.each([
    { what: "of an older shape", record: { version: 0, skill: "film-maker" } },
    { what: "that is no object", record: "??" },
  ])("sets aside and reports a record $what, and starts over", async ({ record }) => {
    const { store, keyv, log } = await start();
    await keyv.set("conversation:test:1", record);
    expect(await store.read("test:1")).toBeNull();
    expect(log.lines).toEqual([
      expect.stringMatching(/^error a stored record cannot be read.*conversation:test:1/s),
    ]);
    expect(log.lines.join()).not.toContain(TOKEN);
    expect(await keyv.get("corrupt:conversation:test:1")).toEqual(record);
    const { expires = 0 } = (await keyv.getRaw("corrupt:conversation:test:1")) ?? {};
    expect(Math.abs(expires - Date.now() - RETENTION.conversationMs)).toBeLessThan(60_000);
    await store.update("test:1", () => CONVERSATION);
    expect(await store.read("test:1")).toEqual(CONVERSATION);
  });
});

describe("a stored text that is no record", () => {
  const TEXTS = [
    { what: "cut off", text: '{"value":{"version":2,"sk' },
    { what: "empty", text: "" },
    { what: "JSON of another kind", text: "null" },
  ];
  const LINE = /^error a stored record cannot be read; it was set aside.*conversation:test:1/;

  it.each(TEXTS)("on disk ($what) is set aside as it is, for a while", async ({ text }) => {
    const path = join(await temporaryFolder(), "nemobot.sqlite");
    const keyv = new Keyv({ store: new SqliteStorage(path), ...PLAIN_JSON, throwOnErrors: true });
    const log = new TestLog();
    const store = storeOver(keyv, log);
    const database = new DatabaseSync(path);
    onTestFinished(async () => {
      database.close();
      await keyv.disconnect();
    });
    await store.update("test:1", () => CONVERSATION);
    database.prepare("UPDATE entries SET value = ?").run(text);
    expect(await store.read("test:1")).toBeNull();
    expect(log.lines).toEqual([expect.stringMatching(LINE)]);
    const rows = database.prepare("SELECT key, value, expires_at FROM entries").all();
    expect(rows).toEqual([
      { key: "keyv:corrupt:conversation:test:1", value: expect.any(String), expires_at: expect.any(Number) },
    ]);
    expect(JSON.parse(String(rows[0]?.value)).value).toBe(text);
    expect(Math.abs(Number(rows[0]?.expires_at) - Date.now() - RETENTION.conversationMs)).toBeLessThan(
      60_000,
    );
  });

  it.runIf(HAS_REDIS).each(TEXTS)("on Redis ($what) is set aside as it is, for a while", async ({ text }) => {
    const { url } = await startRedis();
    const log = new TestLog();
    const { keyv, swap, close } = await connectRedis(url, log);
    const client = createClient({ url });
    await client.connect();
    onTestFinished(async () => {
      client.destroy();
      await close();
    });
    const records = createRecords(keyv, swap);
    const store = createConversationStore(records, { retention: RETENTION, log });
    await store.update("test:1", () => CONVERSATION);
    const [name = ""] = await client.keys("*conversation:test:1");
    await client.set(name, text);
    await store.update("test:1", (current) => ({ ...(current ?? CONVERSATION), skill: "anew" }));
    expect((await store.read("test:1"))?.skill).toBe("anew");
    expect(log.lines).toEqual([expect.stringMatching(LINE)]);
    expect(await records.get("corrupt:conversation:test:1")).toBe(text);
    const aside = name.replace("conversation:", "corrupt:conversation:");
    expect(await client.pTTL(aside)).toBeGreaterThan(RETENTION.conversationMs - 60_000);
  });

  it("found by many at once costs nothing that is written since", async () => {
    const path = join(await temporaryFolder(), "nemobot.sqlite");
    const keyv = new Keyv({ store: new SqliteStorage(path), ...PLAIN_JSON, throwOnErrors: true });
    const log = new TestLog();
    const store = storeOver(keyv, log);
    onTestFinished(() => keyv.disconnect());
    await keyv.set("conversation:test:1", "??");
    const names = Array.from({ length: 20 }, (_, index) => `${index}.mp4`);
    await Promise.all(
      names.flatMap((name) => [
        store.read("test:1"),
        store.update("test:1", (current) => {
          const base = current ?? { ...CONVERSATION, files: [] };
          return { ...base, files: [...base.files, { platform: "test", name }] };
        }),
      ]),
    );
    expect((await store.read("test:1"))?.files.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(log.lines).toHaveLength(1);
  });

  it("is not seen in a change that fails: its record stays", async () => {
    const { store, log } = openStore(await temporaryFolder());
    await store.update("test:1", () => CONVERSATION);
    const failing = store.update("test:1", () => JSON.parse("{"));
    await expect(failing).rejects.toBeInstanceOf(SyntaxError);
    expect(await store.read("test:1")).toEqual(CONVERSATION);
    expect(log.lines).toEqual([]);
  });
});

describe("the store's file", () => {
  it("outlives the process", async () => {
    const dir = await temporaryFolder();
    const first = openStore(dir);
    await first.store.update("test:1", () => CONVERSATION);
    await first.store.markSeen("test:m1");
    await first.keyv.disconnect();
    const second = openStore(dir);
    expect(await second.store.read("test:1")).toEqual(CONVERSATION);
    expect(await second.store.hasSeen("test:m1")).toBe(true);
  });
});
