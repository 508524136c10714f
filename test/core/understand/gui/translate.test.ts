import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuiOffer } from "../../../../src/core/model/gui-action.ts";
import { understanding } from "../../../support/content.ts";

/** `export`, `show-credits`, `edit: Move it`, `press: Apply`. */
function short(actions: GuiOffer[]): string[] {
  return actions.map((action) => {
    if (action.kind === "edit") return `edit: ${action.text}`;
    return action.kind === "press" ? `press: ${action.label}` : action.kind;
  });
}

function translate(text: string) {
  const { text: rest, actions, offers } = understanding.translateGui(text);
  return { text: rest, actions: short(actions), offers: short(offers) };
}

describe("an instruction for a graphical interface is carried out", () => {
  it.each([
    // click [button]
    ["Click Export to download.", "", ["export"]],
    ['I added the title "Hello", click Export to download it.', 'I added the title "Hello".', ["export"]],
    ["I added music and captions. Then, click **Export**.", "I added music and captions.", ["export"]],
    ["Your cut is ready — click [Export] to download.", "Your cut is ready.", ["export"]],
    ["Your video is ready: tap the Export button!", "Your video is ready!", ["export"]],
    ["Your video is ready (click Export to download).", "Your video is ready.", ["export"]],
    ["To download your video, click Export.", "", ["export"]],
    ["Please click on the blue “Download” button at the top right.", "", ["export"]],
    ["Click here to download.", "", ["export"]],
    ["Choose File > Export.", "", ["export"]],
    ["Use the Export button to save it.", "", ["export"]],
    ["Hit Export!", "", ["export"]],
    ["Go to the Export tab.", "", ["export"]],
    ["Finally, export your video.", "", ["export"]],
    [
      "Click Export and your video will be there in 30 seconds.",
      "Your video will be there in 30 seconds.",
      ["export"],
    ],
    ["Click Export, which starts the render.", "", ["export"]],
    ["👉 Click Export", "", ["export"]],
    ["Click Export. Click Export again.", "", ["export"]],
    ["I trimmed it to 12.5 seconds.Click Export.", "I trimmed it to 12.5 seconds.", ["export"]],
    ["Cut the intro, e.g. the logo. Tap Export.", "Cut the intro, e.g. the logo.", ["export"]],
    ["Click Credits to see what is left.", "", ["show-credits"]],
    ["Click Upload to add your own clip. I used a stock one.", "I used a stock one.", []],
    ["Press play to watch.", "", ["show-tracks"]],
    ["Click the clip to select it. It is 4 seconds long.", "It is 4 seconds long.", []],
    ["Choose MP4 from the dropdown.", "", []],
    // open [panel]
    ["Open the Media panel to see your clips.", "", ["show-state"]],
    ["The clips are sorted. Go to the Media tab.", "The clips are sorted.", ["show-state"]],
    ["Open the Export settings panel.", "", ["show-state"]],
    // preview in timeline
    ["Preview it in the timeline.", "", ["show-tracks"]],
    ["The title is in; check the timeline.", "The title is in.", ["show-tracks"]],
    // account, billing
    ["Check your account for billing details.", "", ["show-credits"]],
    [
      "You are low on credits. Go to Account → Billing to top up.",
      "You are low on credits.",
      ["show-credits"],
    ],
    ["Please check your credits balance.", "", ["show-credits"]],
    // drag and drop
    [
      "Drag the music from the Media panel to the start of the timeline.",
      "",
      ["edit: Move the music to the start of the timeline"],
    ],
    ["Then drag and drop the title to 0:05.", "", ["edit: Move the title to 0:05"]],
    ["Drag and drop your file here to upload.", "", []],
    // drag and drop that means an upload: nothing to be paid for
    ["Drag your clip to the timeline to start editing", "", []],
    ["Drag your own video onto the timeline.", "", []],
    ["Drag and drop your footage into the editor to begin.", "", []],
    ["Drop your photos here!", "", []],
    ["Drag a video to the timeline to begin editing.", "", []],
    ["Welcome! Drag your media files into the timeline to get started.", "Welcome!", []],
    ["Drag your clip to 0:05.", "", ["edit: Move your clip to 0:05"]],
    [
      "Drag your title to the start of the timeline.",
      "",
      ["edit: Move your title to the start of the timeline"],
    ],
    [
      "Drag your title clip to the timeline after the intro.",
      "",
      ["edit: Move your title clip to the timeline after the intro"],
    ],
    ["Click Export (free, no credits).", "", ["export"]],
    ["Next step: click Export.", "", ["export"]],
    ["导出：请点击导出按钮。", "", ["export"]],
    ["Drag the music onto the timeline.", "", ["edit: Move the music onto the timeline"]],
    // Chinese
    ["点击导出即可下载。", "", ["export"]],
    ["我已添加标题“你好”，点击导出即可下载。", "我已添加标题“你好”。", ["export"]],
    ["视频已完成！请点击右上角的「导出」按钮。", "视频已完成！", ["export"]],
    ["字幕加好了，然后点击【下载】。", "字幕加好了。", ["export"]],
    ["请导出视频。", "", ["export"]],
    ["打开素材面板查看。", "", ["show-state"]],
    ["请在左侧打开媒体面板。", "", ["show-state"]],
    ["配乐已替换。在时间线中预览效果。", "配乐已替换。", ["show-tracks"]],
    ["积分不足，请查看账户余额。", "积分不足。", ["show-credits"]],
    ["把音乐从素材库拖到开头。", "", ["edit: 把音乐移到开头"]],
    ["请将字幕拖动到第二个片段上方。", "", ["edit: 把字幕移到第二个片段上方"]],
    ["点击上传按钮添加素材。", "", []],
    ["将您的视频拖拽到时间线开始编辑", "", []],
    ["请把你的素材拖到时间轴上，开始剪辑。", "", []],
    ["拖拽您的视频到编辑器即可开始创作。", "", []],
    ["请将您的视频拖到此处。", "", []],
    ["把您的字幕拖到第5秒。", "", ["edit: 把您的字幕移到第5秒"]],
    ["积分不足，请前往账户页面充值。", "积分不足。", ["show-credits"]],
    ["请前往账户充值", "", ["show-credits"]],
    [
      "You have no credits left. Please go to your account page to top up.",
      "You have no credits left.",
      ["show-credits"],
    ],
  ])("%s", (text, rest, actions) => {
    expect(translate(text)).toEqual({ text: rest, actions, offers: [] });
  });
});

describe("a condition or a permission makes it an offer", () => {
  it.each([
    ["When you are happy, click Export.", "", ["export"]],
    ["I cut it to 10 s. Once you're satisfied, click Export to download.", "I cut it to 10 s.", ["export"]],
    ["Click Export when you're ready.", "", ["export"]],
    ["If you like it you can click Export.", "", ["export"]],
    ["You can now download your video.", "", ["export"]],
    ["Feel free to open the Media panel.", "", ["show-state"]],
    ["You can preview it in the timeline.", "", ["show-tracks"]],
    ["You can click Export, or open the Media panel.", "", ["export", "show-state"]],
    ["Happy with the result? Click Export!", "Happy with the result?", ["export"]],
    [
      "If the colors look off, let me know, and click Export when you're ready.",
      "If the colors look off, let me know.",
      ["export"],
    ],
    ["The Export button is in the top right corner.", "", ["export"]],
    ["You'll find the Export button at the top.", "", ["export"]],
    // confirmations can cost credits
    ["Click [Apply] to confirm.", "", ["press: Apply"]],
    ['The style is set. Click "Generate" and wait.', "The style is set.", ["press: Generate"]],
    ["Feel free to click Undo.", "", ["press: Undo"]],
    ["Press Enter to continue.", "", ["press: Continue"]],
    ["The draft is set. Press any key to continue.", "The draft is set.", ["press: Continue"]],
    ["Hit the button to confirm.", "", ["press: Confirm"]],
    ["Click OK to apply it.", "", ["press: Confirm"]],
    ["按回车键继续。", "", ["press: 继续"]],
    ["请按 Enter 键确认。", "", ["press: 确认"]],
    // what it costs is said beside the button
    ["Click Generate to create the video (costs 100 credits).", "Costs 100 credits.", ["press: Generate"]],
    ["Click Generate (100 credits) to create the video.", "Generate: 100 credits.", ["press: Generate"]],
    [
      "Click Generate (costs 100 credits, takes 2 minutes).",
      "Costs 100 credits, takes 2 minutes.",
      ["press: Generate"],
    ],
    ["点击生成（100积分）。", "生成：100积分。", ["press: 生成"]],
    [
      "The plan is set. Click Generate to create the video for 100 credits.",
      "The plan is set. Generate: 100 credits.",
      ["press: Generate"],
    ],
    ["Click [Apply], which costs about 50 credits.", "Costs about 50 credits.", ["press: Apply"]],
    ["点击“生成”创建视频（消耗100积分）。", "消耗100积分。", ["press: 生成"]],
    ["点击“生成”，将消耗 100 积分。", "将消耗 100 积分。", ["press: 生成"]],
    // Chinese
    ["满意后，请点击「导出」按钮。", "", ["export"]],
    ["满意后点击导出。", "", ["export"]],
    ["如果满意，可以导出视频。", "", ["export"]],
    ["您可以点击导出按钮下载视频。", "", ["export"]],
    ["为您去除了背景，现在可以导出了。", "为您去除了背景。", ["export"]],
    ["点击“确认”应用更改。", "", ["press: 确认"]],
  ])("%s", (text, rest, offers) => {
    expect(translate(text)).toEqual({ text: rest, actions: [], offers });
  });

  it("unless it is asked for as well", () => {
    expect(translate("Click Export. Later, you can click Export again.")).toMatchObject({
      actions: ["export"],
      offers: [],
    });
  });
});

describe("content stays as it is", () => {
  it.each([
    "The export finished.",
    "Your export settings are 1080p.",
    "Export in progress: 40%",
    "Export complete!",
    "The clip opens with a title.",
    "I opened the clip with a title.",
    "The opening scene is darker now.",
    "Open the scene with a wide view.",
    "I clicked the shutter sound into place.",
    "Click sounds added at 0:03.",
    'I set the title "Click here to subscribe".',
    "I set the title 'Click Export now!'. It fades in.",
    "Don't click Export yet.",
    "When you click Export, the render starts.",
    'Select "Sunset" or "Ocean" as the style.',
    "Choose a style: warm, cold or vintage?",
    "Use the library music or your own?",
    "Drop the bass at 0:30.",
    "Check the balance between music and voice.",
    "Preview: a city at night.",
    "Your video is ready: https://example.com/clip.mp4",
    "Click https://example.com/clip.mp4 to download it.",
    "Press coverage of the event is in the first scene.",
    "The play button icon was added as an overlay.",
    "- one\n- two\n\n1. three  (4.5 s)\n\n\n  four",
    "```\nClick Export\n```",
    "点击率提升了。",
    "背景音乐的点击声已去除。",
    "文案：点击下方链接购买",
    "文案：点击下方链接购买。",
    "- 字幕：点击关注，下载应用",
    "片尾写着：点击下方链接",
    "I added a call to action: Click the link below!",
    "CTA: Tap the link in the bio and download it",
    "Caption: Click the link below, then open the Shop page.",
    "The end card says: click Subscribe now",
    "I set the text to: Tap here",
    "镜头二：点击手机，打开应用",
    "Scene 2: click the phone open",
    "预览：片头3秒，正文10秒。",
    "预览视频：片头3秒，正文10秒。",
    "Preview: the intro takes 3 s, the rest 10 s.",
    "Choose MP4 or GIF?",
    "1. I cut scene 2. It is darker now.",
    "导出完成。",
    "导出设置为1080p。",
    "请不要点击导出。",
    "标题改为“点击订阅”。",
    "开场打开了新的画面。",
    "我把音乐放在开头了。",
    "",
  ])("%s", (text) => {
    expect(understanding.translateGui(text)).toEqual({ text, actions: [], offers: [] });
  });
});

describe("the shape of the text", () => {
  it("keeps lists without empty items", () => {
    expect(translate("Done:\n- added a title\n- click Export\n- cut the end")).toEqual({
      text: "Done:\n- added a title\n- cut the end",
      actions: ["export"],
      offers: [],
    });
  });

  it("drops an introduction with all of its list", () => {
    expect(
      translate(
        "I added captions.\n\nTo get your video:\n1. Click Export\n2. Choose MP4 from the dropdown\n\nEnjoy!",
      ),
    ).toEqual({ text: "I added captions.\n\nEnjoy!", actions: ["export"], offers: [] });
  });

  it.each([
    ["1. 点击“导出” 2. 选择 MP4 3. 等待30秒", "等待30秒", ["export"]],
    ["1. 点击“导出” 2. 选择 MP4", "", ["export"]],
    ["导出步骤：1. 点击“导出” 2. 选择 MP4", "", ["export"]],
    ["导出步骤：1、点击“导出”；2、选择 MP4；3、下载", "", ["export"]],
    ["① 打开素材面板 ② 点击导出", "", ["show-state", "export"]],
    ["1. Click Export 2. Choose MP4 3. Wait for the render.", "Wait for the render.", ["export"]],
    ["To get it: 1. Click Export. 2. Choose MP4. 3. Click Download.", "", ["export"]],
    [
      "1. I trimmed the clip 2. I added music 3. Click Export",
      "1. I trimmed the clip 2. I added music",
      ["export"],
    ],
    [
      "Done: 1. I trimmed it 2. Open the Media panel 3. I added music",
      "Done: 1. I trimmed it 2. I added music",
      ["show-state"],
    ],
    ["点击“导出”，然后 1. 选择 MP4 2. 点击下载", "", ["export"]],
    ["All done. 1) Click Export 2) Choose 1080p", "All done.", ["export"]],
  ])("keeps no number of a step that is gone: %s", (text, rest, actions) => {
    expect(translate(text)).toEqual({ text: rest, actions, offers: [] });
  });

  it("keeps the words of a call to action apart from the instruction behind them", () => {
    expect(translate("I added a call to action: Click the link below! Click Export to download.")).toEqual({
      text: "I added a call to action: Click the link below!",
      actions: ["export"],
      offers: [],
    });
  });

  it("keeps the order of what remains and of what is done", () => {
    const { text, actions } = translate(
      "First I cut the intro. Open the Media panel. Second, I added music. Click Export. Third came a title.",
    );
    expect(text).toBe("First I cut the intro. Second, I added music. Third came a title.");
    expect(actions).toEqual(["show-state", "export"]);
  });

  it("reads both languages in one text", () => {
    expect(translate("Done! 已添加字幕。Click Export. 然后查看账户余额。")).toEqual({
      text: "Done! 已添加字幕。",
      actions: ["export", "show-credits"],
      offers: [],
    });
  });
});

describe("for all texts", () => {
  const content = fc.constantFrom(
    "I added a title.",
    'The text says "Click Export"!',
    "Cut at 12.5 s, e.g. the end.",
    "The export finished.",
    "已添加字幕。",
    "Would you like it brighter?",
    "- a list item",
    "**Bold** and `code`",
  );
  const gui = fc.constantFrom(
    "Click Export to download.",
    "When you're happy, click [Export].",
    "Then open the Media panel, and preview it in the timeline.",
    "Drag the clip to 0:05.",
    "点击导出即可下载。",
    "满意后请点击「导出」。",
    "Click Apply",
    "(click Export)",
    "check your account",
    "Press Enter to continue.",
    "Drag your clip to the timeline to start editing.",
    "Click Generate to create it (costs 100 credits).",
    "Click Apply for 50 credits",
    "1. Click Export 2. Choose MP4 3. Wait",
    "Call to action: click the link below!",
    "预览：片头3秒，正文10秒。",
    "so, click",
    "and then",
    ", ",
    "“",
    '"',
  );
  const text = fc
    .array(fc.tuple(fc.oneof(content, gui), fc.constantFrom(" ", "\n", ", ", "", "\n- ")), { maxLength: 8 })
    .map((parts) => parts.flat().join(""));

  it("a text without words of an interface passes unchanged", () => {
    const words = fc.constantFrom(
      "Cut",
      "the",
      "title",
      "12.5",
      "(now)",
      "，",
      "已添加",
      "\n",
      "- ",
      "  ",
      "!",
      '"',
    );
    fc.assert(
      fc.property(fc.array(words), (parts) => {
        const plain = parts.join(" ");
        expect(understanding.translateGui(plain)).toEqual({ text: plain, actions: [], offers: [] });
      }),
    );
  });

  it("translating a result again finds nothing more", () => {
    fc.assert(
      fc.property(text, (source) => {
        const once = understanding.translateGui(source).text;
        const again = understanding.translateGui(once, false);
        expect(again).toMatchObject({ text: once, actions: [] });
        // what is left to the person stays in the text
        expect(again.offers.every(({ kind }) => kind === "edit")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("sentences of content keep their order", () => {
    const numbered = fc.array(
      fc.oneof(
        fc.constant("content"),
        gui.filter((each) => /^[A-Z(].*[.)]$/.test(each) && !each.includes("credits")),
      ),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(numbered, (parts) => {
        const sentences = parts.map((part, index) => (part === "content" ? `Scene ${index} is done.` : part));
        expect(understanding.translateGui(sentences.join(" ")).text).toBe(
          sentences.filter((sentence) => sentence.startsWith("Scene")).join(" "),
        );
      }),
    );
  });

  it("no bullet is left empty and no word left dangling", () => {
    fc.assert(
      fc.property(text, (source) => {
        const before = new Set(source.split("\n").map((line) => line.trim()));
        for (const line of understanding.translateGui(source).text.split("\n")) {
          if (line === "" || before.has(line.trim())) continue;
          expect(line).not.toMatch(/^\s*(?:[-*]\s*)?(?:(?:and|then|so)?[.,;:\s]*)$/i);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(gui, fc.string({ unit: "binary" })), { maxLength: 10 }), (parts) => {
        expect(typeof understanding.translateGui(parts.join("")).text).toBe("string");
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "click ",
    "click Export, ",
    "a, and then ",
    '"',
    "(",
    "点击",
    "when you ",
    "preview a ",
    ". ",
    " 1. click",
    "- click:\n",
    "costs 1 credit ",
  ])("a long run of %j is read at once", (unit) => {
    const startedAt = performance.now();
    understanding.translateGui(unit.repeat(Math.ceil(20_000 / unit.length)));
    understanding.translateGui(unit.repeat(Math.ceil(3900 / unit.length)));
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
