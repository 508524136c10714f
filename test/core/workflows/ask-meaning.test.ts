/** What is probably a command, but not surely, is asked about before anything is spent. */
import { describe, expect, it } from "vitest";
import { actionSchema } from "../../../src/core/model/message.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { CLIP, startScene } from "../../support/test-chat.ts";

const turns = (nemo: Sandbox) => nemo.requests("POST /run_sse").length;
const SEND = "Send it to the editor";

describe("a message that is probably a command", () => {
  it.each([
    { text: "ok looks good, download it", asks: /finished video/, button: "Export" },
    { text: "how many do i have left", asks: /what's left in the account/, button: "Credits" },
    { text: "exprot the video", asks: /finished video/, button: "Export" },
    { text: "oops, undo that one", asks: /before the last edit/, button: "Undo" },
    { text: "sorry, can i get that in chinese", asks: /switch to 中文/, button: "中文" },
  ])("is asked about with the action as a button: $text", async ({ text, asks, button }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    const before = turns(nemo);
    const [asked = "", ...others] = await chat.asks(text);
    expect(asked).toMatch(asks);
    expect(others).toEqual([]);
    expect(chat.buttons).toEqual([button, SEND]);
    expect(turns(nemo)).toBe(before);
  });

  it("is asked about in the person's language", async () => {
    const { nemo, chat } = await startScene();
    const [asked = ""] = await chat.asks("可以了，发给我吧", { language: "zh" });
    expect(asked).toContain("要导出做好的视频吗？");
    expect(chat.buttons).toEqual(["导出", "发给编辑器"]);
    expect(turns(nemo)).toBe(0);
  });

  it("does what its button says", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    await chat.asks("looks good download it");
    await chat.presses("Export");
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).not.toBeNull();
  });

  it("goes to the editor as it is written, once, when the person who wrote it says so", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    const before = turns(nemo);
    await chat.asks("  Looks good,  download it ");
    const action = chat.actionOf(SEND);
    await chat.asks("", { action, user: { id: "test:ben" } });
    expect(chat.last.text).toBe("Only the person who wrote that can decide.");
    expect(turns(nemo)).toBe(before);
    await chat.asks("", { action });
    await chat.asks("", { action });
    expect(turns(nemo)).toBe(before + 1);
    expect(nemo.requests("POST /run_sse").at(-1)?.json).toMatchObject({
      new_message: { parts: [{ text: "Looks good,  download it" }] },
    });
  });

  it.each([
    { how: "a press of the likely action", say: { button: "Export" } },
    { how: "a press that sends it to the editor", say: { button: SEND } },
    { how: "the command in plain words", say: { words: "export" } },
    { how: "words that are asked about again", say: { words: "how many do i have left" } },
  ])("is asked about no longer after $how", async ({ say }) => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    await chat.asks("ok looks good, download it");
    await (say.button ? chat.presses(say.button) : chat.asks(say.words ?? ""));
    await chat.until(() => !chat.text.includes("finished video?"));
  });

  it.each([
    { who: "the person makes small talk", text: "lol", user: {} },
    { who: "the person asks for an edit", text: "make it blue", user: {} },
    { who: "somebody else asks for something", text: "export", user: { user: { id: "test:ben" } } },
  ])("is still asked about when $who", async ({ text, user }) => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP, "make it warmer");
    await chat.asks("ok looks good, download it");
    await chat.asks(text, user);
    expect(chat.text).toContain("finished video?");
  });

  it("is the answer where the agent has asked", async () => {
    const { nemo, chat } = await startScene();
    const question = {
      title: "How",
      questions: [{ id: "q", prompt: "How shall it end?", options: [], allow_multiple: false }],
    };
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "ask", question }] } });
    await chat.asks("make it prettier");
    await chat.asks("with the final video");
    expect(turns(nemo)).toBe(2);
  });
});

it("talk among people is no turn; it can be sent", async () => {
  const { nemo, chat } = await startScene();
  expect(await chat.asks("did you see the game last night")).toEqual([
    "Is that for the editor? Nothing has been sent yet.",
  ]);
  expect(chat.buttons).toEqual([SEND]);
  expect(turns(nemo)).toBe(0);
  await chat.presses(SEND);
  expect(turns(nemo)).toBe(1);
});

it("a question about a cancel that the version before has stored is still asked", async () => {
  const stored = { kind: "ask-cancel", scope: "export", text: "exprot no" };
  const action = actionSchema.parse(stored);
  expect(action).toEqual({
    kind: "ask-meaning",
    action: { kind: "cancel", scope: "export" },
    text: "exprot no",
  });
  const { chat } = await startScene();
  expect(await chat.asks("", { action })).toEqual(["Nothing of yours is running. Send this to the editor?"]);
});
