import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AttachmentError } from "../../../src/core/ports/chat-platform.ts";
import { UploadSourceError } from "../../../src/nemo/files/upload-source-error.ts";
import { caller, client, FREE_TOKEN_ROUTE, NEW_TOKEN, never, tokenAnswerOf } from "../support/caller.ts";
import { endless, fileOf, fileWith, until } from "../support/files.ts";
import { drop, json, plain, type Script, silence, startServer } from "../support/scripted-server.ts";

const UPLOAD = "POST /api/upload-video/nemo_agent/me/s1";
const UPLOADED = json({ code: 0, data: { files: [{ filename: "a.mp4", file_type: "video" }] } });

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
