import { describe, expect, it } from "vitest";
import type { Scenario } from "../../../../src/sandbox/scenario.ts";
import { CLIP, clipBytes, LIVELY, type Scene, startScene } from "../../../support/test-chat.ts";

type Render = Omit<Extract<Scenario["do"], { kind: "render" }>, "kind">;

/** How the next render goes. */
function render(how: Render): Scenario {
  return { on: "render", do: { kind: "render", ...how } };
}

/** A scene with the clip on its timeline. */
async function startWithClip(options: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const scene = await startScene(options);
  await scene.chat.sendsFile(CLIP);
  return scene;
}

/** The ids of all renders that were asked for, in order. */
function renderIds({ nemo }: Scene): unknown[] {
  return nemo
    .requests("POST /api/render/proxy/lambda")
    .filter((request) => request.path.endsWith("/lambda"))
    .map((request) => (request.json as { id: unknown }).id);
}

describe("an export", () => {
  it.each(["export", "please export it now", "/export", "send me the video", "导出"])(
    "is what “%s” asks for",
    async (text) => {
      const scene = await startWithClip();
      await scene.chat.asks(text, { language: "en" });
      expect(renderIds(scene)).toHaveLength(1);
      expect(scene.chat.last.text).toMatch(/^🎉 (?:Your video is ready|你的视频已完成)/);
    },
  );

  it.each([
    { language: "en", said: "There's nothing to export yet." },
    { language: "zh", said: "还没有可导出的内容。" },
  ])("of an empty project is declined before anything is submitted ($language)", async (row) => {
    const scene = await startScene();
    await scene.chat.asks("export", { language: row.language });
    expect(scene.chat.last.text).toContain(row.said);
    expect(renderIds(scene)).toEqual([]);
  });

  it("hands over the video with its length, size, download link and claim link", async () => {
    const { nemo, chat } = await startWithClip();
    await chat.asks("export");
    expect(chat.last.text).toMatch(/^🎉 Your video is ready \(0:10, \d+ KB\)\./);
    expect(chat.last.text).toMatch(/Download the video: http:\/\/\S+\/files\//);
    expect(chat.last.text).toMatch(
      /Open the project in your browser: http:\/\/\S+\/workspace\/claim\?ct=clm_/,
    );
    expect(chat.buttons).toEqual(["Download", "Open in the browser"]);
    expect(chat.last.video).toEqual(await clipBytes());
    expect(nemo.requests("POST /api/auth/claim-token")).toHaveLength(1);
  });

  it("in a group gives the claim link to who began the project, in private", async () => {
    const { nemo, chat } = await startWithClip();
    chat.isGroup = true;
    await chat.asks("export");
    const shown = chat.messages.filter((message) => message.tone !== "private");
    expect(JSON.stringify(shown)).not.toContain("clm_");
    expect(chat.last.text).toMatch(/^Open the project in your browser: /);
    expect(chat.last.raw).toMatchObject({ tone: "private", isDispensable: true });
    expect(chat.last.buttons).toMatchObject([{ href: expect.stringContaining("/workspace/claim?ct=clm_") }]);
    await chat.asks("export", { user: { id: "test:ben" } });
    // Another person's project is not theirs to take over.
    expect(nemo.requests("POST /api/auth/claim-token")).toHaveLength(1);
  });

  it("gives the link to whom the exported project belongs, whatever is open by now", async () => {
    const { nemo, chat } = await startWithClip();
    const ben = { user: { id: "test:ben" } };
    chat.isGroup = true;
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "render" } });
    await chat.says("export", ben);
    await nemo.scenario.held("render");
    await chat.says("export", ben);
    await chat.says("new project");
    await chat.until(() => chat.buttons.includes("Start new"));
    await chat.says("", { action: chat.actionOf("Start new") });
    await chat.until(() => chat.text.includes("New project started"));
    await chat.says('make a video of the city, with the title "City"', ben);
    await chat.until(() => chat.text.includes('I added the title "City".'));
    nemo.scenario.release("render");
    await chat.bot.queue.idle();
    expect(chat.text).toContain("Your video is ready");
    expect(nemo.requests("POST /api/auth/claim-token")).toEqual([]);
    await chat.asks("export", ben);
    expect(nemo.requests("POST /api/auth/claim-token")).toHaveLength(1);
  });

  it("with the operator's token gives no claim link to anybody", async () => {
    const token = "operator-token-of-the-tests";
    const { nemo, chat } = await startScene({
      nemo: { registeredTokens: [token] },
      settings: { NEMO_TOKEN: token },
    });
    await chat.sendsFile(CLIP, 'add the title "Hello"');
    await chat.asks("export");
    expect(chat.last.text).toMatch(/^🎉 Your video is ready/);
    expect(nemo.requests("POST /api/auth/claim-token")).toEqual([]);
  });

  it("says the same in Chinese", async () => {
    const { chat } = await startWithClip();
    await chat.asks("导出", { language: "zh" });
    expect(chat.last.text).toMatch(/^🎉 你的视频已完成（0:10、\d+ KB）。/);
    expect(chat.buttons).toEqual(["下载", "在浏览器中打开"]);
  });

  it("never puts the account's token into a link", async () => {
    const { chat } = await startWithClip();
    await chat.asks("export");
    const links = chat.last.buttons.map((button) => (button.kind === "link" ? button.href : ""));
    expect(links.join("\n")).not.toContain("nmv_");
    expect(chat.last.text).not.toContain("nmv_");
  });

  it("fetches the video without showing our token to the storage", async () => {
    const { nemo, chat } = await startWithClip();
    await chat.asks("export");
    const files = nemo.requests("GET /files/");
    expect(files).toHaveLength(1);
    expect(files[0]?.headers.authorization).toBeUndefined();
    expect(chat.last.video).toEqual(await clipBytes());
  });

  it("shows its progress in one message", async () => {
    const { nemo, chat } = await startWithClip({ limits: LIVELY });
    nemo.scenario.add(render({ progress: [20, 60] }));
    nemo.scenario.add({ on: "file", do: { kind: "hold", name: "file" } });
    await chat.says("export");
    await chat.until(() => chat.last.text === "🎬 Rendering your video… 60%");
    const progress = chat.last;
    expect(chat.buttons).toEqual(["Stop the export"]);
    nemo.scenario.release("file");
    await chat.bot.queue.idle();
    expect(progress.history[0]).toContain("🎬 Rendering, usually 30–90 seconds.");
    expect(progress.history).toContain("🎬 Rendering your video… 20%");
    // There is nothing left to stop, and nothing to tell beside the video.
    expect(chat.removed).toEqual([progress]);
    expect(chat.messages.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^✅ clip\.mp4/),
      expect.stringMatching(/^🎉 Your video is ready/),
    ]);
  });

  it("hands the draft back as it was read, with the session's id", async () => {
    const { nemo, chat } = await startWithClip();
    await chat.asks("export");
    expect(nemo.requests("POST /api/render/proxy/lambda")[0]?.json).toMatchObject({
      id: expect.stringMatching(/^render_/),
      sessionId: expect.any(String),
      draft: { t: expect.any(Array) },
      output: { format: "mp4", quality: "high" },
    });
  });

  it("does not wait for a claim link that takes long: it follows the video", async () => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add({ on: "claim", do: { kind: "hold", name: "claim" } });
    await chat.says("export");
    await chat.until(() => /^🎉 Your video is ready/.test(chat.last.text));
    expect(chat.buttons).toEqual(["Download"]);
    nemo.scenario.release("claim");
    await chat.bot.queue.idle();
    expect(chat.buttons).toEqual(["Open in the browser"]);
  });

  it("leaves the claim link out quietly where the backend refuses one", async () => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add({ on: "claim", do: { kind: "http", status: 403 } });
    const said = await chat.asks("export");
    expect(chat.last.text).toMatch(/^🎉 Your video is ready/);
    expect(chat.buttons).toEqual(["Download"]);
    expect(said).toHaveLength(1);
  });

  it.each([
    { render: "A", renderId: "ours" },
    { render: "B", renderId: "ours" },
    { render: "A", renderId: "own" },
    { render: "B", renderId: "own" },
  ] as const)("works in the dialect $render with the backend's id: $renderId", async (dialect) => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.setDialect(dialect);
    nemo.scenario.add(render({ progress: [50] }));
    await chat.asks("export");
    expect(chat.last.text).toMatch(/^🎉 Your video is ready \(0:10, \d+ KB\)\./);
    expect(chat.last.video).toEqual(await clipBytes());
  });

  it.each(["A", "B"] as const)(
    "without an address is fetched by the download path (dialect %s)",
    async (dialect) => {
      const { nemo, chat } = await startWithClip();
      nemo.scenario.add(render({ omitUrl: true, dialect }));
      await chat.asks("export");
      expect(nemo.requests("GET /api/render/proxy/").at(-1)?.path).toMatch(/\/download$/);
      expect(chat.last.video).toEqual(await clipBytes());
      expect(chat.last.text).not.toContain("Download the video");
      expect(chat.buttons).toEqual(["Open in the browser"]);
    },
  );

  it("whose address does not answer is fetched by the download path", async () => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add({ on: "file", do: { kind: "http", status: 403 } });
    await chat.asks("export");
    expect(nemo.requests("GET /api/render/proxy/").at(-1)?.path).toMatch(/\/download$/);
    expect(chat.last.video).toEqual(await clipBytes());
  });

  it("is found in the credits: it costs nothing", async () => {
    const { chat } = await startWithClip();
    await chat.asks("export");
    await chat.asks("credits");
    expect(chat.last.text).toContain("100 available");
  });
});

describe("a render that fails", () => {
  it("gets a new id, once, and is delivered", async () => {
    const scene = await startWithClip();
    scene.nemo.scenario.add(render({ fail: "Lambda function timed out" }));
    await scene.chat.asks("export");
    expect(new Set(renderIds(scene)).size).toBe(2);
    expect(scene.chat.last.text).toMatch(/^🎉 Your video is ready/);
    expect(scene.chat.text).not.toContain("Lambda");
  });

  it.each([
    {
      language: "en",
      said: "The video couldn't be rendered.",
      button: "Export again",
    },
    { language: "zh", said: "视频渲染失败。", button: "重新导出" },
  ])("twice is told in a clear sentence ($language)", async ({ language, said, button }) => {
    const scene = await startWithClip();
    scene.nemo.scenario.add(render({ fail: "Lambda function timed out" }), render({ fail: "boom" }));
    await scene.chat.asks("export", { language });
    expect(renderIds(scene)).toHaveLength(2);
    expect(scene.chat.last.text).toContain(said);
    expect(scene.chat.buttons).toEqual([button]);
    await scene.chat.presses(button, { language });
    expect(scene.chat.last.video).not.toBeNull();
  });

  it("for a duplicate id gets a new id, once", async () => {
    const scene = await startWithClip();
    scene.nemo.scenario.add({
      on: "render",
      do: { kind: "error", code: 409, message: "Duplicate render id" },
    });
    await scene.chat.asks("export");
    expect(new Set(renderIds(scene)).size).toBe(2);
    expect(scene.chat.last.text).toMatch(/^🎉 Your video is ready/);
  });

  it("for a duplicate id twice is told in a clear sentence", async () => {
    const scene = await startWithClip();
    scene.nemo.scenario.add({
      on: "render",
      do: { kind: "error", code: 409, message: "Duplicate render id" },
      times: 2,
    });
    await scene.chat.asks("export");
    expect(renderIds(scene)).toHaveLength(2);
    expect(scene.chat.last.text).toContain("The video couldn't be rendered");
  });
});

describe("a render whose submission got no answer", () => {
  it("is asked for by its id, not submitted again, when it arrived", async () => {
    const scene = await startWithClip();
    scene.nemo.scenario.add({ on: "render", do: { kind: "drop", when: "before-answer", applied: true } });
    await scene.chat.asks("export");
    expect(renderIds(scene)).toHaveLength(1);
    expect(scene.chat.last.text).toMatch(/^🎉 Your video is ready/);
  });

  it("is submitted once more, with a new id, when the backend does not know it", async () => {
    const scene = await startWithClip();
    scene.nemo.scenario.add({ on: "render", do: { kind: "drop", when: "before-answer", applied: false } });
    await scene.chat.asks("export");
    expect(new Set(renderIds(scene)).size).toBe(2);
    expect(scene.chat.last.text).toMatch(/^🎉 Your video is ready/);
  });
});

describe("while a video renders", () => {
  it("editing goes on", async () => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "render" } });
    await chat.says("export");
    await nemo.scenario.held("render");
    await chat.says('add the title "Meanwhile"');
    await chat.until(() => chat.last.text.includes('I added the title "Meanwhile".'));
    expect(chat.text).not.toContain("Your video is ready");
    nemo.scenario.release("render");
    await chat.bot.queue.idle();
    expect(chat.last.text).toMatch(/^🎉 Your video is ready/);
  });

  it("the status says so", async () => {
    const { nemo, chat } = await startWithClip();
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "render" } });
    await chat.says("export");
    await nemo.scenario.held("render");
    await chat.says("status");
    await chat.until(() => chat.last.text.includes("An export is rendering."));
    nemo.scenario.release("render");
    await chat.bot.queue.idle();
  });

  it.each([
    { language: "en", ask: "cancel", said: "I stopped the export. Your project is still there." },
    { language: "zh", ask: "取消", said: "已停止导出，你的项目还在。" },
  ])("cancel stops it, at the backend too, and the next export starts ($language)", async (row) => {
    const scene = await startWithClip();
    const { nemo, chat } = scene;
    const { language } = row;
    nemo.scenario.add(render({ ms: 60_000 }));
    await chat.says("export", { language });
    await chat.until(() => nemo.requests("GET /api/render/proxy/lambda/").length > 0);
    await chat.asks(row.ask, { language });
    expect(chat.text).toContain(row.said);
    expect(nemo.requests("POST /api/render/proxy/lambda/").at(-1)?.path).toMatch(/\/cancel$/);
    expect(chat.text).not.toMatch(/is ready \(|已完成 \(/);
    await chat.asks("export", { language });
    expect(chat.last.video).not.toBeNull();
  });
});

describe("a render that never ends", () => {
  it.each([
    { language: "en", said: "Rendering is taking far too long, so I stopped waiting." },
    { language: "zh", said: "渲染时间远超正常，已停止等待。" },
  ])("is given up in words, and exporting again works ($language)", async ({ language, said }) => {
    const scene = await startWithClip({ settings: { EXPORT_TIMEOUT_MS: "800" } });
    scene.nemo.scenario.add(render({ ms: 60_000 }));
    await scene.chat.asks("export", { language });
    expect(scene.chat.last.text).toContain(said);
    await scene.chat.presses(scene.chat.buttons[0] ?? "", { language });
    expect(scene.chat.last.video).not.toBeNull();
  });
});

describe("an export that a restart cut short", () => {
  it("does not stand in the way of the next one", async () => {
    const scene = await startWithClip({ storage: "disk" });
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "render" } });
    await scene.chat.says("export");
    await scene.nemo.scenario.held("render");
    const next = await scene.restart();
    await next.chat.asks("export");
    expect(next.chat.last.video).not.toBeNull();
  });
});
