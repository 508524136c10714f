/** What a restart leaves behind: nothing that a person would miss, nothing that is paid twice. */
import { describe, expect, it } from "vitest";
import { CLIP, startScene } from "../../../support/test-chat.ts";

describe("work that a restart cuts off", () => {
  it("goes on: the running turn is told from the state, what waited is done in order, each once", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo } = scene;
    await scene.chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
    await scene.chat.says('add the title "First"');
    await nemo.scenario.held("first");
    await scene.chat.says('add the title "Second"');
    await scene.chat.says("status");
    const { chat } = await scene.restart();
    await chat.bot.queue.idle();
    const sent = nemo
      .requests("POST /run_sse")
      .map((request) => /First|Second/.exec(JSON.stringify(request.json))?.[0]);
    expect(sent).toEqual(["First", "Second"]);
    expect(chat.text).toContain("I lost contact with the editor");
    expect(chat.text).toContain('I added the title "Second".');
  });

  it("tells of an edit that happened while nobody listened", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo } = scene;
    await scene.chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "steps",
        steps: [
          { kind: "edit", edit: { op: "title", text: "Done" } },
          { kind: "hold", name: "end" },
        ],
      },
    });
    await scene.chat.says('add the title "Done"');
    await nemo.scenario.held("end");
    const { chat } = await scene.restart();
    await chat.bot.queue.idle();
    expect(chat.text).toContain("your edit went through");
    expect(chat.text).toContain("Added the title “Done”");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("goes on watching a render and delivers it once", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo } = scene;
    await scene.chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "render", do: { kind: "render", progress: [10] } });
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "status" } });
    await scene.chat.says("export");
    await nemo.scenario.held("status");
    const { chat } = await scene.restart();
    nemo.scenario.release("status");
    await chat.bot.queue.idle();
    expect(chat.messages.filter((message) => message.video !== null)).toHaveLength(1);
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
  });

  it("does not send a file again that had arrived", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo } = scene;
    await scene.chat.asks("/status");
    nemo.scenario.add({ on: "upload", do: { kind: "delay", ms: 0 } });
    nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "second" } });
    const files = [CLIP, CLIP.replace("fixtures", "fixtures/../fixtures")].map((fileId, index) => ({
      platform: "test",
      fileId,
      name: `clip-${index}.mp4`,
    }));
    await scene.chat.says("", { attachments: files });
    await nemo.scenario.held("second");
    const { chat } = await scene.restart();
    nemo.scenario.release("second");
    await chat.bot.queue.idle();
    const names = nemo
      .requests("POST /api/upload-video")
      .flatMap((request) => request.files?.map((file) => file.name));
    expect(names.filter((name) => name === "clip-0.mp4")).toHaveLength(1);
    expect(chat.text).toContain("What should I do");
  });

  it("starts with what the last process could not even begin", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo } = scene;
    nemo.scenario.add({ on: "session", do: { kind: "hold", name: "session" } });
    await scene.chat.says('add the title "Hello"');
    await nemo.scenario.held("session");
    const { chat } = await scene.restart();
    nemo.scenario.release("session");
    await chat.bot.queue.idle();
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.text).toContain("Hello");
  });
});
