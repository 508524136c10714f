import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { Scenario } from "../../src/sandbox/scenario.ts";
import type { ChatPlayer, SeenMessage } from "../fakes/telegram/players.ts";
import { clipBytes } from "../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene, until } from "./scene.ts";

const MB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const isReady = (message: SeenMessage) => message.text.includes("Your video is ready");
const linksOf = (message: SeenMessage) =>
  message.entities.flatMap((entity) => (entity.type === "text_link" ? [entity.url] : []));

/** A project with one clip of so many bytes; without ffmpeg its export is the clip itself. */
async function chatWithClip(scene: TelegramScene, bytes: Uint8Array): Promise<ChatPlayer> {
  await using server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "video/mp4", "content-length": bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const chat = scene.telegram.privateChat();
  // A TCP server's address is never a path.
  chat.say(`http://127.0.0.1:${(server.address() as AddressInfo).port}/clip.mp4`);
  await chat.nextBotMessage((message) => message.text.includes("What should I do with it?"), PATIENTLY);
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
    scene.nemo.scenario.add({ on: "file", do: { kind: "http", status: 403 } });
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
