import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { caller, client, FREE_TOKEN_ROUTE, NEW_TOKEN, never, tokenAnswerOf } from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import { json, plain, type Script, sse, sseText, startServer } from "../support/scripted-server.ts";

const RUN = "POST /run_sse";
const turn = { sessionId: "s1", text: "hi" };
const DONE = { type: "text", text: "done" };
const BEAT = { type: "keep-alive" };
const NO_TYPE: Record<string, string> = {};
const STREAM_TYPE = { "content-type": "text/event-stream" };

/** Runs one turn against the scripts, in order. */
async function run(...scripts: Script[]) {
  await using server = (await startServer()).on(RUN, ...scripts);
  await using test = client(server.url);
  return await collect(test.nemo.runTurn(caller({ owner: "operator" }), turn, never()));
}

/** One turn whose token may be renewed; what it told, and how often it was sent. */
async function runRenewing(...scripts: Script[]) {
  await using server = (await startServer())
    .on(RUN, ...scripts)
    .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
  await using test = client(server.url);
  const events = await collect(test.nemo.runTurn(caller(), turn, never()));
  return { events, sent: server.requests(RUN).length, slept: test.clock.slept };
}

function raw(body: string | Buffer, headers: Record<string, string>): Script {
  return { answer: (response) => response.writeHead(200, headers).end(body) };
}

describe("what the bytes of an answer are, whatever its type says", () => {
  const TYPES: [string, Record<string, string>][] = [
    ["no type", NO_TYPE],
    ["text/event-stream", STREAM_TYPE],
    ["application/json", { "content-type": "application/json" }],
    ["text/plain", { "content-type": "text/plain" }],
  ];

  it.each(TYPES)("an envelope with %s is a refusal, not a silent edit", async (_, headers) => {
    await expect(run(raw('{"code":2001}', headers))).rejects.toMatchObject({
      kind: "no-credits",
      code: 2001,
    });
  });

  it.each(TYPES)("a stream with %s is read", async (_, headers) => {
    expect(await run(raw(sseText({ text: "done" }), headers))).toEqual([DONE]);
  });

  it.each([
    ["a blank beginning", '\r\n \t{"code":2001}'],
    ["a byte order mark", '\uFEFF{"code":2001}'],
  ])("an envelope after %s", async (_, body) => {
    await expect(run(raw(body, STREAM_TYPE))).rejects.toMatchObject({ kind: "no-credits" });
  });

  it.each([
    ["blank lines", `\n\n\n${sseText({ text: "done" })}`],
    ["more of them than any envelope would have", `${"\n".repeat(100_000)}${sseText({ text: "done" })}`],
    ["a byte order mark", `\uFEFF${sseText({ text: "done" })}`],
    ["another field", `id: 1\n${sseText({ text: "done" })}`],
  ])("a stream after %s", async (_, body) => {
    expect(await run(raw(body, NO_TYPE))).toEqual([DONE]);
  });

  it("a stream after a comment", async () => {
    expect(await run(raw(`: ping\n\n${sseText({ text: "done" })}`, NO_TYPE))).toEqual([BEAT, DONE]);
  });

  it("an envelope that comes byte by byte, blank ones first", async () => {
    const script: Script = {
      async answer(response) {
        response.writeHead(200, STREAM_TYPE);
        for (const byte of ' \n{"code":1002}') await new Promise((resolve) => response.write(byte, resolve));
        response.end();
      },
    };
    await expect(run(script)).rejects.toMatchObject({ kind: "session-lost" });
  });

  it("an envelope whose connection stays open is told all the same", async () => {
    await using server = (await startServer()).on(RUN, {
      answer: (response) => response.writeHead(200).write('{"code":2001}'),
    });
    await using test = client(server.url, { limits: { refusalBodyMs: 50 } });
    const call = collect(test.nemo.runTurn(caller(), turn, never()));
    await expect(call).rejects.toMatchObject({ kind: "no-credits" });
    await server.quiet();
  });

  it("an envelope without end is given up", async () => {
    const script: Script = {
      answer: (response) => response.writeHead(200).write(`{"message":"${"x".repeat(200_000)}`),
    };
    await expect(run(script)).rejects.toMatchObject({ kind: "bad-answer" });
  });

  it.each([
    ["a page", raw("<html></html>", { "content-type": "text/html" })],
    ["a list", raw("[]", { "content-type": "application/json" })],
    ["an envelope of success", json({ code: 0, data: {} })],
  ])("%s tells nothing of the turn: the outcome is unknown", async (_, script) => {
    await expect(run(script)).rejects.toMatchObject({ kind: "bad-answer", isOutcomeUnknown: true });
  });

  it("nothing at all is a silent edit", async () => {
    expect(await run(raw("", NO_TYPE))).toEqual([]);
    expect(await run(raw("\n\n", STREAM_TYPE))).toEqual([]);
  });
});

describe("a status that refuses a turn", () => {
  const BODIES: [string, (socket: Socket) => void][] = [
    [
      "a body of 40 MB",
      (socket) => {
        socket.write("content-length: 40000000\r\n\r\n");
        socket.end(Buffer.alloc(40_000_000, "x"));
      },
    ],
    [
      "a body without end",
      (socket) => {
        socket.write("transfer-encoding: chunked\r\n\r\n");
        const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
        const more = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on("drain", more);
        more();
      },
    ],
    ["a body that does not come", (socket) => void socket.write("content-length: 100\r\n\r\n")],
    ["a body that breaks off", (socket) => void socket.end('content-length: 100\r\n\r\n{"co')],
  ];
  const STATUSES = [
    [401, "bad-token"],
    [402, "plan-required"],
    [404, "session-lost"],
    [429, "rate-limited"],
    [503, "unavailable"],
  ] as const;

  it.each(
    BODIES.flatMap(([title, write]) => STATUSES.map(([status, kind]) => ({ title, status, kind, write }))),
  )("$status with $title is $kind", async ({ status, kind, write }) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(`HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\n`);
        write(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    try {
      await using test = client(`http://127.0.0.1:${port}`, { limits: { refusalBodyMs: 50 } });
      const call = collect(test.nemo.runTurn(caller({ owner: "operator" }), turn, never()));
      await expect(call).rejects.toMatchObject({ kind, status });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("still listens to its words", async () => {
    await expect(run(json({ code: 2001 }, 402))).rejects.toMatchObject({ kind: "no-credits" });
  });

  it("can be cancelled while its body is awaited", async () => {
    const reason = new Error("stop");
    const controller = new AbortController();
    await using server = (await startServer()).on(RUN, {
      answer(response) {
        response.writeHead(500).write("x");
        setImmediate(() => controller.abort(reason));
      },
    });
    await using test = client(server.url);
    await expect(collect(test.nemo.runTurn(caller(), turn, controller.signal))).rejects.toBe(reason);
    await server.quiet();
  });
});

describe("a first frame that refuses the request", () => {
  const HEARTBEATS: [string, string][] = [
    ["a comment", ": ping\n\n"],
    ["empty data", "data:\n\n"],
    ["data: heartbeat", "data: heartbeat\n\n"],
    ["event: heartbeat", "event: heartbeat\n\n"],
    ["a typed heartbeat", 'data: {"type":"heartbeat"}\n\n'],
    ["a JSON string", 'data: "heartbeat"\n\n'],
  ];

  it.each(HEARTBEATS)("1001 after %s: the token is renewed and the turn sent again", async (_, beat) => {
    const { events, sent } = await runRenewing(sse(beat, { code: 1001 }), sse({ text: "done" }));
    expect(events.filter((event) => event.type !== "keep-alive")).toEqual([DONE]);
    expect(sent).toBe(2);
  });

  it("after heartbeats of its own chunk: those were told when they came", async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    await using server = (await startServer())
      .on(
        RUN,
        {
          async answer(response) {
            response.writeHead(200, STREAM_TYPE).write(": ping\n\n");
            await told;
            response.end(sseText({ code: 1001 }));
          },
        },
        sse({ text: "done" }),
      )
      .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    const events = test.nemo.runTurn(caller(), turn, never());
    expect((await events.next()).value).toEqual(BEAT);
    tell();
    expect(await collect(events)).toEqual([DONE]);
  });

  it("1001 twice ends the turn", async () => {
    const call = runRenewing(sse(": ping\n\n", { code: 1001 }), sse({ code: 1001 }));
    await expect(call).rejects.toMatchObject({ kind: "bad-token" });
  });

  it.each([
    ["429", { code: 429 }],
    ["429 as text", { code: "429", message: "slow down" }],
  ])("%s waits RETRY_WAIT_MS and is sent again, once", async (_, frame) => {
    const { events, sent, slept } = await runRenewing(sse(frame), sse({ text: "done" }));
    expect(events).toEqual([DONE]);
    expect(sent).toBe(2);
    expect(slept).toEqual([30_000]);
    const twice = runRenewing(sse(": ping\n\n", frame), sse(frame));
    await expect(twice).rejects.toMatchObject({ kind: "rate-limited", isOutcomeUnknown: false });
  });

  it("401 as a status and then 429 as a frame: each has its own repeat", async () => {
    const { events, sent } = await runRenewing(plain(401), sse({ code: 429 }), sse({ text: "done" }));
    expect(events).toEqual([DONE]);
    expect(sent).toBe(3);
  });

  it.each<[string, (object | string)[]]>([
    ["a text", [{ text: "a" }, { code: 1001 }]],
    ["a thought", [{ content: { parts: [{ text: "hm", thought: true }] } }, { code: 429 }]],
    ["a tool call", [{ type: "tool_call", name: "cut" }, { code: 1001 }]],
    ["an event of the agent with nothing to tell", [{ author: "nemo_agent", actions: {} }, { code: 1001 }]],
    ["a frame that could not be read", ["data: {broken\n\n", { code: 429 }]],
    ["the agent's own error", [{ errorCode: "429", errorMessage: "quota of the model" }]],
    ["an exception", [{ error: { code: 429, message: "quota" } }]],
  ])("after %s it is a failure of a run that had begun: nothing is sent again", async (_, frames) => {
    const events = await run(sse(...frames));
    expect(events.at(-1)?.type).toBe("failure");
  });
});
