import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, request as requestTo, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Scenario } from "../../../src/sandbox/scenario.ts";
import type { ChatPlayer, SeenMessage } from "../../fakes/telegram/players.ts";
import { clipBytes } from "../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene, until } from "./scene.ts";

const MB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const isReady = (message: SeenMessage) => message.text.includes("Your video is ready");
const linksOf = (message: SeenMessage) =>
  message.entities.flatMap((entity) => (entity.type === "text_link" ? [entity.url] : []));

/** A project with one clip of so many bytes; without ffmpeg its export is the clip itself. */
async function chatWithClip(
  scene: TelegramScene,
  bytes: Uint8Array,
  origin = scene.nemo.url,
): Promise<ChatPlayer> {
  const { bot, nemo } = scene;
  const chat = scene.telegram.privateChat();
  // It goes with the bot's folder.
  const path = join(bot.dataDir, "published.mp4");
  await writeFile(path, bytes);
  chat.say(nemo.publish({ path, type: "video/mp4" }, "clip.mp4").replace(nemo.url, origin));
  await chat.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);
  return chat;
}

/** The clip, made as large as wanted by a box that players skip. */
async function clipOf(sizeBytes: number): Promise<Buffer> {
  const clip = await clipBytes();
  const padding = Buffer.alloc(sizeBytes - clip.length);
  padding.writeUInt32BE(padding.length, 0);
  padding.write("free", 4, "latin1");
  return Buffer.concat([clip, padding]);
}

/** The editor's origin with a video on it that goes on for 300 MB; all else is handed on to `target`. */
async function startFront() {
  const front = { url: "", target: "", largestBytes: 0, isIdle: true };
  const server = createServer((request, response) => {
    if (request.url === "/endless.mp4") return void sendEndless(response);
    const { method, headers } = request;
    const onward = requestTo(front.target + request.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  async function sendEndless(response: ServerResponse): Promise<void> {
    front.isIdle = false;
    const closed = new AbortController();
    response.on("close", () => {
      front.isIdle = true;
      closed.abort();
    });
    response.on("error", () => {});
    response.writeHead(200, { "content-type": "video/mp4" });
    const chunk = Buffer.alloc(256 * 1024);
    chunk.write("\0\0\0\x14ftypisom\0\0\x02\0mp41", "latin1");
    let sentBytes = 0;
    while (!response.destroyed && sentBytes < 300 * MB) {
      sentBytes += chunk.length;
      front.largestBytes = Math.max(front.largestBytes, sentBytes);
      const isRoom = response.write(chunk);
      if (!isRoom) await once(response, "drain", { signal: closed.signal }).catch(() => {});
    }
    response.end();
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a path.
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(front, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

const videoCalls = (scene: TelegramScene) =>
  scene.telegram.calls("sendVideo").map(({ params, files, status }) => ({
    by: typeof params.video === "string" && params.video.startsWith("http") ? "address" : "upload",
    sizeBytes: Object.values(files)[0]?.sizeBytes ?? null,
    status,
  }));

describe.concurrent("an exported video", () => {
  it("is sent by its address while Telegram fetches files of its size", async () => {
    await using scene = await startTelegramScene();
    const clip = await clipBytes();
    const chat = await chatWithClip(scene, clip);
    chat.say("export");
    const video = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(video.file).toMatchObject({ kind: "video", sha256: sha256(clip) });
    await scene.telegram.waitForCall("sendVideo", (call) => call.status === 200);
    expect(videoCalls(scene)).toEqual([{ by: "address", sizeBytes: null, status: 200 }]);
    expect(linksOf(video)[0]).toMatch(/\/files\/.*\.mp4/);
    await until(() => chat.actions().some(({ action }) => action === "upload_video"));
  });

  it("is uploaded when it is too large for that", async () => {
    await using scene = await startTelegramScene();
    const chat = await chatWithClip(scene, await clipOf(21 * MB));
    chat.say("export");
    const video = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(video.file?.sizeBytes).toBe(21 * MB);
    await scene.telegram.waitForCall("sendVideo", (call) => call.status === 200);
    expect(videoCalls(scene)).toEqual([{ by: "upload", sizeBytes: 21 * MB, status: 200 }]);
    expect(linksOf(video)).toHaveLength(2);
  });

  it("is a link alone when it is too large for a bot to upload", async () => {
    await using scene = await startTelegramScene();
    const chat = await chatWithClip(scene, await clipOf(51 * MB));
    chat.say("export");
    const message = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(message.file).toBeNull();
    expect(linksOf(message)[0]).toMatch(/\/files\/.*\.mp4/);
    expect(videoCalls(scene)).toEqual([]);
  });

  it("is uploaded when Telegram cannot fetch it", async () => {
    await using scene = await startTelegramScene();
    const clip = await clipBytes();
    const chat = await chatWithClip(scene, clip);
    // The bot looks at its beginning first.
    scene.nemo.scenario.add(
      { on: "file", do: { kind: "delay", ms: 0 } },
      { on: "file", do: { kind: "http", status: 403 } },
    );
    chat.say("export");
    const video = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(video.file?.sha256).toBe(sha256(clip));
    await scene.telegram.waitForCall("sendVideo", (call) => call.status === 200);
    expect(videoCalls(scene)).toEqual([
      { by: "address", sizeBytes: null, status: 400 },
      { by: "upload", sizeBytes: clip.length, status: 200 },
    ]);
  });

  it("comes by the download path when the backend names no address", async () => {
    await using scene = await startTelegramScene();
    const clip = await clipBytes();
    const chat = await chatWithClip(scene, clip);
    scene.nemo.scenario.add({ on: "render", do: { kind: "render", omitUrl: true } });
    chat.say("export");
    const video = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(video.file?.sha256).toBe(sha256(clip));
    expect(scene.nemo.requests("GET /api/render/proxy/").some(({ path }) => path.endsWith("/download"))).toBe(
      true,
    );
  });

  it("is not given to Telegram by its address when that gives something else", async () => {
    await using scene = await startTelegramScene();
    const clip = await clipBytes();
    const chat = await chatWithClip(scene, clip);
    const page = { status: 200, body: "<html>Sign in</html>", headers: { "content-type": "video/mp4" } };
    scene.nemo.scenario.add({ on: "file", do: { kind: "http", ...page }, times: 50 });
    chat.say("export");
    const video = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(video.file?.sha256).toBe(sha256(clip));
    await scene.telegram.waitForCall("sendVideo", (call) => call.status === 200);
    expect(videoCalls(scene)).toMatchObject([{ by: "upload", status: 200 }]);
  });

  it.for<[name: string, size: number | undefined]>([
    ["of unknown length", undefined],
    ["that is longer than the editor says", 30 * MB],
  ])("%s is a link alone when it is more than a bot may upload: the rest is not read", async ([, size]) => {
    await using front = await startFront();
    await using scene = await startTelegramScene({ env: { NEMO_API_URL: front.url } });
    front.target = scene.nemo.url;
    const chat = await chatWithClip(scene, await clipBytes(), front.url);
    const output = { url: `${front.url}/endless.mp4`, ...(size === undefined ? {} : { size }) };
    const body = { status: "completed", progress: 100, output };
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "http", status: 200, body } });
    chat.say("export");
    const message = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(message.file).toBeNull();
    expect(linksOf(message)[0]).toBe(output.url);
    expect(videoCalls(scene).filter(({ status }) => status === 200)).toEqual([]);
    // What lies in the buffers of the connections on the way is more than what was read.
    await until(() => front.isIdle);
    expect(front.largestBytes).toBeGreaterThan(49 * MB);
    expect(front.largestBytes).toBeLessThan(80 * MB);
  });

  it.for<[name: string, trouble: Scenario["do"]]>([
    ["answers with errors", { kind: "http", status: 500 }],
    ["breaks off half-way", { kind: "drop", when: "mid-body" }],
  ])("is a link alone, soon, when its file %s", async ([, trouble]) => {
    await using scene = await startTelegramScene();
    const chat = await chatWithClip(scene, await clipBytes());
    scene.nemo.scenario.add(
      { on: "file", do: trouble, times: 50 },
      { on: "download", do: trouble, times: 50 },
    );
    chat.say("export");
    const message = await chat.nextBotMessage(isReady, PATIENTLY);
    expect(message.file).toBeNull();
    expect(linksOf(message)[0]).toMatch(/\/files\/.*\.mp4/);
    expect(chat.botMessages().filter(isReady)).toHaveLength(1);
  });

  it("may be sent in a big chat, where Telegram does not say its id", async () => {
    await using scene = await startTelegramScene({ telegram: { videoMessageIdZero: true } });
    const chat = await chatWithClip(scene, await clipBytes());
    chat.say("export");
    await chat.nextBotMessage(isReady, PATIENTLY);
    chat.say("status");
    await chat.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(chat.botMessages().filter(isReady)).toHaveLength(1);
    expect(scene.bot.logged(50)).toEqual([]);
  });
});
