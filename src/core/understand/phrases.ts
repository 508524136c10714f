/**
 * The phrases that `intent.ts` knows, in English and Chinese. Chinese is written simplified; traditional
 * characters are folded before the look-up. A phrase counts only as a whole: see the rule there.
 */
import type { Action } from "../model/message.ts";

/**
 * Words that say nothing about what is wanted: politeness, haste, articles. They are dropped wherever they
 * stand. Negations ("not", "yet", 不, 别) must never be here, and neither must words that carry content.
 */
export const ENGLISH_FILLERS: readonly string[] = [
  ...["please", "pls", "plz", "kindly", "thanks", "thank you", "thank u", "thx", "cheers", "sorry"],
  ...["so much", "very much", "a lot", "can you", "could you", "would you", "will you", "can u", "can we"],
  ...["can i", "could i", "may i", "would you mind", "i want to", "i wanna"],
  ...[
    "i want you to",
    "id like to",
    "i would like to",
    "id like you to",
    "i need to",
    "i need you to",
    "lets",
  ],
  ...["just", "now", "right now", "right away", "asap", "quickly", "immediately", "for me", "for us"],
  ...["hi", "hi there", "hello", "hello there", "hey", "hey there", "ok", "okay", "alright", "great"],
  ...["perfect", "cool", "well", "nemo", "bot", "the", "my", "our"],
  ...["go ahead and", "simply"],
];

/** The same for Chinese, where words are not spaced, as patterns. Longer ones are tried first. */
export const CHINESE_FILLERS: readonly string[] = [
  ...["请你", "请您", "请", "麻烦你", "麻烦您", "麻烦", "拜托", "劳驾", "帮我", "帮忙", "替我", "为我"],
  ...[
    "能不能",
    "可不可以",
    "可以",
    "能否",
    "可否",
    "(?<![技功不才])能(?!不|否)",
    "我想要",
    "我想",
    "我要",
    "我需要",
    "你",
    "您",
  ],
  ...["一下", "现在", "马上", "立刻", "立即", "赶紧", "快点", "谢谢", "多谢", "感谢", "辛苦了", "好的", "嗯"],
  ...["你好(?!了)", "您好(?!了)", "哈喽", "嗨"],
  // "导出了吗" asks whether it is done, "可以导出了" asks for it
  ...[
    "吧",
    "(?<!了)吗",
    "呢",
    "啊",
    "呀",
    "哦",
    "啦",
    "好吗",
    "行吗",
    "好不好",
    "我的",
    "这个",
    "那个",
    "把",
    "将",
  ],
];

/** Traditional characters of the phrases below and of our skills' titles, each before its simplified form. */
export const TRADITIONAL_PAIRS =
  "導导載载積积餘余額额狀状態态傳传幫帮視视頻频請请謝谢點点項项開开語语換换試试現现給给麼么麽么檔档個个嗎吗" +
  "為为這这發发匯汇軌轨時时間间線线軸轴顯显進进從从頭头術术漢汉簡简體体說说講讲煩烦馬马讓让設设劃划還还" +
  "單单圖图檢检詢询裡里裏里賬账帳账戶户勞劳駕驾趕赶緊紧將将啟启動动選选擇择類类處处" +
  "會会過过輸输編编輯辑創创務务嘗尝鏈链話话國国樂乐電电製制費费嘍喽" +
  "別别終终錯错棄弃銷销沒没經经決决應应該该誤误斷断後后罷罢當当無无東东賴赖運运產产繼继續续執执種种條条剛刚幹干僅仅夠够變变準准備备觸触題题於于來来兒儿纔才辦办對对問问";

/** A question of this form before a known phrase asks for help, not for the thing itself. */
export const QUESTION_OPENERS: readonly string[] = [
  ...["how do i", "how do you", "how to", "how should i", "how", "where do i", "where"],
  ...[
    "怎么样才能",
    "怎么样",
    "怎样才能",
    "怎样",
    "怎么才能",
    "怎么",
    "如何才能",
    "如何",
    "在哪里",
    "在哪",
    "哪里",
  ],
];

/** Every `head` alone (when `""` is among the tails) and with each tail. */
function each(heads: string[], tails: string[]): string[] {
  return heads.flatMap((head) => tails.map((tail) => `${head} ${tail}`));
}

const EXPORT_OBJECTS = [
  ...["", "it", "this", "that", "everything", "video", "final video", "finished video", "whole video"],
  ...[
    "full video",
    "this video",
    "edited video",
    "result",
    "final result",
    "file",
    "project",
    "this project",
  ],
  ...["film", "movie", "clip", "final cut", "mp4", "as mp4", "as an mp4", "to mp4", "in mp4", "mp4 file"],
  ...["1080p", "1080p mp4", "a 1080p mp4", "in 1080p", "as 1080p mp4", "as a 1080p mp4", "video as mp4"],
  ...["video as an mp4", "video in 1080p", "it as mp4", "it as an mp4", "it in 1080p", "it to mp4"],
  ...["to 1080p mp4", "in 1080p mp4", "it as 1080p mp4", "it as a 1080p mp4", "it in 1080p mp4"],
  ...["video as 1080p mp4", "video as a 1080p mp4", "video in 1080p mp4", "video to mp4", "1080p video"],
  ...["again", "it again", "video again", "this again", "once more", "it once more"],
];
const SENT_OBJECTS = [
  "video",
  "this video",
  "final video",
  "finished video",
  "file",
  "result",
  "final result",
  "export",
];
const UPLOAD_OBJECTS = [
  "",
  "it",
  "this",
  "file",
  "files",
  "a file",
  "some files",
  "another file",
  "new file",
].concat(
  ["video", "videos", "a video", "another video", "clip", "clips", "a clip", "another clip", "something"],
  ["image", "images", "an image", "photo", "photos", "a photo", "picture", "pictures", "a picture"],
  ["music", "audio", "a song", "footage", "media", "raw footage", "this file", "this video", "this clip"],
);
const LOOK = ["", "show", "show me", "see", "view", "check", "display", "get", "tell me", "whats", "what is"];
const CHINESE_LOOK = ["", "查看", "看看", "看", "显示", "查", "查询", "查下"];

/** What each action is called in free words. Keys of one table, so a phrase cannot mean two things. */
export const PHRASES: readonly { action: Action; phrases: string[] }[] = [
  {
    action: { kind: "export" },
    phrases: [
      ...each(["export", "download", "render"], EXPORT_OBJECTS),
      ...each(["send me", "send over", "give me", "get", "get me", "save", "have"], SENT_OBJECTS),
      ...[
        "send it to me",
        "send me it",
        "send it over",
        "send video to me",
        "start export",
        "start exporting",
      ],
      ...["run export", "do export", "make export", "make an export", "export and download", "download link"],
      ...[
        "save",
        "save it",
        "save this",
        "save that",
        "save everything",
        "re-export",
        "reexport",
        "re-render",
      ],
      ...each(
        ["send", "send me", "give me", "get", "get me"],
        ["link", "a link", "download link", "video link"],
      ),
      ...["export and download it", "export and send it to me", "export and send me video", "final export"],
      ...each(
        ["导出", "下载", "渲染", "输出"],
        ["", "视频", "成品", "成片", "文件", "项目", "影片", "作品", "来", "它"],
      ),
      ...each(
        ["导出", "导出为", "导出成", "视频导出为", "视频导出成", "导出视频为", "下载", "下载为", "输出为"],
        [
          ...["mp4", "mp4视频", "mp4文件", "mp4格式", "1080p", "1080p视频", "1080p mp4", "1080pmp4"],
          ...["1080p的mp4", "1080p mp4视频", "1080p mp4文件", "1080p mp4格式", "1080p格式的mp4"],
        ],
      ),
      ...each(
        ["重新", "再次", "再"],
        ["导出", "导出视频", "导出一次", "导出一遍", "下载", "下载一次", "渲染"],
      ),
      ...["导出了", "能导出了", "可以导出了", "再导一次", "保存", "保存它", "给我链接", "发我链接", "发链接"],
      ...["给我下载链接", "发我下载链接", "链接发我", "链接发给我", "把链接给我"],
      ...each(["视频", "成品", "成片", "影片"], ["导出", "下载", "发我", "发给我", "发过来", "导出来"]),
      ...each(["发我", "发给我", "给我", "给我发", "给我导出"], ["视频", "成品", "成片", "文件", "影片"]),
      ...[
        "发给我",
        "发我",
        "导出给我",
        "给我导出",
        "导出发给我",
        "导出视频给我",
        "导出视频发给我",
        "开始导出",
        "导出并下载",
        "保存视频",
        "下载链接",
        "出片",
        "汇出",
        "汇出视频",
        "汇出影片",
      ],
    ],
  },
  {
    action: { kind: "credits" },
    phrases: [
      ...each(LOOK, ["credits", "credit", "balance", "credit balance", "credits balance", "account balance"]),
      ...each(LOOK, ["remaining credits", "credits left", "remaining balance"]),
      ...["how many credits", "how many credits left", "how many credits do i have", "how much credit"],
      ...["how many credits do i have left", "how many credits are left", "how many credits remain"],
      ...["how much credit do i have", "how much credit do i have left", "do i have credits left"],
      ...["do i have any credits left", "any credits left", "how many credits have i left"],
      ...each(CHINESE_LOOK, [
        "积分",
        "余额",
        "积分余额",
        "账户余额",
        "剩余积分",
        "积分剩余",
        "剩余额度",
        "额度",
      ]),
      ...[
        "还有多少积分",
        "我还有多少积分",
        "还剩多少积分",
        "我还剩多少积分",
        "多少积分",
        "有多少积分",
        "我有多少积分",
      ],
      ...["余额多少", "余额是多少", "还有多少余额", "积分还有多少", "积分还剩多少", "剩多少积分", "还有积分"],
    ],
  },
  {
    action: { kind: "status" },
    phrases: [
      ...each(LOOK, ["status", "tracks", "timeline", "project status", "current status", "all tracks"]),
      ...each(LOOK, ["track list", "timeline status", "progress", "status of project", "current timeline"]),
      ...["list tracks", "list all tracks", "status update", "status report", "whats on timeline"],
      ...["whats in timeline", "what is on timeline", "what is in timeline", "what do i have so far"],
      ...each(CHINESE_LOOK, [
        "状态",
        "轨道",
        "所有轨道",
        "时间线",
        "时间轴",
        "进度",
        "项目状态",
        "当前状态",
        "轨道列表",
      ]),
      ...["is it done", "is it done yet", "is it ready", "is it ready yet", "is it finished", "is it over"],
      ...each(["is"], ["video done", "video ready", "video finished", "export done", "export ready"]),
      ...each(["is"], ["export finished", "edit done", "edit ready", "everything done", "everything ready"]),
      ...["are you done", "are you done yet", "are you finished", "done yet", "ready yet", "finished yet"],
      ...each(["where is", "wheres"], ["it", "video", "file", "export", "result", "final video", "link"]),
      ...each(["where is", "wheres"], ["download link", "download", "project", "clip"]),
      ...["how long will it take", "how much longer", "how long does it take", "are you still working"],
      ...["still working", "is it still working", "whats happening", "what is happening", "hows it going"],
      ...each(
        ["", "导出", "视频", "视频导出", "渲染", "视频做", "做", "弄", "剪"],
        ["好了吗", "好了没", "好了没有"],
      ),
      ...each(
        ["导出", "导出完", "渲染完", "做完", "完成", "导出完成", "视频完成"],
        ["了吗", "了没", "了没有"],
      ),
      ...["视频在哪", "视频在哪里"],
      ...["视频呢", "还要多久", "要多久", "还需要多久", "多久能好", "到哪了", "进行到哪了"],
      ...["状态如何", "什么状态", "进度如何", "有哪些轨道", "列出轨道", "时间线上有什么"],
    ],
  },
  {
    action: { kind: "upload-help" },
    phrases: [
      ...each(["upload"], UPLOAD_OBJECTS),
      ...[
        "send a file",
        "send a video",
        "send a clip",
        "uploading",
        "upload here",
        "add a file",
        "attach a file",
      ],
      ...[
        "上传",
        "上传视频",
        "上传文件",
        "上传素材",
        "上传图片",
        "上传照片",
        "上传音乐",
        "上传音频",
        "上传片段",
      ],
      ...["传视频", "传文件", "传素材", "上传一个视频", "上传一个文件", "上传一段视频"],
    ],
  },
  {
    action: { kind: "upload-again" },
    phrases: [
      ...["upload again", "upload it again", "upload them again", "upload files again", "upload file again"],
      ...[
        "upload video again",
        "reupload",
        "re-upload",
        "重新上传",
        "再次上传",
        "再传一次",
        "再上传一次",
        "重新上传视频",
      ],
    ],
  },
  {
    action: { kind: "help" },
    phrases: [
      ...[
        "help",
        "help me",
        "i need help",
        "need help",
        "help menu",
        "show help",
        "show me help",
        "commands",
      ],
      ...[
        "command list",
        "list commands",
        "show commands",
        "instructions",
        "manual",
        "menu",
        "what can you do",
      ],
      ...[
        "what do you do",
        "what can i do",
        "what can i do here",
        "what can i say",
        "who are you",
        "how does this work",
      ],
      ...["how does it work", "how do i use this", "how do i use you", "how to use", "how to use this"],
      ...["how do i use it", "what is this", "what are you", "usage"],
      ...[
        "帮助",
        "帮帮我",
        "需要帮助",
        "我需要帮助",
        "帮助菜单",
        "菜单",
        "命令",
        "命令列表",
        "指令",
        "使用说明",
        "说明",
      ],
      ...[
        "怎么用",
        "怎么使用",
        "如何使用",
        "使用方法",
        "怎么操作",
        "你能做什么",
        "你会什么",
        "你会做什么",
        "你可以做什么",
      ],
      // A greeting or a kind word: an answer that costs nothing. Those of fillers alone are read in `intent.ts`.
      ...["good morning", "good afternoon", "good evening", "good day", "greetings", "yo", "ty", "tysm"],
      ...["nice", "awesome", "wow", "good", "good job", "great job", "well done", "nice work", "got it"],
      ...["很好", "太好了", "太棒了", "真棒", "不错", "好", "好了", "早", "早上好", "下午好", "晚上好"],
      ...["收到", "知道了", "明白", "明白了", "在吗", "在不在", "多谢了", "谢了"],
      ...["你是谁", "这是什么", "能做什么", "有什么功能", "功能"],
    ],
  },
  {
    action: { kind: "new-project" },
    phrases: [
      ...["new project", "a new project", "start over", "start again", "start fresh", "start from scratch"],
      ...[
        "begin again",
        "start new project",
        "start a new project",
        "create new project",
        "create a new project",
      ],
      ...["begin new project", "begin a new project", "open new project", "open a new project"],
      ...[
        "make a new project",
        "make new project",
        "new session",
        "clean slate",
        "reset project",
        "restart project",
      ],
      ...[
        "新项目",
        "新建项目",
        "新的项目",
        "建新项目",
        "创建新项目",
        "创建项目",
        "开始新项目",
        "开新项目",
        "新工程",
      ],
      ...["重新开始", "从头开始", "从头来", "重置项目", "新建", "开始一个新项目", "新建一个项目", "重头开始"],
    ],
  },
  {
    action: { kind: "projects" },
    phrases: [
      ...[
        "projects",
        "show projects",
        "show me projects",
        "list projects",
        "list of projects",
        "project list",
      ],
      ...["all projects", "old projects", "other projects", "previous projects", "which projects do i have"],
      ...[
        "switch project",
        "switch projects",
        "change project",
        "open a project",
        "open project",
        "open old project",
      ],
      ...["go back to old project", "switch to old project", "previous project", "last projects"],
      ...[
        "项目",
        "项目列表",
        "所有项目",
        "查看项目",
        "显示项目",
        "列出项目",
        "切换项目",
        "换项目",
        "换个项目",
      ],
      ...[
        "历史项目",
        "之前的项目",
        "以前的项目",
        "旧项目",
        "其他项目",
        "有哪些项目",
        "打开项目",
        "打开旧项目",
      ],
    ],
  },
  {
    action: { kind: "skill" },
    phrases: [
      ...[
        "skill",
        "skills",
        "show skills",
        "show me skills",
        "list skills",
        "list of skills",
        "change skill",
      ],
      ...["switch skill", "switch skills", "choose skill", "choose a skill", "select skill", "pick a skill"],
      ...[
        "which skills",
        "what skills",
        "what skills do you have",
        "which skills do you have",
        "available skills",
      ],
      ...[
        "change skills",
        "current skill",
        "which skill",
        "other skills",
        "use another skill",
        "use other skill",
      ],
      ...[
        "技能",
        "技能列表",
        "切换技能",
        "换技能",
        "换个技能",
        "选择技能",
        "有哪些技能",
        "有什么技能",
        "查看技能",
        "更换技能",
      ],
      ...["所有技能", "列出技能", "其他技能"],
    ],
  },
  {
    action: { kind: "language" },
    phrases: [
      ...["language", "languages", "change language", "switch language", "set language", "choose language"],
      ...["select language", "language settings", "which languages", "what languages do you speak"],
      ...[
        "语言",
        "切换语言",
        "换语言",
        "更换语言",
        "选择语言",
        "更改语言",
        "设置语言",
        "语言设置",
        "修改语言",
        "改语言",
      ],
    ],
  },
  {
    action: { kind: "retry" },
    phrases: [
      ...[
        "retry",
        "re-try",
        "try again",
        "try it again",
        "try that again",
        "try this again",
        "try once more",
      ],
      ...["try one more time", "give it another try", "retry it", "retry that"],
      ...[
        "重试",
        "再试",
        "再试试",
        "再试一次",
        "再试一遍",
        "重新试",
        "重新试试",
        "重试一次",
        "再次尝试",
        "重新尝试",
      ],
    ],
  },
  {
    action: { kind: "start" },
    phrases: ["start", "get started", "getting started", "begin", "开始", "开始使用"],
  },
];

/** Words that only introduce a link to a file, beside those of `upload`: not worth a paid turn. */
export const LINK_INTRODUCTIONS: readonly string[] = [
  ...[
    "here",
    "here it is",
    "here you go",
    "here is video",
    "heres video",
    "here is clip",
    "heres clip",
    "video",
  ],
  ...["here is file", "heres file", "here is link", "heres link", "here is footage", "heres footage", "clip"],
  ...[
    "this is video",
    "this is clip",
    "this one",
    "use this",
    "use this video",
    "use this clip",
    "use this file",
  ],
  ...[
    "link",
    "file",
    "footage",
    "视频",
    "这是视频",
    "这是我的视频",
    "这里",
    "用这个",
    "用这个视频",
    "链接",
    "素材",
  ],
];

/** Names of languages, as people write them, with their codes. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  en: "en",
  eng: "en",
  english: "en",
  英文: "en",
  英语: "en",
  zh: "zh",
  cn: "zh",
  chinese: "zh",
  mandarin: "zh",
  "simplified chinese": "zh",
  中文: "zh",
  汉语: "zh",
  普通话: "zh",
  简体中文: "zh",
  简体: "zh",
  中国话: "zh",
};

/** Slash commands that take no words, and what they do; aliases in both languages. */
export const COMMANDS: Readonly<Record<string, Action>> = {
  ...commands({ kind: "export" }, ["export", "download", "render", "导出", "下载"]),
  ...commands({ kind: "credits" }, ["credits", "credit", "balance", "积分", "余额"]),
  ...commands({ kind: "status" }, ["status", "tracks", "timeline", "状态", "轨道", "时间线"]),
  ...commands({ kind: "upload-help" }, ["upload", "上传"]),
  ...commands({ kind: "help" }, ["help", "commands", "帮助"]),
  ...commands({ kind: "new-project" }, [
    "new",
    "newproject",
    "new_project",
    "reset",
    "新项目",
    "新建",
    "重新开始",
  ]),
  ...commands({ kind: "projects" }, ["projects", "project", "项目", "我的项目"]),
  ...commands({ kind: "retry" }, ["retry", "重试"]),
};

/** Slash commands that read the words behind them. */
export const COMMANDS_WITH_WORDS: Readonly<
  Record<string, "start" | "skill" | "language" | "cancel" | "edit">
> = {
  start: "start",
  开始: "start",
  skill: "skill",
  skills: "skill",
  技能: "skill",
  language: "language",
  lang: "language",
  语言: "language",
  cancel: "cancel",
  stop: "cancel",
  取消: "cancel",
  停止: "cancel",
  edit: "edit",
  编辑: "edit",
};

/** The first word behind `/cancel` and its kin; any other means what runs. */
export const CANCEL_SCOPES: Readonly<Record<string, "all" | "export">> = {
  ...scopes("all", ["all", "everything", "全部", "所有", "一切"]),
  ...scopes("export", ["export", "exports", "exporting", "render", "rendering", "导出", "渲染"]),
};

function commands(action: Action, names: string[]): Record<string, Action> {
  return Object.fromEntries(names.map((name) => [name, action]));
}

function scopes<S extends string>(scope: S, words: string[]): Record<string, S> {
  return Object.fromEntries(words.map((word) => [word, scope]));
}
