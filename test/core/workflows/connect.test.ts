import { describe, expect, it } from "vitest";
import { CLIP, LIVELY, startScene } from "../../support/test-chat.ts";

const OPERATOR_TOKEN = "operator-token-of-the-tests";

describe("the first contact", () => {
  it("shows a short status, in the message that becomes the answer, and greets nobody who asks for work", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on: "session", do: { kind: "hold", name: "session" } });
    await chat.says('add the title "Hello"');
    await nemo.scenario.held("session");
    await chat.until(() => chat.last.text === "Connecting...");
    expect(chat.buttons).toEqual(["Cancel"]);
    nemo.scenario.release("session");
    await chat.bot.queue.idle();
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain('I added the title "Hello".');
    expect(chat.seen).not.toContain("is ready");
  });

  it("is greeted with prompts that need no footage", async () => {
    const { chat } = await startScene();
    await chat.asks("/start");
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain("Film Maker is ready");
    expect(chat.last.text).toContain("• make a 10-second opening scene of a city at night");
    expect(chat.buttons).toEqual(["make a 10-second opening scene of a city at night"]);
  });

  it("offers the prompts for footage once there is some, and never an export as a first step", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP);
    expect(chat.messages).toHaveLength(1);
    expect(chat.buttons).toEqual([
      "edit my raw footage",
      "cut the best takes, add transitions, and sync background music",
    ]);
    expect(chat.text).not.toContain("export 1080p MP4");
  });

  it("uses the words of the skill that is active", async () => {
    const { nemo, chat } = await startScene({
      settings: { DEFAULT_SKILL: "video-object-ops" },
      limits: LIVELY,
    });
    nemo.scenario.add({ on: "session", do: { kind: "hold", name: "session" } });
    await chat.says("remove the lamp");
    await nemo.scenario.held("session");
    await chat.until(() => chat.last.text === "Setting things up...");
    nemo.scenario.release("session");
    await chat.bot.queue.idle();
  });

  it("asks for a session in the person's language", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status", { language: "zh-Hans" });
    expect(nemo.requests("POST /api/tasks")[0]?.json).toEqual({ task_name: "project", language: "zh" });
    expect(chat.last.text).toBe("时间线是空的。");
  });

  it("carries out what the first message asks for, once connected", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Hello"');
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain('I added the title "Hello".');
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("opens the skill of a deep link before it greets", async () => {
    const { chat } = await startScene();
    await chat.asks("/start free-image-editing");
    expect(chat.last.text).toContain("Free Image Editing is ready");
  });

  it("shows no token, id or JSON", async () => {
    const { chat } = await startScene();
    await chat.asks("/status");
    await chat.asks('add the title "Hello"');
    await chat.asks("/credits");
    expect(chat.seen).not.toMatch(/nmv_|anon_|[0-9a-f]{8}-[0-9a-f]{4}|[{}]/);
  });

  it("connects once: the next message finds the session", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Hello"');
    await chat.asks('add the title "Again"');
    expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(1);
    expect(nemo.requests("POST /api/tasks")).toHaveLength(1);
    expect(chat.last.text).toContain('I added the title "Again".');
  });

  it.each(["data", "top-level"] as const)("reads the session id from the dialect %s", async (session) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.setDialect({ session });
    await chat.asks('add the title "Hello"');
    expect(chat.last.text).toContain("Hello");
  });

  it("starts a new project on request", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Hello"');
    await chat.asks("/new");
    await chat.presses("Start new");
    expect(chat.last.text).toContain("New project started");
    expect(nemo.requests("POST /api/tasks")).toHaveLength(2);
    await chat.asks("/status");
    expect(chat.last.text).toContain("The timeline is empty.");
  });
});

describe("a first contact that does not work out", () => {
  it("says so in the place of the status, and keeps the words for the retry button", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on: "session", do: { kind: "http", status: 503 } });
    await chat.asks('add the title "Hello"');
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain("The editor is having problems right now.");
    await chat.presses("Try again");
    expect(chat.last.text).toContain("Hello");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("offers no retry where there is nothing to repeat", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "session", do: { kind: "http", status: 503 } });
    await chat.asks("/status");
    expect(chat.last.text).toContain("The editor is having problems right now.");
    expect(chat.buttons).toEqual([]);
    await chat.asks("/status");
    expect(chat.last.text).toBe("The timeline is empty.");
  });
});

describe("attribution", () => {
  it("goes with every request and names the active skill", async () => {
    const { nemo, chat } = await startScene({ settings: { SKILL_SOURCE: "clawhub" } });
    await chat.asks('add the title "Hello"');
    await chat.asks("/credits");
    await chat.asks("export");
    const api = nemo.requests().filter((request) => !request.path.startsWith("/files/"));
    expect(api.length).toBeGreaterThan(6);
    for (const request of api) {
      expect(request.headers, request.path).toMatchObject({
        "x-skill-source": "film-maker",
        "x-skill-version": expect.stringMatching(/^\d+\.\d+\.\d+$/),
        "x-skill-platform": "clawhub",
      });
    }
  });

  it("says unknown where nothing tells the platform", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status");
    expect(nemo.requests("POST /api/tasks")[0]?.headers["x-skill-platform"]).toBe("unknown");
  });
});

describe("without an operator's token", () => {
  it("gives each conversation a client id and a free token of its own", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status", { conversation: "test:1" });
    await chat.asks("/status", { conversation: "test:2" });
    const tokens = nemo.requests("POST /api/auth/anonymous-token");
    const ids = tokens.map((request) => request.headers["x-client-id"]);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    for (const request of tokens) expect(request.headers.authorization).toBeUndefined();
    const bearers = nemo.requests("POST /api/tasks").map((request) => request.headers.authorization);
    expect(new Set(bearers).size).toBe(2);
  });

  it("keeps token and session over a restart", async () => {
    const { nemo, chat, restart } = await startScene({ storage: "disk" });
    await chat.asks('add the title "Hello"');
    const next = await restart();
    await next.chat.asks("/status");
    expect(next.chat.last.text).toContain("Hello");
    expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(1);
    expect(nemo.requests("POST /api/tasks")).toHaveLength(1);
  });

  it("asks with the same client id when the token ran out, also after a restart", async () => {
    const { nemo, chat, restart } = await startScene({ storage: "disk" });
    await chat.asks("/status");
    const next = await restart();
    nemo.command("expire");
    await next.chat.asks("/credits");
    expect(next.chat.last.text).toContain("100 available");
    const [first, second] = nemo.requests("POST /api/auth/anonymous-token");
    expect(second?.headers["x-client-id"]).toBe(first?.headers["x-client-id"]);
  });
});

describe("the backend's limit of free tokens per address", () => {
  it.each([
    { language: "en", said: "No free accounts are left right now" },
    { language: "zh", said: "暂时没有免费账号可用" },
  ])("is told plainly after the one retry, with a warning for the operator ($language)", async (row) => {
    const { nemo, chat, log } = await startScene({ nemo: { ipLimitPerHour: 0 } });
    await chat.asks('add the title "Hello"', { language: row.language });
    expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(2);
    expect(chat.last.text).toContain(row.said);
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn .*no more free tokens.*NEMO_TOKEN/));
  });

  it("does not stop the conversations that have a token", async () => {
    const { chat } = await startScene({ nemo: { ipLimitPerHour: 1 } });
    await chat.asks("/status", { conversation: "test:1" });
    await chat.asks("/status", { conversation: "test:2" });
    expect(chat.last.text).toContain("No free accounts are left");
    await chat.asks('add the title "Hello"', { conversation: "test:1" });
    expect(chat.last.text).toContain("Hello");
  });
});

describe("with NEMO_TOKEN", () => {
  it("serves all conversations with the operator's token and asks for no free one", async () => {
    const { nemo, chat } = await startScene({
      nemo: { registeredTokens: [OPERATOR_TOKEN] },
      settings: { NEMO_TOKEN: OPERATOR_TOKEN },
    });
    await chat.asks('add the title "Hello"', { conversation: "test:1" });
    await chat.asks('add the title "Hello"', { conversation: "test:2" });
    expect(nemo.requests("POST /api/auth/anonymous-token")).toEqual([]);
    const sessions = nemo.requests("POST /api/tasks");
    expect(sessions.map((request) => request.headers.authorization)).toEqual([
      `Bearer ${OPERATOR_TOKEN}`,
      `Bearer ${OPERATOR_TOKEN}`,
    ]);
    expect(chat.last.conversationId).toBe("test:2");
    expect(chat.last.text).toContain('I added the title "Hello".');
  });

  it("says that the access was refused, and warns the operator without the token", async () => {
    const { chat, log } = await startScene({ settings: { NEMO_TOKEN: OPERATOR_TOKEN } });
    await chat.asks("/status");
    expect(chat.last.text).toContain("rejects this bot's access key");
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn .*check NEMO_TOKEN/));
    expect(log.lines.join("\n")).not.toContain(OPERATOR_TOKEN);
  });
});
