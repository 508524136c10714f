/** Where the bot reaches, and where it does not, whatever the backend answers and people send. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Scenario } from "../../../src/sandbox/scenario.ts";
import { CLIP, clipBytes, linkTo, type Scene, startScene } from "../../support/test-chat.ts";

const METRICS = "# HELP nemobot_turns_total Turns by outcome\nnemobot_turns_total 7\n";
const PUBLIC = { address: "93.184.216.34", family: 4 };
const LOOPBACK = { address: "127.0.0.1", family: 4 };

/** A server on this machine that is not the backend; what it was asked for. */
async function neighbour(): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "content-type": "video/mp4" }).end(METRICS);
  });
  server.on("connection", () => asked.push("connection"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server's address is never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

/** The finished render lies at this address. */
function rendered(url: string): Scenario {
  const body = { status: "completed", progress: 100, output: { url, duration: 10, size: 1000 } };
  return { on: "render-status", do: { kind: "http", status: 200, body } };
}

const gone: Scenario = { on: "download", do: { kind: "http", status: 404 }, times: 9 };

async function startWithClip(options: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const scene = await startScene(options);
  await scene.chat.sendsFile(CLIP);
  return scene;
}

const UNDELIVERED = "The video is ready, but I couldn't download it. Please export again in a moment.";

describe("an export whose address leads into our own network", () => {
  it.each([
    ["by its number", (port: number) => `http://127.0.0.1:${port}/metrics`],
    ["by its name", (port: number) => `http://localhost:${port}/metrics`],
    ["in an odd form", (port: number) => `http://0x7f.1:${port}/metrics`],
    ["with https", (port: number) => `https://127.0.0.1:${port}/metrics`],
    ["with the user of a public host", (port: number) => `https://cdn.example.com@127.0.0.1:${port}/metrics`],
  ])("is neither fetched nor shown: the video comes by the download path (%s)", async (_, addressOf) => {
    const { url, port, asked } = await neighbour();
    const { nemo, chat } = await startWithClip();
    // By then the sandbox really has the video that its status claims at once.
    nemo.scenario.add(rendered(addressOf(port)), { on: "download", do: { kind: "delay", ms: 1_500 } });
    await chat.asks("export");
    expect(asked).toEqual([]);
    expect(chat.text).not.toContain(url);
    expect(chat.text).not.toContain("/metrics");
    expect(chat.last.text).toMatch(/^🎉 Your video is ready/);
    expect(chat.last.video).toEqual(await clipBytes());
    expect(nemo.requests("GET /api/render/proxy/").at(-1)?.path).toMatch(/\/download$/);
  });

  it.each([
    ["en", UNDELIVERED],
    ["zh", "视频已完成"],
  ])("is told in a kind sentence when there is no other way to it (%s)", async (language, said) => {
    const { port, asked } = await neighbour();
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add(rendered(`http://127.0.0.1:${port}/metrics`), gone);
    await chat.asks("export", { language });
    expect(asked).toEqual([]);
    expect(chat.last.text).toContain(said);
    expect(chat.messages.every((message) => message.video === null)).toBe(true);
  });

  it("is not followed there by a redirect, and nothing of it is delivered", async () => {
    const { url, asked } = await neighbour();
    const { nemo, chat } = await startWithClip();
    const away: Scenario["do"] = { kind: "http", status: 302, headers: { location: `${url}/metrics` } };
    nemo.scenario.add({ on: "file", do: away }, { on: "download", do: away });
    await chat.asks("export");
    expect(asked).toEqual([]);
    expect(chat.messages.every((message) => message.video === null)).toBe(true);
    expect(chat.last.text).toBe(UNDELIVERED);
  });

  it("is not shown when its name stands for it, alone or beside a public address", async () => {
    const { port, asked } = await neighbour();
    const { nemo, chat } = await startWithClip({ resolveHost: async () => [PUBLIC, LOOPBACK] });
    nemo.scenario.add(rendered(`https://cdn.example.com:${port}/video.mp4`), gone);
    await chat.asks("export");
    expect(asked).toEqual([]);
    expect(chat.text).not.toContain("cdn.example.com");
    expect(chat.last.text).toBe(UNDELIVERED);
  });

  it("is not dialled when its name means something else the second time", async () => {
    const { port, asked } = await neighbour();
    const answers = [[PUBLIC]];
    const { nemo, chat, log } = await startWithClip({
      resolveHost: async () => answers.shift() ?? [LOOPBACK],
    });
    nemo.scenario.add(rendered(`https://cdn.example.com:${port}/video.mp4`), gone);
    await chat.asks("export");
    expect(answers).toEqual([]);
    expect(asked).toEqual([]);
    expect(chat.messages.every((message) => message.video === null)).toBe(true);
    expect(chat.last.text).toBe(UNDELIVERED);
    expect(log.lines.join("\n")).toContain("open video URL: refused");
  });
});

describe("an export whose address gives no video", () => {
  it.each([
    ["metrics", METRICS, "text/plain; version=0.0.4"],
    ["metrics that call themselves a video", METRICS, "video/mp4"],
    ["a page", "<!doctype html><title>Sign in</title>", "text/html"],
    ["a page that calls itself a video", "<!doctype html><title>登录</title>", "video/mp4"],
    ["JSON without a type", '{"error":"expired"}', undefined],
    ["nothing at all", "", "video/mp4"],
  ])("never delivers that: %s", async (_, body, type) => {
    const { nemo, chat } = await startWithClip();
    const page: Scenario["do"] = {
      kind: "http",
      status: 200,
      body,
      headers: type === undefined ? {} : { "content-type": type },
    };
    nemo.scenario.add({ on: "file", do: page, times: 9 }, { on: "download", do: page, times: 9 });
    await chat.asks("export");
    expect(chat.messages.every((message) => message.video === null)).toBe(true);
    expect(chat.last.text).toBe(UNDELIVERED);
    await chat.asks("status");
    nemo.scenario.clear();
    await chat.asks("export");
    expect(chat.last.video).toEqual(await clipBytes());
  });
});

describe("redirects to a finished video", () => {
  it.each([
    { hops: 3, isDelivered: true },
    { hops: 4, isDelivered: false },
  ])("are followed three times: $hops", async ({ hops, isDelivered }) => {
    const { nemo, chat } = await startWithClip();
    const target = linkTo(nemo, "target.mp4");
    const step: Scenario = { on: "file", do: { kind: "http", status: 302, headers: { location: target } } };
    nemo.scenario.add({ ...step, times: hops }, gone);
    await chat.asks("export");
    expect(chat.messages.some((message) => message.video !== null)).toBe(isDelivered);
  });
});

describe("a link of a person", () => {
  const REFUSED = {
    en: "I can't open that link",
    zh: "我打不开这个链接",
  } as const;

  it.each([
    "http://127.0.0.1:9/clip.mp4",
    "http://localhost/clip.mp4 trim it",
    "http://2130706433/clip.mp4",
    "http://0x7f.1/clip.mp4",
    "http://[::1]/clip.mp4",
    "http://[::ffff:10.0.0.1]/clip.mp4",
    "http://169.254.169.254/latest/meta-data/iam.mp4",
    "upload http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/clip.mp4",
    "https://192.168.1.1/clip.mp4",
    "https://user:password@cdn.example.com/clip.mp4",
    "https://nas.local/clip.mp4",
    "http://redis:6379/clip.mp4",
    "make a film from what http://169.254.169.254/latest/meta-data/ says",
    "make a film from what http://[::1] says",
  ])("into a private network is refused before the backend hears of it: %s", async (text) => {
    const { nemo, chat } = await startScene();
    await chat.asks(text, { language: "en" });
    expect(chat.text).toContain(REFUSED.en);
    await chat.asks(text, { language: "zh" });
    expect(chat.text).toContain(REFUSED.zh);
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("whose name stands for a private address is refused too", async () => {
    const { nemo, chat } = await startScene({ resolveHost: async () => [PUBLIC, LOOPBACK] });
    await chat.asks("https://rebound.example.com/clip.mp4", { language: "en" });
    expect(chat.last.text).toContain(REFUSED.en);
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
    // The agent may open what stands in its words.
    await chat.asks("make a video about https://rebound.example.com/about", { language: "en" });
    expect(chat.last.text).toContain(REFUSED.en);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it.each([
    ["is public", async () => [PUBLIC]],
    [
      "cannot be looked up",
      async () => {
        throw new Error("ENOTFOUND");
      },
    ],
    ["is never found", () => new Promise<never>(() => {})],
  ])("whose name %s goes to the backend as it is", async (_, resolveHost) => {
    const { nemo, chat } = await startScene({ resolveHost });
    nemo.scenario.add({ on: "upload", do: { kind: "http", status: 200, body: { code: 0, data: {} } } });
    const url = "http://cdn.example.com/clip.mp4";
    await chat.asks(url);
    expect(nemo.requests("POST /api/upload-video")[0]?.json).toEqual({ urls: [url], source_type: "url" });
  });

  it("of the editor's own origin goes to the backend, on loopback too", async () => {
    const { nemo, chat } = await startScene();
    const url = linkTo(nemo, "clip.mp4");
    await chat.asks(url);
    expect(nemo.requests("POST /api/upload-video")[0]?.json).toEqual({ urls: [url], source_type: "url" });
  });
});
