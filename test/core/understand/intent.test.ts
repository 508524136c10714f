import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { phrases, skills, understanding } from "../../support/content.ts";
import { short } from "../../support/intents.ts";

const { readIntent } = understanding;
const INTENTS = Object.values(phrases).flatMap(({ intents }) => intents);
/** Those without the name of something in them. */
const KNOWN = INTENTS.map(({ action, phrases: all }) => ({
  action,
  phrases: all.filter((phrase) => !phrase.includes("{")),
}));

const TABLE: Record<string, string[]> = {
  export: [
    ...[
      "export",
      "Export!",
      "EXPORT",
      "  export  ",
      "ｅｘｐｏｒｔ",
      "export 🎬",
      "please export it now",
      "/export",
    ],
    ...[
      "/export@NemoBot",
      "download",
      "Download the video",
      "can you download it for me?",
      "send me the video",
    ],
    ...["Could you please send me the final video, thanks!", "export the video", "export my project please"],
    ...["export 1080p MP4", "export as an mp4", "I'd like to export now", "render it", "save the video"],
    ...["导出", "导出视频", "请帮我导出一下视频，谢谢！", "下载", "下载视频吧", "把视频发给我", "可以导出了"],
    ...["导出 1080p MP4", "导出为 1080p 的 MP4", "下载 1080p MP4 视频", "把视频导出为1080p MP4"],
    ...[
      "export again",
      "Export it again, please",
      "save it",
      "Save",
      "give me the link",
      "send me the download link",
    ],
    ...[
      "hi, export please",
      "export the video as a 1080p MP4",
      "重新导出",
      "再导出一次",
      "可以导出了，谢谢",
      "给我链接",
    ],
    ...["你好，导出视频", "保存一下", "OK，导出", "好的, please 导出"],
    ...["導出", "匯出影片", "幫我下載", "/导出", "／导出", "导出为 MP4", "现在导出", "给我导出"],
  ],
  credits: [
    ...["credits", "Credits?", "balance", "what's my balance?", "What is my credit balance", "my credits"],
    ...["how many credits do I have left?", "show me my credits", "check balance", "/credits", "/balance"],
    ...["积分", "余额", "查一下余额", "我还有多少积分？", "餘額", "查看积分", "/积分", "剩余积分"],
  ],
  status: [
    ...[
      "status",
      "show me the status",
      "show tracks",
      "Show the tracks, please",
      "what's the status?",
      "timeline",
    ],
    ...[
      "is it done?",
      "is it ready yet?",
      "Where is my video?",
      "where's the link",
      "is the export finished",
    ],
    ...[
      "好了吗？",
      "导出好了吗",
      "视频做好了吗",
      "导出了吗",
      "可以导出了吗",
      "导出好了没有",
      "还要多久",
      "導出好了嗎",
    ],
    ...["show me the timeline", "/status", "/tracks", "list all tracks", "progress"],
    ...["状态", "查看状态", "狀態", "时间线", "显示轨道", "看看进度", "/状态", "有哪些轨道"],
  ],
  "upload-help": [
    ...[
      "upload",
      "upload a file",
      "I want to upload a video",
      "how do I upload?",
      "how can I upload a clip",
      "/upload",
    ],
    ...["上传", "上传视频", "怎么上传", "如何上传文件？", "上傳", "我要上传素材"],
  ],
  "upload-again": ["upload again", "upload the files again", "重新上传"],
  help: [
    ...[
      "help",
      "HELP ME",
      "help!",
      "?",
      "？？",
      "what can you do?",
      "how does this work",
      "how do I export?",
      "/help",
    ],
    ...[
      "how to export the video",
      "how do I start a new project?",
      "/frobnicate",
      "/unknown do things",
      "/edit",
    ],
    ...["/", "／", "//"],
    ...["帮助", "幫助", "你能做什么？", "怎么用", "怎么导出", "如何导出视频", "/帮助", "/不知道"],
  ],
  "new-project": [
    ...[
      "new project",
      "start over",
      "Start a new project please",
      "let's start over",
      "/reset",
      "/new",
      "/newproject",
    ],
    ...["/new project", "新项目", "重新开始", "新建一个项目", "从头开始吧", "重新開始", "/新项目"],
  ],
  cancel: [
    ...["cancel", "stop", "cancel it please", "stop that", "never mind", "/cancel", "/stop"],
    ...["取消", "停止", "/cancel the music", "请停下来", "算了", "/取消", "取消吧"],
    ...["nvm stop it", "STOPPP", "nono wrong vid stop", "i changed my mind, cancel", "why wont u stop"],
    ...["cancel my last request", "ok forget the edit", "stop wasting my credits", "dont do it", "🛑"],
    ...["算了不弄了", "别剪了发错了", "先停一停", "刚才那条取消", "取 消", "stop啊", "别扣我积分"],
  ],
  "cancel export": [
    ...["cancel export", "Cancel the export, please", "stop rendering", "stop the render", "abort export"],
    ...["cancel the download", "stop exporting the video", "/cancel export", "/stop the rendering"],
    ...["nvm dont export", "wait stop dont export", "don't export yet", "do not export", "never export"],
    ...["先别导出", "不要导出", "算了别导出了", "導出先停一下"],
    ...["取消导出", "停止导出吧", "取消渲染", "取消導出", "/取消 导出", "请停止导出视频", "终止导出"],
  ],
  "cancel all": [
    "cancel all",
    "cancel everything",
    "stop everything",
    "/cancel all",
    "取消全部",
    "全部取消",
    "/取消 全部",
  ],
  projects: [
    ...[
      "/projects",
      "my projects",
      "show me my projects",
      "projects please",
      "/项目",
      "我的项目",
      "项目列表",
    ],
  ],
  "projects beach": ["switch to the beach project", "open the beach project"],
  "projects wedding": ["go back to my wedding project"],
  "projects 海滩": ["切换到海滩项目", "switch to the 海滩 project"],
  "small-talk greet": ["hi", "Hello there", "good morning", "heyyy bot", "👋", "你好", "您好！", "在吗"],
  "small-talk thanks": [
    ...["thanks", "Thank you!", "thank you so much", "ok thanks", "tysmm", "🙏", "yes, thanks"],
    ...["谢谢", "謝謝你", "好的，谢谢", "辛苦啦"],
  ],
  "small-talk laugh": ["lol", "hahahaha", "LMAOOO so good", "😂😂", "哈哈哈哈哈"],
  "small-talk agree": ["ok", "okay 👍", "yes", "sure!", "looks good", "👍🏽", "好的", "好", "可以了"],
  "small-talk remark": [
    "great!",
    "nice",
    "hmm...",
    "wow that is so cool",
    "love it 😍",
    "...",
    "🔥",
    "太棒了",
  ],
  "small-talk reply": ["You", "no", "no thanks", "me too", "same", "please", "now", "我也是"],
  "ask cancel": [
    ...[
      "wait",
      "don't",
      "leave it",
      "oops wrong file",
      "stop, i forgot the music",
      "stop it, add a title first",
    ],
    ...["make it blue, nvm", "dont add the subtitles, i changed my mind", "stop the video"],
    ...["不要了", "等等", "发错了", "停我换个视频"],
  ],
  "ask cancel export": [
    ...[
      "no export",
      "not yet, export later",
      "abrot the export",
      "dont export it yet i need to fix the title",
    ],
    ...["别导出字幕还没加"],
  ],
  "ask export": [
    ...[
      "ok looks good, download it",
      "looks good download it",
      "exprot the video",
      "so can i get the finished one now?",
    ],
    ...["export as GIF", "export in 4k", "export?? no", "send me flowers", "love it!! send it to my phone"],
    ...["可以了，发给我吧", "挺好的，导出来看看"],
  ],
  "ask credits": ["how many do i have left", "creditz", "how much will that cost me", "我还剩多少啊"],
  "ask status": ["how long will this take", "hey, is it almost done?", "还要等多久啊", "还没导出"],
  "ask help": ["i'm confused", "what should i type here", "你会些什么呀"],
  "ask history": ["what have you changed in there", "之前都改过哪些地方"],
  "ask undo": ["it was better before", "oops, undo that one", "还是之前那版好"],
  "ask retry": ["didn't work, do it again", "刚才失败了"],
  "ask new-project": ["reset", "can we start another one", "我想重新开一个新的"],
  "ask projects": ["where are all my projects", "把以前的项目列出来"],
  "ask upload-help": ["can i send you a google drive link", "我想发视频"],
  "ask language zh": ["sorry, can i get that in chinese"],
  ask: ["did you see the game last night", "@jess that's literally you", "今天要加班"],
  skill: [
    "skill",
    "skills",
    "which skills do you have?",
    "change skill",
    "/skill",
    "/skills",
    "技能",
    "有哪些技能？",
  ],
  "skill film-maker": [
    ...[
      "skill film-maker",
      "switch to film-maker",
      "Switch to Film-Maker, please",
      "use the film-maker skill",
    ],
    ...[
      "switch skill to film-maker",
      "/skill film-maker",
      "/skill FILM-MAKER",
      "技能 film-maker",
      "切换到film-maker",
    ],
    ...["切换技能到 film-maker", "使用 film-maker 技能", "/技能 film-maker"],
  ],
  start: ["/start", "start", "get started", "开始", "/start ???"],
  "start film-maker": ["/start film-maker", "/start@NemoBot film-maker"],
  language: [
    "language",
    "change the language",
    "/language",
    "语言",
    "切换语言",
    "/语言",
    "/language of my dog",
  ],
  "language zh": [
    ...[
      "Chinese",
      "speak Chinese",
      "can you speak Chinese please?",
      "language zh",
      "language zh-CN",
      "switch to Chinese",
    ],
    ...[
      "/language zh",
      "/lang chinese",
      "中文",
      "请说中文",
      "切换到中文",
      "用中文",
      "语言 中文",
      "切換到中文",
    ],
  ],
  "language en": [
    "English",
    "switch to english",
    "in English please",
    "language english",
    "切换到英文",
    "说英语",
    "英文",
  ],
  "language fr": ["language fr", "/language fr", "/language fr-CA", "language to fr"],
  retry: ["retry", "try again", "Please try that again", "/retry", "重试", "再试一次", "請再試一次"],
  edit: [
    ...["Export the second clip with more contrast"],
    ...["export settings panel should be blue", "make it 9:16 and export", 'put "export" on the button'],
    ...["download a clip of a dog", "download some music", "save the ending for last"],
    ...[
      "balance the audio",
      "balance it",
      "balance the colors",
      "add end credits",
      "roll the credits",
      "credits at the end",
    ],
    ...[
      "show tracks of animals in snow",
      "status symbol montage",
      "add a status bar",
      "speed up the timeline",
    ],
    ...[
      "cancel the music",
      "stop the music at 0:10",
      "stop motion effect",
      "cancel noise",
      "start with a fade",
    ],
    ...[
      "upload date in the corner",
      "help the speaker sound clearer",
      "add the word HELP",
      "new project intro title",
    ],
    ...[
      "how do I make it brighter?",
      "switch to slow motion",
      "switch to black and white",
      "skill issue meme caption",
    ],
    ...[
      "English subtitles",
      "translate to Chinese",
      "language barrier joke as title",
      "start over the music at 10s",
    ],
    ...["try again with brighter colors", "retry the transition between clips", "make it pop", ""],
    ...[
      "make it stop at 0:05",
      'put "stop" on it',
      "title: cancel culture",
      "never mind the title, make it red",
    ],
    ...["fade out and then stop", "wait 2 seconds before the title", "kill the noise", "no, the second clip"],
    ...[
      "never mind, make it blue",
      "don't export yet, add a title",
      "leave the logo in",
      "the music stops too soon",
    ],
    ...["停止抖动", "字幕写：别停", "算了，加个字幕吧", "不是这段，是第二段", "等他说完再切"],
    ...["edit my raw footage", "remove the background person and replace it with a solid color", "1"],
    ...["导出第二段并加字幕", "平衡音频", "加片尾积分", "取消背景音乐", "停止在第五秒"],
    ...[
      "加中文字幕",
      "翻译成英文",
      "状态栏加文字",
      "把技能点写在标题里",
      "重新开始播放音乐",
      "上传日期放右下角",
      "帮我加个标题",
    ],
    ...[
      "/edit make it brighter",
      "look at https://example.com/page for the style",
      "constructor",
      "__proto__",
    ],
  ],
};

describe("the intent of a message", () => {
  const cases = Object.entries(TABLE).flatMap(([intent, texts]) => texts.map((text) => ({ intent, text })));

  it.each(cases)("$text → $intent", ({ intent, text }) => {
    expect(short(readIntent(text))).toBe(intent);
  });

  it("covers a wide table", () => {
    expect(cases.length).toBeGreaterThan(200);
  });

  it("hands an edit on exactly as it was written", () => {
    expect(readIntent("  Make the TITLE “Ｈｉ”,  please!\nAnd louder ")).toEqual({
      kind: "edit",
      text: "Make the TITLE “Ｈｉ”,  please!\nAnd louder",
    });
    expect(readIntent("/edit  Make it POP")).toEqual({ kind: "edit", text: "Make it POP" });
  });

  it.each(["reset", "restart", "重置", "please reset"])("“%s” alone does not drop a project", (text) => {
    expect(short(readIntent(text))).toBe("ask new-project");
  });

  it("has no phrase that means two things", () => {
    for (const { action, phrases: all } of KNOWN) {
      for (const phrase of all)
        expect(readIntent(phrase), phrase).toEqual({ kind: "action", action: { kind: action } });
    }
  });

  it("drops no negation as politeness", () => {
    for (const filler of Object.values(phrases).flatMap(({ fillers = [] }) => fillers)) {
      if (["能不能", "可不可以", "好不好"].includes(filler)) continue;
      expect(filler).not.toMatch(/\bnot?\b|n't|never|yet|[不别没勿]/);
    }
  });
});

describe("installed skills", () => {
  it.each([
    ["switch to film maker", "skill film-maker"],
    ["switch to Film Maker", "skill film-maker"],
    ["change to Film Maker, please", "skill film-maker"],
    ["use the Film Maker skill", "skill film-maker"],
    ["skill Film Maker", "skill film-maker"],
    ["切换到电影制作", "skill film-maker"],
    ["请切换到“电影制作”", "skill film-maker"],
    ["切换到电影制作技能", "skill film-maker"],
    ["切換到電影製作技能", "skill film-maker"],
    ["使用电影制作技能", "skill film-maker"],
    ["技能 电影制作", "skill film-maker"],
    ["skill 电影制作", "skill film-maker"],
    ["use the 电影制作 skill", "skill film-maker"],
    ["switch to 电影制作", "skill film-maker"],
    ["/skill film maker", "skill film-maker"],
    ["/skill Film-Maker", "skill film-maker"],
    ["/skill 电影制作", "skill film-maker"],
    ["/技能 電影製作", "skill film-maker"],
    ["/start film maker", "start film-maker"],
    ["switch to video-object-ops", "skill video-object-ops"],
    ["切换到更换背景", "skill editor-change-background"],
    ["切换到免費圖片編輯", "skill free-image-editing"],
    ["skill nosuch", "skill nosuch"],
    ["/skill nosuch thing", "skill nosuch"],
    ["switch to slow-motion", "edit"],
    ["film maker", "edit"],
    ["switch to film", "edit"],
    ["切换到黑白", "edit"],
    ["更换背景", "edit"],
    ["change background", "edit"],
  ])("%s → %s", (text, intent) => {
    expect(short(readIntent(text))).toBe(intent);
  });

  const EXPORTS = ["export 1080p MP4", "导出 1080p MP4"];
  const examples = skills.flatMap(({ examples: { en = [], zh = [] } }) => [...en, ...zh]);

  it.each(examples)("offer an example that means what it says: %s", (text) => {
    const means = EXPORTS.includes(text)
      ? { kind: "action", action: { kind: "export" } }
      : { kind: "edit", text };
    expect(readIntent(text)).toEqual(means);
  });

  it("offer examples of both kinds, in both languages", () => {
    expect(examples).toHaveLength(24);
    expect(examples).toEqual(expect.arrayContaining(EXPORTS));
  });
});

describe("links", () => {
  it.each([
    ["https://a.example/clip.mp4", ["https://a.example/clip.mp4"], ""],
    ["upload https://a.example/clip.MOV", ["https://a.example/clip.MOV"], ""],
    ["请上传 https://a.example/clip.mp4", ["https://a.example/clip.mp4"], ""],
    ["here's my video: https://a.example/clip.mp4", ["https://a.example/clip.mp4"], ""],
    ["/upload https://drive.example/d/123", ["https://drive.example/d/123"], ""],
    ["https://drive.example/d/123", ["https://drive.example/d/123"], ""],
    ["upload https://drive.example/d/123", ["https://drive.example/d/123"], ""],
    ["<https://a.example/a.png>", ["https://a.example/a.png"], ""],
    ["add a title to https://a.example/a.mp4.", ["https://a.example/a.mp4"], "add a title to."],
    ["用https://a.example/a.mp4，加个标题", ["https://a.example/a.mp4"], "用，加个标题"],
    ["看（https://a.example/a.webm）加标题", ["https://a.example/a.webm"], "看 加标题"],
    ["https://a.example/a.mp4加个标题", ["https://a.example/a.mp4"], "加个标题"],
    ["cut it (https://a.example/a_(1).jpeg) short", ["https://a.example/a_(1).jpeg"], "cut it short"],
    [
      "https://a.example/a.mp4?ex=1&is=2&hm=ab trim it",
      ["https://a.example/a.mp4?ex=1&is=2&hm=ab"],
      "trim it",
    ],
    [
      "https://a.example/1.mp3\nhttps://a.example/2.wav",
      ["https://a.example/1.mp3", "https://a.example/2.wav"],
      "",
    ],
    ["https://a.example/1.mp3 https://a.example/1.mp3", ["https://a.example/1.mp3"], ""],
    [
      "style of https://b.example/page for https://a.example/1.gif",
      ["https://a.example/1.gif"],
      "style of https://b.example/page for",
    ],
  ])("%s", (text, urls, rest) => {
    expect(readIntent(text)).toEqual({ kind: "upload", urls, text: rest });
  });

  it.each([
    "make it look like https://example.com/style, please",
    "ftp://a.example/clip.mp4",
    "add the text a.mp4",
    "https://",
    "as on https://a.example/clip.mp4.html today",
  ])("stay in an edit: %s", (text) => {
    expect(readIntent(text)).toEqual({ kind: "edit", text });
  });

  it("are uploaded up to ten; the rest stays in the text", () => {
    const urls = Array.from({ length: 12 }, (_, index) => `https://a.example/${index}.mp4`);
    expect(readIntent(urls.join(" "))).toEqual({
      kind: "upload",
      urls: urls.slice(0, 10),
      text: urls.slice(10).join(" "),
    });
  });
});

describe("for all texts", () => {
  const known = fc.constantFrom(...KNOWN.flatMap(({ phrases: all }) => all));
  const english = known.filter((phrase) => /^[a-z ]+$/.test(phrase));
  const chinese = known.filter((phrase) => /^\p{Script=Han}+$/u.test(phrase));

  it("politeness never changes an intent", () => {
    const polite = fc.constantFrom(...(phrases.en?.fillers ?? []));
    fc.assert(
      fc.property(english, polite, polite, (phrase, before, after) => {
        expect(readIntent(`${before}, ${phrase} ${after}!`)).toEqual(readIntent(phrase));
      }),
    );
    const opener = fc.constantFrom("请", "麻烦你", "请帮我", "现在", "能不能");
    const closer = fc.constantFrom("吧", "，谢谢！", "一下", "好吗？", "呢");
    fc.assert(
      fc.property(chinese, opener, closer, (phrase, before, after) => {
        expect(readIntent(`${before}${phrase}${after}`)).toEqual(readIntent(phrase));
      }),
    );
  });

  it("a word of content behind a phrase makes it an edit, or a question", () => {
    const word = fc.constantFrom("zebra", "louder", "sunset transition", "with contrast");
    const negation = fc.constantFrom("yet", "not", "not now");
    // behind these a word is the name of a skill or a language, and costs nothing
    const others = english.filter((phrase) => !/(?:skill|language)$/.test(phrase));
    fc.assert(
      fc.property(others, word, (phrase, extra) => {
        expect(short(readIntent(`${phrase} ${extra}`))).toMatch(/^(?:edit$|ask)/);
      }),
    );
    fc.assert(
      // "is it done yet" asks the same as "is it done"
      fc.property(others, negation, (phrase, extra) => {
        fc.pre(extra !== "yet" || !/^(?:is|are|ru?|you|u) /.test(phrase));
        expect(readIntent(`${phrase} ${extra}`)).not.toEqual(readIntent(phrase));
      }),
    );
    fc.assert(
      fc.property(chinese, fc.constantFrom("斑马", "更亮的滤镜"), (phrase, extra) => {
        expect(short(readIntent(`${phrase}${extra}`))).toMatch(/^(?:edit$|ask)/);
      }),
    );
  });

  it("never throws, and keeps every other text as an edit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const intent = readIntent(text);
        if (intent.kind === "edit" && !/^[/／]/u.test(text.trim())) expect(intent.text).toBe(text.trim());
      }),
      { numRuns: 500 },
    );
  });

  it.each(["https://a", "(", "please ", "请", "/", "https://x/).", ")", "skill ", "a.mp4"])(
    "long repetitions of %j are read at once",
    (unit) => {
      const startedAt = performance.now();
      readIntent(unit.repeat(Math.ceil(8000 / unit.length)));
      readIntent(`https://a.example/${unit.repeat(Math.ceil(8000 / unit.length))}`);
      expect(performance.now() - startedAt).toBeLessThan(500);
    },
  );
});
