/** Times, shares and factors as people write them, in English and Chinese. */
import { own } from "../../lib/own.ts";

const WORD_NUMBERS: Record<string, string> = {
  half: "0.5",
  one: "1",
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
  fifteen: "15",
  twenty: "20",
  thirty: "30",
  sixty: "60",
};
const CHINESE_DIGITS = "零一二三四五六七八九";

/** Writes numbers as digits: "five" → "5", "十五秒" → "15秒", "两倍" → "2倍". */
export function withDigits(text: string): string {
  return text
    .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
    .replace(/\b[a-z]+\b/gi, (word) => own(WORD_NUMBERS, word.toLowerCase()) ?? word)
    .replace(/半(?=分钟)/g, "0.5")
    .replace(/[零一二两三四五六七八九十]+(?=\s*(?:秒|分|倍|段|个|条|首|号))/g, chineseNumber);
}

function chineseNumber(text: string): string {
  const digit = (char: string | undefined) => CHINESE_DIGITS.indexOf(char === "两" ? "二" : (char ?? ""));
  const ten = text.indexOf("十");
  if (ten === -1) return [...text].map((char) => digit(char)).join("");
  const tens = ten === 0 ? 1 : digit(text[ten - 1]);
  const ones = ten === text.length - 1 ? 0 : digit(text[ten + 1]);
  return String(tens * 10 + ones);
}

const NUMBER = "\\d+(?:\\.\\d+)?";
/** A time; the bare number at the end of the list counts as seconds. */
export const TIME_PATTERN =
  `(?:\\d{1,2}:\\d{2}|${NUMBER}\\s*分钟?\\s*(?:${NUMBER}\\s*秒)?|${NUMBER}\\s*(?:ms\\b|毫秒|` +
  `minutes?\\b|mins?\\b|m\\b|-?\\s*seconds?\\b|secs?\\b|s\\b|秒钟?)|${NUMBER})`;

/** Milliseconds of a text that `TIME_PATTERN` matched. */
export function timeMs(text: string): number {
  const clock = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (clock !== null) return (Number(clock[1]) * 60 + Number(clock[2])) * 1000;
  const number = Number.parseFloat(text);
  if (/分/.test(text)) {
    const seconds = /分钟?\s*(\d+(?:\.\d+)?)\s*秒/.exec(text);
    return Math.round((number * 60 + Number(seconds?.[1] ?? 0)) * 1000);
  }
  if (/ms\b|毫秒/.test(text)) return Math.round(number);
  if (/\d\s*m(?:in)?/i.test(text)) return Math.round(number * 60_000);
  return Math.round(number * 1000);
}

/** A share such as "35%" or "百分之35", as 0–2; null when there is none. */
export function share(text: string): number | null {
  const found = /(\d+(?:\.\d+)?)\s*[%％]|百分之\s*(\d+)/.exec(text);
  if (found === null) return null;
  return Math.min(2, Number(found[1] ?? found[2]) / 100);
}

/** A factor such as "2x", "x2", "1.5 times", "2倍"; null when there is none. */
export function factor(text: string): number | null {
  const found = /(\d+(?:\.\d+)?)\s*(?:x|×|times|倍)|(?:x|×)\s*(\d+(?:\.\d+)?)/i.exec(text);
  const value = Number(found?.[1] ?? found?.[2]);
  return value > 0 ? value : null;
}
