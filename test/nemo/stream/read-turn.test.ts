import { describe, expect, it } from "vitest";
import { caller, client, never } from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import { endless, fileOf, until } from "../support/files.ts";
import { json, type Script, silence, sse, sseText, startServer } from "../support/scripted-server.ts";

const UPLOAD = "POST /api/upload-video/nemo_agent/me/s1";
const UPLOADED = json({ code: 0, data: { files: [{ filename: "a.mp4", file_type: "video" }] } });
const RUN = "POST /run_sse";
const turn = { sessionId: "s1", text: "hi" };

describe("a turn's stream", () => {
  it("may be quiet for longer than every read timeout", async () => {
    const { promise: quietIsOver, resolve: speak } = Promise.withResolvers<void>();
    await using server = (await startServer())
      .on(RUN, {
        async answer(response) {
          // Quiet before the head as well as between events.
          await quietIsOver;
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(sseText({ text: "a" }));
        },
      })
      .on("GET /api/credits/balance/simple", silence);
    await using test = client(server.url, {
      limits: { readTimeoutMs: 20, uploadStallMs: 20, backoffMs: [] },
    });
    const events = test.nemo.runTurn(caller(), turn, never());
    const first = events.next();
    // The same silence ends a read, so it was long enough to end the turn, had it a limit.
    await expect(test.nemo.readCredits(caller(), never())).rejects.toMatchObject({ kind: "connection-lost" });
    speak();
    expect((await first).value).toEqual({ type: "text", text: "a" });
    await events.return();
  });

  it("may be quiet between two events for longer than every read timeout", async () => {
    const { promise: quietIsOver, resolve: speak } = Promise.withResolvers<void>();
    await using server = (await startServer())
      .on(RUN, {
        async answer(response) {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(sseText({ text: "a" }));
          await quietIsOver;
          response.end(sseText({ text: "b" }));
        },
      })
      .on("GET /api/credits/balance/simple", silence);
    await using test = client(server.url, { limits: { readTimeoutMs: 20, backoffMs: [] } });
    const events = test.nemo.runTurn(caller(), turn, never());
    await events.next();
    const second = events.next();
    await expect(test.nemo.readCredits(caller(), never())).rejects.toMatchObject({ kind: "connection-lost" });
    speak();
    expect((await second).value).toEqual({ type: "text", text: "b" });
    expect((await events.next()).done).toBe(true);
  });

  it("gives events as they come, not at the end", async () => {
    const { promise: seen, resolve: told } = Promise.withResolvers<void>();
    await using server = (await startServer()).on(RUN, {
      async answer(response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(sseText({ text: "a" }));
        await seen;
        response.end(sseText({ text: "b" }));
      },
    });
    await using test = client(server.url);
    const texts: string[] = [];
    for await (const event of test.nemo.runTurn(caller(), turn, never())) {
      if (event.type === "text") texts.push(event.text);
      told();
    }
    expect(texts).toEqual(["a", "b"]);
  });

  it("hangs up when its consumer leaves", async () => {
    await using server = (await startServer()).on(RUN, {
      answer: (response) =>
        response.writeHead(200, { "content-type": "text/event-stream" }).write(sseText({ text: "a" })),
    });
    await using test = client(server.url);
    for await (const event of test.nemo.runTurn(caller(), turn, never())) {
      expect(event.type).toBe("text");
      break;
    }
    await server.quiet();
  });

  it("keeps backpressure: a slow consumer holds the sender", async () => {
    let written = 0;
    await using server = (await startServer()).on(RUN, {
      answer(response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const frame = sseText({ text: "x".repeat(60_000) });
        while (written < 2_000 && response.write(frame)) written += 1;
        response.once("drain", function more() {
          while (written < 2_000 && response.write(frame)) written += 1;
          if (written < 2_000) response.once("drain", more);
          else response.end();
        });
      },
    });
    await using test = client(server.url);
    const events = test.nemo.runTurn(caller(), turn, never());
    await events.next();
    // A second exchange on the same loop gives the sender all the time it needs to run ahead.
    for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(2_000);
    await events.return();
  });

  it("logs skipped frames once, with their numbers", async () => {
    await using server = (await startServer()).on(
      RUN,
      sse("data: {no\n\n", "data: {nope\n\n", { text: "x".repeat(500) }),
    );
    await using test = client(server.url, { limits: { maxEventBytes: 200 } });
    expect(await collect(test.nemo.runTurn(caller(), turn, never()))).toEqual([]);
    expect(test.log.lines).toEqual([
      {
        level: "warn",
        facts: { operation: "run turn", invalid: 2, oversized: 1 },
        message: "skipped frames of a turn",
      },
    ]);
  });
});

describe("cancellation", () => {
  const reason = new Error("the user said stop");

  it.each<[string, Script]>([
    ["before the answer", silence],
    [
      "in the middle of a stream",
      {
        answer: (response) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
      },
    ],
    [
      "in the middle of a JSON answer",
      { answer: (response) => response.writeHead(200, { "content-type": "application/json" }).write("{") },
    ],
  ])("%s leaves no open socket and throws the signal's reason", async (_, script) => {
    const controller = new AbortController();
    await using server = (await startServer()).on(RUN, {
      answer(response, request) {
        script.answer(response, request);
        setImmediate(() => controller.abort(reason));
      },
    });
    await using test = client(server.url);
    await expect(collect(test.nemo.runTurn(caller(), turn, controller.signal))).rejects.toBe(reason);
    await server.quiet();
  });

  it("after some events", async () => {
    const controller = new AbortController();
    await using server = (await startServer()).on(RUN, {
      answer: (response) =>
        response.writeHead(200, { "content-type": "text/event-stream" }).write(sseText({ text: "a" })),
    });
    await using test = client(server.url);
    const events = test.nemo.runTurn(caller(), turn, controller.signal);
    await events.next();
    const next = events.next();
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    await server.quiet();
  });

  it("before the start sends nothing", async () => {
    await using server = await startServer();
    await using test = client(server.url);
    await expect(test.nemo.readCredits(caller(), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.seen).toEqual([]);
  });

  it("of an upload ends the source as well", async () => {
    const controller = new AbortController();
    let isClosed = false;
    const file = fileOf(
      "a.mp4",
      endless(
        () => controller.abort(reason),
        () => (isClosed = true),
      ),
      1e9,
    );
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    await expect(
      test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [file] }, controller.signal),
    ).rejects.toBe(reason);
    await server.quiet();
    await until(() => isClosed);
  });
});
