import { describe, expect, it } from "vitest";
import { CLIP, file, IN_LINE, type Scene, type SceneOptions, startScene } from "../support/test-chat.ts";
import { item } from "../support/work-items.ts";

/** A scene whose first turn, an edit, is held open until `release("turn")`. */
async function startBusyScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  await scene.chat.asks("/status");
  scene.nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
  await scene.chat.says('add the title "First"');
  await scene.nemo.scenario.held("turn");
  return scene;
}

describe("messages while one is worked on", () => {
  it("wait for their turn, in order, one request at a time", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.says('add the title "Second"');
    await chat.says('add the title "Third"');
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    const texts = nemo.requests("POST /run_sse").map((request) => JSON.stringify(request.json));
    expect(texts.map((text) => /First|Second|Third/.exec(text)?.[0])).toEqual(["First", "Second", "Third"]);
    expect(chat.text).toMatch(/title "First"[\s\S]*title "Second"[\s\S]*title "Third"/);
  });

  it.each([
    { language: "en", said: /yours is #(\d) in the queue/ },
    { language: "zh", said: /你这条排在第 (\d) 位/ },
  ])("are told their place ($language)", async ({ language, said }) => {
    const { chat } = await startBusyScene({ limits: IN_LINE });
    await chat.says('add the title "Second"', { language });
    await chat.until(() => said.exec(chat.last.text)?.[1] === "1");
    expect(chat.buttons).toEqual([language === "en" ? "Cancel" : "取消"]);
    expect(chat.last.raw.isReply).toBe(true);
    await chat.says('add the title "Third"', { language });
    await chat.until(() => said.exec(chat.last.text)?.[1] === "2");
  });

  it("lose their place when their turn has come: the answer stands below those before it", async () => {
    const { nemo, chat } = await startBusyScene({ limits: IN_LINE });
    await chat.says('add the title "Second"');
    await chat.until(() => chat.last.text.includes("in the queue"));
    const place = chat.last;
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(chat.removed).toContain(place);
    expect(chat.last.text).toContain('I added the title "Second".');
    expect(chat.last.raw.isReply).toBe(true);
    expect(chat.text).not.toContain("in the queue");
    expect(chat.buttons).toEqual(["Export", "Status"]);
  });

  it.each([
    { action: { kind: "export" }, end: "Your video is ready" },
    { action: { kind: "new-project" }, end: "Start a new project?" },
    { action: { kind: "retry" }, end: "There's nothing to retry." },
  ] as const)("lose their place when their turn has come, also for $action.kind", async ({ action, end }) => {
    const { nemo, chat } = await startScene({ limits: IN_LINE });
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    await chat.says('add the title "First"');
    await nemo.scenario.held("turn");
    await chat.says("", { action });
    await chat.until(() => chat.text.includes("in the queue"));
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    await chat.until(() => chat.text.includes(end) && !chat.text.includes("in the queue"), 5_000);
  });

  it("are not told their place when they wait for a moment only", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.says('add the title "Second"');
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(chat.text).toContain('I added the title "Second".');
    expect(chat.seen).not.toContain("in the queue");
  });

  it("are turned away with a plain sentence when too many wait", async () => {
    const { nemo, chat } = await startBusyScene();
    for (let index = 0; index < 20; index++) await chat.says(`add the title "${index}"`);
    await chat.says('add the title "Too much"');
    await chat.until(() => /^The queue is full \(20 waiting\)/.test(chat.last.text));
    await chat.says('add the title "Too much"', { language: "zh" });
    await chat.until(() => /^排队已满（20 条）/.test(chat.last.text));
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /run_sse")).toHaveLength(21);
    expect(JSON.stringify(nemo.requests("POST /run_sse"))).not.toContain("Too much");
  });

  it("of other conversations are not held up", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.says('add the title "Elsewhere"', { conversation: "test:2" });
    await chat.until(() => chat.text.includes('I added the title "Elsewhere".'));
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    const elsewhere = chat.messages.filter((message) => message.conversationId === "test:2");
    expect(elsewhere.map((message) => message.text).join("\n")).not.toContain("in the queue");
  });

  it("that come twice with one id are worked on once", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Hello"', { id: "test:redelivered" });
    await chat.asks('add the title "Hello"', { id: "test:redelivered" });
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.text.match(/I added the title/g)).toHaveLength(1);
  });

  it("that come twice with one id are known after a restart too", async () => {
    const { nemo, chat, restart } = await startScene({ storage: "disk" });
    await chat.asks('add the title "Hello"', { id: "test:redelivered" });
    const next = await restart();
    await next.chat.asks('add the title "Hello"', { id: "test:redelivered" });
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(next.chat.messages).toEqual([]);
  });
});

describe("messages that wait", () => {
  it("mean what they say after they were edited", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.says('add the title "Second"', { id: "test:second", key: "second" });
    const edited = item("test:second", "test:1", { text: "status", key: "second" });
    await chat.bot.engine.revise(edited.message);
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.last.text).toContain("Timeline (");
  });

  it("are understood when they were stored by a version that kept their words alone", async () => {
    const { nemo, chat } = await startBusyScene();
    const stored = item("test:old", "test:1", { text: "status" });
    expect(await chat.bot.queue.push(stored)).toMatchObject({ kind: "accepted" });
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.last.text).toContain("Timeline (");
  });

  it("are known as exports when they were stored by such a version", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.bot.queue.push(item("test:old", "test:1", { text: "导出" }));
    await chat.says("stop the export");
    await chat.until(() => chat.last.text.startsWith("I stopped the export."));
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /api/render/proxy/lambda")).toEqual([]);
  });
});

describe("beside a running turn", () => {
  it.each([
    { ask: "credits", said: " available · " },
    { ask: "/credits", said: " available · " },
    { ask: "积分", said: "可用 " },
    { ask: "status", said: "In progress or queued: 1." },
    { ask: "状态", said: "处理中或排队的消息：1 条。" },
    { ask: "help", said: "Commands" },
    { ask: "upload", said: "Send me a file, or a link" },
    { ask: "/skill", said: "Skills" },
    { ask: "/skill free-image-editing", said: "Switched to Free Image Editing." },
    { ask: "/language", said: "Which language do you prefer?" },
    { ask: "/language zh", said: "今后我会用中文和你交流。" },
    { ask: "/start", said: "Film Maker is ready" },
  ])("“$ask” is answered at once", async ({ ask, said }) => {
    const { nemo, chat } = await startBusyScene();
    await chat.says(ask);
    await chat.until(() => chat.last.text.includes(said));
    expect(chat.text).not.toMatch(/in the queue|I added/);
    expect(nemo.requests("POST /run_sse")[0]?.status).toBeUndefined();
  });

  it("the status says nothing of waiting when nothing waits", async () => {
    const { chat } = await startScene();
    await chat.asks("status");
    expect(chat.last.text).toBe("The timeline is empty.");
    await chat.asks("status");
    expect(chat.last.text).toBe("The timeline is empty.");
  });
});

describe("cancel", () => {
  it.each([
    {
      language: "en",
      ask: "cancel",
      said: "The edit may still finish and use credits;",
      next: 'I added the title "Next".',
    },
    {
      language: "zh",
      ask: "取消",
      said: "编辑仍可能完成并扣除积分",
      next: "已添加标题“Next”",
    },
  ])("stops waiting for a turn and says honestly what may still happen ($language)", async (row) => {
    const { nemo, chat } = await startBusyScene();
    await chat.asks(row.ask, { language: row.language });
    expect(chat.last.text).toContain(row.said);
    expect(chat.text).not.toContain("I added the title");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    await chat.asks('add the title "Next"', { language: row.language });
    expect(chat.text).toContain(row.next);
  });

  it("goes on with the next message, and offers to drop those as well", async () => {
    const { nemo, chat } = await startBusyScene();
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "second" } });
    await chat.says('add the title "Second"');
    await chat.says('add the title "Third"');
    await chat.says("cancel");
    await chat.until(() => chat.text.includes("Still queued: 2."));
    await nemo.scenario.held("second");
    await chat.presses("Cancel the queued ones too");
    expect(chat.text).toContain("Removed from the queue: 1.");
    expect(JSON.stringify(nemo.requests("POST /run_sse"))).not.toContain("Third");
  });

  it("“cancel all” drops what waits as well", async () => {
    const { nemo, chat } = await startBusyScene();
    await chat.says('add the title "Second"');
    await chat.asks("/cancel all");
    expect(chat.text).toContain("I stopped waiting.");
    expect(chat.text).toContain("Removed from the queue: 1.");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("does not speak of costs where nothing was sent to the agent", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status");
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "upload" } });
    await chat.says("", { attachments: [file(CLIP)] });
    await nemo.scenario.held("upload");
    await chat.asks("cancel");
    expect(chat.text).toContain("Stopped.");
    expect(chat.text).not.toContain("credits");
  });

  it("says so when there is nothing to cancel", async () => {
    const { chat } = await startScene();
    await chat.asks("cancel");
    expect(chat.last.text).toBe("There's nothing to cancel right now.");
  });
});
