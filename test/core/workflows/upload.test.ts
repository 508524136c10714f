import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { finishFirst, startTitledScene } from "../../support/scenes.ts";
import { CLIP, clipBytes, file, LIVELY, linkTo, startScene } from "../../support/test-chat.ts";

const MEGABYTE = 1024 * 1024;

describe("a file", () => {
  it("arrives at the backend byte for byte, and its message says so", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    await chat.sendsFile(CLIP);
    const sha256 = createHash("sha256")
      .update(await clipBytes())
      .digest("hex");
    expect(nemo.requests("POST /api/upload-video")[0]?.files).toMatchObject([{ name: "clip.mp4", sha256 }]);
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.history).toContainEqual(expect.stringMatching(/^Uploading clip\.mp4…/));
    expect(chat.last.text).toMatch(/^✅ clip\.mp4 .*is in your project\.\n/);
  });

  it("tells how far it is, in the same message", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "upload" } });
    await chat.says("", { attachments: [file(CLIP)] });
    await chat.until(() => /^Uploading clip\.mp4… \d+%( · [\d.]+ [KMG]?B\/s)?$/.test(chat.last.text));
    expect(chat.buttons).toEqual(["Cancel"]);
    nemo.scenario.release("upload");
    await chat.bot.queue.idle();
    expect(chat.messages).toHaveLength(1);
  });

  it("with a caption is uploaded first, then edited", async () => {
    const { nemo, chat } = await startTitledScene();
    const order = nemo.requests("POST /").map((request) => request.path.split("/").slice(0, 3).join("/"));
    expect(order.slice(-2)).toEqual(["/api/upload-video", "/run_sse"]);
    expect(chat.last.text).toContain("Hello");
  });

  it("alone is uploaded, and the bot asks what to do with it, with two examples", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
    expect(chat.last.text).toMatch(/is in your project\.\s+What should I do next\?/);
    expect(chat.buttons).toHaveLength(2);
    for (const example of chat.buttons) expect(chat.last.text).toContain(`• ${example}`);
  });

  it("with a command in the caption is uploaded, then the command is carried out", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "export");
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).toEqual(await clipBytes());
  });

  it("in Chinese gets Chinese answers", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language: "zh" });
    expect(chat.last.text).toMatch(/^✅ 已加入你的项目：clip\.mp4.*\s+接下来要怎么处理/);
  });
});

describe("the name of a file", () => {
  it.each([
    ["../../etc/passwd.mp4", "passwd.mp4"],
    ["a\\..\\b.mp4", "b.mp4"],
    ["gpj.\u202e4pm.mp4", "gpj.4pm.mp4"],
    ["aux.mp4", "_aux.mp4"],
    ['x"; filename="y.mp4', "x_; filename=_y.mp4"],
  ])("%j goes to the backend as %j", async (name, sent) => {
    const { nemo, chat } = await startScene();
    await chat.asks("", { attachments: [file(CLIP, { name })] });
    expect(nemo.requests("POST /api/upload-video")[0]?.files).toMatchObject([{ name: sent }]);
  });
});

describe("several files in one message", () => {
  it("go one by one, in their order, and are asked about once", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "first" } });
    await chat.says("", { attachments: [file(CLIP, { name: "one.mp4" }), file(CLIP, { name: "two.mp4" })] });
    await nemo.scenario.held("first");
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
    await chat.until(() => chat.text.includes("0 of 2 added"));
    expect(chat.text).toContain("one.mp4");
    expect(chat.text).not.toContain("two.mp4");
    await finishFirst({ nemo, chat });
    const sent = nemo.requests("POST /api/upload-video").map(({ files }) => files?.map(({ name }) => name));
    expect(sent).toEqual([["one.mp4"], ["two.mp4"]]);
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toMatch(/^✅ Added 2 files\.\s+What should I do next/);
  });

  it("share one message: how many are there, and in the end which are not and why", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    nemo.scenario.add({ on: "upload", do: { kind: "delay", ms: 0 } });
    nemo.scenario.add({ on: "upload", do: { kind: "delay", ms: 0 } });
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "first" } });
    const good = ["one.mp4", "two.mp4", "three.mp4"].map((name) => file(CLIP, { name }));
    const refused = [file("notes.pdf"), file(CLIP, { name: "huge.mp4", sizeBytes: 600 * MEGABYTE })];
    await chat.says("", { attachments: [...refused, ...good] });
    await nemo.scenario.held("first");
    await chat.until(() => chat.text.includes("2 of 5 added"));
    expect(chat.last.text).toContain("I can't edit notes.pdf.");
    await finishFirst({ nemo, chat });
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toMatch(
      /^✅ Added 3 files\.\s+I can't edit notes\.pdf\. .*\n.*huge\.mp4 is too big.*\s+What should I do next\?/,
    );
  });

  it("with words wait for a decision when one of them is refused: the words are kept", async () => {
    const { nemo, chat } = await startScene();
    await chat.says('add the title "Hello"', {
      attachments: [file(CLIP), file("notes.pdf")],
    });
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
    expect(chat.last.text).toContain("I saved your request");
    await chat.presses("Continue without the file");
    expect(chat.last.text).toContain("Hello");
  });
});

describe("a file that cannot be edited", () => {
  it.each([
    {
      why: "a format nobody supports",
      attachment: file("notes.pdf"),
      en: /^I can't edit notes\.pdf\. I work with mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a, aac\.$/,
      zh: /^我无法编辑 notes\.pdf。支持的格式：mp4、mov、/,
    },
    {
      why: "more than the skill's limit",
      attachment: file(CLIP, { sizeBytes: 600 * MEGABYTE }),
      en: /^clip\.mp4 is too big \(600 MB, max 500 MB\)\. Please compress it, or trim it/,
      zh: /^clip\.mp4 太大（600 MB，上限 500 MB）。请压缩/,
    },
    {
      why: "no bytes at all",
      attachment: file(CLIP, { sizeBytes: 0 }),
      en: /^clip\.mp4 is empty/,
      zh: /^clip\.mp4 是空文件/,
    },
  ])("is refused before a byte moves: $why", async ({ attachment, en, zh }) => {
    const { nemo, chat } = await startScene();
    await chat.asks("", { attachments: [attachment] });
    expect(chat.last.text).toMatch(en);
    await chat.asks("", { attachments: [attachment], language: "zh" });
    expect(chat.last.text).toMatch(zh);
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
  });

  it("is measured by the limit of the active skill", async () => {
    const { nemo, chat } = await startScene({ settings: { DEFAULT_SKILL: "free-image-editing" } });
    await chat.asks("", { attachments: [file(CLIP, { sizeBytes: 300 * MEGABYTE })] });
    expect(chat.last.text).toContain("max 200 MB");
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
  });

  it("is told when the platform cannot give it any more", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(join(import.meta.dirname, "no-such-clip.mp4"));
    expect(chat.text).toContain("I can't open no-such-clip.mp4 anymore. Please send it again.");
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
  });
});

describe("an upload that does not work out", () => {
  it("is told, and the retry button sends file and words once more", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "upload", do: { kind: "http", status: 503 } });
    await chat.sendsFile(CLIP, 'add the title "Hello"');
    expect(chat.text).toContain("clip.mp4 couldn't be uploaded.");
    expect(chat.last.text).toContain("I haven't started. Your message is saved");
    expect(nemo.requests("POST /run_sse")).toEqual([]);
    await chat.presses("Try again");
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(2);
    expect(chat.last.text).toContain("Hello");
  });
});

describe("an upload whose answer got lost", () => {
  it("is not sent again by itself: the clip could be in the project twice", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "upload", do: { kind: "drop", when: "mid-body" } });
    await chat.sendsFile(CLIP, 'add the title "Hello"');
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
    expect(chat.text).toContain("can't tell whether that worked. Check /status");
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });
});

describe("a link to a file", () => {
  it("is handed to the backend, which fetches it, and then edited as the words say", async () => {
    const { nemo, chat } = await startScene();
    const url = linkTo(nemo, "holiday.mp4");
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "first" } });
    await chat.says(`${url} add the title "Hello"`);
    await chat.until(() => chat.text.includes("Uploading holiday.mp4…"));
    await finishFirst({ nemo, chat });
    expect(nemo.requests("POST /api/upload-video")[0]?.json).toEqual({ urls: [url], source_type: "url" });
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain("Hello");
    expect(nemo.requests("POST /run_sse")[0]?.json).toMatchObject({
      new_message: { parts: [{ text: 'add the title "Hello"' }] },
    });
  });

  it("alone is uploaded, and the bot asks what to do with it", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks(linkTo(nemo, "holiday.mp4"));
    expect(nemo.requests("POST /run_sse")).toEqual([]);
    expect(chat.last.text).toMatch(/^✅ holiday\.mp4 .*\s+What should I do next\?/);
  });
});

describe("no file at all", () => {
  it("is fine: words alone generate a video", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("generate a 5 second video of a sunset");
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
    expect(chat.text).toContain("I generated a 5-second video of a sunset");
  });

  it.each([
    { text: "upload", said: /^Send me a file, or a link to one\. I take mp4, mov, .*up to 500 MB each/ },
    { text: "上传", said: /^发送文件或文件链接即可。支持 mp4、mov、/ },
  ])("“$text” explains how to send one", async ({ text, said }) => {
    const { chat } = await startScene();
    await chat.asks(text);
    expect(chat.last.text).toMatch(said);
  });
});
