import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { call, form, result } from "./client.ts";
import { type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import { patternBytes } from "./files.ts";
import type { ChatPlayer } from "./players.ts";

let fake: FakeTelegram;

afterEach(() => fake.stop());

async function fileUrl(chat: ChatPlayer, sizeBytes: number): Promise<string> {
  const { file } = chat.sendFile({ kind: "video", sizeBytes });
  const { file_path } = await result<{ file_path: string }>(fake, "getFile", { file_id: file?.fileId });
  return `${fake.apiRoot}/file/bot${fake.token}/${file_path}`;
}

describe("downloads", () => {
  it("give whole files with their length, and ranges", async () => {
    fake = await startFakeTelegram();
    const url = await fileUrl(fake.privateChat(), 200_000);
    const whole = await fetch(url);
    expect(whole.headers.get("content-length")).toBe("200000");
    expect(Buffer.compare(Buffer.from(await whole.arrayBuffer()), patternBytes(0, 200_000))).toBe(0);
    const part = await fetch(url, { headers: { range: "bytes=1000-1009" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 1000-1009/200000"]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(patternBytes(1000, 10));
    expect((await fetch(url, { headers: { range: "bytes=200000-" } })).status).toBe(416);
    fake.expireFileLinks();
    expect((await fetch(url)).status).toBe(404);
  });

  it("break half-way as often as asked", async () => {
    fake = await startFakeTelegram();
    const url = await fileUrl(fake.privateChat(), 500_000);
    fake.breakDownloads({ afterBytes: 100_000 });
    await expect(fetch(url).then((response) => response.arrayBuffer())).rejects.toThrow();
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(500_000);
    expect(fake.downloads().map(({ sentBytes, isComplete }) => [sentBytes, isComplete])).toEqual([
      [100_000, false],
      [500_000, true],
    ]);
  });

  it("are files on disk with a local server, whatever their size", async () => {
    const filesDir = await mkdtemp(join(tmpdir(), "fake-telegram-"));
    try {
      fake = await startFakeTelegram({ mode: "local", filesDir });
      const { file } = fake.privateChat().sendFile({ kind: "video", sizeBytes: 21 * 1024 * 1024 });
      const { file_path } = await result<{ file_path: string }>(fake, "getFile", { file_id: file?.fileId });
      expect(isAbsolute(file_path) && file_path.startsWith(filesDir)).toBe(true);
      expect((await readFile(file_path)).length).toBe(21 * 1024 * 1024);
    } finally {
      await rm(filesDir, { recursive: true });
    }
  });
});

describe("uploads", () => {
  it("are hashed, kept, and can be sent again by their id", async () => {
    fake = await startFakeTelegram({ videoMessageIdZero: true });
    const chat = fake.privateChat();
    const bytes = new Uint8Array(patternBytes(0, 300_000));
    const fields = { chat_id: chat.id, duration: 7, width: 640, height: 360 };
    const video = await result<{ message_id: number; video: { file_id: string } }>(
      fake,
      "sendVideo",
      form(fields, { field: "video", bytes, name: "a.mp4" }),
    );
    expect(video).toMatchObject({
      message_id: 0,
      video: { file_name: "a.mp4", mime_type: "video/mp4", file_size: 300_000, duration: 7, width: 640 },
    });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect((await chat.nextBotMessage()).file).toMatchObject({ sha256, sizeBytes: 300_000 });
    expect(fake.calls("sendVideo")[0]?.files.video).toMatchObject({ sha256, sizeBytes: 300_000 });
    await result(fake, "sendVideo", { chat_id: chat.id, video: video.video.file_id });
    expect((await chat.nextBotMessage()).file?.fileId).toBe(video.video.file_id);
  });

  it("by URL are really fetched, up to 20 MB, of the right type", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    const source = createServer((request, response) => {
      const size = request.url === "/large.mp4" ? 20 * 1024 * 1024 + 1 : 1000;
      response.writeHead(200, { "content-type": request.url === "/page" ? "text/html" : "video/mp4" });
      response.end(Buffer.alloc(size, 1));
    });
    await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
    const root = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
    const answers = [];
    for (const path of ["/clip.mp4", "/large.mp4", "/page"]) {
      const { body } = await call(fake, "sendVideo", { chat_id: chat.id, video: `${root}${path}` });
      answers.push(body.description ?? "sent");
    }
    source.closeAllConnections();
    source.close();
    expect(answers).toEqual([
      "sent",
      "Bad Request: failed to get HTTP URL content",
      "Bad Request: wrong type of the web page content",
    ]);
  });
});

describe("trouble on order", () => {
  it("a flood answers 429 in whole seconds, and calls within that time are violations", async () => {
    fake = await startFakeTelegram({ retryAfterScale: 0.5 });
    const chat = fake.privateChat();
    fake.flood({ times: 1, retryAfter: 2 });
    const send = (): ReturnType<typeof call> => call(fake, "sendMessage", { chat_id: chat.id, text: "x" });
    const first = await send();
    expect([first.status, first.body]).toEqual([
      429,
      {
        ok: false,
        error_code: 429,
        description: "Too Many Requests: retry after 2",
        parameters: { retry_after: 2 },
      },
    ]);
    expect(fake.violations()).toEqual([]);
    // What left before the answer was read is none.
    expect((await send()).status).toBe(429);
    expect(fake.violations()).toEqual([]);
    await vi.waitUntil(async () => (await send()) && fake.violations().length > 0);
    expect(fake.violations().at(-1)?.kind).toBe("call-during-retry-after");
    await expect.poll(async () => (await send()).status, { timeout: 10_000 }).toBe(200);
  });

  it("a chat takes sends and edits from one allowance, and each refusal asks for a longer wait", async () => {
    const rates = { perMinute: 20, burst: 3, minuteMs: 6_000 };
    fake = await startFakeTelegram({ rates, retryAfterScale: 0.1 });
    const [group, quiet] = [fake.group(), fake.privateChat()];
    const say = (chatId: number) => call(fake, "sendMessage", { chat_id: chatId, text: "x" });
    await say(group.id);
    const edit = { chat_id: group.id, message_id: group.botMessages()[0]?.id };
    const more = [await call(fake, "editMessageText", { ...edit, text: "y" }), await say(group.id)];
    expect(more.map(({ status }) => status)).toEqual([200, 200]);
    expect((await say(group.id)).status).toBe(429);
    expect((await say(quiet.id)).status).toBe(200);
    for (const method of ["sendChatAction", "deleteMessage"]) {
      expect((await call(fake, method, { ...edit, action: "typing" })).status).toBe(200);
    }
    const waits = () =>
      fake.calls("sendMessage").flatMap(({ error }) => error?.match(/\d+$/)?.map(Number) ?? []);
    const first = Math.max(...waits());
    await vi.waitUntil(async () => (await say(group.id)) && Math.max(...waits()) > first, {
      timeout: 5_000,
      interval: 5,
    });
    expect((await call(fake, "getMe")).status).toBe(200);
  });

  it("a failure comes before the call takes effect, or after it with the answer lost", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    fake.fail({ method: "sendMessage", status: 502 });
    expect((await call(fake, "sendMessage", { chat_id: chat.id, text: "one" })).status).toBe(502);
    expect(chat.botMessages()).toEqual([]);
    fake.fail({ method: "sendMessage", afterEffect: true });
    await expect(call(fake, "sendMessage", { chat_id: chat.id, text: "two" })).rejects.toThrow();
    expect(chat.botMessages().map((one) => one.text)).toEqual(["two"]);
    expect(fake.calls("sendMessage").map((one) => one.status)).toEqual([502, null]);
  });

  it("a token in a parameter is a violation", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    await call(fake, "sendMessage", { chat_id: chat.id, text: await fileUrl(chat, 10) });
    expect(fake.violations().map((one) => one.kind)).toEqual(["token-handed-out"]);
  });

  it("waiting helpers say what did not come", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    await expect(chat.nextBotMessage(undefined, { timeoutMs: 5 })).rejects.toThrow(
      "a message of the bot did not come within 5 ms",
    );
  });
});
