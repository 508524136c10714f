/**
 * Keeps JSON, ids, stack lines and signed addresses away from people: in the agent's words the sentence stays and
 * the machine's part goes or becomes a plain name; names of clips and titles likewise. Source: DESIGN.md, rule 5
 * ("never a stack, JSON, a token"). Everything is bounded and read once, from left to right.
 */

import { humanPart, isMachineId, isNamedId } from "./machine-id.ts";
import { readJson } from "./machine-json.ts";
import { hideTokens } from "./secrets.ts";

/** `yourClip` stands where a sentence needs a name: "I trimmed <address> to 5 s". */
export function hideMachineText(text: string, yourClip: string): string {
  // Tokens first: the mark in their place tells that something was there.
  const prose = hideFences(hideTokens(text));
  const lines = hideStacks(hideJson(hideTagged(prose)));
  const result = tidy(hideMachineWords(lines, yourClip));
  return result === tidy(text) ? text : result;
}

/** A name as people know it: no address, no path, no id, the text of a JSON title; null when nothing is left. */
export function plainName(name: string): string | null {
  const trimmed = name.trim();
  const json = readJson(trimmed, 0);
  if (json !== null && json.end >= trimmed.length) return json.words === null ? null : plainName(json.words);
  const named = wordsOfName(trimmed);
  const plain = named === null ? "" : hideMachineText(named, "").trim();
  return /[\p{L}\p{N}\p{Extended_Pictographic}\p{P}\p{S}]/u.test(plain) ? plain : null;
}

const EXTENSION =
  /\.(?:mp4|mov|avi|webm|mkv|m4v|jpe?g|png|gif|webp|heic|mp3|wav|m4a|aac|srt|json|ts|m3u8|flac|ogg|pdf|txt)$/i;

/** An address, a path or a name without folders and ids; null when nothing is left. */
function wordsOfName(name: string): string | null {
  const isAddress = /^(?:[a-z][a-z\d+.-]{1,10}:\/\/|\/|[A-Z]:\\)\S*$/i.test(name);
  const base = isAddress ? baseName(name) : name;
  const extension = EXTENSION.exec(base)?.[0] ?? "";
  const stem = base.slice(0, base.length - extension.length);
  if (!isMachineId(stem)) return stem === "" ? null : base;
  const kept = humanPart(stem);
  return kept === null ? null : kept + extension;
}

/**
 * Where a text that is still being written cannot be judged yet: an open piece of JSON or code, an open stack, or
 * a last word that may become an address. The length of the text when there is none.
 */
export function openMachineText(text: string): number {
  const fences = [...text.matchAll(/```/g)];
  let open = fences.length % 2 === 1 ? (fences.at(-1)?.index ?? text.length) : text.length;
  for (let at = nextBracket(text, 0); at >= 0 && at < open; at = nextBracket(text, at)) {
    const json = readJson(text, at);
    if (json?.isOpen) open = at;
    at = json === null ? at + 1 : json.end;
  }
  const stack = text.lastIndexOf("Traceback (most recent");
  if (stack >= 0 && !/\n\S[^\n]*\n/.test(text.slice(stack))) open = Math.min(open, stack);
  const log = text.slice(text.lastIndexOf("\n") + 1).search(LOG_START);
  if (log >= 0) open = Math.min(open, text.lastIndexOf("\n") + 1 + log);
  for (const tag of [...text.matchAll(TAG)].slice(0, MAX_TAGS)) {
    if (!text.includes(`</${tag[1]}>`, tag.index)) open = Math.min(open, tag.index);
  }
  // "12." may go on, an address and an id may too
  const word = /[\x21-\x7e]{1,4000}$/.exec(text.slice(-4000));
  if (
    word !== null &&
    /:\/\/|^\W{0,2}\/\w|\(https?:?$|^\W{0,3}https?:?\/{0,2}$|[\d_=<>{}[\]\\@#/].{0,80}\.$|^.{80}/.test(
      word[0],
    )
  )
    open = Math.min(open, text.length - word[0].length);
  return open;
}

function nextBracket(text: string, from: number): number {
  BRACKET.lastIndex = from;
  return BRACKET.exec(text)?.index ?? -1;
}

/** A log within a line; it ends with the line. */
const LOG_START = /\[(?:\d{4}-\d\d-\d|INFO|DEBUG|WARN|ERROR|TRACE|FATAL)/;
const BRACKET = /[{[]/g;

// --- blocks -----------------------------------------------------------------------------------------

/** Code blocks of JSON or of a stack; others are what a person asked for. */
function hideFences(text: string): string {
  const parts = text.split("```");
  if (parts.length < 2) return text;
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return part;
      const code = part.replace(/^[\w-]{0,20}\n/, "").trim();
      const isMachine = readJson(code, 0) !== null || code.split("\n").some((line) => STACK.test(line));
      if (isMachine) return "";
      return `\`\`\`${part}${index < parts.length - 1 ? "```" : ""}`;
    })
    .join("");
}

const TAG = /<([a-z]{2,20}[_:-][a-z_:-]{2,40})(?:\s[^<>\n]{0,300})?>/g;
/** What a machine wraps in tags of its own is not longer, and there are not more of them. */
const MAX_TAGGED = 5000;
const MAX_TAGS = 50;

/** `<tool_call>…</tool_call>`, with what stands between. */
function hideTagged(text: string): string {
  let result = "";
  let done = 0;
  for (let tags = 0; tags < MAX_TAGS; tags += 1) {
    TAG.lastIndex = done;
    const open = TAG.exec(text);
    if (open === null) break;
    const start = open.index + open[0].length;
    const length = text.slice(start, start + MAX_TAGGED).indexOf(`</${open[1]}>`);
    result += text.slice(done, open.index);
    done = length < 0 ? start : start + length + `</${open[1]}>`.length;
  }
  return result + text.slice(done);
}

function hideJson(text: string): string {
  let result = "";
  let done = 0;
  for (let at = nextBracket(text, 0); at >= 0; at = nextBracket(text, at)) {
    const json = readJson(text, at);
    if (json === null || !json.isSure) {
      at += 1;
      continue;
    }
    const before = text.slice(done, at).replace(/`$/, "");
    const end = json.end + (/^`/.test(text.slice(json.end, json.end + 1)) ? 1 : 0);
    const isAlone =
      /(?:^|\n)[\s>*•-]*$/.test(result.slice(-80) + before.slice(-80)) &&
      /^\s*(?:\n|$)/.test(text.slice(end, end + 80));
    result += before + replacement(json.words, isAlone);
    done = end;
    at = end;
  }
  return result + text.slice(done);
}

/** Inside a sentence the words of a piece of JSON stand for it; alone they count when they are a sentence. */
function replacement(words: string | null, isAlone: boolean): string {
  if (words === null) return "";
  if (isAlone) return /[.!?。！？…]\W{0,2}$/u.test(words) ? words : "";
  return /\p{Script=Han}/u.test(words) ? `“${words}”` : `"${words}"`;
}

/** A line of a stack, of a log, or an error with the name of its class. */
const STACK =
  /^\s*(?:at\s.{1,300}?(?::\d{1,7}){1,2}\)?|at\s\S.{0,200}\((?:native(?: code)?|<anonymous>|Unknown Source)\)|File "[^"]{1,300}", line \d.{0,200}|Traceback \(most recent call last\):?.{0,20}|(?:Caused by: |Uncaught |Unhandled )?(?:[\w$]{1,60}\.){0,8}[A-Z][\w$]{1,60}(?:Error|Exception)(?:\s?[:([].{0,2000})?|(?:[Ee]rror|[Ee]xception|错误|异常)\s?[:：]\s?.{0,80}\bE[A-Z]{4,}\b.{0,400}|goroutine \d+ \[.{1,40}|\^{1,80}|\.\.\. \d+ more|panic: .{1,300}|\[?(?:ERROR|WARN(?:ING)?|DEBUG|INFO|TRACE|FATAL)\]?[\s:|].{0,2000}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,20}\s.{0,2000})$/;
const MAX_LINE = 3000;

function hideStacks(text: string): string {
  const lines = text.split("\n");
  let isCode = false;
  const kept = lines.filter((line) => {
    if (line.length > MAX_LINE) return true;
    // the source line below its place
    if (isCode && /^\s{2,}\S/.test(line)) return false;
    const isStack = STACK.test(line);
    isCode = isStack && /^\s*(?:File "|Traceback)/.test(line);
    return !isStack;
  });
  return kept.length === lines.length ? text : kept.join("\n");
}

// --- words ------------------------------------------------------------------------------------------

const ADDRESS_END = "\\s<>\"'`，。；！？、（）【】「」『』\\u0000-\\u001f\\p{Script=Han}";
const MACHINE_WORD = new RegExp(
  [
    `\\[(?<label>[^\\[\\]\\n]{1,300})\\]\\((?<link>(?:https?|wss?|gs|s3|oss|cos|file|blob|ftp|rtmp|r2)://[^\\s)]{1,4000})\\)`,
    "(?<data>data:[a-z]{1,20}/[\\w.+-]{1,40}[;,][^\\s\"'<>，。]{1,20000})",
    `(?<address>\\b(?:https?|wss?|gs|s3|oss|cos|file|blob|ftp|rtmp|r2)://?[^${ADDRESS_END}]{1,8000})`,
    `(?<path>(?<![\\w/.:])(?:/(?:mnt|tmp|var|usr|home|srv|app|data|root|opt|workspace|userdata|private|etc|Users|output|outputs|uploads?)/|[A-Z]:\\\\)[^${ADDRESS_END}]{1,1000})`,
    "(?<place>\\((?:[^()\\s]{1,300}\\.[a-z]{1,4}|node:[\\w/]{1,40})(?::\\d{1,7}){1,2}\\))",
    "(?<error>(?: (?:with|due to|because of|from)(?: an?)?)?\\s?\\b(?!Error\\b)[A-Z][A-Za-z]{1,40}(?:Error|Exception)\\b(?::[^.。\\n]{0,200})?)",
    "(?<tool>\\b(?:tool|function)[_ ]?(?:call|result|response|use)s?[:：] {0,2}[\\w.]{0,60}(?:\\(\\))?)",
    "(?<named>(?<![\\p{Script=Latin}\\d_])(?:(?:[A-Za-z]{2,20}[ _-]){0,2}(?:ID|Id|id|UUID|uuid|GUID|guid|hash|Hash|SHA-?\\d{0,3}|sha\\d{0,3}|MD5|md5|checksum|etag|token|key)|[a-z]{2,20}(?:_[a-z]{2,20}){1,3}|[a-z]{2,12}Id|\\p{Script=Han}{0,2}(?:ID|id|编号|标识符?|哈希值?|密钥))\\s{0,2}(?:[:=：#]|(?:is|was|为|是)(?=[\\s\\w]))\\s{0,2}[\"'`“]?(?<value>[\\w-]{4,200})[\"'`”]?)",
    "(?<log>(?:\\b(?:Log|日志)[:：] {0,2})?\\[(?:\\d{4}-\\d\\d-\\d\\d[T ][^\\]\\n]{1,40}|INFO|DEBUG|WARN(?:ING)?|ERROR|TRACE|FATAL)\\][^\\n]{0,2000})",
    "(?<call>(?:(?:[Cc]all(?:ing|ed)?|[Ii]nvok(?:ing|ed)|[Rr]unning|[Rr]an|[Uu]sing|调用了?|执行了?|使用了?)[ ]{0,2})?(?:(?:the |and then |and |then )?(?:function |tool )?(?<![\\w/])[a-z]{2,20}(?:_[a-z]{1,20}){1,5}\\([^()\\n]{0,400}\\)[ ]?){1,5})",
    "(?<tag></?[a-z]{2,20}[_:-][a-z_:-]{2,40}(?:\\s[^<>\\n]{0,300})?/?>)",
    "(?<word>(?<![\\p{Script=Latin}\\d_/#@.-])[A-Za-z0-9][A-Za-z0-9_-]{6,4000}(?:\\.[A-Za-z0-9]{2,5}(?![A-Za-z0-9]))?)",
  ].join("|"),
  "gu",
);
/** What a machine's name follows without standing for anything itself. */
const NAMED_BEFORE =
  /(?:\b(?:clips?|videos?|files?|segments?|titles?|tracks?|music|audio|images?|photos?|layers?|assets?|session|task|job|render|project|ids?|hash|called|named|number|request|media|footage|sticker|effect|caption|subtitle|token|key|element|node|scene|shot|song|text|upload|draft|version|resource|as|with|using)|片段|视频|素材|文件|标题|字幕|音乐|音频|图片|照片|轨道|会话|任务|项目|渲染|请求|编号|图层|镜头|资源|贴纸|特效|草稿|版本|id)[\s:：#“"'`(（]{0,3}$/iu;

function hideMachineWords(text: string, yourClip: string): string {
  return text.replace(MACHINE_WORD, (...all: unknown[]) => {
    // the arguments of a replacer: the match, groups by number, the offset, the text, groups by name
    const groups = all.at(-1) as Record<string, string | undefined>;
    const whole = String(all[0]);
    const before = text.slice(Math.max(0, Number(all.at(-3)) - 40), Number(all.at(-3)));
    const { label, link, address, path, named, value, word, error } = groups;
    const name = (of: string | null) =>
      of ?? (NAMED_BEFORE.test(before) || isEnd(text, all, whole) ? "" : yourClip);
    if (link !== undefined) return isUsable(link) ? whole : (label ?? "");
    if (address !== undefined) {
      const end = /[.,;:!?)\]}*]{0,8}$/.exec(address)?.[0] ?? "";
      const bare = address.slice(0, address.length - end.length);
      return isUsable(bare) ? whole : name(wordsOfName(bare)) + end;
    }
    if (path !== undefined) {
      const end = /[.,;:!?)\]]{0,8}$/.exec(path)?.[0] ?? "";
      return name(wordsOfName(path.slice(0, path.length - end.length))) + end;
    }
    if (named !== undefined && value !== undefined) return isNamedId(named, value) ? "" : whole;
    if (word !== undefined) {
      const stem = word.replace(EXTENSION, "");
      return isMachineId(stem) ? name(stem === word ? null : wordsOfName(word)) : whole;
    }
    const { data, place, log, call, tool, tag } = groups;
    return [error, data, place, log, call, tool, tag].some((part) => part !== undefined) ? "" : whole;
  });
}

/** Behind a colon at the end of a line nothing needs a name: "Here is your video: <address>". */
function isEnd(text: string, all: unknown[], whole: string): boolean {
  const at = Number(all.at(-3));
  return (
    /[:：]\s{0,2}$/.test(text.slice(Math.max(0, at - 4), at)) &&
    /^\W{0,3}(?:\n|$)/.test(text.slice(at + whole.length, at + whole.length + 4))
  );
}

const SIGNATURE =
  /[?&;](?:x-(?:amz|goog|oss|cos|ms|tos|obs)-[\w-]{1,40}|[\w-]{0,20}sign(?:ature)?|sig|token|[\w-]{1,20}[_-]?token|expires?|expiry|policy|key-pair-id|auth[_-]?key|awsaccesskeyid|ossaccesskeyid|googleaccessid|q-sign-[\w-]{1,30}|hmac|hdnts|se|sv|api[_-]?key|jwt|credential|wsSecret|txSecret|verify)=/i;
/** Where machines keep files. */
const STORE_HOST =
  /(?:^|\.)(?:(?:cdn|s3|oss|cos|storage|static|assets|media|files?|uploads?|bucket|blob|img|video|vod|origin)\d{0,3}[\w-]{0,30}\..{3,}|.*\.?(?:amazonaws\.com|cloudfront\.net|storage\.googleapis\.com|googleusercontent\.com|aliyuncs\.com|myqcloud\.com|core\.windows\.net|r2\.dev|r2\.cloudflarestorage\.com|digitaloceanspaces\.com|backblazeb2\.com|akamaized\.net|fastly\.net|b-cdn\.net|volces\.com|bcebos\.com|discordapp\.(?:com|net)))$/i;

/** A link that a person can open: a public page, without a signature. */
function isUsable(address: string): boolean {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return false;
  const { hostname, username, search, hash, pathname } = new URL(address);
  if (username !== "" || !hostname.includes(".") || /^[\d.]+$|^\[/.test(hostname)) return false;
  if (SIGNATURE.test(`?${search.slice(1)}`) || SIGNATURE.test(`?${hash.slice(1)}`)) return false;
  const isStore =
    STORE_HOST.test(hostname) ||
    pathname.split("/").some((part) => /^[0-9a-f]{32,}(?:\.\w{2,5})?$/i.test(part));
  return !isStore && !/\.(?:local|internal|lan|svc|cluster)$/i.test(hostname);
}

function baseName(address: string): string {
  const path = address.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
  const base = path.split(/[\\/]/).at(-1) ?? "";
  try {
    return decodeURIComponent(base);
  } catch {
    // A lone percent sign: the name as it is.
    return base;
  }
}

// --- what is left -----------------------------------------------------------------------------------

/** Mends the places where something went: empty brackets, quotes and labels, blanks before punctuation. */
function tidy(text: string): string {
  return text
    .replace(/[(（[【]\s{0,4}[,，;；:：]?\s{0,4}[)）\]】]/g, "")
    .replace(/"\s{0,2}"|“\s{0,2}”|(?<!`)``(?!`)|「\s{0,2}」|''/g, "")
    .replace(/([(（])\s{0,4}[,，;；:：]\s{0,4}/g, "$1")
    .replace(/[ \t]{0,4}[,，;；:：]?[ \t]{0,4}([)）])/g, "$1")
    .replace(/[ \t]{2,8}/g, " ")
    .replace(/[ \t]{1,8}(?=[.,;:!?。，；：！？](?:\s|$|\p{Script=Han}))/gu, "")
    .replace(/[:：=，,](?=[ \t]{0,4}[.。!！?？](?:\s|$|\p{Script=Han}))/gu, "")
    .replace(/^[ \t]{0,8}[,.;:，。；：、|][ \t]{0,4}(?!\d|\.)/gmu, "")
    .replace(/(\p{Script=Han}) (?=\p{Script=Han})/gu, "$1")
    .replace(/^[ \t]{0,8}(?:[-*•])?[ \t]{0,8}$/gm, "")
    .replace(/\n{3,}/g, "\n\n");
}
