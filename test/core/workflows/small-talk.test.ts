/** Small talk costs nothing: a reaction, a friendly line, or nothing, unless the agent has just asked. */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { CLIP, linkTo, startScene } from "../../support/test-chat.ts";

const turns = (nemo: Sandbox) => nemo.requests("POST /run_sse").length;
const sessions = (nemo: Sandbox) => nemo.requests("POST /api/tasks/me/with-session").length;

/** What the agent was told last. */
const toldLast = (nemo: Sandbox) => JSON.stringify(nemo.requests("POST /run_sse").at(-1)?.json);

function says(nemo: Sandbox, text: string) {
  nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: [text], edits: [] } });
}

describe("small talk", () => {
  it("gets a reaction that fits, and no words", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    const before = turns(nemo);
    for (const text of ["thanks!", "lol", "ok", "👍", "hmm", "You", "好的", "谢谢"]) {
      expect(await chat.asks(text)).toEqual([]);
    }
    expect(chat.reactions).toEqual(["❤", "😁", "👍", "👍", "👍", "👍", "👍", "❤"]);
    expect(turns(nemo)).toBe(before);
  });

  it("gets one friendly line in private where there are no reactions, and nothing in a group", async () => {
    const { nemo, chat } = await startScene();
    chat.hasReactions = false;
    expect(await chat.asks("thanks")).toEqual([
      "You're welcome! Just tell me when you'd like another change.",
    ]);
    expect(await chat.asks("ok")).toEqual([]);
    chat.isGroup = true;
    expect(await chat.asks("lol", { conversation: "test:group" })).toEqual([]);
    expect([sessions(nemo), turns(nemo)]).toEqual([0, 0]);
  });

  it("does not wait for the edit that runs", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "edit" } });
    await chat.says('add the title "First"');
    await nemo.scenario.held("edit");
    await chat.says("lol nice");
    await chat.until(() => chat.reactions.length === 1);
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(turns(nemo)).toBe(1);
  });

  it("beside a file or a link leaves it a file", async () => {
    const { nemo, chat } = await startScene();
    const said = await chat.sendsFile(CLIP, "thanks!");
    expect(said.join("\n")).toContain("clip.mp4");
    await chat.asks(`hi ${linkTo(nemo, "beach.mp4")}`);
    expect(chat.text).toContain("beach.mp4");
    expect([turns(nemo), chat.reactions]).toEqual([0, []]);
  });
});

describe("small talk after a question of the agent", () => {
  const QUESTION = {
    title: "Mood",
    questions: [
      { id: "q", prompt: "Shall I?", options: [{ id: "o", label: "Warm" }], allow_multiple: false },
    ],
  };

  it.each(["ok", "hmm", "好的"])("“%s” is the answer to one with options", async (text) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "ask", question: QUESTION }] } });
    await chat.asks("make it prettier");
    await chat.asks(text);
    expect(toldLast(nemo)).toContain(text);
    expect(chat.reactions).toEqual([]);
  });

  it("is no answer of somebody else", async () => {
    const { nemo, chat } = await startScene();
    chat.isGroup = true;
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "ask", question: QUESTION }] } });
    await chat.asks("make it prettier");
    await chat.asks("lol", { user: { id: "test:ben" } });
    expect([turns(nemo), chat.reactions]).toEqual([1, ["😁"]]);
  });

  it.each(["yes please", "👍", "好的"])("“%s” is the answer to one in plain words, once", async (text) => {
    const { nemo, chat } = await startScene();
    says(nemo, "I found three songs. Shall I add the calm one? 🎵");
    await chat.asks("find some music");
    await chat.asks(text);
    expect(turns(nemo)).toBe(2);
    expect(toldLast(nemo)).toContain(text);
    await chat.asks(text);
    expect([turns(nemo), chat.reactions.length]).toEqual([2, 1]);
  });

  it.each(["thanks", "lol"])("“%s” answers no question in plain words", async (text) => {
    const { nemo, chat } = await startScene();
    says(nemo, "Done! Would you like anything else?");
    await chat.asks("make it warmer");
    await chat.asks(text);
    expect([turns(nemo), chat.reactions.length]).toEqual([1, 1]);
  });

  it("is none where the answer was no question", async () => {
    const { nemo, chat } = await startScene();
    says(nemo, "Is it warm now? Yes, it is.");
    await chat.asks("make it warmer");
    await chat.asks("ok");
    expect(turns(nemo)).toBe(1);
  });
});

describe("a greeting", () => {
  it.each([
    {
      language: "en",
      hi: "hi",
      title: "Film Maker",
      again: "Hi! Send me a clip, or tell me what to change.",
    },
    { language: "zh", hi: "你好", title: "电影制作", again: "你好！发一段素材给我，或者告诉我要改什么。" },
  ])(
    "is answered with the skill's the first time, with a line later ($language)",
    async ({ language, hi, title, again }) => {
      const { nemo, chat } = await startScene();
      const [first = "", ...others] = await chat.asks(hi, { language });
      expect(first).toContain(title);
      expect(others).toEqual([]);
      expect(chat.buttons.length).toBeGreaterThan(0);
      expect(await chat.asks(hi, { language })).toEqual([again]);
      expect(sessions(nemo)).toBe(0);
    },
  );

  it("needs no session, nor does /start", async () => {
    const { nemo, chat } = await startScene();
    expect((await chat.asks("/start")).join("\n")).toContain("Film Maker");
    expect((await chat.asks("/start film-maker")).join("\n")).toContain("Film Maker");
    expect(sessions(nemo)).toBe(0);
  });

  it("of a person who has worked here already is answered with a line", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    expect(await chat.asks("hello!")).toEqual(["Hi! Send me a clip, or tell me what to change."]);
  });

  it("in a group gets a reaction, or how to talk to the bot", async () => {
    const { chat } = await startScene();
    chat.isGroup = true;
    expect(await chat.asks("hi")).toEqual([]);
    expect(chat.reactions).toEqual(["👍"]);
    chat.hasReactions = false;
    expect((await chat.asks("hi")).join("\n")).toContain("Mention me");
  });
});
