/** What a person sees of a request from its first second to its end: one message, whatever the platform does with it. */
import { describe, expect, it } from "vitest";
import type { TurnStep } from "../../../../src/sandbox/scenario.ts";
import { finishFirst } from "../../../support/scenes.ts";
import { CLIP, file, LIVELY, type Scene, type SceneOptions, startScene } from "../../../support/test-chat.ts";

const ASK = 'add the title "Hello"';
const ANSWER = 'I added the title "Hello".';
/** Longer ago than a person watches a message change. */
const longAgo = () => ({ receivedAt: Date.now() - 11_000 });

/** A scene whose next turn takes these steps. */
async function startTurn(steps: TurnStep[], options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene({ ...options, limits: { ...LIVELY, textPauseMs: 50, ...options.limits } });
  scene.nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
  return scene;
}

const hold = (name: string): TurnStep => ({ kind: "hold", name });
const say = (text: string): TurnStep => ({ kind: "text", text });

/** Decoration never comes through, and never comes back. */
function hangUp({ chat }: Scene): void {
  chat.beforeProgress = () => new Promise(() => {});
}

describe("the answer", () => {
  it("takes the place of the message that the person watches", async () => {
    const scene = await startTurn([hold("first"), say("All set.")]);
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await nemo.scenario.held("first");
    await chat.until(() => chat.text === "⏳ Working on it…");
    const living = chat.last;
    expect(chat.buttons).toEqual(["Cancel"]);
    await finishFirst(scene);
    expect(chat.messages).toEqual([living]);
    expect(living.text).toBe("All set.");
    expect(living.raw.isReply).toBeUndefined();
    expect(chat.buttons).toEqual(["Export", "Status"]);
  });

  it("calls back who has waited long: a new message below their own, and the other one goes", async () => {
    const scene = await startTurn([hold("first"), say("All set.")]);
    const { nemo, chat } = scene;
    await chat.says(ASK, longAgo());
    await nemo.scenario.held("first");
    await chat.until(() => chat.text === "⏳ Working on it…");
    const living = chat.last;
    await finishFirst(scene);
    expect(chat.messages.map(({ history }) => history)).toEqual([["All set."]]);
    expect(chat.last.raw.isReply).toBe(true);
    expect(chat.removed).toEqual([living]);
  });

  it.each([
    { what: "a failure", on: "session", said: "The editor is having problems right now." },
    { what: "an upload that failed", on: "upload", said: "clip.mp4 couldn't be uploaded." },
  ] as const)("that comes late is a message of its own: $what", async ({ on, said }) => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on, do: { kind: "http", status: 503 } });
    await chat.sendsFile(CLIP, ASK, longAgo());
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain(said);
    expect(chat.last.raw.isReply).toBe(true);
    expect(chat.buttons).toEqual(["Try again"]);
  });
});

describe("a platform whose decoration never comes through", () => {
  it("holds up neither the uploads nor the request nor the answer", async () => {
    const scene = await startScene({ limits: LIVELY });
    const { nemo, chat } = scene;
    hangUp(scene);
    const names = ["one.mp4", "two.mp4", "three.mp4"];
    const startedAt = Date.now();
    await chat.says(ASK, { attachments: names.map((name) => file(CLIP, { name })) });
    await chat.until(() => nemo.requests("POST /run_sse").length === 1);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    await chat.bot.queue.idle();
    expect(chat.messages).toHaveLength(1);
    expect(chat.text).toContain(ANSWER);
    expect(Date.now() - startedAt).toBeLessThan(6_000);
  });

  it("holds up no video", async () => {
    const scene = await startScene({ limits: LIVELY });
    const { chat } = scene;
    await chat.sendsFile(CLIP);
    hangUp(scene);
    await chat.says("export");
    await chat.until(() => chat.messages.some(({ video }) => video !== null), 2_000);
    await chat.bot.queue.idle();
    expect(chat.text).not.toContain("Rendering");
  });

  it("shows nothing stale when it comes through after the end", async () => {
    const { chat } = await startScene({ limits: LIVELY });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    chat.beforeProgress = () => promise;
    await chat.asks(ASK);
    expect(chat.text).toContain(ANSWER);
    resolve(undefined);
    await chat.until(() => chat.removed.length === 1);
    expect(chat.messages).toHaveLength(1);
    expect(chat.text).toContain(ANSWER);
  });
});

describe("what the agent does", () => {
  it.each([
    { name: "generate_video", en: "🎬 Generating the video, usually 2–5 minutes…", zh: "🎬" },
    { name: "add_bgm", en: "🎵 Adding music…", zh: "🎵" },
    { name: "edit_draft", args: { operation: "add_subtitles" }, en: "💬 Writing subtitles…", zh: "💬" },
  ])("is told in words: $name", async ({ name, args, en, zh }) => {
    for (const language of ["en", "zh"]) {
      const scene = await startTurn([
        { kind: "tool", name, ...(args ? { args } : {}) },
        hold("first"),
        say("Done."),
      ]);
      const { chat } = scene;
      await chat.says(ASK, { language });
      await chat.until(
        () => chat.messages.length > 0 && chat.last.text.startsWith(language === "en" ? en : zh),
      );
      expect(chat.seen).not.toContain(name);
      await finishFirst(scene);
    }
  });

  it("stays silent where its name says nothing to people", async () => {
    const scene = await startTurn([
      { kind: "tool", name: "add_bgm" },
      hold("music"),
      { kind: "tool", name: "frobnicate_v2" },
      say("The"),
      hold("first"),
      say(" end."),
    ]);
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await chat.until(() => chat.text.includes("🎵 Adding music…"));
    nemo.scenario.release("music");
    await nemo.scenario.held("first");
    await finishFirst(scene);
    expect(chat.seen).not.toMatch(/frobnicate/i);
    expect(new Set(chat.last.history)).toContain("🎵 Adding music…");
  });
});

describe("the agent's words", () => {
  it("grow on the screen while the stream goes on, and are there whole as soon as it ends", async () => {
    const scene = await startTurn([
      say("I trimmed the clip."),
      hold("music"),
      say(" I added music. And then"),
      hold("first"),
      say(" I wrote a title."),
    ]);
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await nemo.scenario.held("music");
    await chat.until(() => chat.text.endsWith("I trimmed the clip."), 1_500);
    expect(chat.text).toMatch(/^⏳ Working on it…/);
    nemo.scenario.release("music");
    await chat.until(() => chat.text.includes("I trimmed the clip. I added music."), 1_500);
    await finishFirst(scene);
    expect(chat.text).toBe("I trimmed the clip. I added music. And then I wrote a title.");
    expect(chat.messages).toHaveLength(1);
  });

  it("never end with the number of a list alone", async () => {
    const scene = await startTurn([
      say("Here is what I did:\n1. I trimmed the clip.\n2."),
      hold("second"),
      say(" I added music.\n3."),
      hold("first"),
      say(" I wrote a title."),
    ]);
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await nemo.scenario.held("second");
    await chat.until(() => chat.text.includes("1. I trimmed the clip."));
    nemo.scenario.release("second");
    await chat.until(() => chat.text.includes("2. I added music."));
    await finishFirst(scene);
    expect(chat.last.history.filter((text) => /(^|\n)\d+[.)]\s*$/.test(text))).toEqual([]);
    expect(chat.text).toMatch(/1\. I trimmed the clip\.\s+2\. I added music\.\s+3\. I wrote a title\.$/);
  });

  it("stay one list when it comes in pieces", async () => {
    const scene = await startTurn([
      say("Here is what I did:\n1. I trimmed the clip.\n"),
      hold("second"),
      say("2. I added music.\n"),
      hold("first"),
      say("3. I wrote a title."),
    ]);
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await chat.until(() => chat.text.includes("1. I trimmed the clip."));
    nemo.scenario.release("second");
    await chat.until(() => chat.text.includes("2. I added music."));
    await finishFirst(scene);
    expect(chat.text).toBe(
      "Here is what I did:\n1. I trimmed the clip.\n2. I added music.\n3. I wrote a title.",
    );
  });

  it("are a draft where the platform has one; its answer is a message of its own", async () => {
    const scene = await startTurn([say("I trimmed the clip."), hold("first"), say(" I added music.")]);
    const { nemo, chat } = scene;
    const drafts: string[] = [];
    const items = new Set<string>();
    chat.showDraft = async (_target, { id, text }) => {
      items.add(id);
      drafts.push(text.map((span) => span.text).join(""));
      return true;
    };
    await chat.says(ASK);
    await nemo.scenario.held("first");
    await chat.until(() => drafts.includes("I trimmed the clip."));
    expect(chat.text).not.toContain("I trimmed");
    const [living] = chat.messages;
    const cancel = living?.buttons.flat().find((one) => one.kind === "action");
    expect([...items].map((itemId) => ({ kind: "drop", itemId }))).toEqual([cancel?.action]);
    await finishFirst(scene);
    expect(chat.messages.map(({ history }) => history)).toEqual([["I trimmed the clip. I added music."]]);
    expect(chat.removed).toEqual([living]);
  });
});

describe("Cancel", () => {
  it.each([
    { on: "session", said: "Stopped." },
    { on: "upload", said: "Stopped." },
    { on: "turn", said: "I stopped waiting. The edit may still finish" },
  ] as const)("stands below it from the start, and stops it: while at $on", async ({ on, said }) => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on, do: { kind: "hold", name: "first" } });
    await chat.says(ASK, { attachments: [file(CLIP)] });
    await nemo.scenario.held("first");
    await chat.until(() => chat.messages.length === 1);
    const living = chat.last;
    expect(chat.buttons).toEqual(["Cancel"]);
    await chat.presses("Cancel");
    await chat.until(() => chat.removed.includes(living));
    expect(chat.messages.map(({ text }) => text)).toEqual([expect.stringContaining(said)]);
  });
});

describe("a process that takes over", () => {
  it("goes on with the message that the last one has shown", async () => {
    const scene = await startTurn([{ kind: "edit", edit: { op: "title", text: "Hello" } }, hold("first")], {
      storage: "disk",
    });
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await nemo.scenario.held("first");
    await chat.until(() => chat.messages.length === 1);
    const living = chat.last;
    const next = await scene.restart("messages");
    await next.chat.bot.queue.idle();
    expect(next.chat.messages).toHaveLength(1);
    expect(next.chat.last.id).toBe(living.id);
    expect(next.chat.last.text).toContain("but your edit went through");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("takes it away where it has waited too long for an edit, and answers with a message of its own", async () => {
    const scene = await startTurn([{ kind: "edit", edit: { op: "title", text: "Hello" } }, hold("first")], {
      storage: "disk",
    });
    const { nemo, chat } = scene;
    await chat.says(ASK);
    await nemo.scenario.held("first");
    await chat.until(() => chat.messages.length === 1);
    const living = chat.last;
    await chat.bot.store.update("test:1", (current) => {
      if (!current?.inFlight) throw new Error("no turn is in flight");
      return { ...current, inFlight: { ...current.inFlight, sentAt: Date.now() - 11_000 } };
    });
    const next = await scene.restart("messages");
    await next.chat.bot.queue.idle();
    expect(next.chat.messages.map(({ raw }) => raw.isReply)).toEqual([true]);
    expect(next.chat.last.text).toContain("but your edit went through");
    expect(next.chat.removed.map(({ id }) => id)).toEqual([living.id]);
  });

  it("goes on with the message of an export, too", async () => {
    const scene = await startScene({ storage: "disk", limits: LIVELY });
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "first" } });
    await chat.says("export");
    await nemo.scenario.held("first");
    await chat.until(() => chat.text.includes("🎬 Rendering, usually"));
    const living = chat.last;
    const next = await scene.restart("messages");
    nemo.scenario.release("first");
    await next.chat.bot.queue.idle();
    await next.chat.until(() => next.chat.removed.length > 0);
    expect(next.chat.removed.map(({ id }) => id)).toEqual([living.id]);
    expect(next.chat.messages.filter(({ video }) => video !== null)).toHaveLength(1);
  });
});
