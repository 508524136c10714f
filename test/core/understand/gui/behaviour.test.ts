import { describe, expect, it } from "vitest";
import type { Scenario } from "../../../../src/sandbox/scenario.ts";
import { CLIP, LIVELY, startScene } from "../../../support/test-chat.ts";

/** A turn that says these texts and changes nothing. */
function says(...texts: string[]): Scenario {
  return { on: "turn", do: { kind: "turn", texts, edits: [] } };
}

describe("an instruction for a screen", () => {
  it.each([
    { language: "en", text: "All done! Click the Export button to download your video.", kept: "All done!" },
    { language: "zh", text: "全部完成！点击导出按钮即可下载视频。", kept: "全部完成！" },
  ])("to export is carried out, once ($language)", async ({ language, text, kept }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add(says(text));
    const said = await chat.asks("do something", { language });
    expect(said[0]).toBe(kept);
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).not.toBeNull();
    expect(chat.text).not.toMatch(/Click|点击/);
  });

  it.each([
    {
      language: "en",
      text: "All done! Open the Media panel to see your clips.",
      heading: "Timeline (1 track):",
    },
    { language: "zh", text: "全部完成！打开媒体面板查看素材。", heading: "时间线（1 条轨道）：" },
    { language: "en", text: "All done! Preview it in the timeline.", heading: "Timeline (1 track):" },
    { language: "zh", text: "全部完成！请在时间轴中预览。", heading: "时间线（1 条轨道）：" },
  ])("to look at the project shows the tracks: $text", async ({ language, text, heading }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add(says(text));
    const said = await chat.asks("do something", { language });
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^(All done!|全部完成！)$/);
    expect(said[1]).toContain(heading);
    expect(said[1]).not.toMatch(/waiting|排队/);
  });

  it.each([
    { language: "en", text: "All done! Check your account/billing.", answer: "100 available" },
    {
      language: "en",
      text: "All done! Check your account billing page for the remaining credits.",
      answer: "100 available",
    },
    { language: "zh", text: "全部完成！请查看您的账户余额。", answer: "可用 100" },
  ])("to check the account shows the credits: $text", async ({ language, text, answer }) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add(says(text));
    await chat.asks("do something", { language });
    expect(chat.last.text).toContain(answer);
    expect(nemo.requests("GET /api/credits")).toHaveLength(1);
  });

  it.each([
    {
      language: "en",
      text: "I made a title. Drag the title to the end of the video.",
      sends: "Move the title to the end of the video",
    },
    { language: "zh", text: "标题已做好。请把标题拖拽到视频结尾。", sends: "把标题移到视频结尾" },
  ])("to drag something is sent as an edit, once ($language)", async ({ language, text, sends }) => {
    const { nemo, chat } = await startScene({ limits: LIVELY });
    // The second answer asks to drag again: that must not become a loop.
    nemo.scenario.add(says(text), says(text));
    await chat.asks("do something", { language });
    const turns = nemo.requests("POST /run_sse");
    expect(turns).toHaveLength(2);
    expect(JSON.stringify(turns[1]?.json).toLowerCase()).toContain(sends.toLowerCase());
    const [doing, did, again] =
      language === "zh"
        ? ["正在执行：", "我还接着做了这一步：", "请把标题拖拽到视频结尾。"]
        : ["Doing that now: ", "I also went on with this: ", "Drag the title to the end of the video."];
    expect(chat.seen).toContain(doing + sends);
    expect(chat.text).toContain(`${did}“${sends}”`);
    expect(chat.text).not.toContain(doing);
    // the second time it is left to the person
    expect(chat.text.split(again)).toHaveLength(2);
  });

  it("to drag two things sends the first and leaves the second to the person", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add(says("Drag the title to 0:05. Then drag the music to the start."));
    await chat.asks("do something");
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(chat.text).toContain("I also went on with this: “Move the title to 0:05”");
    expect(chat.text).toContain("Then drag the music to the start.");
    await chat.presses("Do that");
    const turns = nemo.requests("POST /run_sse");
    expect(turns).toHaveLength(3);
    expect(JSON.stringify(turns[2]?.json)).toContain("Move the music to the start");
  });

  it.each([
    { language: "en", text: "All done! Drag and drop the title to move it." },
    { language: "en", text: "All done! I dragged the title to 0:05." },
    { language: "en", text: "All done! Click Upload or drag and drop files here." },
    { language: "zh", text: "节奏有点拖沓，我剪短了4秒。" },
    { language: "zh", text: "标题已拖到片头。" },
    { language: "zh", text: "他穿着拖鞋走进厨房。" },
  ])("is no turn when nobody is told to move anything: $text", async ({ language, text }) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add(says(text));
    await chat.asks("do something", { language });
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
    expect(chat.text).not.toMatch(/I also went on|我还接着做了/);
  });

  it.each([
    {
      language: "en",
      text: "You can drag the title to 0:05.",
      button: "Do that",
      sends: "Move the title to 0:05",
    },
    { language: "zh", text: "您可以把标题拖到第5秒。", button: "就这样做", sends: "把标题移到第5秒" },
  ])(
    "that is left to the person stays, with a button ($language)",
    async ({ language, text, button, sends }) => {
      const { nemo, chat } = await startScene();
      nemo.scenario.add(says(text));
      await chat.asks("do something", { language });
      expect(chat.text).toContain(text);
      expect(nemo.requests("POST /run_sse")).toHaveLength(1);
      await chat.presses(button, { language });
      expect(JSON.stringify(nemo.requests("POST /run_sse")[1]?.json)).toContain(sends);
    },
  );

  it("is carried out when it is all that was said", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add(says("Click the Export button to download your video."));
    await chat.asks("do something");
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).not.toBeNull();
    expect(chat.text).not.toContain("changed nothing");
  });

  it("does not keep a silent edit from being told", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "turn",
        texts: ["Open the Media panel to see your clips."],
        edits: [{ op: "title", text: "Paradise" }],
      },
    });
    await chat.asks("do something");
    expect(chat.text).toContain("Paradise");
  });
});

describe("a condition", () => {
  it.each([
    { language: "en", text: "All done! When you are happy, click [Export].", button: "Export" },
    { language: "zh", text: "全部完成！满意后请点击【导出】。", button: "导出" },
  ])("becomes an offer: a button, and nothing happens before it is pressed ($language)", async (row) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language: row.language });
    nemo.scenario.add(says(row.text));
    const said = await chat.asks("do something", { language: row.language });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^(All done!|全部完成！)$/);
    expect(chat.buttons.filter((label) => label === row.button)).toHaveLength(1);
    expect(nemo.requests("POST /api/render/proxy/lambda")).toEqual([]);
    await chat.presses(row.button, { language: row.language });
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).not.toBeNull();
  });

  it("that is all that was said becomes a question with the button", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add(says("When you are happy, click [Export]."));
    await chat.asks("do something");
    expect(chat.last.text).toBe("What would you like to do next?");
    expect(chat.buttons).toEqual(["Export", "Status"]);
  });
});

describe("what only machines read", () => {
  it.each([
    {
      language: "en",
      texts: ['I added the title {"te', 'xt":"Summer","id":"3f2a9c1e77b4"}. It fa', "des in."],
      shown: 'I added the title "Summer". It fades in.',
    },
    {
      language: "en",
      texts: [
        "I trimmed https://cdn.nemo",
        "video.ai/u/9f8e7d6c/beach.mp4?X-Amz-Signature=ab",
        "c to 10 seconds.",
      ],
      shown: "I trimmed beach.mp4 to 10 seconds.",
    },
    {
      language: "zh",
      texts: ['标题加好了。{"status":', '"ok","task_id":"8f14e45fceea167a"}'],
      shown: "标题加好了。",
    },
  ])("is not shown, however the words come ($language): $shown", async ({ language, texts, shown }) => {
    const { nemo, chat } = await startScene({ limits: { textPauseMs: 1 } });
    await chat.asks("/status", { language });
    nemo.scenario.add(says(...texts));
    const said = await chat.asks("do something", { language });
    expect(said.join(" ").trim()).toBe(shown);
  });

  it("is no name of a title or a clip", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: [], edits: [{ op: "title", text: '{"text":"Paradise","font":"Inter"}' }] },
    });
    await chat.asks("add a title");
    expect(chat.last.text).toContain("Paradise");
    expect(chat.last.text).not.toMatch(/[{}]|font/);
    await chat.asks("/status");
    expect(chat.last.text).toContain('Title: "Paradise"');
  });
});
