/** Words that may be a cancel or an edit: the person is asked beside the work, and until then nothing is spent. */
import { describe, expect, it } from "vitest";
import { CLIP, startScene } from "../../support/test-chat.ts";

/** A turn that runs until it is released. */
async function startTurn() {
  const scene = await startScene();
  const { nemo, chat } = scene;
  await chat.sendsFile(CLIP);
  nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "edit" } });
  await chat.says('add the title "First"');
  await nemo.scenario.held("edit");
  return scene;
}

const turns = (nemo: Awaited<ReturnType<typeof startScene>>["nemo"]) => nemo.requests("POST /run_sse").length;

describe("a hurried cancel", () => {
  it.each(["nvm stop it", "算了不弄了"])("“%s” stops the edit at once and is never sent", async (text) => {
    const { nemo, chat } = await startTurn();
    await chat.says(text);
    await chat.until(() => /stopped waiting|已停止等待/.test(chat.text));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(turns(nemo)).toBe(1);
  });

  it("of an export takes one that waits out of the line, and leaves the edit alone", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("export");
    await chat.says("wait stop dont export");
    await chat.until(() => chat.text.includes("I stopped the export."));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(chat.text).toContain('I added the title "First".');
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(0);
  });

  it("of an export asks about the edit when there is none", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("dont export");
    await chat.until(() => chat.text.includes("No export is running, but an edit is. Stop the edit?"));
    expect(chat.buttons).toEqual(["Stop"]);
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
  });

  it("beside a new clip stops what runs, and the clip arrives", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("wrong clip stop", {
      attachments: [{ platform: "test", fileId: CLIP, name: "other.mp4", mimeType: "video/mp4" }],
    });
    await chat.until(() => chat.text.includes("I stopped waiting."));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(chat.text).toContain("other.mp4");
    expect(turns(nemo)).toBe(1);
  });
});

describe("words that may be a cancel or an edit", () => {
  it("are asked about beside the running edit; [Stop] stops it", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("stop, i forgot the music");
    await chat.until(() => chat.text.includes("Stop the edit?"));
    expect(chat.buttons).toEqual(["Stop", "Send it to the editor"]);
    await chat.says("", { action: chat.actionOf("Stop") });
    await chat.until(() => chat.text.includes("I stopped waiting."));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(turns(nemo)).toBe(1);
  });

  it("go to the editor when the person says so, once, however often they press", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("stop, i forgot the music");
    await chat.until(() => chat.text.includes("Stop the edit?"));
    const action = chat.actionOf("Send it to the editor");
    await chat.says("", { action });
    await chat.says("", { action });
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(turns(nemo)).toBe(2);
    expect(nemo.requests("POST /run_sse").at(-1)?.json).toMatchObject({
      new_message: { parts: [{ text: "stop, i forgot the music" }] },
    });
  });

  it("cost nothing until the button is pressed when nothing runs", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    const said = await chat.asks("leave it");
    expect(said).toEqual(["Nothing of yours is running. Send this to the editor?"]);
    expect(turns(nemo)).toBe(0);
    await chat.presses("Send it to the editor");
    expect(turns(nemo)).toBe(1);
  });

  it("are answered by who wrote them and nobody else", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks("leave it");
    await chat.presses("Send it to the editor", { user: { id: "test:ben" } });
    expect(chat.last.text).toBe("Only the person who wrote that can decide.");
    expect(turns(nemo)).toBe(0);
  });

  it("ask nobody to stop what is not theirs", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("wait", { user: { id: "test:ben" } });
    await chat.until(() => chat.text.includes("Nothing of yours is running."));
    expect(chat.buttons).toEqual(["Send it to the editor"]);
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
  });

  it("stop what they were asked about and not what has begun since", async () => {
    const { nemo, chat } = await startTurn();
    await chat.says("wait");
    await chat.until(() => chat.text.includes("Stop the edit?"));
    const action = chat.actionOf("Stop");
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "second" } });
    await chat.says('add the title "Second"');
    await nemo.scenario.held("second");
    await chat.says("", { action });
    await chat.until(() => chat.text.includes("There's nothing to cancel right now."));
    nemo.scenario.release("second");
    await chat.bot.queue.idle();
    expect(chat.text).toContain('I added the title "Second".');
  });
});
