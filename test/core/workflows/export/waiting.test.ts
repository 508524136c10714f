/** Several exports of one project: each shows the project as it was when it was asked for. */

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Scenario } from "../../../../src/sandbox/scenario.ts";
import { finishFirst, startRenderingScene } from "../../../support/scenes.ts";
import { CLIP, file, LIVELY, type Scene, startScene, temporaryFolder } from "../../../support/test-chat.ts";

const HELD: Scenario = { on: "render-status", do: { kind: "hold", name: "first" } };

interface RenderRequest {
  id: string;
  draft: { t: { tt: number; sg: { m: { title: string } }[] }[] };
}

/** The renders that were asked for and not refused, in order. */
function renders({ nemo }: Scene): RenderRequest[] {
  return nemo
    .requests("POST /api/render/proxy/lambda")
    .filter(({ path, status }) => path.endsWith("/lambda") && status === 200)
    .map(({ json }) => json as RenderRequest);
}

/** The titles of a render's draft. */
function titlesOf(render: RenderRequest | undefined): string[] {
  return (render?.draft.t ?? []).filter(({ tt }) => tt === 7).flatMap(({ sg }) => sg.map(({ m }) => m.title));
}

function videos({ chat }: Scene): (string | undefined)[] {
  return chat.messages.filter(({ video }) => video !== null).map(({ raw }) => raw.video?.name);
}

/** An edit and another export behind it; the message that tells its place. */
async function editAndExport({ chat }: Scene, title: string, place: number) {
  const told = `clip-${place + 1}.mp4 is #${place} in the queue`;
  await chat.says(`add the title "${title}"`);
  await chat.says("export");
  const find = () => chat.messages.findLast(({ text }) => text.includes(told));
  await chat.until(() => find() !== undefined);
  const message = find();
  if (!message) throw new Error("no place was told");
  return message;
}

describe("an export while another one renders", () => {
  it("waits for its turn and shows the project as it was when it was asked for", async () => {
    const scene = await startRenderingScene();
    const { nemo, chat } = scene;
    await editAndExport(scene, "Second", 1);
    await chat.says('add the title "Too late"');
    await chat.until(() => chat.last.text.includes("Too late"));
    expect(renders(scene)).toHaveLength(1);
    await finishFirst({ nemo, chat });
    expect(renders(scene).map(titlesOf)).toEqual([[], ["Second"]]);
    expect(videos(scene)).toEqual(["clip-1.mp4", "clip-2.mp4"]);
  });

  it("says so in Chinese", async () => {
    const { nemo, chat } = await startRenderingScene();
    await chat.says("导出", { language: "zh" });
    await chat.until(() => chat.last.text.includes("排在第 1 位"));
    await finishFirst({ nemo, chat });
  });

  it("has one message from its place in the line to its end", async () => {
    const scene = await startRenderingScene({ limits: LIVELY });
    const { nemo, chat } = scene;
    const place = await editAndExport(scene, "Second", 1);
    await finishFirst({ nemo, chat });
    expect(place.history[1]).toContain("Rendering, usually");
    expect(chat.removed).toContain(place);
    expect(chat.text).not.toMatch(/clip-2\.mp4 is #|Rendering/);
  });

  it("is listed by the status with its place", async () => {
    const scene = await startRenderingScene();
    const { nemo, chat } = scene;
    await editAndExport(scene, "Second", 1);
    await editAndExport(scene, "Third", 2);
    await chat.says("status");
    await chat.until(() => chat.last.text.includes("An export is rendering."));
    expect(chat.last.text).toContain("🎬 clip-2.mp4 is #1 in the queue.\n🎬 clip-3.mp4 is #2 in the queue.");
    expect(chat.buttons).toEqual([
      "Export",
      "Status",
      "Stop the export",
      "Cancel clip-2.mp4",
      "Cancel clip-3.mp4",
    ]);
    await finishFirst({ nemo, chat });
  });

  it("can be taken out of the line, and the others go on", async () => {
    const scene = await startRenderingScene();
    const { nemo, chat } = scene;
    const second = await editAndExport(scene, "Second", 1);
    await editAndExport(scene, "Third", 2);
    const [button] = second.buttons;
    if (button?.kind !== "action") throw new Error("no button stands below the place in the line");
    await chat.says("", { action: button.action });
    await chat.until(() => chat.last.text === "I removed that export from the queue.");
    await chat.until(() => chat.removed.includes(second));
    await finishFirst({ nemo, chat });
    expect(renders(scene).map(titlesOf)).toEqual([[], ["Second", "Third"]]);
    expect(videos(scene)).toEqual(["clip-1.mp4", "clip-3.mp4"]);
  });

  it("can be taken out of the line by whoever asked for it only", async () => {
    const scene = await startRenderingScene();
    const { nemo, chat } = scene;
    await editAndExport(scene, "Second", 1);
    const action = chat.actionOf("Stop the export");
    await chat.says("", { action, user: { id: "test:bob" } });
    await chat.until(() => chat.last.text.includes("Only the person who started this"));
    await finishFirst({ nemo, chat });
    expect(renders(scene)).toHaveLength(2);
  });

  it("begins when the one before is cancelled", async () => {
    const scene = await startScene();
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await chat.says("export");
    await chat.until(() => nemo.requests("GET /api/render/proxy/lambda/").length > 0);
    await editAndExport(scene, "Second", 1);
    await chat.asks("cancel");
    expect(chat.text).toContain("I stopped the export. Your project is still there.");
    expect(chat.text).toContain("Exports still queued: 1.");
    expect(videos(scene)).toEqual(["clip-2.mp4"]);
    expect(titlesOf(renders(scene)[1])).toEqual(["Second"]);
  });

  it("goes with all the others when the person wants none", async () => {
    const scene = await startScene();
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await chat.says("export");
    await chat.until(() => nemo.requests("GET /api/render/proxy/lambda/").length > 0);
    await editAndExport(scene, "Second", 1);
    await editAndExport(scene, "Third", 2);
    await chat.asks("", { action: { kind: "cancel", scope: "exports" } });
    expect(chat.text).toContain("Exports removed from the queue: 2.");
    expect(renders(scene)).toHaveLength(1);
    expect(videos(scene)).toEqual([]);
  });

  it("waits as well for a render that the backend still has for this session", async () => {
    const scene = await startScene();
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    const active = {
      kind: "error",
      code: 409,
      message: "A render is already active for this session",
    } as const;
    nemo.scenario.add({ on: "render", do: active, times: 3 });
    await chat.asks("export");
    expect(videos(scene)).toEqual(["clip-1.mp4"]);
    expect(renders(scene).map(({ id }) => id)).toHaveLength(4);
  });
});

describe("three clips, three edits, three exports", () => {
  it("give three renders in order, each named after its clip's project", async () => {
    const scene = await startScene();
    const { chat } = scene;
    const folder = await temporaryFolder();
    const messages = ["beach", "city", "海边 夜景"].map(async (name) => {
      await copyFile(CLIP, join(folder, `${name}.mp4`));
      return file(join(folder, `${name}.mp4`));
    });
    for (const [index, clip] of (await Promise.all(messages)).entries()) {
      await chat.says(`add the title "Edit ${index + 1}"`, { attachments: [clip] });
      await chat.says("export");
    }
    await chat.bot.queue.idle();
    expect(renders(scene).map(titlesOf)).toEqual([
      ["Edit 1"],
      ["Edit 1", "Edit 2"],
      ["Edit 1", "Edit 2", "Edit 3"],
    ]);
    expect(videos(scene)).toEqual(["beach-1.mp4", "beach-2.mp4", "beach-3.mp4"]);
  });
});

describe("a restart", () => {
  it("between the capture and the line exports what was captured, once", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const { store } = chat.bot;
    const keepCapture = store.keepCapture.bind(store);
    store.keepCapture = async (...capture) => {
      await keepCapture(...capture);
      reached.resolve();
      await opened.promise;
    };
    await chat.says("export");
    await reached.promise;
    const reads = nemo.requests("GET /api/state/").length;
    const restarted = scene.restart();
    opened.resolve();
    const next = await restarted;
    await next.chat.until(() => next.chat.messages.some(({ video }) => video !== null));
    await next.chat.bot.queue.idle();
    expect(nemo.requests("GET /api/state/")).toHaveLength(reads);
    expect(renders(scene)).toHaveLength(1);
  });

  it("while a render is being submitted submits it once", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "drop", when: "before-answer", applied: true } }, HELD);
    await chat.says("export");
    await nemo.scenario.held("first");
    const next = await scene.restart();
    nemo.scenario.release("first");
    await next.chat.until(() => next.chat.messages.some(({ video }) => video !== null));
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
  });

  it("keeps the line, with each project as it was", async () => {
    const scene = await startRenderingScene({ storage: "disk" });
    const { nemo } = scene;
    await editAndExport(scene, "Second", 1);
    await editAndExport(scene, "Third", 2);
    const next = await scene.restart();
    nemo.scenario.release("first");
    await next.chat.until(() => videos({ ...scene, chat: next.chat }).length === 3);
    await next.chat.bot.queue.idle();
    expect(renders(scene).map(titlesOf)).toEqual([[], ["Second"], ["Second", "Third"]]);
    expect(videos({ ...scene, chat: next.chat })).toEqual(["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]);
  });
});

describe("a render's progress", () => {
  it("never falls, not even when the render is made a second time", async () => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    await chat.sendsFile(CLIP);
    nemo.scenario.add(
      { on: "render", do: { kind: "render", progress: [20, 60, 40], fail: "Lambda function timed out" } },
      { on: "render", do: { kind: "render", progress: [10, 70, 65] } },
    );
    await chat.asks("export");
    const shown = chat.seen.split("\n").flatMap((text) => /Rendering.* (\d+)%/.exec(text)?.[1] ?? []);
    expect(shown).toEqual(["20", "60", "70"]);
  });

  it("is asked for rarely at the end and often at the beginning", async () => {
    const { nemo, chat } = await startScene({
      settings: { EXPORT_POLL_MS: "400" },
      limits: { exportFirstPollMs: 60 },
    });
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", progress: [1, 2, 3, 4, 5, 6] } });
    await chat.asks("export");
    const times = nemo.requests("GET /api/render/proxy/lambda/").map(({ receivedAt }) => receivedAt);
    const submitted = nemo.requests("POST /api/render/proxy/lambda")[0]?.receivedAt ?? 0;
    const waits = times.map((time, index) => time - (times[index - 1] ?? submitted));
    for (const [index, least] of [60, 90, 135, 202, 303, 400, 400].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least - 5);
    }
  });
});

describe("a draft whose clips are paths of the backend's own editor", () => {
  it("is rendered with the addresses of the uploaded files", async () => {
    const scene = await startScene();
    scene.nemo.scenario.setDialect({ paths: "userdata" });
    await scene.chat.sendsFile(CLIP);
    await scene.chat.asks("export");
    expect(videos(scene)).toEqual(["clip-1.mp4"]);
    expect(renders(scene)).toHaveLength(1);
    expect(JSON.stringify(renders(scene)[0])).not.toContain("/mnt/userdata");
    expect(scene.chat.text).not.toContain("/mnt/userdata");
  });
});
