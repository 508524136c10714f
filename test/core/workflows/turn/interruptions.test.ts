/** What happens when something comes in between: a cancel, a lost session, a stop, a store in trouble. */
import { join } from "node:path";
import { Keyv } from "keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { startBot } from "../../../../src/app/compose.ts";
import { loadConfig } from "../../../../src/app/config.ts";
import { createConversationStore } from "../../../../src/store/conversation-store.ts";
import { SqliteStorage } from "../../../../src/store/disk/sqlite-storage.ts";
import { createRecords } from "../../../../src/store/records.ts";
import { finishFirst, startEditingScene } from "../../../support/scenes.ts";
import { CLIP, IN_LINE, LIVELY, startScene, TestLog, temporaryFolder } from "../../../support/test-chat.ts";

describe("the cancel button of a waiting message", () => {
  it("takes that message out of the line and leaves the running turn alone", async () => {
    const { nemo, chat } = await startEditingScene({ limits: IN_LINE });
    await chat.says('add the title "Second"');
    await chat.until(() => chat.last.text.includes("in the queue"));
    const place = chat.last;
    await chat.says("", { action: chat.actionOf("Cancel") });
    await chat.until(() => chat.removed.includes(place));
    await chat.until(() => chat.text.includes("Removed from the queue."));
    await finishFirst({ nemo, chat });
    expect(chat.text).toContain('I added the title "First".');
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("a waiting message of somebody else", () => {
  it("stays in line whoever presses its button, unless they manage the chat", async () => {
    const { nemo, chat } = await startEditingScene({ limits: IN_LINE });
    await chat.says('add the title "Second"');
    await chat.until(() => chat.last.text.includes("in the queue"));
    const action = chat.actionOf("Cancel");
    await chat.says("", { action, user: { id: "test:ben" } });
    await chat.until(() => chat.text.includes("Only the person who started this"));
    await chat.says("", { action, user: { id: "test:ben", canManage: true } });
    await chat.until(() => chat.text.includes("Removed from the queue."));
    await finishFirst({ nemo, chat });
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("cancelling an export", () => {
  it("ends the render and not the edit that runs beside it", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await chat.says("export");
    await chat.until(() => nemo.requests("GET /api/render/proxy/lambda/").length > 0);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "edit" } });
    await chat.says('add the title "Meanwhile"');
    await nemo.scenario.held("edit");
    await chat.says("", { action: { kind: "cancel", scope: "export" } });
    await chat.until(() => chat.text.includes("I stopped the export."));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(chat.text).toContain('I added the title "Meanwhile".');
    expect(nemo.requests("POST /api/render/proxy/lambda/")).toHaveLength(1);
  });

  it("of an older project leaves the newer one alone", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await chat.says("export");
    await chat.until(() => nemo.requests("GET /api/render/proxy/lambda/").length > 0);
    const [first] = nemo.requests("POST /api/render/proxy/lambda");
    await chat.says("new project");
    await chat.until(() => chat.text.includes("Start a new project?"));
    await chat.says("", { action: chat.actionOf("Start new") });
    await chat.until(() => chat.text.includes("New project started"));
    await chat.asks("cancel");
    const cancelled = nemo.requests("POST /api/render/proxy/lambda/").map((request) => request.path);
    expect(cancelled).toHaveLength(1);
    expect(first?.json).toMatchObject({ id: cancelled[0]?.split("/").at(-2) });
  });
});

describe("a session that is lost", () => {
  it("is replaced once, however many messages find out at the same time", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    const before = nemo.requests("POST /api/tasks").length;
    nemo.command("lose");
    await Promise.all([chat.says("status"), chat.says("status"), chat.says('add the title "X"')]);
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /api/tasks").length - before).toBe(1);
  });

  it("takes what waits out of the line, since its timeline is gone", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 1002 } });
    nemo.scenario.add({ on: "state", do: { kind: "hold", name: "state" } });
    await chat.says('add the title "A"');
    await nemo.scenario.held("state");
    await chat.says('add the title "B"');
    nemo.scenario.release("state");
    await chat.bot.queue.idle();
    expect(chat.last.text).toContain("Dropped from the queue: 1.");
    expect(chat.buttons).toContain("Try again");
    expect(chat.last.text).toContain("Trying again may cost credits.");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("a turn that did not come to a good end", () => {
  it("carries out none of the agent's instructions", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["Drag the music to the start."], edits: [], ending: { kind: "drop" } },
    });
    await chat.asks("move the music");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.last.buttons.map((button) => button.label)).toContain("Try again");
  });

  it("that only asks for a drag again leaves it to the person, after one more turn", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    const drag = { kind: "turn", texts: ["Drag the clip to the second track."], edits: [] } as const;
    nemo.scenario.add({ on: "turn", do: { ...drag, texts: [...drag.texts], edits: [] }, times: 3 });
    const said = await chat.asks("make it warm");
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(said.at(-1)).toMatch(/^I also went on with this: .*\s+Drag the clip to the second track\.$/);
    expect(chat.buttons).toContain("Do that");
  });

  it("that says only invisible characters counts as silent", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: ["\u200b\u202e"], edits: [] } });
    await chat.asks("make it warm");
    expect(chat.last.text).toContain("Nothing changed");
  });

  it("never passes a token on to the chat", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["Your token is nmv_usr_abc123 ok."], edits: [] },
    });
    await chat.asks("write my token into the title");
    expect(chat.last.text).toBe("Your token is … ok.");
  });

  it("leaves no message behind that says anything else", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body" } });
    const said = await chat.asks("make it warmer");
    expect(said).toEqual([expect.stringContaining("nothing has changed")]);
    expect(chat.text).not.toMatch(/⏳|Working|Done/);
  });
});

describe("the retry button", () => {
  it("repeats its own request and no later one", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "http", status: 403 }, times: 2 });
    await chat.asks('add the title "A"');
    const retryA = chat.actionOf("Try again");
    await chat.asks('add the title "B"');
    const sent = nemo.requests("POST /run_sse").length;
    await chat.asks("", { action: retryA });
    expect(chat.last.text).toBe("There's nothing to retry.");
    expect(nemo.requests("POST /run_sse")).toHaveLength(sent);
  });
});

describe("a delivery that fails", () => {
  it("still brings the link", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP);
    chat.failNextDelivery = true;
    await chat.asks("export");
    expect(chat.last.text).toContain("Your video is ready");
    expect(chat.last.text).toContain("/files/");
  });
});

describe("a delivery that outlasts its time", () => {
  it("brings the link all the same", async () => {
    const { nemo, chat } = await startScene({ settings: { EXPORT_TIMEOUT_MS: "300" } });
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "file", do: { kind: "hold", name: "file" } });
    await chat.asks("export");
    expect(chat.last.text).toContain("Your video is ready");
    expect(chat.last.text).toContain("/files/");
  });
});

describe("example buttons", () => {
  it("mean what the same words mean when typed", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks("", { action: { kind: "edit", text: "export 1080p MP4" } });
    expect(nemo.requests("POST /run_sse")).toHaveLength(0);
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
  });
});

describe("stopping", () => {
  it("ends while an export is being started", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "hold", name: "render" } });
    await chat.says("export");
    await nemo.scenario.held("render");
    await chat.bot.engine.stop();
    await expect(chat.says("hello")).rejects.toThrow("shuts down");
  });
});

function storeOver(keyv: Keyv, log: TestLog) {
  const retention = { conversationMs: 86_400_000, finishedMs: 86_400_000 };
  return createConversationStore(createRecords(keyv), { retention, log });
}

describe("a process that was taken for dead", () => {
  it("takes away its own mark at the end of its turn, and not that of its successor", async () => {
    const { nemo, chat } = await startEditingScene();
    const { store } = chat.bot;
    await store.update("test:1", (current) => {
      if (!current) throw new Error("the record is gone");
      const inFlight = { itemId: "test:second", text: "second", before: null, sentAt: 1 };
      return { ...current, inFlight, settled: { itemId: "test:first", actions: [] } };
    });
    await finishFirst({ nemo, chat });
    expect((await store.read("test:1"))?.inFlight?.itemId).toBe("test:second");
  });

  it("sends nothing any more once another one is at it", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "state", do: { kind: "hold", name: "before" } });
    await chat.says('add the title "First"');
    await nemo.scenario.held("before");
    await chat.bot.store.update("test:1", (current) => {
      if (!current) throw new Error("the record is gone");
      return { ...current, inFlight: { itemId: "test:second", text: "second", before: null, sentAt: 1 } };
    });
    nemo.scenario.release("before");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });
});

describe("a store in trouble", () => {
  it("never takes a failed read for a conversation that does not exist", async () => {
    const storage = new SqliteStorage(join(await temporaryFolder(), "nemobot.sqlite"));
    const keyv = new Keyv({ store: storage, throwOnErrors: true });
    onTestFinished(() => keyv.disconnect());
    const store = storeOver(keyv, new TestLog());
    await storage.disconnect();
    await expect(
      store.update("test:1", () => Promise.reject(new Error("not reached")) as never),
    ).rejects.toThrow();
    await expect(store.read("test:1")).rejects.toThrow();
  });

  it("costs the person no answer", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP);
    const { store } = chat.bot;
    const update = store.update;
    store.update = () => Promise.reject(new Error("disk full"));
    onTestFinished(() => {
      store.update = update;
    });
    await chat.asks("make it warm");
    expect(chat.last.text).toContain("Something went wrong on my side.");
  });

  it("sets a record aside that is not even JSON", async () => {
    const storage = new SqliteStorage(join(await temporaryFolder(), "nemobot.sqlite"));
    const keyv = new Keyv({ store: storage, throwOnErrors: true });
    onTestFinished(() => keyv.disconnect());
    const log = new TestLog();
    const store = storeOver(keyv, log);
    await storage.set("keyv:conversation:test:1", "{not json");
    expect(await store.read("test:1")).toBeNull();
    expect(log.lines.join()).toContain("set aside");
  });

  it("stops the start when the encryption key is another one", async () => {
    const dir = await temporaryFolder();
    const start = (key: string) =>
      startBot(loadConfig({ DATA_DIR: dir, ENCRYPTION_KEY: key.repeat(64) }), {
        log: new TestLog(),
        storage: "disk",
      });
    await (await start("a")).stop();
    await expect(start("b")).rejects.toThrow(/ENCRYPTION_KEY: is not the key/);
    await (await start("a")).stop();
  });
});
