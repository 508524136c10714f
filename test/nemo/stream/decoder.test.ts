import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TurnEvent } from "../../../src/core/ports/video-backend.ts";
import { TurnDecoder } from "../../../src/nemo/stream/decoder.ts";
import { sseText } from "../support/scripted-server.ts";

const MIB = 1024 * 1024;

function decode(text: string | Buffer, chunkSizes: readonly number[] = [], maxEventBytes = 8 * MIB) {
  const decoder = new TurnDecoder({ maxEventBytes });
  const bytes = Buffer.from(text);
  const events: TurnEvent[] = [];
  let start = 0;
  for (const size of chunkSizes) {
    events.push(...decoder.feed(bytes.subarray(start, start + size)));
    start += size;
  }
  events.push(...decoder.feed(bytes.subarray(start)), ...decoder.end());
  return { events, skipped: decoder.skipped };
}

function eventsOf(...frames: (object | string)[]): TurnEvent[] {
  return decode(sseText(...frames)).events;
}

function textOf(events: readonly TurnEvent[], type: "text" | "thought" = "text"): string {
  return events.map((event) => (event.type === type ? event.text : "")).join("");
}

/** Events with their failures reduced to what can be compared. */
function plainly(events: readonly TurnEvent[]) {
  return events.map((event) =>
    event.type === "failure" ? { type: event.type, kind: event.error.kind, code: event.error.code } : event,
  );
}

function adk(text: string, extra: object = {}) {
  return { author: "nemo_agent", content: { role: "model", parts: [{ text }] }, ...extra };
}

interface Expected {
  answer: string;
  thoughts: string;
  tools_called_by_model: string[];
  failures: string[];
}
const SAMPLES = new URL("../../fixtures/sse-samples/", import.meta.url);
const expected: Record<string, Expected> = JSON.parse(
  readFileSync(new URL("expected.json", SAMPLES), "utf8"),
);

describe("recorded streams of a real ADK server", () => {
  it.each(Object.entries(expected))("%s decodes to its expected answer", (file, want) => {
    const { events, skipped } = decode(readFileSync(new URL(file, SAMPLES)));
    expect(textOf(events)).toBe(want.answer);
    expect(textOf(events, "thought")).toBe(want.thoughts);
    expect(events.flatMap((event) => (event.type === "tool-call" ? [event.name] : []))).toEqual(
      want.tools_called_by_model,
    );
    expect(events.filter((event) => event.type === "failure")).toHaveLength(want.failures.length);
    expect(skipped).toEqual({ invalid: 0, oversized: 0 });
  });

  it.each(Object.keys(expected))("%s decodes the same, cut at any one byte", (file) => {
    const bytes = readFileSync(new URL(file, SAMPLES));
    const whole = plainly(decode(bytes).events);
    for (let cut = 1; cut < bytes.byteLength; cut++) {
      expect(plainly(decode(bytes, [cut]).events)).toEqual(whole);
    }
  });
});

const MIXED = [
  "\uFEFFdata: ",
  JSON.stringify(adk("Schnitt fertig 🎬 – \u2028наконец\u2029終", { partial: true })),
  "\r\n\r\n: ping\r\n\r\nevent: heartbeat\r\n\r\nevent: heartbeat\ndata: {}\n\n",
  "data:\n\ndata: heartbeat\n\n",
  sseText(adk("Schnitt fertig 🎬 – \u2028наконец\u2029終 Ende"), {
    type: "tool_call",
    name: "cut",
    args: { at: 1 },
  }),
  'data: {"type":"text",\ndata: "content":"two lines"}\n\n',
  "data: {broken\n\n",
  'data: {"text":"the end lacks its blank line"}',
].join("");
const MIXED_EVENTS: TurnEvent[] = [
  { type: "text", text: "Schnitt fertig 🎬 – \u2028наконец\u2029終" },
  ...Array.from({ length: 5 }, (): TurnEvent => ({ type: "keep-alive" })),
  { type: "text", text: " Ende" },
  { type: "tool-call", name: "cut", args: { at: 1 } },
  { type: "text", text: "two lines" },
  { type: "text", text: "the end lacks its blank line" },
];

describe("a stream cut into chunks", () => {
  it("means the same whole", () => {
    expect(decode(MIXED)).toEqual({ events: MIXED_EVENTS, skipped: { invalid: 1, oversized: 0 } });
  });

  it("means the same cut at every position, also inside characters and line ends", () => {
    const length = Buffer.byteLength(MIXED);
    for (let cut = 1; cut < length; cut++) expect(decode(MIXED, [cut]).events).toEqual(MIXED_EVENTS);
  });

  it("means the same byte by byte", () => {
    expect(decode(MIXED, Array(Buffer.byteLength(MIXED)).fill(1)).events).toEqual(MIXED_EVENTS);
  });

  it("means the same in random pieces and with any line ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.string({ unit: "binary", minLength: 1 }), { minLength: 1, maxLength: 5 }),
        (sizes, lineEnd, texts) => {
          const stream = texts
            .map((text) => `data: ${JSON.stringify({ text })}${lineEnd}${lineEnd}`)
            .join("");
          expect(decode(stream, sizes).events).toEqual(texts.map((text) => ({ type: "text", text })));
        },
      ),
    );
  });
});

describe("keep-alives", () => {
  it.each([
    ["an empty data line", "data:\n\n"],
    ["data of spaces", "data:   \n\n"],
    ["data: heartbeat", "data: heartbeat\n\n"],
    ["a JSON string", 'data: "heartbeat"\n\n'],
    ["a comment", ": still here\n\n"],
    ["event: heartbeat without data", "event: heartbeat\n\n"],
    ["event: heartbeat without a space", "event:heartbeat\n\n"],
    ["event: heartbeat with CRLF", "event: heartbeat\r\n\r\n"],
    ["event: heartbeat with data", 'event: heartbeat\ndata: {"t":1}\n\n'],
    ["event: heartbeat without an end", "event: heartbeat"],
    ["a typed heartbeat", 'data: {"type":"heartbeat"}\n\n'],
    ["an ADK event with nothing to tell", 'data: {"author":"nemo_agent","actions":{}}\n\n'],
    ["an unknown type", 'data: {"type":"progress","percent":4}\n\n'],
  ])("%s means still working", (_, stream) => {
    expect(decode(stream)).toEqual({
      events: [{ type: "keep-alive" }],
      skipped: { invalid: 0, oversized: 0 },
    });
  });
});

describe("dialects", () => {
  it.each<[string, object, TurnEvent[]]>([
    ["ADK text", adk("hello"), [{ type: "text", text: "hello" }]],
    [
      "ADK with a thought, a text and a call in one event",
      {
        content: {
          parts: [
            { text: "hm", thought: true },
            { text: "ok" },
            { functionCall: { id: "1", name: "trim", args: { end: 5 } } },
          ],
        },
      },
      [
        { type: "thought", text: "hm" },
        { type: "text", text: "ok" },
        { type: "tool-call", name: "trim", args: { end: 5 } },
      ],
    ],
    [
      "ADK in snake_case",
      {
        content: {
          parts: [{ function_call: { name: "trim" } }, { function_response: { name: "trim", response: {} } }],
        },
      },
      [
        { type: "tool-call", name: "trim", args: {} },
        { type: "tool-result", name: "trim", isError: false },
      ],
    ],
    [
      "ADK with a tool that failed",
      {
        content: {
          role: "user",
          parts: [{ functionResponse: { name: "trim", response: { error: "no clip" } } }],
        },
      },
      [{ type: "tool-result", name: "trim", isError: true }],
    ],
    ["typed text", { type: "text", content: "hello" }, [{ type: "text", text: "hello" }]],
    [
      "typed tool call",
      { type: "tool_call", name: "trim", args: {} },
      [{ type: "tool-call", name: "trim", args: {} }],
    ],
    [
      "typed tool result",
      { type: "tool_result", name: "a", result: 1 },
      [{ type: "tool-result", name: "a", isError: false }],
    ],
    ["bare text", { text: "hello" }, [{ type: "text", text: "hello" }]],
  ])("%s", (_, frame, events) => {
    expect(eventsOf(frame)).toEqual(events);
  });

  const VISIBLE: TurnEvent = { type: "text", text: "Visible." };
  const CUT: TurnEvent = { type: "tool-call", name: "cut", args: {} };
  it.each<[string, object, TurnEvent[]]>([
    ["null among the parts", { content: { parts: [{ text: "Visible." }, null] } }, [VISIBLE]],
    ["parts that are no objects", { content: { parts: [5, "x", [], { text: "Visible." }] } }, [VISIBLE]],
    ["a text that is none", { content: { parts: [{ text: 5 }, { text: "Visible." }] } }, [VISIBLE]],
    [
      "a call without a name",
      { content: { parts: [{ text: "Visible." }, { functionCall: { args: {} } }] } },
      [VISIBLE],
    ],
    [
      "a call whose arguments are text",
      { content: { parts: [{ text: "Visible." }, { functionCall: { name: "cut", args: "{}" } }] } },
      [VISIBLE, CUT],
    ],
    [
      "a call with a number for an id, told once",
      {
        content: {
          parts: [
            { functionCall: { id: 7, name: "cut" } },
            { text: "Visible." },
            { function_call: { id: 7, name: "cut" } },
          ],
        },
      },
      [VISIBLE, CUT],
    ],
    [
      "a call of nonsense beside a good one",
      { content: { parts: [{ functionCall: 5, function_call: { name: "cut" } }] } },
      [CUT],
    ],
    [
      "a result without a name",
      { content: { parts: [{ functionResponse: { response: {} } }, { text: "Visible." }] } },
      [VISIBLE],
    ],
    ["a number for an author", { author: 5, content: { parts: [{ text: "Visible." }] } }, [VISIBLE]],
    ["a word for partial", { partial: "no", content: { parts: [{ text: "Visible." }] } }, [VISIBLE]],
    [
      "a thought marked in another way, which stays hidden",
      { content: { parts: [{ text: "hm", thought: "true" }, { text: "Visible." }] } },
      [{ type: "thought", text: "hm" }, VISIBLE],
    ],
    ["no content beside a bare text", { content: null, text: "Visible." }, [VISIBLE]],
    ["a typed text with an odd partial", { type: "text", content: "Visible.", partial: 1 }, [VISIBLE]],
    ["a bare text with an odd partial", { text: "Visible.", partial: {} }, [VISIBLE]],
    ["a typed call whose arguments are text", { type: "tool_call", name: "cut", args: "x" }, [CUT]],
  ])("an event with an odd part loses only that: %s", (_, frame, events) => {
    expect(decode(sseText(frame))).toEqual({ events, skipped: { invalid: 0, oversized: 0 } });
  });

  it("tells a failure whose event is odd", () => {
    const frame = { content: { parts: "no" }, errorCode: "X", errorMessage: "boom" };
    expect(plainly(eventsOf(frame))).toEqual([{ type: "failure", kind: "refused", code: undefined }]);
  });

  it("tells a call once that progressive streaming repeats", () => {
    const call = { content: { parts: [{ functionCall: { id: "adk-1", name: "trim", args: {} } }] } };
    expect(
      eventsOf({ ...call, partial: true }, call).filter((event) => event.type === "tool-call"),
    ).toHaveLength(1);
  });
});

describe("the prefix rule", () => {
  it.each<[string, object[], string]>([
    [
      "a final event repeats the chunks",
      [adk("Hel", { partial: true }), adk("lo", { partial: true }), adk("Hello")],
      "Hello",
    ],
    [
      "a final event goes on where the chunks ended",
      [adk("Hel", { partial: true }), adk("Hello!")],
      "Hello!",
    ],
    ["a final event does not match", [adk("Hel", { partial: true }), adk("Bye")], "HelBye"],
    ["partial is false", [adk("Hi", { partial: true }), adk("Hi", { partial: false })], "Hi"],
    ["it forgets after the final event", [adk("Hi", { partial: true }), adk("Hi"), adk("Hi")], "HiHi"],
    ["authors apart", [adk("Hi", { partial: true }), adk("Hi", { author: "other" })], "HiHi"],
    ["it forgets on an error", [adk("Hi", { partial: true }), { error: "x" }, adk("Hi")], "HiHi"],
    [
      "a silent event in between changes nothing",
      [adk("Hi", { partial: true }), { author: "nemo_agent", finishReason: "STOP" }, adk("Hi")],
      "Hi",
    ],
    [
      "the final event is cut into other parts",
      [
        adk("Hel", { partial: true }),
        adk("lo", { partial: true }),
        { author: "nemo_agent", content: { parts: [{ text: "H" }, { text: "ello" }] } },
      ],
      "Hello",
    ],
    [
      "thoughts have a memory of their own",
      [
        adk("Hi", { partial: true }),
        { author: "nemo_agent", content: { parts: [{ text: "Hi", thought: true }] } },
        adk("Hi"),
      ],
      "Hi",
    ],
  ])("%s", (_, frames, answer) => {
    expect(textOf(eventsOf(...frames))).toBe(answer);
  });
});

describe("failures inside a stream", () => {
  it.each<[string, object, { kind: string; code?: number }]>([
    ["an exception", { error: "boom" }, { kind: "refused" }],
    ["code 2001", { code: 2001, message: "no credits" }, { kind: "no-credits", code: 2001 }],
    ["code 2001 as text", { code: "2001" }, { kind: "no-credits", code: 2001 }],
    ["code 1001", { code: 1001 }, { kind: "bad-token", code: 1001 }],
    ["code 1002", { code: 1002 }, { kind: "session-lost", code: 1002 }],
    ["an unknown code", { code: 7, message: "?" }, { kind: "refused", code: 7 }],
    ["the words of a lost session", { error: "Session not found: s1" }, { kind: "session-lost" }],
    ["success false", { success: false, error: "no" }, { kind: "refused" }],
    ["a typed error", { type: "error", content: "no" }, { kind: "refused" }],
    [
      "errorCode of the model",
      { errorCode: "UNKNOWN_ERROR", errorMessage: "terminated" },
      { kind: "refused" },
    ],
    ["error_code in snake_case", { error_code: "UNKNOWN_ERROR" }, { kind: "refused" }],
    ["a message alone", { errorMessage: "terminated" }, { kind: "refused" }],
    [
      "429 of the model",
      { errorCode: "429", errorMessage: "exhausted" },
      { kind: "rate-limited", code: 429 },
    ],
    [
      "401 of the model, which is not about our token",
      { errorCode: "401", errorMessage: "key" },
      { kind: "refused", code: 401 },
    ],
    ["SAFETY with a message", { errorCode: "SAFETY", errorMessage: "blocked" }, { kind: "refused" }],
  ])("%s", (_, frame, want) => {
    expect(plainly(eventsOf(frame))).toEqual([{ type: "failure", code: undefined, ...want }]);
  });

  it.each([
    ["STOP", undefined],
    ["STOP", "stopped"],
    ["MODEL_RETURNED_NO_CONTENT", "The model returned no content"],
    ["MAX_TOKENS", undefined],
    ["SAFETY", undefined],
    ["MALFORMED_FUNCTION_CALL", ""],
  ])("errorCode %s with message %j means only that there is no text", (errorCode, errorMessage) => {
    expect(eventsOf({ author: "nemo_agent", errorCode, errorMessage })).toEqual([{ type: "keep-alive" }]);
  });

  it("shows the text that came with a failure first", () => {
    expect(eventsOf(adk("half", { errorCode: "X" })).map((event) => event.type)).toEqual(["text", "failure"]);
  });
});

describe("frames that cannot be used", () => {
  it.each([
    ["broken JSON", 'data: {"error": "it said "no""}\n\n'],
    ["JSON that is no object", "data: 5\n\n"],
    ["null", "data: null\n\n"],
    ["fields of the wrong type", 'data: {"content":{"parts":"no"}}\n\n'],
    ["a typed text without content", 'data: {"type":"text"}\n\n'],
    ["an end in the middle of JSON", 'data: {"text":"ha'],
  ])("%s is skipped and counted, and the stream goes on", (_, frame) => {
    const { events, skipped } = decode(`data: {"text":"a"}\n\n${frame}`);
    expect(events).toEqual([{ type: "text", text: "a" }]);
    expect(skipped).toEqual({ invalid: 1, oversized: 0 });
    expect(textOf(decode(`${frame}\n\ndata: {"text":"b"}\n\n`).events)).toBe("b");
  });

  it.each([
    ["one long line", `data: {"text":"${"x".repeat(300)}"}`],
    ["many short lines", Array(60).fill("data: xxxx").join("\n")],
    ["lines that look like frames inside", `data: ${"x".repeat(300)}\ndata: {"text":"inside"}`],
  ])("an event beyond the bound is skipped, wherever it is cut: %s", (_, big) => {
    const stream = `data: {"text":"a"}\n\n${big}\n\ndata: {"text":"b"}\r\n\r\n${big}\r\n\r\ndata: {"text":"c"}\n\n`;
    for (let cut = 0; cut < stream.length; cut++) {
      const { events, skipped } = decode(stream, [cut], 200);
      expect(textOf(events)).toBe("abc");
      expect(skipped).toEqual({ invalid: 0, oversized: 2 });
    }
    expect(textOf(decode(stream, Array(stream.length).fill(1), 200).events)).toBe("abc");
  });

  it("keeps no more of an endless event than the bound", () => {
    const decoder = new TurnDecoder({ maxEventBytes: 64 * 1024 });
    const chunk = Buffer.alloc(MIB, "x");
    decoder.feed(Buffer.from("data: "));
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 200; index++) decoder.feed(chunk);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * MIB);
    decoder.feed(Buffer.from('\n\ndata: {"text":"after"}\n\n'));
    expect(decoder.skipped.oversized).toBe(1);
  });

  it("takes an event that is just within the default bound", () => {
    const text = "x".repeat(8 * MIB - 100);
    expect(textOf(decode(sseText({ text })).events)).toHaveLength(text.length);
  });

  it("turns malformed UTF-8 into a replacement character", () => {
    const bytes = Buffer.concat([
      Buffer.from('data: {"text":"a'),
      Buffer.from([0xff]),
      Buffer.from('b"}\n\n'),
    ]);
    expect(decode(bytes).events).toEqual([{ type: "text", text: "a\uFFFDb" }]);
  });
});
