import { describe, expect, it } from "vitest";
import { voiceNoteBytes } from "../../support/test-chat.ts";
import { clip, community, hasTitle, startDiscordProcessScene, startDiscordScene, TITLE } from "./scene.ts";

const UPLOAD = "POST /api/upload-video";

/** How the backend got a file: told where it is, or given its bytes. */
function ways(requests: { headers: Record<string, string> }[]): string[] {
  return requests.map(({ headers }) =>
    headers["content-type"]?.includes("multipart") ? "bytes" : "address",
  );
}

describe("a voice message", { timeout: 30_000 }, () => {
  it("goes to the backend as sound, and is asked about", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const voice = { name: "voice-message.ogg", contentType: "audio/ogg", durationS: 1, waveform: "AAAA" };
    anna.says(dm, "", { attachments: [{ ...voice, bytes: await voiceNoteBytes() }] });
    await dm.nextBotMessage((message) => message.text.includes("What should I do"), 30_000);
    const [upload, ...others] = nemo.requests(UPLOAD);
    expect(others).toEqual([]);
    expect(upload?.files?.[0]?.name).toMatch(/^Voice note \d{4}-\d\d-\d\d\.wav$/);
  });
});

describe("a clip on Discord's CDN", { timeout: 30_000 }, () => {
  it("goes to the backend by its address: no byte passes through the bot", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage(hasTitle, 30_000);
    expect(ways(nemo.requests(UPLOAD))).toEqual(["address"]);
    expect(discord.cdn.downloads).toMatchObject([{ status: 200, isComplete: true }]);
  });

  it("whose address ran out while it waited is had anew from its message", async () => {
    const { discord, nemo } = await startDiscordScene({ discord: { attachmentUrlMs: 1_000 } });
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    discord.cdn.urlLifeMs = 1_000;
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await dm.nextBotMessage(hasTitle, 30_000);
    // An address that ends within a minute is not worth handing on.
    expect(discord.calls("GET /channels/:channel/messages/:message").length).toBeGreaterThan(0);
    expect(ways(nemo.requests(UPLOAD))).toEqual(["address"]);
  });

  it("whose address stopped working is had anew and streamed through", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    nemo.scenario.add({ on: "session", do: { kind: "hold", name: "busy" } });
    anna.says(dm, TITLE, { attachments: [await clip()] });
    await nemo.scenario.held("busy");
    discord.cdn.expireUrls();
    nemo.scenario.release("busy");
    await dm.nextBotMessage(hasTitle, 30_000);
    expect(ways(nemo.requests(UPLOAD))).toEqual(["address", "bytes"]);
  });

  it("that the backend may not fetch is streamed through, whatever its size, in constant memory", async () => {
    const { discord, nemo, bot } = await startDiscordProcessScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    nemo.scenario.add({ on: "upload", do: { kind: "http", status: 400, body: { code: 400 } } });
    const sizeBytes = 150 * 1024 * 1024;
    anna.says(dm, "", { attachments: [{ name: "long.mp4", contentType: "video/mp4", sizeBytes }] });
    await dm.nextBotMessage((message) => message.text.includes("✅ long.mp4"), 25_000);
    expect(ways(nemo.requests(UPLOAD))).toEqual(["address", "bytes"]);
    expect(nemo.requests(UPLOAD)[1]?.files?.[0]?.sizeBytes).toBe(sizeBytes);
    expect(await peakMemory(bot.pid)).toBeLessThan(300 * 1024 * 1024);
  });

  it("that is gone for good is said to be", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    nemo.scenario.add({ on: "session", do: { kind: "hold", name: "busy" } });
    const said = anna.says(dm, TITLE, { attachments: [await clip()] });
    await nemo.scenario.held("busy");
    said.delete();
    discord.cdn.expireUrls();
    nemo.scenario.release("busy");
    await dm.nextBotMessage((message) => message.text.includes("I can't open clip.mp4 anymore"), 30_000);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("can be a link in the prompt", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const elsewhere = discord.guild({ members: [bob], hasBot: false }).textChannel();
    const [file] = bob.says(elsewhere, "", { attachments: [await clip()] }).files;
    await anna.slash(channel, "edit", { options: { prompt: `${file?.url} ${TITLE}` } });
    const thread = await channel.nextThread();
    await thread.nextBotMessage(hasTitle, 30_000);
    expect(ways(nemo.requests(UPLOAD))).toEqual(["address"]);
  });
});

/** The most memory a process has held, in bytes. */
async function peakMemory(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}
