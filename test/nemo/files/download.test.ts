import { describe, expect, it } from "vitest";
import { caller, client, never } from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import { json, plain, startServer } from "../support/scripted-server.ts";

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
