/** What every store of conversations promises, wherever its records are kept. Source: the `ConversationStore` port. */
import { describe, expect, it } from "vitest";
import { type Capture, MAX_CAPTURE_BYTES } from "../../src/core/model/capture.ts";
import { type Conversation, newConversation, type UserSettings } from "../../src/core/model/conversation.ts";
import { type History, type Version, withVersion } from "../../src/core/model/history.ts";
import { type ConversationStore, StoreTroubleError } from "../../src/core/ports/store.ts";
import { createConversationStore } from "../../src/store/conversation-store.ts";
import { type HomeKind, RETENTION_MS } from "../support/storage-homes.ts";

const DAY_MS = 86_400_000;
const RETENTION = { conversationMs: RETENTION_MS, finishedMs: DAY_MS };
const BRIEF = { conversationMs: 40, finishedMs: 40 };

const CONVERSATION: Conversation = {
  ...newConversation("film-maker"),
  account: {
    owner: "free",
    clientId: "5c1f3c1e-0f0c-4c59-9a51-3d4a2b8f6c11",
    token: "nmv_usr_a-token-of-the-tests",
    userId: "anon_4711",
    expiresAt: 1_800_000_000_000,
  },
  session: { sessionId: "session-pomegranate", taskId: "t1", userId: "anon_4711" },
  files: [{ platform: "test", fileId: "f1", name: "honeymoon.mp4", sizeBytes: 5 }],
  lastFailed: { itemId: "test:7", text: "add a marzipan title 🎬", attachments: [] },
  render: { renderId: "render_1", itemId: "test:6" },
};

const CAPTURE: Capture = {
  version: 1,
  draft: { t: [{ n: "标题 🎬" }] },
  files: [{ name: "honeymoon.mp4", url: "https://files.example/1" }],
  fileName: "export.mp4",
};

const VERSION: Omit<Version, "number" | "id"> = {
  at: 1_800_000_000_000,
  words: "add a marzipan title 🎬",
  changes: [
    { change: { kind: "added", trackType: "text", name: "🎬", startMs: 0, durationMs: null }, count: 1 },
  ],
  more: 0,
  before: { fingerprint: "f0", tracks: 0, lengthMs: null },
  after: { fingerprint: "f1", tracks: 1, lengthMs: null },
  isKept: true,
};

const USER: UserSettings = { version: 1, language: "zh" };

/** For a Redis that comes back. */
const PATIENT = { timeout: 15_000 };
const LINE = /^error a stored record cannot be read; it was set aside/;

export function describeConversationStore({ where, isDurable, isShared, prepare }: HomeKind): void {
  let newHome: ReturnType<typeof prepare>;

  async function start(retention = RETENTION) {
    const home = await newHome();
    const opened = await home.open();
    const store = createConversationStore(opened.records, { retention, log: opened.log });
    /** The same records as another process sees them, or one that comes later. */
    const another = async () => {
      const { records, log } = await home.open();
      return createConversationStore(records, { retention, log });
    };
    return {
      ...opened,
      home,
      store,
      another,
      errors: () => opened.log.lines.filter((line) => LINE.test(line)),
    };
  }

  async function startOutside() {
    const { home, ...scene } = await start();
    if (!home.outside) throw new Error("this home has no outside");
    return { ...scene, home, outside: home.outside };
  }

  const adds = (store: ConversationStore, count: number, lead: string) =>
    Array.from({ length: count }, (_, index) =>
      store.update("test:1", (current) => {
        const { files } = current ?? { files: [] };
        return { ...CONVERSATION, files: [...files, { platform: "test", name: `${lead}${index}.mp4` }] };
      }),
    );

  describe(`the conversation store ${where}`, () => {
    newHome = prepare();

    it("gives back what it was given, by its id, and nothing else", async () => {
      const { store, another } = await start();
      expect(await store.read("test:1")).toBeNull();
      expect(await store.update("test:1", () => CONVERSATION)).toEqual(CONVERSATION);
      expect(await store.read("test:1")).toEqual(CONVERSATION);
      expect(await store.read("test:2")).toBeNull();
      expect(await (await another()).read("test:1")).toEqual(CONVERSATION);
    });

    it("keeps people's settings apart from conversations", async () => {
      const { store } = await start();
      expect(await store.readUser("test:1")).toBeNull();
      await store.updateUser("test:1", () => USER);
      await store.updateUser("test:1", (current) => ({ ...(current ?? USER), guessedLanguage: "en" }));
      expect(await store.readUser("test:1")).toEqual({ ...USER, guessedLanguage: "en" });
      expect(await store.read("test:1")).toBeNull();
    });

    it("keeps what an export is to show until it is forgotten, however large", async () => {
      const { store } = await start();
      const large = { ...CAPTURE, draft: "x".repeat(MAX_CAPTURE_BYTES) };
      expect(await store.readCapture("e1")).toBeNull();
      await store.keepCapture("e1", CAPTURE, "export");
      await store.keepCapture("e2", large, "export");
      expect(await store.readCapture("e1")).toEqual(CAPTURE);
      expect(await store.readCapture("e2")).toEqual(large);
      await store.forgetCapture("e1");
      await store.forgetCapture("never there");
      expect(await store.readCapture("e1")).toBeNull();
      expect(await store.readCapture("e2")).not.toBeNull();
    });

    it("keeps the history of a project, changes of two processes too, until it is forgotten", async () => {
      const { store, another } = await start();
      const other = isShared ? await another() : store;
      expect(await store.readHistory("s1")).toBeNull();
      const add = (id: string) => (current: History | null) => withVersion(current, { ...VERSION, id });
      await Promise.all(
        ["a", "b", "a", "c"].map((id, index) =>
          (index % 2 === 0 ? store : other).updateHistory("s1", add(id)),
        ),
      );
      const versions = (await other.readHistory("s1"))?.versions ?? [];
      expect(versions.map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(versions.map(({ id }) => id).sort()).toEqual(["a", "b", "c"]);
      await store.forgetHistory("s1");
      expect(await other.readHistory("s1")).toBeNull();
    });

    it("knows the messages it was told of, and no others", async () => {
      const { store, another } = await start();
      expect(await store.hasSeen("test:m1")).toBe(false);
      await store.markSeen("test:m1");
      expect(await store.hasSeen("test:m1")).toBe(true);
      expect(await store.hasSeen("test:m2")).toBe(false);
      expect(await (await another()).hasSeen("test:m1")).toBe(true);
    });

    it("never loses one of many changes that come at once", async () => {
      const { store } = await start();
      await Promise.all(adds(store, 50, ""));
      expect(new Set((await store.read("test:1"))?.files.map((one) => one.name)).size).toBe(50);
    });

    if (isShared) {
      it("never loses one of many changes that several processes make at once", async () => {
        const { store, another } = await start();
        const others = [await another(), await another()];
        await Promise.all([store, ...others].flatMap((each, index) => adds(each, 20, `${index} `)));
        expect(new Set((await store.read("test:1"))?.files.map((one) => one.name)).size).toBe(60);
      });
    }

    it("goes on after a change that threw, and keeps what was there", async () => {
      const { store } = await start();
      await store.update("test:1", () => CONVERSATION);
      const thrown = store.update("test:1", () => {
        throw new Error("no");
      });
      const next = store.update("test:1", (current) => ({ ...(current ?? CONVERSATION), render: null }));
      await expect(thrown).rejects.toThrow("no");
      expect(await next).toEqual({ ...CONVERSATION, render: null });
      expect(await store.read("test:1")).toEqual({ ...CONVERSATION, render: null });
    });

    it("takes a change that throws SyntaxError for no damage of its record", async () => {
      const { store, log } = await start();
      await store.update("test:1", () => CONVERSATION);
      await expect(store.update("test:1", () => JSON.parse("{"))).rejects.toBeInstanceOf(SyntaxError);
      expect(await store.read("test:1")).toEqual(CONVERSATION);
      expect(log.lines).toEqual([]);
    });

    it("forgets what was not used for as long as the settings say", async () => {
      const { store } = await start(BRIEF);
      await store.update("test:1", () => CONVERSATION);
      await store.updateUser("test:1", () => USER);
      await store.keepCapture("e1", CAPTURE, "export");
      await store.markSeen("test:m1");
      await expect.poll(() => store.read("test:1")).toBeNull();
      await expect.poll(() => store.readUser("test:1")).toBeNull();
      await expect.poll(() => store.readCapture("e1")).toBeNull();
      await expect.poll(() => store.hasSeen("test:m1")).toBe(false);
    });

    it("keeps a conversation that is only read", async () => {
      const { store, records } = await start();
      await records.set("conversation:test:1", CONVERSATION, RETENTION_MS - 2 * DAY_MS);
      await store.read("test:1");
      const { expiresAt } = (await records.getWithExpiry("conversation:test:1")) ?? {};
      expect(expiresAt).toBeGreaterThan(Date.now() + RETENTION_MS - 60_000);
    });

    it("reads a record of version 1 and goes on with it", async () => {
      const { store, records, log } = await start();
      const { settled: _settled, render: _render, account: _account, ...rest } = CONVERSATION;
      await records.set("conversation:test:1", { ...rest, account: null, version: 1, renderId: "render_1" });
      const migrated = { ...CONVERSATION, account: null, render: { renderId: "render_1", itemId: "" } };
      expect(await store.read("test:1")).toEqual(migrated);
      await store.update("test:1", (current) => ({ ...(current ?? CONVERSATION), skill: "other" }));
      expect(await records.get("conversation:test:1")).toMatchObject({ version: 2, skill: "other" });
      expect(log.lines).toEqual([]);
    });

    it.each([
      { what: "of an older shape", record: { version: 0, skill: "film-maker" } },
      { what: "that is no object", record: "??" },
    ])("sets aside and reports a record $what, and starts over", async ({ record }) => {
      const { store, records, errors } = await start();
      for (const kind of ["conversation", "user", "capture"]) await records.set(`${kind}:test:1`, record);
      expect(await store.read("test:1")).toBeNull();
      expect(await store.updateUser("test:1", (current) => current ?? USER)).toEqual(USER);
      expect(await store.readCapture("test:1")).toBeNull();
      expect(errors()).toHaveLength(3);
      for (const kind of ["conversation", "user", "capture"]) {
        const aside = await records.getWithExpiry(`corrupt:${kind}:test:1`);
        expect(aside?.value).toEqual(record);
        expect(Math.abs((aside?.expiresAt ?? 0) - Date.now() - RETENTION_MS)).toBeLessThan(60_000);
      }
      await store.update("test:1", () => CONVERSATION);
      expect(await store.read("test:1")).toEqual(CONVERSATION);
      expect(errors()).toHaveLength(3);
    });

    it("loses nothing that is written while many find the same damage", async () => {
      const { store, records, errors } = await start();
      await records.set("conversation:test:1", "??");
      const reads = Array.from({ length: 20 }, () => store.read("test:1"));
      await Promise.all([...reads, ...adds(store, 20, "")]);
      expect((await store.read("test:1"))?.files).toHaveLength(20);
      expect(errors()).toHaveLength(1);
    });

    if (!isDurable) return;
    describe("from outside", () => {
      it("can be read by no one without the keys, and nothing can be moved to another place", async () => {
        const { store, outside, errors } = await startOutside();
        await store.update("test:4711", () => CONVERSATION);
        await store.update("test:4712", () => ({ ...CONVERSATION, skill: "other" }));
        await store.updateUser("test:4711", () => USER);
        await store.keepCapture("e4711", CAPTURE, "export");
        await store.markSeen("test:4711:1");
        const entries = await outside.entries();
        expect(entries).toHaveLength(5);
        const readable = /4711|nmv_usr|anon_|5c1f3c1e|pomegranate|honeymoon|marzipan|film-maker|标题|"zh"/;
        expect(JSON.stringify(entries)).not.toMatch(readable);
        const [one, other] = entries.filter((entry) => entry.name.includes("conversation:"));
        await outside.write(one?.name ?? "", other?.text ?? "");
        const read = [await store.read("test:4711"), await store.read("test:4712")];
        expect(read.filter((each) => each !== null)).toHaveLength(1);
        expect(errors()).toHaveLength(1);
      });

      it.each([
        { what: "cut off", text: '{"value":"sealed:1:abc' },
        { what: "empty", text: "" },
        { what: "JSON of another kind", text: "null" },
        { what: "changed", text: '{"value":"sealed:1:00000000:AAAA"}' },
      ])("sets aside a text that is $what as it is, and starts over", async ({ text }) => {
        const { store, records, outside, errors } = await startOutside();
        await store.update("test:1", () => CONVERSATION);
        const [entry] = await outside.entries();
        await outside.write(entry?.name ?? "", text);
        const next = await store.update(
          "test:1",
          (current) => current ?? { ...CONVERSATION, skill: "fresh" },
        );
        expect(next.skill).toBe("fresh");
        expect(await store.read("test:1")).toEqual(next);
        expect(errors()).toHaveLength(1);
        expect(await records.get("corrupt:conversation:test:1")).toBe(text);
        const aside = (await outside.entries()).find(({ name }) => name.includes("corrupt:"));
        expect(Math.abs((aside?.expiresAt ?? 0) - Date.now() - RETENTION_MS)).toBeLessThan(60_000);
      });

      it("throws StoreTroubleError while nothing can be written, and goes on afterwards", async () => {
        const { store, outside } = await startOutside();
        await store.update("test:1", () => CONVERSATION);
        await outside.breakDown();
        const troubles = await Promise.allSettled([
          store.update("test:1", () => ({ ...CONVERSATION, skill: "lost" })),
          store.updateUser("test:1", () => USER),
          store.keepCapture("e1", CAPTURE, "export"),
          store.forgetCapture("e1"),
          store.markSeen("test:m1"),
        ]);
        for (const trouble of troubles) {
          expect(trouble).toMatchObject({ status: "rejected", reason: expect.any(StoreTroubleError) });
        }
        // What can still be read is read; otherwise the trouble is told, and nothing counts as absent.
        const reads = await Promise.allSettled([store.read("test:1")]);
        const trouble = { status: "rejected", reason: expect.any(StoreTroubleError) };
        expect([{ status: "fulfilled", value: CONVERSATION }, trouble]).toContainEqual(reads[0]);
        await outside.mend();
        await expect.poll(() => store.markSeen("test:m1").then(() => "fine"), PATIENT).toBe("fine");
        expect(await store.read("test:1")).toEqual(CONVERSATION);
        expect(await store.hasSeen("test:m1")).toBe(true);
        expect(await store.readCapture("e1")).toBeNull();
      });
    });
  });
}
