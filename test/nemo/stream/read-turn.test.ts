import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AttachmentError } from "../../../src/core/ports/chat-platform.ts";
import type { UploadFile } from "../../../src/core/ports/video-backend.ts";
import { UploadSourceError } from "../../../src/nemo/files/upload-source-error.ts";
import { caller, client, FREE_TOKEN_ROUTE, NEW_TOKEN, never, tokenAnswerOf } from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import {
  drop,
  json,
  plain,
  type Script,
  silence,
  sse,
  sseText,
  startServer,
} from "../support/scripted-server.ts";

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

/** Resolves once a condition holds; the test's own time limit is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function* endless(afterSome: () => void, closed: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (let index = 0; ; index++) {
      if (index === 20) afterSome();
      yield Buffer.alloc(1000);
    }
  } finally {
    closed();
  }
}

type Source = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

function fileOf(
  name: string,
  source: Source | AsyncIterable<Uint8Array>,
  sizeBytes: number,
  mimeType = "video/mp4",
): UploadFile {
  return {
    name,
    mimeType,
    sizeBytes,
    open: async () => {
      const opened = typeof source === "function" ? source() : source;
      return (async function* () {
        yield* opened;
      })();
    },
  };
}

function fileWith(name: string, bytes: Uint8Array, mimeType?: string): UploadFile {
  return fileOf(name, () => [bytes], bytes.byteLength, mimeType);
}

/** Parts by an independent parser: the platform's own. */
async function partsOf(
  request: { headers: { "content-type"?: string | undefined }; body: Buffer } | undefined,
) {
  const response = new Response(new Uint8Array(request?.body ?? []), {
    headers: { "content-type": request?.headers["content-type"] ?? "" },
  });
  return (await response.formData()).getAll("files").filter((part) => typeof part !== "string");
}

describe("an upload of files", () => {
  it("is one multipart body of known length", async () => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    const a = Buffer.from("--boundary\r\n\r\nbytes \u0000\u00ff");
    const media = await test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileWith("a.mp4", a), fileWith("b.png", Buffer.alloc(0), "image/png")] },
      never(),
    );
    expect(media).toEqual([
      { name: "a.mp4", url: null, type: "video", durationS: null, width: null, height: null },
    ]);
    const request = server.requests(UPLOAD)[0];
    expect(request?.headers["content-length"]).toBe(String(request?.body.byteLength));
    expect(request?.headers["transfer-encoding"]).toBeUndefined();
    const parts = await partsOf(request);
    expect(parts.map((part) => [part.name, part.type, part.size])).toEqual([
      ["a.mp4", "video/mp4", a.byteLength],
      ["b.png", "image/png", 0],
    ]);
    expect(Buffer.from(await (parts[0]?.arrayBuffer() ?? new ArrayBuffer()))).toEqual(a);
  });

  it.each([
    ["quotes", 'a"b.mp4', 'filename="a_b.mp4"'],
    ["line breaks", "a\r\nX-Evil: 1\r\n\r\nb.mp4", 'filename="aX-Evil_ 1b.mp4"'],
    ["other scripts", "видео 🎬.mp4", 'filename="видео 🎬.mp4"'],
    ["a path", "../a\\b.mp4", 'filename="b.mp4"'],
    ["nothing", "", 'filename="file"'],
  ])("sends names with %s so that they are safe to store", async (_, name, want) => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    await test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileWith(name, Buffer.from("x"))] },
      never(),
    );
    const body = String(server.requests(UPLOAD)[0]?.body);
    expect(body).toContain(
      `Content-Disposition: form-data; name="files"; ${want}\r\nContent-Type: video/mp4\r\n\r\nx\r\n`,
    );
  });

  it("replaces a type that would break the part's head", async () => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    const file = fileWith("a", Buffer.from("x"), "video/mp4\r\nX: y");
    await test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [file] }, never());
    expect((await partsOf(server.requests(UPLOAD)[0]))[0]?.type).toBe("application/octet-stream");
  });

  it("carries a large file unharmed and tells its progress", async () => {
    const { promise: hash, resolve } = Promise.withResolvers<number>();
    await using server = (await startServer()).on(UPLOAD, {
      answer(response, request) {
        resolve(request.body.byteLength);
        return UPLOADED.answer(response, request);
      },
    });
    await using test = client(server.url);
    const chunk = Buffer.alloc(64 * 1024, "v");
    const sizeBytes = chunk.byteLength * 300;
    const progress: number[] = [];
    await test.nemo.uploadFiles(
      caller(),
      {
        sessionId: "s1",
        files: [
          fileOf("a.mp4", () => Array(300).fill(chunk), sizeBytes),
          fileWith("b.mp4", Buffer.from("12")),
        ],
        onProgress: (sent, total) => {
          expect(total).toBe(sizeBytes + 2);
          progress.push(sent);
        },
      },
      never(),
    );
    expect(await hash).toBeGreaterThan(sizeBytes);
    expect(progress.at(-1)).toBe(sizeBytes + 2);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const [first] = await partsOf(server.requests(UPLOAD)[0]);
    const sha = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
    expect(sha(new Uint8Array(await (first?.arrayBuffer() ?? new ArrayBuffer())))).toBe(
      sha(Buffer.alloc(sizeBytes, "v")),
    );
  });

  it("waits for a receiver that does not read", async () => {
    let read = 0;
    const controller = new AbortController();
    const source = async function* () {
      for (;;) {
        read += 64 * 1024;
        yield Buffer.alloc(64 * 1024);
        if (read === 64 * 1024) setImmediate(look);
      }
    };
    let lastRead = -1;
    // Once reading stands still over a whole round of the loop, the pipe is full.
    let still = 0;
    function look() {
      still = read === lastRead ? still + 1 : 0;
      lastRead = read;
      if (still > 50) controller.abort(new Error("seen enough"));
      else setImmediate(look);
    }
    await using server = (await startServer()).on(UPLOAD, { ...silence, reads: false });
    await using test = client(server.url);
    const upload = { sessionId: "s1", files: [fileOf("a.mp4", source, 1e9)] };
    await expect(test.nemo.uploadFiles(caller(), upload, controller.signal)).rejects.toThrow("seen enough");
    expect(read).toBeLessThan(50e6);
  });

  it.each([
    ["ends early", 5, "too-short"],
    ["goes on too long", 2, "too-long"],
  ] as const)("is broken off when the source %s", async (_, promised, problem) => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    const files = [fileOf("a.mp4", () => [Buffer.from("12"), Buffer.from("3")], promised)];
    const error = await test.nemo
      .uploadFiles(caller(), { sessionId: "s1", files }, never())
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UploadSourceError);
    expect(error).toMatchObject({ kind: "connection-lost", problem, promisedBytes: promised, readBytes: 3 });
    await server.quiet();
    // The script never got to its answer: the body did not come whole.
    for (const request of server.seen) expect(request.body).toHaveLength(0);
    expect(server.seen.length).toBeLessThanOrEqual(1);
  });

  it("is broken off when the source breaks, with its error as the cause", async () => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    const cause = new Error("platform closed");
    const source = async function* () {
      yield Buffer.from("1");
      throw cause;
    };
    const call = test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileOf("a", source, 9)] },
      never(),
    );
    await expect(call).rejects.toMatchObject({ problem: "broken", cause });
    await server.quiet();
  });

  it("passes on why the platform would not open a file", async () => {
    await using server = (await startServer()).on(UPLOAD, UPLOADED);
    await using test = client(server.url);
    const reason = new AttachmentError("gone");
    const file = { ...fileWith("a", Buffer.from("abc")), open: () => Promise.reject(reason) };
    const call = test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [file] }, never());
    await expect(call).rejects.toBe(reason);
  });

  it("opens its files again after a refused token", async () => {
    await using server = (await startServer())
      .on(UPLOAD, { ...plain(401), reads: true }, UPLOADED)
      .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    await test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileWith("a", Buffer.from("abc"))] },
      never(),
    );
    const [, second] = server.requests(UPLOAD);
    expect(await (await partsOf(second))[0]?.text()).toBe("abc");
  });

  it("is made again once when the connection drops on the way", async () => {
    const early: Script = { reads: false, answer: (_, request) => request.socket.destroy() };
    await using server = (await startServer()).on(UPLOAD, early, UPLOADED);
    await using test = client(server.url);
    const big = fileOf("a", () => Array(400).fill(Buffer.alloc(64 * 1024)), 400 * 64 * 1024);
    expect(await test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [big] }, never())).toHaveLength(1);
    expect(server.requests(UPLOAD)).toHaveLength(2);
  });

  it("is not made again when it was out whole: the backend may have it", async () => {
    await using server = (await startServer()).on(UPLOAD, drop);
    await using test = client(server.url);
    const call = test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileWith("a", Buffer.from("abc"))] },
      never(),
    );
    await expect(call).rejects.toMatchObject({ kind: "connection-lost" });
  });

  it("ends at once when the backend refuses before it has read all", async () => {
    let isClosed = false;
    await using server = (await startServer()).on(UPLOAD, { ...json({ code: 4002 }, 413), reads: false });
    await using test = client(server.url);
    const file = fileOf(
      "a.mp4",
      endless(
        () => {},
        () => (isClosed = true),
      ),
      1e9,
    );
    const call = test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [file] }, never());
    await expect(call).rejects.toMatchObject({ kind: "too-large", status: 413 });
    await until(() => isClosed);
  });

  it("is given up when nothing moves", async () => {
    await using server = (await startServer()).on(UPLOAD, silence);
    await using test = client(server.url, { limits: { uploadStallMs: 20 } });
    const call = test.nemo.uploadFiles(
      caller(),
      { sessionId: "s1", files: [fileWith("a", Buffer.from("abc"))] },
      never(),
    );
    await expect(call).rejects.toMatchObject({ kind: "connection-lost" });
  });
});

describe("a finished video", () => {
  const DOWNLOAD = "GET /api/render/proxy/r1/download";
  /** The first box of an MP4. */
  const MP4 = "\0\0\0\x14ftypisom\0\0\x02\0mp41";

  it("comes by the download path, with its length", async () => {
    await using server = (await startServer()).on(DOWNLOAD, plain(200, MP4, { "content-length": "20" }));
    await using test = client(server.url);
    const { stream, sizeBytes } = await test.nemo.openRender(caller(), "r1", never());
    expect(sizeBytes).toBe(20);
    expect(Buffer.concat(await collect(stream)).toString()).toBe(MP4);
  });

  it.each([
    ["404", plain(404), "not-found"],
    ["an envelope", json({ code: 1002 }), "session-lost"],
    ["402", plain(402), "export-blocked"],
    ["JSON that is no refusal", json({ code: 0, data: {} }), "not-found"],
    ["JSON cut off", plain(200, '{"co', { "content-type": "application/json" }), "not-found"],
    ["a page", plain(200, "<html>", { "content-type": "text/html; charset=utf-8" }), "not-found"],
    ["an empty file", plain(200, "", { "content-type": "video/mp4", "content-length": "0" }), "not-found"],
  ])("is not there: %s", async (_, script, kind) => {
    await using server = (await startServer()).on(DOWNLOAD, script);
    await using test = client(server.url);
    await expect(test.nemo.openRender(caller(), "r1", never())).rejects.toMatchObject({ kind });
  });

  it("behind a redirect is fetched from storage without our headers", async () => {
    await using server = (await startServer())
      .on(DOWNLOAD, plain(302, "", { location: "/x.mp4?sig=1" }))
      .on("GET /x.mp4?sig=1", plain(200, MP4));
    await using test = client(server.url);
    const { stream } = await test.nemo.openRender(caller(), "r1", never());
    expect(Buffer.concat(await collect(stream)).toString()).toBe(MP4);
    expect(server.seen[1]?.headers.authorization).toBeUndefined();
    expect(server.seen[1]?.headers["x-skill-source"]).toBeUndefined();
  });

  it("that breaks off is connection-lost", async () => {
    await using server = (await startServer()).on(DOWNLOAD, {
      answer(response, request) {
        response.writeHead(200, { "content-length": "1000" });
        response.write(MP4.padEnd(600), () => request.socket.destroy());
      },
    });
    await using test = client(server.url);
    const opened = test.nemo.openRender(caller(), "r1", never()).then(({ stream }) => collect(stream));
    await expect(opened).rejects.toMatchObject({ kind: "connection-lost" });
  });

  it("that breaks off before it is read tells its reader", async () => {
    await using server = (await startServer()).on(DOWNLOAD, {
      answer: (response) => response.writeHead(200, { "content-length": "1000" }).write(MP4.padEnd(600)),
    });
    await using test = client(server.url);
    const { stream } = await test.nemo.openRender(caller(), "r1", never());
    for (const socket of server.sockets) socket.destroy();
    await server.quiet();
    for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
    await expect(collect(stream)).rejects.toMatchObject({ kind: "connection-lost" });
  });

  it("at a public address is opened with neither token nor attribution, through redirects", async () => {
    await using server = (await startServer())
      .on("GET /a", plain(302, "", { location: "/b" }))
      .on("GET /b", plain(307, "", { location: "/c.mp4" }))
      .on("GET /c.mp4", plain(200, MP4, { "content-length": "20" }));
    await using test = client(server.url);
    const { stream, sizeBytes } = await test.nemo.openUrl(`${server.url}/a`, never());
    expect(sizeBytes).toBe(20);
    expect(Buffer.concat(await collect(stream)).toString()).toBe(MP4);
    for (const { headers } of server.seen) {
      expect(Object.keys(headers).filter((name) => /^(authorization|x-)/.test(name))).toEqual([]);
    }
  });

  it("in a circle of redirects is given up", async () => {
    const round = plain(302, "", { location: "/a" });
    await using server = (await startServer()).on("GET /a", round, round, round);
    await using test = client(server.url, { limits: { maxRedirects: 2 } });
    await expect(test.nemo.openUrl(`${server.url}/a`, never())).rejects.toMatchObject({ kind: "refused" });
  });

  it.each(["file:///etc/passwd", "ftp://x/y", "nonsense", "javascript:1"])(
    "is not looked for at %s",
    async (url) => {
      await using test = client("http://127.0.0.1:1");
      await expect(test.nemo.openUrl(url, never())).rejects.toMatchObject({ kind: "refused" });
    },
  );

  it.each([
    [403, "not-found"],
    [404, "not-found"],
    [410, "not-found"],
  ])("whose address answers %s is gone", async (status, kind) => {
    await using server = (await startServer()).on("GET /a", plain(status));
    await using test = client(server.url);
    await expect(test.nemo.openUrl(`${server.url}/a`, never())).rejects.toMatchObject({ kind });
  });

  it.each([
    ["a page", { "content-type": "text/html" }, "<html>"],
    ["JSON", { "content-type": "application/json; charset=utf-8" }, "{}"],
    ["a problem in JSON", { "content-type": "application/problem+json" }, "{}"],
    ["an empty file", { "content-type": "video/mp4", "content-length": "0" }, ""],
  ])("whose address answers 200 with %s is gone, and the connection is dropped", async (_, headers, body) => {
    await using server = (await startServer()).on("GET /a", {
      // Not ended where there is a body: it would never be read to its end.
      answer: (response) =>
        body === "" ? response.writeHead(200, headers).end() : response.writeHead(200, headers).write(body),
    });
    // An ended answer leaves its connection to the next request for a while.
    await using test = client(server.url, { limits: { keepAliveMs: 50 } });
    await expect(test.nemo.openUrl(`${server.url}/a`, never())).rejects.toMatchObject({ kind: "not-found" });
    await server.quiet();
  });

  it("behind a redirect whose own body never ends is found at once", async () => {
    await using server = (await startServer())
      .on("GET /a", { answer: (response) => response.writeHead(302, { location: "/b" }).write("x") })
      .on("GET /b", plain(200, MP4));
    await using test = client(server.url);
    const { stream } = await test.nemo.openUrl(`${server.url}/a`, never());
    expect(Buffer.concat(await collect(stream)).toString()).toBe(MP4);
  });

  it("is asked for again after a 503", async () => {
    await using server = (await startServer()).on("GET /a", plain(503), plain(200, MP4));
    await using test = client(server.url);
    const { stream } = await test.nemo.openUrl(`${server.url}/a`, never());
    expect(Buffer.concat(await collect(stream)).toString()).toBe(MP4);
  });
});
