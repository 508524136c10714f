/**
 * A simple understanding of what people write, in English and Chinese: words in, edits of the draft out.
 * It stands in for the agent of nemo-api.md and knows no more than a demo needs.
 */
import type { EditOperation } from "../scenario.ts";
import { factor, share, TIME_PATTERN, timeMs, withDigits } from "./word-times.ts";

/** What the words call for. */
export type Understanding =
  | { kind: "edits"; edits: EditOperation[] }
  /** In two stages: the raw video, then what is added to it. */
  | { kind: "generation"; first: EditOperation[]; second: EditOperation[] }
  /** An edit of a clip, and there is none. */
  | { kind: "needs-clip" }
  | { kind: "export" }
  | { kind: "unknown" };

/** What the words are about. */
export interface Subject {
  durationMs: number;
  hasClips: boolean;
  hasMusic: boolean;
}

/** Bound of what is read of a message; a person's wish stands in its first lines. */
const MAX_READ = 4_000;

/** Understands a message. Pure; never throws. */
export function understand(message: string, subject: Subject): Understanding {
  const quotes: string[] = [];
  const text = withDigits(
    message
      .slice(0, MAX_READ)
      .replace(/["“”「『«]([^"“”」』»]{1,200})["“”」』»]/g, (_, quoted: string) => {
        quotes.push(quoted.trim());
        // A letter mark: neither a number nor a word of ours, and it survives `withDigits`.
        return ` \u27e6${"q".repeat(quotes.length)}\u27e7 `;
      })
      .replace(/between (.{1,20}?) and /gi, "from $1 to ")
      .replace(/black and white/gi, "monochrome"),
  );
  const quote = (clause: string) => quotes[(/\u27e6(q+)\u27e7/.exec(clause)?.[1]?.length ?? 0) - 1];

  const generation = understandGeneration(text, quote(text));
  if (generation !== null) return generation;

  const edits: EditOperation[] = [];
  let removing = false;
  for (const clause of text.split(
    /[,;.!?，。；、！？\n](?!\d)|\band\b|\bthen\b|\bplus\b|然后|并且|并|再|以及|和/i,
  )) {
    // "Remove the title and the music": a clause without a verb goes on with the one before.
    if (REMOVE.test(clause)) removing = true;
    else if (OTHER_VERB.test(clause)) removing = false;
    const hasMusic = subject.hasMusic || edits.some((edit) => edit.op === "music");
    const edit = understandClause(clause, quote(clause), removing, { ...subject, hasMusic });
    if (edit !== null) edits.push(edit);
  }
  if (edits.length > 0) {
    const needsClip = edits.every(
      (edit) => edit.op !== "title" && edit.op !== "music" && edit.op !== "aspect",
    );
    return needsClip &&
      !subject.hasClips &&
      !edits.some((edit) => edit.op === "remove" && edit.what !== "clip")
      ? { kind: "needs-clip" }
      : { kind: "edits", edits };
  }
  return /\b(?:export|download)\b|导出|下载/i.test(text) ? { kind: "export" } : { kind: "unknown" };
}

const REMOVE =
  /\b(?:remove|delete|drop|erase|get rid|take (?:out|away)|cut (?:out|off|away)|skip)\b|删除|删掉|删去|移除|去掉|去除|剪掉|裁掉|不要/i;
const OTHER_VERB =
  /\b(?:add|put|set|make|use|change|replace|trim|cut|keep|speed|slow|turn|apply|increase|lower|mute|shorten|crop)\b|加|添|设|换|改|剪|裁|保留|调|静音|用/i;

function understandGeneration(text: string, quoted: string | undefined): Understanding | null {
  const asked =
    /\bgenerate\b|\b(?:create|make|produce)(?: me)?(?: an?| \d+)\b.*\b(?:video|clip|film|movie|animation|short)\b|生成|(?:制作|做|创作)\s*(?:一)?\s*(?:\d+)?\s*(?:个|段|条|部)/i;
  if (!asked.test(text) || /字幕|subtitles|captions/i.test(text)) return null;
  const lengths = text.match(new RegExp(TIME_PATTERN, "gi")) ?? [];
  // A number without a unit counts something else.
  const length = lengths.find((each) => /[a-z秒分:]/i.test(each));
  const said = length === undefined ? 6_000 : timeMs(length);
  const described =
    /\b(?:of|about|showing|with|where)\b\s*(.+)$/i.exec(text)?.[1] ??
    /(?:关于|生成|制作|做|创作)\s*(.+?)(?:的)?(?:视频|短片|影片|动画)?[。.]?$/.exec(text)?.[1];
  const description =
    tidy(
      (described ?? "").replace(/^(?:\d+\s*[个段条部])?\s*(?:[\d.]+\s*(?:秒钟?|分钟?))?\s*的?/, ""),
      quoted,
    ) || "a short film";
  return {
    kind: "generation",
    first: [{ op: "generate", description, durationMs: Math.min(60_000, Math.max(1_000, said)) }],
    second: [
      { op: "music", name: genre(text) ?? "Lo-fi", volume: 0.35 },
      { op: "title", text: quoted ?? titleFrom(description) },
      { op: "effect", name: "transitions", value: "fade" },
    ],
  };
}

function understandClause(
  clause: string,
  quoted: string | undefined,
  removing: boolean,
  subject: Subject,
): EditOperation | null {
  const title = /\b(?:title|titled|caption|headline|text|subtitle)s?\b|标题|字幕|文字/i.test(clause);
  const music = /\b(?:music|bgm|soundtrack|song|melody|beats?)\b|lo-?fi|音乐|配乐|bgm|歌/i.test(clause);
  if (removing) return understandRemoval(clause, { title, music }, subject);

  if (title) {
    const words =
      quoted ??
      /(?:title[ds]?|caption|headline|text|says?|saying|标题|字幕|文字)[:：为是\s]+(.+)$/i.exec(clause)?.[1];
    return { op: "title", text: tidy(words ?? "", undefined) || "My Video" };
  }
  if (/\bmuted?\b|\b(?:no|without) sound\b|静音|消音/i.test(clause)) return { op: "mute" };
  const volume = understandVolume(clause, music, subject);
  if (volume !== null) return volume;
  if (music) {
    const loudness = share(clause);
    return {
      op: "music",
      name: genre(clause) ?? (quoted || "Upbeat"),
      ...(loudness === null ? {} : { volume: loudness }),
    };
  }
  return understandSpeed(clause) ?? understandTrim(clause, false, subject) ?? understandLook(clause, quoted);
}

function understandRemoval(
  clause: string,
  about: { title: boolean; music: boolean },
  subject: Subject,
): EditOperation | null {
  const counted =
    /(?:clip|segment|track|title|caption|片段|视频)\s*#?(\d+)|第\s*(\d+)\s*(?:段|个|条|号)/i.exec(clause) ??
    /\b(first|second|third)\b/i.exec(clause);
  const ordinal = { first: 1, second: 2, third: 3 }[(counted?.[1] ?? "").toLowerCase()];
  const index = ordinal ?? Number(counted?.[1] ?? counted?.[2]);
  const which = index > 0 ? { index } : {};
  if (about.title) return { op: "remove", what: "title", ...which };
  if (about.music) return { op: "remove", what: "music", ...which };
  const trimmed = understandTrim(clause, true, subject);
  if (trimmed !== null) return trimmed;
  if (/\b(?:clip|segment)s?\b|片段|第\s*\d+\s*段/i.test(clause)) {
    return { op: "remove", what: "clip", ...which };
  }
  if (/\b(?:sound|audio|noise)\b|声音|原声|噪音/i.test(clause)) return { op: "mute" };
  if (BACKGROUND.test(clause)) return { op: "background", description: "none" };
  const thing = tidy(clause.replace(REMOVE, ""), undefined);
  return thing === "" ? null : { op: "effect", name: "remove-object", value: thing };
}

function understandVolume(clause: string, music: boolean, subject: Subject): EditOperation | null {
  const louder = /\blouder\b|\bturn (?:it )?up\b|大声|调大/i.test(clause);
  const quieter = /\bquieter\b|\bsofter\b|\bturn (?:it )?down\b|小声|调小/i.test(clause);
  const level = share(clause) ?? (louder ? 0.8 : quieter ? 0.15 : null);
  const named = louder || quieter || /\bvolume\b|音量/i.test(clause);
  const bare = /^\s*(?:at|to)?\s*\d+\s*%\s*$/i.test(clause);
  if (level === null || !(named || bare)) return null;
  // "Add lo-fi music at 35% volume" adds; "music volume 20%" sets what is there.
  if (music && (/\badd\b|加|添/i.test(clause) || !subject.hasMusic)) return null;
  return { op: "volume", of: music || subject.hasMusic ? "music" : "video", volume: level };
}

function understandSpeed(clause: string): EditOperation | null {
  const slower = /\bslow(?:er|ly)?\b|slow-?mo|减速|放慢|慢动作|慢一?点|慢放/i.test(clause);
  const faster = /\bspeed\b|\bfaster\b|\btime-?lapse\b|加速|加快|倍速|快进|快一?点|\d\s*倍/i.test(clause);
  if (!slower && !faster) return null;
  const said = factor(clause) ?? (share(clause) || null);
  if (slower) return { op: "speed", factor: clampFactor(said === null ? 0.5 : said > 1 ? 1 / said : said) };
  return { op: "speed", factor: clampFactor(said ?? 1.5) };
}

function understandTrim(clause: string, removing: boolean, subject: Subject): EditOperation | null {
  const said = (pattern: string) => new RegExp(pattern, "i").exec(clause);
  const total = Math.max(subject.durationMs, 1);
  const span = said(`(${TIME_PATTERN})\\s*(?:to|until|-|–|~|到|至)\\s*(?:第)?(${TIME_PATTERN})`);
  if (
    span?.[1] !== undefined &&
    span[2] !== undefined &&
    /trim|cut|keep|from|剪|裁|截|留|从|秒/i.test(clause)
  ) {
    const [fromMs, toMs] = [timeMs(span[1]), timeMs(span[2])];
    return toMs > fromMs ? { op: "trim", fromMs, toMs } : null;
  }
  const first = said(`(?:\\bfirst|开头的?|前面?)\\s*(${TIME_PATTERN})`)?.[1];
  if (first !== undefined && timeMs(first) > 0) {
    return removing
      ? { op: "trim", fromMs: timeMs(first), toMs: Math.max(total, timeMs(first) + 1) }
      : { op: "trim", fromMs: 0, toMs: timeMs(first) };
  }
  const last = said(`(?:\\blast|结尾的?|最后的?|后面?)\\s*(${TIME_PATTERN})`)?.[1];
  if (last !== undefined && timeMs(last) > 0) {
    const at = Math.max(0, total - timeMs(last));
    return removing
      ? { op: "trim", fromMs: 0, toMs: Math.max(1, at) }
      : { op: "trim", fromMs: at, toMs: total };
  }
  if (removing || !/\b(?:trim|cut|shorten|keep|crop)\b|剪|裁|截|保留|缩短/i.test(clause)) return null;
  const to = said(`(?:\\bto|\\bat|到|成|为|至)?\\s*(${TIME_PATTERN})`)?.[1];
  return to !== undefined && timeMs(to) > 0 ? { op: "trim", fromMs: 0, toMs: timeMs(to) } : null;
}

const BACKGROUND = /\b(?:background|backdrop)\b(?!\s+(?:person|people|man|woman|object|noise|music))|背景/i;

const LOOKS: [RegExp, string, string?][] = [
  [/\bbright(?:er|en|ness)?\b|调亮|亮一?点|更亮|亮度/i, "brightness", "up"],
  [/\bdark(?:er|en)?\b|调暗|暗一?点|更暗/i, "brightness", "down"],
  [/\bwarm(?:er|th)?\b|暖/i, "warm"],
  [/\bcool(?:er)?\b|冷色/i, "cool"],
  [/\bmonochrome\b|\bgr[ae]yscale\b|黑白/i, "black-and-white"],
  [/\bvintage\b|\bretro\b|复古/i, "vintage"],
  [/\bblur(?:red|ry)?\b|模糊/i, "blur"],
  [/\btransitions?\b|转场/i, "transitions", "fade"],
  [/\bfade\b|淡入|淡出/i, "fade"],
  [/\bstabili[sz]e\b|防抖|稳定/i, "stabilize"],
  [/\bbest (?:takes|parts|moments)\b|\bhighlights?\b|精彩|高光/i, "best-takes"],
  [/\bcinematic\b|\bcolou?r[- ]grad|电影感|调色/i, "cinematic"],
  [/\bfilters?\b|滤镜/i, "filter"],
  [/\b(?:1080p|720p|4k)\b/i, "resolution"],
  [/\bedit\b.*\b(?:footage|clips?|videos?|photos?|snapshot)\b|编辑|美化/i, "polish"],
];

function understandLook(clause: string, quoted: string | undefined): EditOperation | null {
  const ratio = /\b(9:16|16:9|1:1|4:5|4:3)\b/.exec(clause)?.[1];
  // The pattern above lists exactly the ratios of the operation.
  if (ratio !== undefined) return { op: "aspect", ratio: ratio as "9:16" };
  if (/\b(?:vertical|portrait|tiktok|reels?)\b|竖屏|竖版|抖音/i.test(clause)) {
    return { op: "aspect", ratio: "9:16" };
  }
  if (/\b(?:horizontal|landscape|widescreen)\b|横屏|横版/i.test(clause))
    return { op: "aspect", ratio: "16:9" };
  if (/\bsquare\b|方形|正方/i.test(clause)) return { op: "aspect", ratio: "1:1" };
  if (BACKGROUND.test(clause)) {
    const described =
      /\b(?:with|to|into|by)\b\s*(.+)$|(?:换成|改成|变成|换为|改为|替换为|替换成|为|成)\s*(.+)$/i.exec(
        clause,
      );
    return {
      op: "background",
      description: tidy(described?.[1] ?? described?.[2] ?? "", quoted) || "a new background",
    };
  }
  for (const [pattern, name, value] of LOOKS) {
    if (pattern.test(clause)) return { op: "effect", name, ...(value === undefined ? {} : { value }) };
  }
  return null;
}

const GENRES: [RegExp, string][] = [
  [/lo-?\s?fi/i, "Lo-fi"],
  [/\bjazz\b|爵士/i, "Jazz"],
  [/\bpiano\b|钢琴/i, "Piano"],
  [/\brock\b|摇滚/i, "Rock"],
  [/\bepic\b|史诗/i, "Epic"],
  [/\bcinematic\b|电影/i, "Cinematic"],
  [/\bhip[- ]?hop\b|嘻哈/i, "Hip hop"],
  [/\bambient\b|氛围/i, "Ambient"],
  [/\bacoustic\b|吉他/i, "Acoustic"],
  [/\belectronic\b|\bedm\b|电子/i, "Electronic"],
  [/\b(?:chill|calm|relax(?:ing|ed)?|soft|gentle)\b|轻松|舒缓|安静|轻音乐/i, "Chill"],
  [/\b(?:upbeat|happy|cheerful|energetic)\b|欢快|动感|快乐/i, "Upbeat"],
];

function genre(text: string): string | null {
  return GENRES.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** A description without marks, quotes and loose ends. */
function tidy(text: string, quoted: string | undefined): string {
  return text
    .replace(/\u27e6q+\u27e7/g, quoted ?? "")
    .replace(/^[\s"'“”「」『』:：，,.。的]+|[\s"'“”「」『』:：，,.。]+$/g, "")
    .replace(/\s+/g, " ")
    .slice(0, 200);
}

function titleFrom(description: string): string {
  const words = description
    .replace(/^(?:an?|the)\s+/i, "")
    .split(" ")
    .slice(0, 4);
  return words
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ")
    .slice(0, 40);
}

function clampFactor(value: number): number {
  return Math.round(Math.min(10, Math.max(0.1, value)) * 100) / 100;
}
