/** Who may do what where people share a conversation, by command, word and button alike. */
import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/model/message.ts";
import { finishFirst, startEditingScene, startTitledScene } from "../../support/scenes.ts";
import { CLIP, type Scene, startScene } from "../../support/test-chat.ts";

const BEN = { id: "test:ben" };
const ADMIN = { id: "test:mia", canManage: true };
const REFUSED = /Only the person who started this project, or an admin, can do that|只有项目发起人/;

/** How many sessions were made. */
function sessions({ nemo }: Scene): number {
  return nemo.requests("POST /api/tasks/me/with-session").length;
}

describe("a project that somebody else started", () => {
  it.each([
    ["the command", { text: "/new" }],
    ["the word", { text: "new project" }],
    ["the word in Chinese", { text: "新项目" }],
    ["the button", { text: "", action: { kind: "new-project" } satisfies Action }],
  ])("stays when it is to give way to a new one by %s", async (_how, { text, ...more }) => {
    const scene = await startTitledScene();
    const { chat } = scene;
    expect((await chat.asks(text, { ...more, user: BEN })).join()).toMatch(REFUSED);
    expect(sessions(scene)).toBe(1);
    expect((await chat.asks("status")).join()).toContain("Hello");
    await chat.asks(text, { ...more, user: ADMIN });
    await chat.presses(/\p{Script=Han}/u.test(text) ? "新建" : "Start new", { user: ADMIN });
    expect(sessions(scene)).toBe(2);
  });

  it.each([
    ["the command", { text: "/skill video-object-ops" }],
    ["a deep link", { text: "/start video-object-ops" }],
    ["the button", { text: "", action: { kind: "skill", name: "video-object-ops" } satisfies Action }],
  ])("keeps its skill when another one is chosen by %s", async (_how, { text, ...more }) => {
    const { chat } = await startTitledScene();
    expect((await chat.asks(text, { ...more, user: BEN })).join()).toMatch(REFUSED);
    expect((await chat.asks("skills", { user: BEN })).join()).toMatch(/Film Maker.* ✓/);
    expect((await chat.asks("/skill video-object-ops")).join()).toContain("Switched to");
  });

  it("is everybody's to look at, to edit and to export", async () => {
    const { chat } = await startTitledScene();
    expect((await chat.asks("status", { user: BEN })).join()).toContain("Hello");
    expect((await chat.asks("help", { user: BEN })).join()).toContain("Commands");
    expect((await chat.asks('add the title "Two"', { user: BEN })).join()).toContain('title "Two"');
    expect((await chat.asks("export", { user: BEN })).join()).toContain("Your video is ready");
  });
});

describe("a project", () => {
  it("belongs to who works on it first, not to who said hello", async () => {
    const scene = await startScene();
    const { chat } = scene;
    await chat.asks("/status");
    await chat.sendsFile(CLIP, 'add the title "Hello"', { user: BEN });
    expect((await chat.asks("new project")).join()).toMatch(REFUSED);
    await chat.asks("new project", { user: BEN });
    expect((await chat.presses("Start new")).join()).toMatch(REFUSED);
    expect((await chat.presses("Start new", { user: BEN })).join()).toContain("New project started");
    // No person has worked on the new one.
    expect((await chat.asks("/skill video-object-ops")).join()).toContain("Switched to");
    expect((await chat.asks("new project")).join()).toContain("New project started");
  });

  it("of an old version, which does not say whose it is, is for those who manage the chat", async () => {
    const scene = await startTitledScene();
    const { chat } = scene;
    await chat.bot.store.update("test:1", (current) => {
      if (!current) throw new Error("there is no record");
      const { startedBy: _unknown, ...old } = current;
      return old;
    });
    expect((await chat.asks("new project")).join()).toMatch(REFUSED);
    await chat.asks("new project", { user: ADMIN });
    expect((await chat.presses("Start new", { user: ADMIN })).join()).toContain("New project started");
  });
});

describe("a project that is opened again", () => {
  it("of an old version stays nobody's, whoever opens it", async () => {
    const { chat } = await startTitledScene();
    await chat.asks("new project");
    await chat.presses("Start new");
    await chat.asks('make a video of the city, with the title "City"', { user: BEN });
    await chat.bot.store.update("test:1", (current) => {
      if (!current) throw new Error("there is no record");
      const projects = (current.projects ?? []).map(({ startedBy: _unknown, ...old }) => old);
      return { ...current, projects };
    });
    await chat.asks("/projects");
    expect((await chat.presses(chat.buttons.at(-1) ?? "", { user: BEN })).join()).toContain("Hello");
    expect((await chat.asks("new project", { user: BEN })).join()).toMatch(REFUSED);
  });
});

describe("what somebody else asked for", () => {
  it("is not paid for again by a press or a word of others", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 500 } });
    await chat.asks('add the title "Hello"');
    const turns = nemo.requests("POST /run_sse").length;
    expect((await chat.presses("Try again", { user: BEN })).join()).toContain("Only the person who asked");
    expect((await chat.asks("try again", { user: BEN })).join()).toContain("Only the person who asked");
    expect(nemo.requests("POST /run_sse")).toHaveLength(turns);
    expect((await chat.presses("Try again")).join()).toContain('title "Hello"');
  });

  it.each(["/cancel", "abort", "stop", "算了"])("is not stopped by %s of others", async (word) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    await chat.says('add the title "Hello"');
    await nemo.scenario.held("turn");
    await chat.says(word, { user: BEN });
    await chat.until(() => /Only the person who started this|只有发起者/.test(chat.text));
    await chat.says(word, { user: ADMIN });
    await chat.until(() => /I stopped waiting|已停止等待/.test(chat.text));
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
  });

  it("stays in line when the one before it is cancelled with all that waits", async () => {
    const { nemo, chat } = await startEditingScene();
    await chat.says('add the title "Second"', { user: BEN });
    await chat.says('add the title "Third"');
    await chat.asks("", { action: { kind: "cancel", scope: "all" } });
    await finishFirst({ nemo, chat });
    expect(chat.text).toContain("Removed from the queue: 1.");
    expect(chat.text).toContain('I added the title "Second".');
    expect(chat.text).not.toContain('I added the title "Third".');
  });
});

describe("what the editor asks or offers in answer to somebody", () => {
  const CHOICE = /Only the person who asked for that, or an admin, can choose here/;

  it.each([
    ["by a press", { text: "", at: 1 }],
    ["by its words", { text: "cold", at: undefined }],
  ])("is not chosen %s of others", async (_how, { text, at }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    const options = ["Warm", "Cold"].map((label, id) => ({ id: `o${id}`, label }));
    const questions = [{ id: "q", prompt: "Which mood?", options, allow_multiple: false }];
    const ask = { kind: "ask" as const, question: { title: "", questions } };
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [ask] } });
    await chat.asks("make it prettier");
    const choose = at === undefined ? {} : { action: chat.actionOf("Cold") };
    expect((await chat.asks(text, { ...choose, user: BEN })).join()).toMatch(CHOICE);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    await chat.asks(text, { ...choose, user: at === undefined ? { id: "test:anna" } : ADMIN });
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect((await chat.asks('add the title "Two"', { user: BEN })).join()).toContain('title "Two"');
  });

  it("is not pressed by others where it stands beside a question", async () => {
    const { nemo, chat } = await startScene();
    const question = { title: "", questions: [{ id: "q", prompt: "Which mood?", options: [] }] };
    const text = "Here is a title. Drag the title to the end of the video.";
    const steps = [
      { kind: "text" as const, text },
      { kind: "ask" as const, question },
    ];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    await chat.asks("make it prettier");
    expect((await chat.presses("Do that", { user: BEN })).join()).toMatch(CHOICE);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    await chat.presses("Do that");
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("is not pressed by others", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    const offer = "Everything is ready. Click the Generate button to create the clip.";
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: [offer], edits: [] } });
    await chat.asks("make me a clip of the sea");
    const action = chat.messages
      .flatMap(({ buttons }) => buttons)
      .find(({ label }) => /generate/i.test(label));
    if (action?.kind !== "action") throw new Error(`nothing is offered:\n${chat.text}`);
    expect((await chat.asks("", { ...action, user: BEN })).join()).toMatch(CHOICE);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    await chat.asks("", action);
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });
});

describe("the free account of a group", () => {
  it.each([
    ["turn", 2001, "Your free credits are used up", "This chat's free credits are used up"],
    ["turn", 402, "Register or upgrade your plan to do that", "That needs a registration"],
    ["render", 402, "unlock export", "Exports need a registration"],
  ] as const)(
    "is offered for registration to nobody but its owner: %s %s",
    async (on, code, forOwner, forMember) => {
      const { nemo, chat } = await startScene();
      chat.isGroup = true;
      await chat.sendsFile(CLIP, 'add the title "Hello"');
      const ask = on === "turn" ? 'add the title "Two"' : "export";
      nemo.scenario.add({ on, do: { kind: "error", code } });
      expect((await chat.asks(ask, { user: BEN })).at(-1)).toContain(forMember);
      expect(chat.last.tone).toBe("private");
      // Of the account of all projects here, the one that he has begun included.
      await chat.asks("new project");
      await chat.presses("Start new");
      await chat.asks('make a video of the city, with the title "City"', { user: BEN });
      nemo.scenario.add({ on, do: { kind: "error", code } });
      expect((await chat.asks(ask, { user: BEN })).at(-1)).toContain(forMember);
      expect(JSON.stringify(chat.messages)).not.toContain("bind=");
      nemo.scenario.add({ on, do: { kind: "error", code } });
      expect((await chat.asks(ask)).at(-1)).toContain(forOwner);
      expect(chat.last.text).toContain("/register?bind=anon_");
    },
  );
});

describe("a platform that does not say who manages", () => {
  it("is never taken for a yes, and the person hears why", async () => {
    const scene = await startTitledScene();
    const { chat } = scene;
    chat.cannotSayWhoManages = true;
    expect((await chat.asks("new project", { user: ADMIN })).join()).toContain("I can't find out right now");
    expect(sessions(scene)).toBe(1);
    // One's own needs no question.
    await chat.asks("new project");
    expect((await chat.presses("Start new")).join()).toContain("New project started");
  });
});
