/** A store that was written by an older version, or with an older key, is brought up to date; nothing in it is lost. */
import { createCipheriv, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../../src/app/config.ts";
import { newConversation } from "../../../src/core/model/conversation.ts";
import { StopError } from "../../../src/core/model/stop.ts";
import { RedisQueue } from "../../../src/jobs/redis/queue.ts";
import { createConversationStore } from "../../../src/store/conversation-store.ts";
import { SqliteStorage } from "../../../src/store/disk/sqlite-storage.ts";
import { createRecords, PLAIN_JSON, type Records } from "../../../src/store/records.ts";
import { openStorage } from "../../../src/store/storage.ts";
import { HAS_REDIS, startRedis } from "../../support/redis.ts";
import { connectRedis, openRecords } from "../../support/redis-store.ts";
import { TestLog, temporaryFolder } from "../../support/test-chat.ts";
import { item, startHands } from "../../support/work-items.ts";

const OLD = "0a".repeat(32);
const NEW = "0b".repeat(32);
const RETENTION = { conversationMs: 86_400_000, finishedMs: 86_400_000 };

/** A storage as one process opens it, with what its engine sees of it. */
async function open(env: Record<string, string>) {
  const log = new TestLog();
  const storage = await openStorage(loadConfig(env).storage, log);
  onTestFinished(() => storage.close());
  return { ...storage, log, store: createConversationStore(storage.records, { retention: RETENTION, log }) };
}

/** A text as versions before sealed records have sealed tokens. */
function sealedByOld(text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(OLD, "hex"), iv);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
}

const CONVERSATION = {
  ...newConversation("film-maker"),
  account: {
    owner: "free" as const,
    clientId: "client-marzipan",
    token: "nmv_usr_of-the-tests",
    userId: "anon_1",
    expiresAt: 1_800_000_000_000,
  },
};

/** What an older version has left: records under plain names, in plain text but for a token. */
async function fillPlain(records: Records): Promise<void> {
  await records.set("key-check", sealedByOld("key-check"));
  const account = { ...CONVERSATION.account, token: sealedByOld(CONVERSATION.account.token) };
  await records.set("conversation:telegram:4711", { ...CONVERSATION, account }, RETENTION.conversationMs);
  await records.set("user:telegram:4711", { version: 1, language: "zh" }, RETENTION.conversationMs);
  await records.set("seen:telegram:4711:1", 1, RETENTION.finishedMs);
  await records.set("discord:window:1", "marzipan");
  await records.set("check", 1);
}

async function expectKept(opened: Awaited<ReturnType<typeof open>>): Promise<void> {
  expect(await opened.store.read("telegram:4711")).toEqual(CONVERSATION);
  expect(await opened.store.readUser("telegram:4711")).toEqual({ version: 1, language: "zh" });
  expect(await opened.store.hasSeen("telegram:4711:1")).toBe(true);
  expect(await opened.records.get("discord:window:1")).toBe("marzipan");
}

async function bytesUnder(dir: string): Promise<string> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  return Buffer.concat(contents).toString("latin1");
}

const PLAIN_WORDS = /marzipan|4711|anon_1|film-maker/;

describe("a store of an older version", () => {
  /** A data folder as an older version left it. */
  async function oldFolder(): Promise<string> {
    const dir = await temporaryFolder();
    const path = join(dir, "nemobot.sqlite");
    const keyv = new Keyv({ store: new SqliteStorage(path), ...PLAIN_JSON, throwOnErrors: true });
    await fillPlain(createRecords(keyv));
    await keyv.disconnect();
    return dir;
  }

  it("on disk is read as before, and nothing of it can be read in the file any more", async () => {
    const dir = await oldFolder();
    expect(await bytesUnder(dir)).toMatch(PLAIN_WORDS);
    const opened = await open({ DATA_DIR: dir, ENCRYPTION_KEY: OLD });
    await expectKept(opened);
    expect(await bytesUnder(dir)).not.toMatch(PLAIN_WORDS);
    await opened.close();
    await expectKept(await open({ DATA_DIR: dir, ENCRYPTION_KEY: OLD }));
  });

  it("refuses another key, and is as it was", async () => {
    const dir = await oldFolder();
    await expect(open({ DATA_DIR: dir, ENCRYPTION_KEY: NEW })).rejects.toThrow(
      "ENCRYPTION_KEY: is not the key",
    );
    await expectKept(await open({ DATA_DIR: dir, ENCRYPTION_KEY: OLD }));
  });

  it("may change its key at the same time", async () => {
    const dir = await oldFolder();
    const first = await open({ DATA_DIR: dir, ENCRYPTION_KEYS: `${NEW},${OLD}` });
    await expectKept(first);
    await first.close();
    await expectKept(await open({ DATA_DIR: dir, ENCRYPTION_KEY: NEW }));
  });

  it("with a damaged record keeps that apart, and goes on", async () => {
    const dir = await oldFolder();
    const database = new DatabaseSync(join(dir, "nemobot.sqlite"));
    database.exec(`UPDATE entries SET value = '{"value":"marz' WHERE key = 'keyv:discord:window:1'`);
    database.close();
    const opened = await open({ DATA_DIR: dir, ENCRYPTION_KEY: OLD });
    expect(await opened.records.get("discord:window:1")).toBeUndefined();
    expect(await opened.records.get("corrupt:discord:window:1")).toBe('{"value":"marz');
    expect(opened.log.lines.join()).toContain("a stored record cannot be read; it was set aside");
    expect(await opened.store.read("telegram:4711")).toEqual(CONVERSATION);
  });

  it.runIf(HAS_REDIS)("on Redis is made over by processes that start together", async () => {
    const { url } = await startRedis();
    const { records, keys } = await openRecords(url);
    await fillPlain(records);
    const env = { REDIS_URL: url, ENCRYPTION_KEY: OLD };
    const processes = await Promise.all([open(env), open(env)]);
    for (const opened of processes) await expectKept(opened);
    const left: string[] = [];
    for await (const key of keys()) left.push(key);
    const kinds = left.map((key) => key.replace(/(^|:)[\w-]{43}$/, "$1<name>"));
    const expected = [
      "<name>",
      "conversation:<name>",
      "discord:<name>",
      "key-check",
      "seen:<name>",
      "user:<name>",
    ];
    expect(kinds.toSorted()).toEqual(expected);
  });
});

describe.each([
  { where: "on disk", settings: async () => ({ DATA_DIR: await temporaryFolder() }), isShared: false },
  ...(HAS_REDIS
    ? [{ where: "on Redis", settings: async () => ({ REDIS_URL: (await startRedis()).url }), isShared: true }]
    : []),
])("a new key $where", ({ settings, isShared }) => {
  const isDone = (log: TestLog) => log.lines.join().includes("nothing is sealed with an old key any more");

  /** A store that was filled with the old key alone. */
  async function start() {
    const env = await settings();
    const first = await open({ ...env, ENCRYPTION_KEY: OLD });
    await first.store.update("telegram:4711", () => CONVERSATION);
    await first.records.set("discord:window:1", "marzipan");
    await first.journal?.add(item("a"));
    await first.close();
    return env;
  }

  it("reads what the old one has sealed, seals all of it again, and then does without it", async () => {
    const env = await start();
    const both = await open({ ...env, ENCRYPTION_KEYS: `${NEW},${OLD}` });
    expect(await both.store.read("telegram:4711")).toEqual(CONVERSATION);
    expect(await both.journal?.all()).toEqual(isShared ? undefined : [item("a")]);
    await expect.poll(() => both.log.lines.join()).toContain("records were sealed with the new key");
    await both.close();
    if (isShared) {
      // A pass that finds nothing has to tell that no process goes on with the old key.
      const again = await open({ ...env, ENCRYPTION_KEYS: `${NEW},${OLD}` });
      await expect.poll(() => isDone(again.log)).toBe(true);
      await again.close();
    }
    const alone = await open({ ...env, ENCRYPTION_KEY: NEW });
    expect(await alone.store.read("telegram:4711")).toEqual(CONVERSATION);
    expect(await alone.records.get("discord:window:1")).toBe("marzipan");
    expect(await alone.journal?.all()).toEqual(isShared ? undefined : [item("a")]);
    await alone.close();
    await expect(open({ ...env, ENCRYPTION_KEY: OLD })).rejects.toThrow("ENCRYPTION_KEY: is not the key");
  });

  if (isShared) {
    it("leaves no waiting work behind that only the old one can read", async () => {
      const env: Record<string, string> = await settings();
      const url = env.REDIS_URL ?? "";
      const connect = async ({ sealing, log }: Awaited<ReturnType<typeof open>>) => {
        const queue = new RedisQueue(await connectRedis(url, log), sealing, log);
        onTestFinished(() => queue.stop(new StopError("shutdown")));
        return queue;
      };
      const first = await open({ ...env, ENCRYPTION_KEY: OLD });
      await first.store.update("telegram:4711", () => CONVERSATION);
      await (await connect(first)).push(item("a"));
      for (const _pass of [1, 2]) {
        const both = await open({ ...env, ENCRYPTION_KEYS: `${NEW},${OLD}` });
        await expect.poll(() => both.log.lines.join()).toContain("records were sealed with the new key");
        await both.close();
      }
      const alone = await open({ ...env, ENCRYPTION_KEY: NEW });
      const hands = await startHands(await connect(alone));
      await expect.poll(() => hands.events).toEqual(["a starts"]);
      expect(alone.log.lines.join()).not.toContain("cannot be read");
    });
  }

  it("alone is refused, without values", async () => {
    const env = await start();
    const refused = open({ ...env, ENCRYPTION_KEY: NEW });
    await expect(refused).rejects.toThrow("ENCRYPTION_KEY: is not the key");
    await expect(refused).rejects.not.toThrow(NEW);
  });
});
