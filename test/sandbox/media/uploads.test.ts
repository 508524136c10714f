import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { sendEndlessly } from "../../support/endless-request.ts";
import { call, clipBytes, person, sandboxFor } from "../client.ts";

const small = { general: 1000, images: 400 };

async function fileServer(files: Record<string, { status?: number; type?: string; bytes: Uint8Array }>) {
  const server = createServer((incoming, response) => {
    const file = files[incoming.url ?? ""] ?? { status: 404, bytes: new Uint8Array() };
    response.writeHead(file.status ?? 200, { "content-type": file.type ?? "application/octet-stream" });
    response.end(file.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an upload", () => {
  it("stores the file, puts it on the video track and gives its public address", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox);
    const bytes = await clipBytes();
    const { json } = await someone.upload([{ name: "My clip ü.mp4", bytes }]);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(json).toMatchObject({
      code: 0,
      data: {
        session_state_applied: true,
        files: [{ filename: "My clip ü.mp4", file_type: "video", hash: sha256, duration: 10 }],
      },
    });
    expect(await someone.tracks()).toEqual(["0: My clip ü 0-10000"]);
    const url = String(json.data?.files?.[0]?.cdn_url);
    const stored = await fetch(url);
    expect(
      createHash("sha256")
        .update(new Uint8Array(await stored.arrayBuffer()))
        .digest("hex"),
    ).toBe(sha256);
    expect(sandbox.requests("POST /api/upload-video")[0]?.files).toEqual([
      { name: "My clip ü.mp4", sizeBytes: bytes.length, sha256 },
    ]);
  });

  it("takes several files: clips one after the other, sound on its own track", async () => {
    const someone = await person(await sandboxFor());
    const bytes = await clipBytes();
    await someone.upload([
      { name: "a.mov", bytes },
      { name: "b.png", bytes },
      { name: "c.mp3", bytes },
    ]);
    expect(await someone.tracks()).toEqual(["0: a 0-10000", "0: b 10000-13000", "1: c 0-10000"]);
  });

  it.each([
    ["an unknown type", "notes.txt", 10, 4001],
    ["a name without a type", "notes", 10, 4001],
    ["a file over the limit", "clip.mp4", 1001, 4002],
  ])("refuses %s and keeps nothing of it", async (_, name, size, code) => {
    const someone = await person(await sandboxFor({ uploadLimitBytes: small }));
    const answer = await someone.upload([{ name, bytes: new Uint8Array(size) }]);
    expect(answer.json).toMatchObject({ code });
    expect(await someone.tracks()).toEqual([]);
  });

  it("takes less for the skill free-image-editing", async () => {
    const someone = await person(await sandboxFor({ uploadLimitBytes: small }));
    const file = { name: "photo.png", bytes: new Uint8Array(401) };
    const headers = { ...someone.headers, "x-skill-source": "free-image-editing" };
    expect((await someone.upload([file], headers)).json).toMatchObject({ code: 4002 });
    expect((await someone.upload([file])).json).toMatchObject({ code: 0 });
  });

  it("is refused when the part is not named files", async () => {
    const someone = await person(await sandboxFor());
    const form = new FormData();
    form.append("file", new File(["x"], "clip.mp4"));
    const url = `${someone.sandbox.url}/api/upload-video/nemo_agent/me/${someone.sessionId}`;
    expect((await call(url, { body: form, headers: someone.headers })).status).toBe(400);
  });

  it("is refused without Content-Length", async () => {
    const someone = await person(await sandboxFor());
    const url = `${someone.sandbox.url}/api/upload-video/nemo_agent/me/${someone.sessionId}`;
    const answer = await request(url, {
      method: "POST",
      headers: { ...someone.headers, "content-type": "multipart/form-data; boundary=x" },
      body: Readable.from(
        (async function* () {
          yield Buffer.from("--x\r\n");
        })(),
      ),
    });
    expect(answer.statusCode).toBe(411);
    await answer.body.dump();
  });

  it("that breaks off leaves the project as it was", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox);
    const url = `${sandbox.url}/api/upload-video/nemo_agent/me/${someone.sessionId}`;
    const broken = request(url, {
      method: "POST",
      headers: {
        ...someone.headers,
        "content-type": "multipart/form-data; boundary=x",
        "content-length": "100000",
      },
      body: Readable.from(
        (async function* () {
          yield Buffer.from(
            '--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\nabc',
          );
          await expect.poll(() => sandbox.requests("POST /api/upload-video").length).toBe(1);
          throw new Error("the line is dead");
        })(),
      ),
    });
    await expect(broken).rejects.toThrow();
    expect(await someone.tracks()).toEqual([]);
  });
});

describe("an upload by URL", () => {
  it("is fetched and put on the timeline", async () => {
    const someone = await person(await sandboxFor());
    const base = await fileServer({ "/a/clip.mp4?ex=1": { bytes: await clipBytes() } });
    const { json } = await someone.post(`/api/upload-video/nemo_agent/me/${someone.sessionId}`, {
      urls: [`${base}/a/clip.mp4?ex=1`],
      source_type: "url",
    });
    expect(json).toMatchObject({ code: 0, data: { files: [{ filename: "clip.mp4", file_type: "video" }] } });
    expect(await someone.tracks()).toEqual(["0: clip 0-10000"]);
  });

  it("takes the type from Content-Type when the address has none", async () => {
    const someone = await person(await sandboxFor());
    const base = await fileServer({ "/photo": { type: "image/png", bytes: new Uint8Array(9) } });
    const { json } = await someone.post(`/api/upload-video/nemo_agent/me/${someone.sessionId}`, {
      urls: [`${base}/photo`],
      source_type: "url",
    });
    expect(json).toMatchObject({ data: { files: [{ filename: "photo.png", file_type: "image" }] } });
  });

  it.each([
    ["that is not there", "/gone.mp4", 400],
    ["of an unknown type", "/page.html", 4001],
    ["over the limit", "/large.mp4", 4002],
  ])("refuses an address %s", async (_, path, code) => {
    const someone = await person(await sandboxFor({ uploadLimitBytes: small }));
    const base = await fileServer({
      "/page.html": { bytes: new Uint8Array(1) },
      "/large.mp4": { bytes: new Uint8Array(1001) },
    });
    const { json } = await someone.post(`/api/upload-video/nemo_agent/me/${someone.sessionId}`, {
      urls: [base + path],
      source_type: "url",
    });
    expect(json).toMatchObject({ code });
    expect(await someone.tracks()).toEqual([]);
  });

  it.each([
    ["file:///etc/hosts", { urls: ["file:///etc/hosts"], source_type: "url" }],
    ["no source type", { urls: ["https://example.com/a.mp4"] }],
  ])("refuses %s with 400", async (_, body) => {
    const someone = await person(await sandboxFor());
    const answer = await someone.post(`/api/upload-video/nemo_agent/me/${someone.sessionId}`, body);
    expect(answer.status).toBe(400);
  });
});

describe("a public file", () => {
  it("is served whole, in ranges, and not to those who send a token", async () => {
    const someone = await person(await sandboxFor());
    const bytes = await clipBytes();
    const { json } = await someone.upload([{ name: "clip.mp4", bytes }]);
    const url = String(json.data?.files?.[0]?.cdn_url);
    const whole = await fetch(url, { method: "HEAD" });
    expect(whole.headers.get("content-length")).toBe(String(bytes.length));
    const part = await fetch(url, { headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${bytes.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 20));
    expect((await fetch(url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    expect((await fetch(url, { headers: someone.headers })).status).toBe(400);
  });
});

describe("a body that is too large", () => {
  it("is refused with 413, and the connection closes", async () => {
    const someone = await person(await sandboxFor());
    const headers = { ...someone.headers, "content-type": "application/json" };
    const maxBytes = 400 * 1024 * 1024;
    const sent = await sendEndlessly(`${someone.sandbox.url}/run_sse`, { headers, maxBytes });
    expect(sent).toMatchObject({ status: 413, connection: "close" });
    expect(sent.sentBytes).toBeLessThan(maxBytes);
  });
});
