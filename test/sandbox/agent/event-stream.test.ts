import { describe, expect, it } from "vitest";
import type { Scenario } from "../../../src/sandbox/scenario.ts";
import { events, person, sandboxFor } from "../client.ts";

type TurnAction = Extract<Scenario["do"], { kind: "turn" }>;
const TURN: TurnAction = {
  kind: "turn",
  thoughts: ["Let me see."],
  edits: [{ op: "title", text: "Hi" }],
  texts: ["Done, the title is on your video now. Enjoy it!"],
};

async function streamOf(action: Scenario["do"], words = "hello"): Promise<string> {
  const sandbox = await sandboxFor();
  const someone = await person(sandbox, { clip: true });
  sandbox.scenario.add({ on: "turn", do: action });
  return (await someone.turn(words)).text;
}

describe("a stream in the ADK dialects", () => {
  it("adk: chunks with partial true, then the whole text with partial false", async () => {
    const all = events(await streamOf(TURN));
    const texts = all.filter((event) => JSON.stringify(event.content ?? "").includes("title is"));
    expect(texts.map((event) => event.partial)).toEqual([true, false]);
    expect(all.filter((event) => String(event.partial) === "true").length).toBeGreaterThan(2);
    expect(texts.at(-1)).toMatchObject({ content: { role: "model", parts: [{ text: TURN.texts?.[0] }] } });
    expect(JSON.stringify(all)).toContain('"functionCall"');
    expect(JSON.stringify(all)).toContain('"thought":true');
  });

  it("adk-snake: the same with snake_case keys, tool arguments as they are", async () => {
    const text = await streamOf({
      ...TURN,
      dialect: "adk-snake",
      toolCalls: [{ name: "x", args: { camelCase: 1 } }],
    });
    expect(text).toContain('"function_call"');
    expect(text).toContain('"function_response"');
    expect(text).toContain('"invocation_id"');
    expect(text).toContain('"camelCase":1');
    expect(text).not.toContain("functionCall");
  });

  it("adk-nonstreaming: whole events without partial", async () => {
    const text = await streamOf({ ...TURN, dialect: "adk-nonstreaming" });
    expect(text).not.toContain('"partial"');
    expect(text).toContain(TURN.texts?.[0]);
  });

  it("adk-unmarked: chunks are marked, the aggregate is not", async () => {
    const all = events(await streamOf({ ...TURN, dialect: "adk-unmarked" }));
    const whole = all.find((event) => JSON.stringify(event).includes(TURN.texts?.[0] ?? "?"));
    expect(whole).toBeDefined();
    expect(whole).not.toHaveProperty("partial");
  });
});

describe("a stream in the other dialects", () => {
  it("typed: text, tool_call and tool_result", async () => {
    const all = events(await streamOf({ ...TURN, dialect: "typed" }));
    expect(
      all.map((event) => String(event.type)).filter((type, at, types) => type !== types[at - 1]),
    ).toEqual(["tool_call", "tool_result", "text"]);
    expect(all.map((event) => event.content ?? "").join("")).toBe(TURN.texts?.[0]);
  });

  it("bare: text alone", async () => {
    const all = events(await streamOf({ ...TURN, dialect: "bare" }));
    expect(all.map((event) => event.text).join("")).toBe(TURN.texts?.[0]);
  });
});

describe("a keep-alive", () => {
  it.each([
    ["empty-data", "data:\n\n"],
    ["data-heartbeat", "data: heartbeat\n\n"],
    ["comment", ": heartbeat\n\n"],
    ["event", "event: heartbeat\ndata:\n\n"],
    ["typed", 'data: {"type":"heartbeat"}\n\n'],
  ] as const)("has the form %s", async (form, bytes) => {
    const text = await streamOf({ kind: "turn", silent: true, edits: [], heartbeats: { count: 3, form } });
    expect(text).toBe(bytes.repeat(3));
  });
});

describe("a turn's end", () => {
  it("can come without a word, the edit applied", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.command("silent");
    const { text } = await someone.turn("trim to 5 seconds");
    expect(text).not.toContain('"text"');
    expect(await someone.tracks()).toEqual(["0: clip 0-5000"]);
  });

  it.each<[string, TurnAction["ending"], string]>([
    ["an exception", { kind: "error", message: "boom" }, 'data: {"error":"boom"}'],
    [
      "an error event",
      { kind: "error-event", code: "429", message: "exhausted" },
      '"errorCode":"429","errorMessage":"exhausted"',
    ],
    [
      "a code that means no text",
      { kind: "error-event", code: "MODEL_RETURNED_NO_CONTENT" },
      '"errorCode":"MODEL_RETURNED_NO_CONTENT"',
    ],
    ["a temporary issue", { kind: "temporary-issue" }, "I encountered a temporary issue"],
  ])("can be %s", async (_, ending, bytes) => {
    const text = await streamOf({ ...TURN, ...(ending === undefined ? {} : { ending }) });
    expect(text).toContain(TURN.texts?.[0]);
    expect(text).toContain(bytes);
  });

  it("can hold a frame that is not JSON among good ones", async () => {
    const text = await streamOf({ ...TURN, invalidFrame: true });
    const frames = text.split("\n\n").filter((frame) => frame !== "");
    expect(events(text).length).toBe(frames.length - 1);
  });

  it("can be a failed tool", async () => {
    const text = await streamOf({
      kind: "turn",
      edits: [],
      toolCalls: [{ name: "cut", error: "no such clip" }],
    });
    expect(text).toContain('"response":{"error":"no such clip"}');
  });
});

describe("a scripted stream", () => {
  it("sends its bytes as they are, also cut inside a character, and applies edits between them", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox);
    const bytes = Buffer.from('data: {"text":"你好"}\n\n');
    sandbox.scenario.add({
      on: "turn",
      do: {
        kind: "raw",
        chunks: [
          { base64: bytes.subarray(0, 16).toString("base64") },
          { apply: { op: "title", text: "Between" } },
          { base64: bytes.subarray(16).toString("base64") },
          "data: end",
        ],
      },
    });
    expect((await someone.turn("x")).text).toBe(`${bytes}data: end`);
    expect(await someone.tracks()).toEqual(["7: Between 0-3000"]);
  });

  it("goes step by step", async () => {
    const text = await streamOf({
      kind: "steps",
      dialect: "bare",
      steps: [
        { kind: "heartbeat" },
        { kind: "text", text: "one" },
        { kind: "wait", ms: 1 },
        { kind: "text", text: "two" },
      ],
    });
    expect(text).toBe('data:\n\ndata: {"text":"one"}\n\ndata: {"text":"two"}\n\n');
  });
});

describe("a connection that drops", () => {
  it.each([
    ["before-answer", false],
    ["before-answer", true],
    ["after-headers", true],
    ["mid-body", false],
    ["mid-body", true],
  ] as const)("%s, applied: %s", async (when, applied) => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "drop", when, applied } });
    await expect(someone.turn("trim to 5 seconds")).rejects.toThrow();
    const expected = applied ? "0: clip 0-5000" : "0: clip 0-10000";
    await expect.poll(() => someone.tracks()).toEqual([expected]);
    expect(await someone.credits()).toEqual({
      available: applied ? 99 : 100,
      frozen: 0,
      total: applied ? 99 : 100,
    });
  });

  it("can have its edit applied later", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "drop", when: "after-headers", appliedAfterMs: 50 } });
    await expect(someone.turn("trim to 5 seconds")).rejects.toThrow();
    expect(await someone.tracks()).toEqual(["0: clip 0-10000"]);
    await expect.poll(() => someone.tracks()).toEqual(["0: clip 0-5000"]);
  });
});
