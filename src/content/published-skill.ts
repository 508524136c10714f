/**
 * Skill files as the backend publishes them: written for an agent, in English, they say in their text what ours say
 * in the front matter. Each pattern below is a sentence they share; the general words of the locales stand in for the rest.
 */
import type { Locales, TextKey, TextParams } from "../core/model/locales.ts";
import type { Localized, Skill } from "../core/model/skill.ts";

/** All that a skill needs beside name, version and platform. */
export type SkillFallbacks = Omit<Skill, "name" | "version" | "platform" | "maxFileBytes"> & {
  maxFileSizeMb: number;
};
const DEFAULT_SIZE_MB = 500;
const DEFAULT_FORMATS = ["mp4", "mov", "avi", "webm"];
const EXAMPLES = ["skill.example-1", "skill.example-2", "skill.example-3"] as const;
const MAX_EXAMPLES = 5;
const MAX_TEXT_LENGTH = 300;

/** Reads what it can from `body`, the text below the front matter; `locales` tell the rest. Never throws. */
export function fallbacksFor(name: string, body: string, locales: Locales): SkillFallbacks {
  const lines = body.split("\n").map((line) => line.trim());
  const found = findExamples(lines, body);
  const setup = /brief status (?:like|such as)[\s:]*["“`]([^"”`\n]{1,80})["”`]/i.exec(body)?.[1];
  const general = (key: TextKey, params?: TextParams) =>
    inEach(locales, (language) => locales.plain(language, key, params));
  const examples = inEach(locales, (language) => EXAMPLES.map((key) => locales.plain(language, key)));
  return {
    title: { en: titleOf(name) },
    description: general("skill.description"),
    greeting: withEnglish(general("skill.greeting"), findGreeting(lines)),
    setup: withEnglish(general("skill.setup"), setup),
    examples: found.length > 0 ? { ...examples, en: found } : examples,
    startExamples: inEach(locales, (language) => [locales.plain(language, "skill.start-example")]),
    typicalTime: findTime(body, general),
    tip: withEnglish(general("skill.tip"), findTip(body)),
    maxFileSizeMb: findSize(body),
    favouredFormats: findFormats(body),
  };
}

/** A text in every language that the bot speaks. */
function inEach<T>({ languages }: Locales, textIn: (language: string) => T): Localized<T> {
  return {
    en: textIn("en"),
    ...Object.fromEntries(languages.map((language) => [language, textIn(language)])),
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

function findTime(
  body: string,
  general: (key: TextKey, params?: TextParams) => Localized<string>,
): Localized<string> {
  const [, span = "", unit = ""] =
    /roughly (\d{1,3}(?:\s?[-–]\s?\d{1,3})?)[\s-](seconds|minutes)/i.exec(body) ?? [];
  if (unit === "") return general("skill.typical-time");
  const isMinutes = unit.toLowerCase() === "minutes";
  return general(isMinutes ? "skill.minutes" : "skill.seconds", { span: span.replace(/\s/g, "") });
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
