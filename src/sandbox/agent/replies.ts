/**
 * What the stand-in agent says, in English and Chinese, with the GUI phrases of a backend that believes in
 * a person before a screen. Source: nemo-api.md, "GUI translation".
 */
import type { EditOperation } from "../scenario.ts";

/** Languages the agent answers in. */
export type ReplyLanguage = "en" | "zh";

/** The answer language of a session: Chinese for `zh…`, English for everything else. */
export function replyLanguage(tag: string): ReplyLanguage {
  return /^zh\b/i.test(tag) ? "zh" : "en";
}

/** A sentence for each edit that changed something. */
export function describeEdits(edits: EditOperation[], language: ReplyLanguage): string {
  const sentences = edits.map((edit) => (language === "zh" ? describeZh(edit) : describeEn(edit)));
  return language === "zh" ? `好的！${sentences.join("")}` : `Done! ${sentences.join(" ")}`;
}

function describeEn(edit: EditOperation): string {
  switch (edit.op) {
    case "generate":
      return `I generated a ${seconds(edit.durationMs)}-second video of ${edit.description}.`;
    case "trim":
      return edit.fromMs === 0
        ? `I trimmed the video to ${seconds(edit.toMs)} seconds.`
        : `I kept the part from ${seconds(edit.fromMs)} to ${seconds(edit.toMs)} seconds.`;
    case "title":
      return `I added the title "${edit.text}".`;
    case "music":
      return `I added ${edit.name} background music at ${percent(edit.volume ?? 0.35)} volume.`;
    case "volume":
      return `The ${edit.of} volume is now ${percent(edit.volume)}.`;
    case "speed":
      return edit.factor >= 1
        ? `The video now plays ${edit.factor}x faster.`
        : `I slowed the video down to ${edit.factor}x.`;
    case "mute":
      return "I muted the original sound.";
    case "background":
      return edit.description === "none"
        ? "I removed the background."
        : `I replaced the background with ${edit.description}.`;
    case "effect":
      return edit.name === "remove-object"
        ? `I removed ${edit.value ?? "it"} from the picture.`
        : `I applied the ${edit.name} effect.`;
    case "aspect":
      return `The canvas is now ${edit.ratio}.`;
    case "undo":
      return "I put the project back as it was before the last edit.";
    case "remove":
      return `I removed the ${edit.what}${edit.index === undefined ? "" : ` ${edit.index}`}.`;
  }
}

function describeZh(edit: EditOperation): string {
  const things = { title: "标题", music: "音乐", clip: "片段", video: "视频" };
  switch (edit.op) {
    case "generate":
      return `已生成一段${seconds(edit.durationMs)}秒的视频：${edit.description}。`;
    case "trim":
      return edit.fromMs === 0
        ? `视频已剪辑为${seconds(edit.toMs)}秒。`
        : `已保留第${seconds(edit.fromMs)}秒到第${seconds(edit.toMs)}秒。`;
    case "title":
      return `已添加标题“${edit.text}”。`;
    case "music":
      return `已添加${edit.name}背景音乐，音量${percent(edit.volume ?? 0.35)}。`;
    case "volume":
      return `${things[edit.of]}音量已调整为${percent(edit.volume)}。`;
    case "speed":
      return `播放速度已调整为${edit.factor}倍。`;
    case "mute":
      return "原声已静音。";
    case "background":
      return edit.description === "none" ? "背景已移除。" : `背景已替换为${edit.description}。`;
    case "effect":
      return edit.name === "remove-object" ? `已移除${edit.value ?? "该对象"}。` : `已应用${edit.name}效果。`;
    case "aspect":
      return `画面比例已改为${edit.ratio}。`;
    case "undo":
      return "已把项目恢复到上一次编辑之前的样子。";
    case "remove":
      return `已删除${things[edit.what]}。`;
  }
}

/** Fixed answers. */
export const SAY = {
  unknown: {
    en: 'I can trim your clip, add a title or music, change the background, the speed or the look, and generate new videos. Try: trim to 5 seconds, add a title "Hello", add lo-fi music at 35%.',
    zh: "我可以剪辑视频、添加标题或音乐、替换背景、调整速度和画面，也可以生成新视频。试试：剪到5秒，加标题“你好”，加一段轻松的音乐。",
  },
  needsClip: {
    en: "There is no clip in this project yet. Open the Media panel and drag your video into the timeline, or tell me what to generate.",
    zh: "这个项目里还没有素材。请打开媒体面板，把视频拖拽到时间轴，或者告诉我要生成什么。",
  },
  export: {
    en: "Your project is ready. Click the Export button to download your video.",
    zh: "您的项目已准备好。点击导出按钮即可下载视频。",
  },
  nothingChanged: {
    en: "I looked at the timeline, and there is nothing to change for that.",
    zh: "我查看了时间轴，没有需要修改的内容。",
  },
  rawReady: {
    en: "The raw video is ready. I am adding music, a title and effects now.",
    zh: "原始视频已生成，正在添加音乐、标题和特效。",
  },
  temporaryIssue: {
    en: "I encountered a temporary issue. Please try again later.",
    zh: "I encountered a temporary issue. Please try again later.",
  },
} as const satisfies Record<string, Record<ReplyLanguage, string>>;

/** What it asks when it is told to; each option is an edit that it understands. */
export const QUESTION = {
  en: {
    title: "Music",
    questions: [
      {
        id: "mood",
        prompt: "Which music fits your video?",
        options: [
          { id: "calm", label: "Add calm piano music" },
          { id: "upbeat", label: "Add upbeat pop music" },
          { id: "lofi", label: "Add lo-fi music" },
        ],
      },
    ],
  },
  zh: {
    title: "音乐",
    questions: [
      {
        id: "mood",
        prompt: "哪种音乐适合您的视频？",
        options: [
          { id: "calm", label: "加舒缓的音乐" },
          { id: "upbeat", label: "加欢快的音乐" },
          { id: "lofi", label: "加轻松的音乐" },
        ],
      },
    ],
  },
};

/** Sentences that speak of a screen; one is added to a text now and then. */
export const GUI_PHRASES: Record<ReplyLanguage, readonly string[]> = {
  en: [
    "Click the Export button to download your video.",
    "You can preview it in timeline.",
    "Open the Media panel to see your clips.",
    "When you are happy, click [Export].",
    "Drag and drop the title to move it.",
    "Check your account billing page for the remaining credits.",
  ],
  zh: [
    "点击导出按钮即可下载视频。",
    "您可以在时间轴中预览。",
    "打开媒体面板查看素材。",
    "满意后请点击【导出】。",
    "拖拽标题可以移动位置。",
  ],
};

/** What the agent thinks before it edits; never meant for people. */
export function thoughtAbout(text: string, language: ReplyLanguage): string {
  const wish = text.slice(0, 60);
  return language === "zh"
    ? `**查看时间轴**\n\n用户想要：${wish}。先确认轨道，再执行编辑。`
    : `**Checking the timeline**\n\nThe user wants: ${wish}. I should look at the tracks first, then edit.`;
}

function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

function percent(volume: number): string {
  return `${Math.round(volume * 100)}%`;
}
