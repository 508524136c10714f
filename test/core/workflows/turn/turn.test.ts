import { describe, expect, it } from "vitest";
import type { EditOperation, Scenario } from "../../../../src/sandbox/scenario.ts";
import { CLIP, LIVELY, startScene } from "../../../support/test-chat.ts";

/** A turn that says these texts and changes nothing. */
function says(...texts: string[]): Scenario {
  return { on: "turn", do: { kind: "turn", texts, edits: [] } };
}

/** A turn that changes the timeline and says nothing. */
function silent(...edits: EditOperation[]): Scenario {
  return { on: "turn", do: { kind: "turn", silent: true, edits } };
}

describe("the answer of a turn", () => {
  it("is one message for many tokens, with the everyday buttons below", async () => {
    const { nemo, chat } = await startScene({ limits: { livingFirstMs: 60_000 } });
    await chat.asks("/status");
    const answer = "I looked at the clip. It is ten seconds long. The light is warm already!";
    nemo.scenario.add(says(answer));
    expect(await chat.asks("what do you think")).toEqual([answer]);
    expect(chat.buttons).toEqual(["Export", "Status"]);
    expect(chat.last.history).toHaveLength(1);
  });

  it("is shown while it grows, in the message that becomes the answer, and never twice", async () => {
    const { nemo, chat } = await startScene({ limits: { ...LIVELY, textPauseMs: 100 } });
    await chat.asks("/status");
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "steps",
        steps: [
          { kind: "text", text: "The raw video is ready. Now the" },
          { kind: "hold", name: "music" },
          { kind: "text", text: " Now the music is in as well." },
        ],
        dialect: "bare",
      },
    });
    await chat.says("make a film");
    await chat.until(() => chat.last.text.includes("The raw video is ready."));
    const growing = chat.last;
    expect(growing.tone).toBe("progress");
    nemo.scenario.release("music");
    await chat.bot.queue.idle();
    expect(chat.last).toBe(growing);
    expect(chat.last.text).toMatch(/^The raw video is ready\. .*Now the music is in as well\.$/s);
    expect(chat.text.match(/The raw video is ready\./g)).toHaveLength(1);
  });

  it("is cut into several messages when it is very long, without losing a word", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status");
    const sentences = Array.from({ length: 120 }, (_, index) => `This is sentence number ${index + 1}.`);
    nemo.scenario.add(says(sentences.join(" ")));
    const said = await chat.asks("tell me more");
    expect(said.length).toBeLessThan(8);
    for (const text of said) expect(text.length).toBeLessThan(4_096);
    const shown = said.join(" ");
    expect(sentences.filter((sentence) => !shown.includes(sentence))).toEqual([]);
  });

  it("is cut off where it has lost its way, also when it comes in one piece", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status");
    const step = { kind: "text", text: "This is the beginning. ".repeat(5_000) } as const;
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [step], dialect: "bare" } });
    const said = (await chat.asks("tell me more")).join(" ");
    expect(said.length).toBeGreaterThan(50_000);
    expect(said.length).toBeLessThan(65_000);
    expect(said).toMatch(/…$/);
  });

  it("keeps thoughts, tool calls and results to itself", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "turn",
        thoughts: ["The user seems to be in a hurry."],
        toolCalls: [
          { name: "secret_tool", args: { prompt: "hidden argument" }, response: { note: "hidden result" } },
          { name: "broken_tool", error: "hidden failure" },
        ],
        texts: ["All set."],
        edits: [],
      },
    });
    await chat.asks("do something");
    expect(chat.last.text).toBe("All set.");
    expect(chat.seen).not.toMatch(/hurry|_tool|hidden/);
  });

  it("does not pass on markup that the chat did not ask for", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add(says("See [here](javascript:alert) or **there**."));
    await chat.asks("do something");
    expect(chat.last.text).toBe("See [here](javascript:alert) or there.");
  });

  it.each(["adk", "adk-snake", "adk-nonstreaming", "adk-unmarked", "typed", "bare"] as const)(
    "is read once from the stream dialect %s",
    async (sse) => {
      const { nemo, chat } = await startScene();
      nemo.scenario.setDialect({ sse });
      nemo.scenario.add({
        on: "turn",
        do: { kind: "turn", texts: ["First I looked.", "Then I edited."], thoughts: ["Hm, a secret."] },
      });
      await chat.asks('add the title "Hello"');
      expect(chat.text.match(/First I looked\./g)).toHaveLength(1);
      expect(chat.text.match(/Then I edited\./g)).toHaveLength(1);
      expect(chat.text).not.toContain("secret");
      await chat.asks("/status");
      expect(chat.last.text).toContain("Hello");
    },
  );

  it.each(["empty-data", "data-heartbeat", "comment", "event", "typed"] as const)(
    "comes through keep-alives of the form %s, which show nothing",
    async (form) => {
      const { nemo, chat } = await startScene();
      nemo.scenario.add({
        on: "turn",
        do: { kind: "turn", heartbeats: { count: 3, form }, texts: ["All set."], edits: [] },
      });
      await chat.asks("do something");
      expect(chat.last.text).toBe("All set.");
      expect(chat.text).not.toMatch(/heartbeat/i);
    },
  );

  it("survives a frame that is no JSON", async () => {
    const { nemo, chat, log } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", invalidFrame: true, texts: ["All set."], edits: [] },
    });
    await chat.asks("do something");
    expect(chat.last.text).toBe("All set.");
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn skipped frames.*invalid=1/));
  });
});

describe("a turn that takes its time", () => {
  it("shows “Still working” with the elapsed time in one message, edited in place", async () => {
    const { nemo, chat } = await startScene({ settings: { STILL_WORKING_MS: "20" } });
    await chat.asks("/status");
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "long" } });
    await chat.says('add the title "Hello"');
    const working = () => chat.messages.filter((message) => message.text.startsWith("⏳"));
    await chat.until(() => (working()[0]?.history.length ?? 0) >= 3);
    expect(working()).toHaveLength(1);
    expect(working()[0]?.text).toMatch(/^⏳ Still working\.\.\. \(\d+:\d\d\)$/);
    const progress = working()[0];
    nemo.scenario.release("long");
    await chat.bot.queue.idle();
    expect(progress?.text).toContain('I added the title "Hello".');
    expect(chat.last).toBe(progress);
  });

  it("says it in the person's language", async () => {
    const { nemo, chat } = await startScene({ settings: { STILL_WORKING_MS: "20" } });
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "long" } });
    await chat.says("加标题“你好”", { language: "zh" });
    await chat.until(() => /⏳ 仍在处理……（\d+:\d\d）/.test(chat.text));
    nemo.scenario.release("long");
    await chat.bot.queue.idle();
    expect(chat.last.text).toContain("你好");
  });

  it("shows the platform's activity signal, and no message of its own when it is quick", async () => {
    const { chat } = await startScene();
    await chat.asks('add the title "Hello"');
    expect(chat.activities).toBeGreaterThan(0);
    expect(chat.text).not.toContain("⏳");
  });
});

describe("a temporary issue of the backend", () => {
  it("behind a good answer is ignored", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["I added the title."], ending: { kind: "temporary-issue" } },
    });
    await chat.asks('add the title "Hello"');
    expect(chat.last.text).toBe("I added the title.");
    expect(chat.text).not.toContain("temporary issue");
  });

  it("as the only answer leads to a look at the timeline: what changed counts", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: [], ending: { kind: "temporary-issue" } },
    });
    await chat.asks('add the title "Hello"');
    expect(chat.last.text).toContain("Added the title “Hello”");
    expect(chat.text).not.toContain("temporary issue");
  });

  it.each([
    { language: "en", said: "The editor had a temporary problem and changed nothing. Please try again." },
    { language: "zh", said: "编辑器遇到临时问题，没有做任何改动。请再试一次。" },
  ])("that changed nothing is told with a retry button ($language)", async ({ language, said }) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: [], edits: [], ending: { kind: "temporary-issue" } },
    });
    await chat.asks('add the title "Hello"', { language });
    expect(chat.last.text).toContain(said);
    expect(chat.buttons).toEqual([language === "en" ? "Try again" : "重试"]);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("a silent edit", () => {
  it.each([
    {
      what: "a title that was added",
      edit: { op: "title", text: "Paradise" },
      en: "Added the title “Paradise”",
      zh: "添加了标题“Paradise”",
    },
    {
      what: "music that was added",
      edit: { op: "music", name: "Lo-fi", volume: 0.35 },
      en: "Added the music “Lo-fi”",
      zh: "添加了音乐“Lo-fi”",
    },
    {
      what: "a clip that was shortened",
      edit: { op: "trim", fromMs: 0, toMs: 4_000 },
      en: /Made the video .*shorter: 10.* → 4/,
      zh: /缩短了视频.*：10.* → 4/,
    },
    {
      what: "a clip that was removed",
      edit: { op: "remove", what: "clip" },
      en: "Removed the video",
      zh: "删除了视频",
    },
    {
      what: "a clip that looks different",
      edit: { op: "effect", name: "warm" },
      en: "Gave the video “clip” the warm look.",
      zh: "为视频“clip”加上了 warm 效果。",
    },
    {
      what: "another shape of the picture",
      edit: { op: "aspect", ratio: "9:16" },
      en: "Changed the aspect ratio to 9:16.",
      zh: "将画面比例改为 9:16。",
    },
    {
      what: "another speed",
      edit: { op: "speed", factor: 2 },
      en: "Set the speed of the video “clip” to 2×.",
      zh: "将视频“clip”的速度设为 2×。",
    },
  ] as const)("is told by what changed: $what", async ({ edit, en, zh }) => {
    for (const [language, said] of [
      ["en", en],
      ["zh", zh],
    ] as const) {
      const { nemo, chat } = await startScene();
      await chat.sendsFile(CLIP, "", { language });
      nemo.scenario.add(silent(edit));
      const texts = await chat.asks("please do it", { language });
      expect(texts).toHaveLength(1);
      if (typeof said === "string") expect(texts[0]).toContain(said);
      else expect(texts[0]).toMatch(said);
      // Marks are those of the language as well.
      if (language === "zh") expect(texts[0]).not.toMatch(/(?<!\d): |, | \(/);
      expect(chat.buttons).toEqual(language === "en" ? ["Export", "Status"] : ["导出", "状态"]);
      expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    }
  });

  it("shows the timeline as it is now below what changed", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add(silent({ op: "title", text: "Paradise" }));
    await chat.asks("add a title");
    expect(chat.last.text).toMatch(/Timeline \(2 tracks\):[\s\S]*Title: "Paradise"/);
  });

  it("that changed nothing is said plainly, with a retry button", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add(silent());
    await chat.asks("do something nice");
    expect(chat.last.text).toContain("Nothing changed, and the editor didn't say why");
    expect(chat.buttons).toEqual(["Try again"]);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it.each(["\u200d\ufeff", "\u2800\u3164", "\ufe0f \u200c"])(
    "is one where the agent says nothing but %j",
    async (text) => {
      const { nemo, chat } = await startScene();
      nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "text", text }] } });
      await chat.asks("do something nice");
      expect(chat.last.text).toContain("Nothing changed, and the editor didn't say why");
    },
  );

  it.each(["STOP", "MODEL_RETURNED_NO_CONTENT"])(
    "may end with the code %s, which is no failure",
    async (code) => {
      const { nemo, chat } = await startScene();
      nemo.scenario.add({
        on: "turn",
        do: { kind: "turn", silent: true, ending: { kind: "error-event", code } },
      });
      await chat.asks('add the title "Hello"');
      expect(chat.last.text).toContain("What changed:");
      expect(chat.last.text).toContain("Hello");
    },
  );
});

describe("a run that fails on the server", () => {
  it("is told in plain words when nothing changed", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", silent: true, edits: [], ending: { kind: "error", message: "KeyError: 'draft'" } },
    });
    await chat.asks('add the title "Hello"');
    expect(chat.last.text).toContain("The editor didn't accept that.");
    expect(chat.text).not.toContain("KeyError");
    expect(chat.buttons).toEqual(["Try again"]);
  });

  it("is told with what arrived when part of the work was done", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", silent: true, ending: { kind: "error-event", code: "500", message: "boom" } },
    });
    await chat.asks('add the title "Hello"');
    expect(chat.last.text).toContain("this went through");
    expect(chat.last.text).toContain("Added the title “Hello”");
    expect(chat.text).not.toContain("boom");
  });
});

describe("the timeline", () => {
  it("is summed up on request, in the person's language", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP, 'add the title "Hello" and lo-fi music at 35%');
    await chat.asks("/status");
    expect(chat.last.text).toMatch(
      /^Timeline \(3 tracks\):\s+1\. Video: .+ \(0-10s\)\s+2\. BGM: .+ \(0-10s, 35%\)\s+3\. Title: "Hello" \(0-3s\)/,
    );
    await chat.asks("/status", { language: "zh" });
    expect(chat.last.text).toMatch(/^时间线（3 条轨道）：/);
  });

  it("is said to be empty where nothing is on it", async () => {
    const { chat } = await startScene();
    await chat.asks("/status");
    expect(chat.last.text).toBe("The timeline is empty.");
  });
});
