/**
 * Skill files as the backend publishes them: written for an agent, in English, they say in their text what ours say
 * in the front matter. Each pattern below is a sentence they share; general words stand in for the rest.
 */
import type { Localized, Skill } from "../core/model/skill.ts";

/** All that a skill needs beside name, version and platform. */
export type SkillFallbacks = Omit<Skill, "name" | "version" | "platform" | "maxFileBytes"> & {
  maxFileSizeMb: number;
};
const GENERAL = {
  description: {
    en: "Edits videos from a clip and a few words.",
    zh: "发一段素材，说出想要的效果，就能完成剪辑。",
  },
  greeting: {
    en: "Hi! Send me a clip, or tell me what you would like to make.",
    zh: "你好！发一段素材给我，或者直接说说你想做什么。",
  },
  setup: { en: "Connecting...", zh: "正在连接……" },
  examples: {
    en: ["trim the first five seconds", "add background music and a title", "make it black and white"],
    zh: ["剪掉开头五秒", "加上背景音乐和标题", "调成黑白"],
  },
  startExamples: { en: ["make a 10-second intro"], zh: ["做一个 10 秒的片头"] },
  typicalTime: { en: "about a minute", zh: "大约一分钟" },
  tip: {
    en: "The more precisely you say what you want, the better the result.",
    zh: "说得越具体，效果越好。",
  },
} satisfies Record<string, Localized<unknown>>;
const DEFAULT_SIZE_MB = 500;
const DEFAULT_FORMATS = ["mp4", "mov", "avi", "webm"];
const MAX_EXAMPLES = 5;
const MAX_TEXT_LENGTH = 300;

/** Reads what it can from `body`, the text below the front matter. Pure; never throws. */
export function fallbacksFor(name: string, body: string): SkillFallbacks {
  const lines = body.split("\n").map((line) => line.trim());
  const examples = findExamples(lines, body);
  const time = /roughly (\d{1,3}(?:\s?[-–]\s?\d{1,3})?)[\s-](seconds|minutes)/i.exec(body);
  return {
    title: { en: titleOf(name) },
    description: GENERAL.description,
    greeting: withEnglish(GENERAL.greeting, findGreeting(lines)),
    setup: withEnglish(
      GENERAL.setup,
      /brief status (?:like|such as)[\s:]*["“`]([^"”`\n]{1,80})["”`]/i.exec(body)?.[1],
    ),
    examples: examples.length > 0 ? { ...GENERAL.examples, en: examples } : GENERAL.examples,
    startExamples: GENERAL.startExamples,
    typicalTime: time === null ? GENERAL.typicalTime : timeOf(time[1] ?? "", time[2] ?? ""),
    tip: withEnglish(GENERAL.tip, findTip(body)),
    maxFileSizeMb: findSize(body),
    favouredFormats: findFormats(body),
  };
}

function withEnglish(general: Localized<string>, english: string | undefined): Localized<string> {
  return english === undefined || english === "" ? general : { ...general, en: english };
}

function titleOf(name: string): string {
  return name
    .split("-")
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

/** The bullets below "Try saying", else longer quoted phrases. */
function findExamples(lines: string[], body: string): string[] {
  const start = lines.findIndex((line) => /\btry saying\b/i.test(line));
  const bullets: string[] = [];
  for (const line of start === -1 ? [] : lines.slice(start + 1, start + 30)) {
    const bullet = /^[-*•]\s+(.{1,300})$/u.exec(line)?.[1];
    if (bullet !== undefined) bullets.push(unquote(bullet));
    else if (line !== "") break;
  }
  const quoted = [...body.matchAll(/[“"]([a-z][^“”"\n]{9,120})["”]/g)].map((match) =>
    unquote(match[1] ?? ""),
  );
  const found = bullets.length > 0 ? bullets : quoted.filter((phrase) => phrase.split(" ").length > 2);
  return [...new Set(found.filter((example) => example !== ""))].slice(0, MAX_EXAMPLES);
}

function unquote(text: string): string {
  return text.replace(/^[\s"“'‘`*]+|[\s"”'’`*,]+$/g, "");
}

/** The paragraph above "Try saying" greets the user. */
function findGreeting(lines: string[]): string | undefined {
  const start = lines.findIndex((line) => /\btry saying\b/i.test(line));
  const above = lines.slice(0, Math.max(start, 0)).findLast((line) => line !== "");
  if (above === undefined || /^[#|>*-]/.test(above) || above.length > MAX_TEXT_LENGTH) return undefined;
  const greeting = above.replace(/^[^\p{L}]+/u, "");
  return /[.!?]$/.test(greeting) ? greeting : undefined;
}

function findTip(body: string): string | undefined {
  const tip = /worth noting[*_]*:[*_]*\s*([^\n]{1,300})/i.exec(body)?.[1]?.trim();
  return tip === undefined ? undefined : tip.charAt(0).toUpperCase() + tip.slice(1);
}

function timeOf(span: string, unit: string): Localized<string> {
  const isMinutes = unit.toLowerCase() === "minutes";
  const numbers = span.replace(/\s/g, "");
  return {
    en: `${numbers} ${isMinutes ? "minutes" : "seconds"}`,
    zh: `${numbers} ${isMinutes ? "分钟" : "秒"}`,
  };
}

function findSize(body: string): number {
  const match = /max(?:imum)? file size(?: is|:)? (\d{1,5})\s?(MB|GB)/i.exec(body);
  const size = Number(match?.[1] ?? 0) * (match?.[2]?.toUpperCase() === "GB" ? 1024 : 1);
  return size > 0 ? size : DEFAULT_SIZE_MB;
}

function findFormats(body: string): string[] {
  const list = /stick to ([A-Za-z0-9,/ ]{3,80}?) for\b/i.exec(body)?.[1] ?? "";
  const formats = list.split(/[\s,/]+/).filter((word) => /^(?!and$|or$)[A-Za-z0-9]{3,4}$/i.test(word));
  return formats.length > 0 ? formats : DEFAULT_FORMATS;
}
