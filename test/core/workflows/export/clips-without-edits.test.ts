/** Files that are in the project and on no track. */
import { describe, expect, it } from "vitest";
import { CLIP, startScene } from "../../../support/test-chat.ts";

/** A scene whose backend puts nothing on the timeline by itself. */
async function startWithClipAside() {
  const scene = await startScene();
  scene.nemo.scenario.setDialect({ uploads: "in-project" });
  await scene.chat.sendsFile(CLIP);
  return scene;
}

describe("a clip that nothing was done with", () => {
  it.each([
    { language: "en", said: "In your project, but not on the timeline yet: clip.mp4." },
    { language: "zh", said: "还没放到时间线上的素材：clip.mp4。" },
  ])("is named by the status ($language)", async ({ language, said }) => {
    const { chat } = await startWithClipAside();
    await chat.asks("status", { language });
    expect(chat.last.text).toContain(said);
  });

  it.each([
    { language: "en", said: "Tell me what to do with clip.mp4 first.", example: "edit my raw footage" },
    { language: "zh", said: "请先告诉我要怎么处理 clip.mp4。", example: "剪辑我的原始素材" },
  ])(
    "is what an export asks about, with examples to press ($language)",
    async ({ language, said, example }) => {
      const { nemo, chat } = await startWithClipAside();
      await chat.asks("export", { language });
      expect(chat.last.text).toContain(said);
      expect(chat.last.text).toContain(`• ${example}`);
      expect(chat.buttons[0]).toBe(example);
      expect(nemo.requests("POST /api/render/proxy/lambda")).toEqual([]);
      await chat.presses(example, { language });
      expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    },
  );

  it("is not named any more once it is on the timeline", async () => {
    const { chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks("status");
    expect(chat.last.text).not.toContain("not on the timeline yet");
  });
});
