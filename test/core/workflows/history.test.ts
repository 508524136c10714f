/** What was changed, earlier versions, and going back. */
import { describe, expect, it } from "vitest";
import { CLIP, type Scene, type SceneOptions, startScene } from "../../support/test-chat.ts";

/** Anna has sent a clip and asked for the titles "One" and "Two". */
async function startTwoEdits(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  await scene.chat.sendsFile(CLIP, 'add the title "One"');
  await scene.chat.asks('add the title "Two"');
  return scene;
}

/** The titles in the drafts that were rendered, one render after another. */
function renderedTitles({ nemo }: Scene): string[][] {
  return nemo
    .requests("POST /api/render/proxy/lambda")
    .filter(({ path, status }) => path.endsWith("/lambda") && status === 200)
    .map(({ json }) => json as { draft: { t: { tt: number; sg: { m: { title: string } }[] }[] } })
    .map(({ draft }) => draft.t.filter(({ tt }) => tt === 7).flatMap(({ sg }) => sg.map(({ m }) => m.title)));
}

/** What was sent to the agent last. */
function lastWords({ nemo }: Scene): string {
  return JSON.stringify(nemo.requests("POST /run_sse").at(-1)?.json);
}

const list = async ({ chat }: Pick<Scene, "chat">, language = "en") =>
  (await chat.asks("/history", { language })).join();

describe("the history", () => {
  it("lists what each edit changed, when and for which words, newest first", async () => {
    const scene = await startTwoEdits();
    expect(await list(scene)).toBe(
      [
        "History",
        '#2 · now · “add the title "Two"”\nAdded the title “Two” (0-3s).',
        '#1 · now · “add the title "One"”\nAdded the title “One” (0-3s).',
      ].join("\n\n"),
    );
    expect(scene.chat.buttons).toEqual(["Export #2", "Export #1"]);
  });

  it("is in the language of who reads it", async () => {
    const scene = await startTwoEdits();
    expect(await list(scene, "zh")).toMatch(
      /^编辑历史\n\n#2 · 现在 · “add the title "Two"”\n添加了标题“Two”/,
    );
    expect(scene.chat.buttons).toEqual(["导出 #2", "导出 #1"]);
  });

  it("says so when there is none", async () => {
    const { chat } = await startScene();
    expect(await chat.asks("/history")).toEqual(["There are no finished edits here yet."]);
  });

  it("knows no edit that changed nothing, whatever is uploaded after it", async () => {
    const scene = await startScene();
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP, 'add the title "One"');
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: ["It is ten seconds long."], edits: [] } });
    await chat.asks("how long is it now, in seconds and frames?");
    await chat.sendsFile(CLIP);
    await chat.asks('add the title "Two"');
    expect(await list(scene)).toMatch(
      /^History\n\n#2 · now · “add the title "Two"”[^#]*#1 · now · “add the title "One"”[^#]*$/,
    );
  });

  it("has the draft that the edit made, where the state lags behind its answer", async () => {
    const scene = await startScene({
      limits: { lagWaitsMs: [0, 600] },
      settings: { RECOVERY_FIRST_WAIT_MS: "30000" },
    });
    const { nemo, chat } = scene;
    await chat.sendsFile(CLIP, 'add the title "One"');
    await list(scene);
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["Done."], edits: [{ op: "title", text: "Two" }], stateLagMs: 300 },
    });
    await chat.asks("another title");
    expect(await list(scene)).not.toContain("#2");
    const found = async (): Promise<string> => {
      const text = await list(scene);
      return text.includes("#2") ? text : found();
    };
    expect(await found()).toContain("Added the title “Two”");
    await chat.presses("Export #2");
    expect(renderedTitles(scene)).toEqual([["One", "Two"]]);
  });

  it("is kept across a restart, with an edit that nobody has looked at", async () => {
    const scene = await startTwoEdits({ storage: "disk" });
    const { nemo } = scene;
    // By now the first two have been looked at.
    await list(scene);
    nemo.scenario.add({ on: "state", do: { kind: "delay", ms: 0 } });
    nemo.scenario.add({ on: "state", do: { kind: "hold", name: "look" } });
    await scene.chat.says('add the title "Three"');
    await nemo.scenario.held("look");
    const { chat } = await scene.restart();
    nemo.scenario.release("look");
    expect(await list({ chat })).toMatch(/#3[^#]*“Three”[^#]*#2[^#]*#1[^#]*$/);
  });

  it("holds the last twenty edits, and counts on", async () => {
    const scene = await startScene();
    const { chat } = scene;
    await chat.sendsFile(CLIP);
    for (let number = 1; number <= 22; number++) await chat.asks(`add the title "T${number}"`);
    const text = await list(scene);
    expect(text).toMatch(/^History\n\n#22 ·/);
    expect(text).toContain("There are older ones, from #3 on.");
    expect(text.length).toBeLessThan(2_000);
    expect((await chat.asks("export version 2")).join()).toContain("I no longer have version 2.");
    await chat.asks("export version 3");
    expect(renderedTitles(scene)).toEqual([["T1", "T2", "T3"]]);
  });
});

describe("an earlier version", () => {
  it("is exported as it was, under its own name", async () => {
    const scene = await startTwoEdits();
    const { chat } = scene;
    await list(scene);
    await chat.presses("Export #1");
    expect(renderedTitles(scene)).toEqual([["One"]]);
    expect(chat.messages.find(({ video }) => video !== null)?.raw.video?.name).toBe("clip-v1.mp4");
    expect((await chat.asks("status")).join()).toContain("Two");
  });

  it.each(["export version 1", "导出版本1"])("is exported when somebody writes “%s”", async (words) => {
    const scene = await startTwoEdits();
    await scene.chat.asks(words);
    expect(renderedTitles(scene)).toEqual([["One"]]);
    expect(scene.nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("stays with its project, whichever is open", async () => {
    const scene = await startTwoEdits();
    const { chat } = scene;
    await list(scene);
    const action = chat.actionOf("Export #1");
    await chat.asks("new project");
    await chat.presses("Start new");
    expect(await chat.asks("/history")).toEqual(["There are no finished edits here yet."]);
    await chat.asks("", { action });
    expect(renderedTitles(scene)).toEqual([["One"]]);
  });

  it("is gone with its project", async () => {
    const scene = await startTwoEdits();
    const { nemo, chat } = scene;
    await list(scene);
    const action = chat.actionOf("Export #1");
    nemo.command("lose");
    await chat.asks("status");
    expect((await chat.asks("", { action })).join()).toContain("I no longer have version 1.");
    expect(renderedTitles(scene)).toEqual([]);
  });
});

describe("undo", () => {
  it("is done by the practice editor, edit by edit", async () => {
    const { chat } = await startScene();
    await chat.asks('add the title "First"');
    await chat.asks('add the title "Second"');
    expect(await chat.asks("undo")).toEqual(["Done! I put the project back as it was before the last edit."]);
    await chat.asks("/status");
    expect(chat.last.text).toContain("First");
    expect(chat.last.text).not.toContain("Second");
    await chat.asks("撤销");
    await chat.asks("/status");
    expect(chat.last.text).not.toContain("First");
  });

  it.each([
    {
      language: "en",
      say: "undo that please",
      words:
        'Undo the last edit (“add the title \\"Two\\"”): put the project back exactly as it was before it (version 1: 2 tracks, 0:',
      did: "Added the title “Two”",
    },
    {
      language: "zh",
      say: "恢复到上一步吧",
      words:
        '撤销上一次编辑（“add the title \\"Two\\"”）：把项目恢复到那次编辑之前的样子（版本 1：2 条轨道、0:',
      did: "添加了标题“Two”",
    },
  ])("has the editor go back to the version before, in one turn ($language)", async (row) => {
    const scene = await startTwoEdits();
    await scene.chat.asks(row.say, { language: row.language });
    expect(scene.nemo.requests("POST /run_sse")).toHaveLength(3);
    expect(lastWords(scene)).toContain(row.words);
    expect(lastWords(scene)).toContain(row.did);
  });

  it("is an edit of the history, and said again goes back one more", async () => {
    const scene = await startTwoEdits();
    const { nemo, chat } = scene;
    const undone = { op: "remove", what: "title", index: 2 } as const;
    nemo.scenario.add({ on: "turn", do: { kind: "turn", texts: ["It is as before."], edits: [undone] } });
    await chat.asks("undo");
    expect(await list(scene)).toMatch(/#3 · now · Undid #2\nRemoved the title “Two”\./);
    await chat.asks("undo");
    expect(lastWords(scene)).toContain('add the title \\"One\\"');
    expect(lastWords(scene)).not.toContain("version");
  });

  it("names no edit where the project has changed since", async () => {
    const scene = await startTwoEdits();
    await scene.chat.sendsFile(CLIP);
    await scene.chat.asks("undo");
    expect(lastWords(scene)).toContain("Undo the last edit: put the project back");
  });

  it("asks nothing of the editor where nothing is there", async () => {
    const { nemo, chat } = await startScene();
    expect(await chat.asks("undo")).toEqual(["There's nothing to undo here yet."]);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toEqual([]);
    await chat.asks("/start");
    expect(await chat.asks("undo")).toEqual(["There's nothing to undo here yet."]);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });
});
