import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import type { FakeMessage } from "./fake-message.ts";
import { rest } from "./rest-client.ts";
import type { JsonObject } from "./wire.ts";

let fake: FakeDiscord;
let message: FakeMessage;
const sizeBytes = 300_000;

beforeEach(async () => {
  fake = await startFakeDiscord();
  const ann = fake.user();
  const channel = fake.guild({ members: [ann] }).textChannel();
  message = ann.says(channel, "cut", {
    mentions: [fake.bot],
    attachments: [{ name: "clip.mp4", sizeBytes }],
  });
});

afterEach(() => fake.stop());

const url = () => message.files[0]?.url ?? "";

describe("an attachment's URL", () => {
  it("serves the bytes, whole and in ranges", async () => {
    const whole = await fetch(url());
    expect(whole.headers.get("content-length")).toBe(String(sizeBytes));
    expect(whole.headers.get("content-type")).toBe("video/mp4");
    const bytes = Buffer.from(await whole.arrayBuffer());
    const part = await fetch(url(), { headers: { range: "bytes=100-199" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 100-199/${sizeBytes}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(100, 200));
    expect((await fetch(url(), { headers: { range: `bytes=${sizeBytes}-` } })).status).toBe(416);
    expect(fake.cdn.downloads[0]).toMatchObject({ status: 200, sentBytes: sizeBytes, isComplete: true });
  });

  it("is nothing without its signature", async () => {
    const bare = await fetch(url().split("?")[0] ?? "");
    expect([bare.status, await bare.text()]).toEqual([404, "This content is no longer available."]);
    expect((await fetch(url().replace(/hm=../, "hm=00"))).status).toBe(404);
    expect((await fetch(url().replace(/ex=\w+/, "ex=ffffffff"))).status).toBe(404);
  });

  it("expires, and the message has a fresh one", async () => {
    const old = url();
    fake.cdn.expireUrls();
    expect((await fetch(old)).status).toBe(404);
    const { body } = await rest(fake, "GET", `/channels/${message.channel.id}/messages/${message.id}`);
    const [fresh] = body.attachments as JsonObject[];
    expect((await fetch(String(fresh?.url))).status).toBe(200);
  });

  it("is past its time when `ex` is", async () => {
    fake.cdn.urlLifeMs = -2000;
    expect((await fetch(url())).status).toBe(404);
  });

  it("can break half-way", async () => {
    fake.cdn.breakNext({ afterBytes: 100_000, times: 1 });
    const response = await fetch(url());
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(fake.cdn.downloads.at(-1)).toMatchObject({ sentBytes: 100_000, isComplete: false });
    expect((await (await fetch(url())).arrayBuffer()).byteLength).toBe(sizeBytes);
  });

  it("dies with its message", async () => {
    const old = url();
    message.delete();
    expect((await fetch(old)).status).toBe(404);
  });
});
