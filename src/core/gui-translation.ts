/**
 * Turns the backend's talk of buttons and panels into what a chat bot can do. Source: nemo-api.md, "GUI
 * translation". Texts are read line by line, sentence by sentence, clause by clause:
 * - An instruction ("Click Export to download it") is removed, with its purpose, and becomes an action.
 * - Under a condition or a permission ("when you are happy, click Export", "you can …") it becomes an offer.
 * - A button or key that confirms (Apply, Generate, …) is an offer of an edit too: it may cost credits. What it
 *   is said to cost stays.
 * - Uploads and unknown buttons are removed without a trace.
 * - Content stays: quoted words, words behind a label ("Call to action: Click the link!"), mentions, negations
 *   ("don't click Export yet"), any sentence with a link, and code blocks.
 */
import { isChineseTail, readChinese } from "./gui-chinese.ts";
import { type Clause, isEnglishTail, MASK, readEnglish } from "./gui-english.ts";
import { namesPrice, priceSentence } from "./gui-price.ts";
import { splitSteps } from "./gui-steps.ts";
import { GUI_HINT, type GuiAction } from "./gui-words.ts";

export type { GuiAction } from "./gui-words.ts";

export interface GuiTranslation {
  /** The content, trimmed when something was removed; may be empty. */
  text: string;
  /** What was asked for, each once, in the order of the text. Edits are to be sent once, never in a loop. */
  actions: GuiAction[];
  /** What the user may decide to do: buttons. Holds nothing that is an action already. */
  offers: GuiAction[];
}

/** More than an agent's answer can sensibly ask for. */
const MAX_ACTIONS = 8;
/** Removing one thing can uncover another; each round shortens the text. */
const MAX_ROUNDS = 6;
/** Lines of a list whose introduction goes with it. */
const MAX_LIST = 50;
/** A longer line is no chat text; it passes as it is. */
const MAX_LINE_LENGTH = 4000;

/**
 * Translates one text of the backend. Pure; never throws. A text without words of an interface comes back
 * unchanged, and translating the result again finds nothing more.
 */
export function translateGui(text: string): GuiTranslation {
  const found: Found[] = [];
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (!GUI_HINT.test(current)) break;
    const next = translateLines(current, found);
    if (next === current) break;
    current = next;
  }
  const actions = unique(found.filter((each) => !each.isOffer).map((each) => each.action)).slice(
    0,
    MAX_ACTIONS,
  );
  const taken = new Set(actions.map(key));
  const offers = unique(found.filter((each) => each.isOffer).map((each) => each.action));
  return {
    text: current,
    actions,
    offers: offers.filter((each) => !taken.has(key(each))).slice(0, MAX_ACTIONS),
  };
}

interface Found {
  action: GuiAction;
  isOffer: boolean;
}

// --- lines ------------------------------------------------------------------------------------------

const PREFIX =
  /^(\s*(?:[-*•·+–]\s+|\d{1,2}[.)、]\s*(?=\D)|#{1,6}\s+|>\s?|[①-⑩]\s*|步骤\s?\d{1,2}[：:]\s*)*)/u;
const LIST_ITEM = /^\s*(?:[-*•·+–]\s+|\d{1,2}[.)、]|[①-⑩])/u;

function translateLines(text: string, found: Found[]): string {
  const lines = text.split("\n");
  const kept: (string | null)[] = [];
  let isCode = false;
  for (const line of lines) {
    if (/^\s*```/.test(line)) isCode = !isCode;
    if (isCode || line.length > MAX_LINE_LENGTH || !GUI_HINT.test(line)) {
      kept.push(line);
      continue;
    }
    const steps = translateSteps(line, found);
    if (steps !== null) {
      kept.push(steps === "" ? null : steps);
      continue;
    }
    const prefix = PREFIX.exec(line)?.[0] ?? "";
    const body = line.slice(prefix.length);
    const rest = translateLine(body, found);
    kept.push(rest === body ? line : rest === "" ? null : prefix + rest);
  }
  if (!kept.some((line, index) => line !== lines[index])) return text;
  dropEmptyIntroductions(lines, kept);
  return joinLines(kept);
}

/** What is said in steps that are otherwise done by the bot: the format is MP4 in any case. */
const FORMAT_STEP =
  /^(?:(?:select|choose|pick|set)(?: the)?|选择|选)\s?(?:format|quality|resolution|mp4|mov|gif|webm|\d{3,4}p|4k|(?:full )?hd|high quality|格式|画质|分辨率|高清)(?:[\s，,/和]{0,2}(?:format|quality|resolution|mp4|\d{3,4}p|格式|画质|分辨率)){0,2}[\s.。；;，,!！]{0,3}$/iu;
const EXPORT_STEP = /^(?:export|download|导出|下载)[\s.。；;，,!！]{0,3}$/iu;

/** The line without those of its inline steps that are instructions; null when it has none. */
function translateSteps(line: string, found: Found[]): string | null {
  const steps = splitSteps(line);
  if (steps === null) return null;
  const inside: Found[] = [];
  const results = steps.items.map((item) => translateLine(item, inside));
  if (!results.includes("")) return null;
  const kept: string[] = [];
  for (const [index, result] of results.entries()) {
    if (EXPORT_STEP.test(result)) inside.push({ action: { kind: "export" }, isOffer: false });
    else if (result !== "" && !FORMAT_STEP.test(steps.items[index] ?? "")) kept.push(result);
  }
  const intro = translateLine(steps.intro, found);
  found.push(...inside);
  const isIntroduction = /[:：]\s*\**\s*$/u.test(intro);
  if (kept.length === 0) return isIntroduction ? "" : intro.trim();
  return steps.join(intro, kept);
}

/** "To export:" makes no sense when all of its list is gone. */
function dropEmptyIntroductions(lines: string[], kept: (string | null)[]): void {
  for (let index = 0; index < lines.length; index += 1) {
    if (!/[:：]\s*\**\s*$/u.test(kept[index] ?? "")) continue;
    let end = index + 1;
    while (
      end < lines.length &&
      end - index <= MAX_LIST &&
      (lines[end]?.trim() === "" || LIST_ITEM.test(lines[end] ?? ""))
    )
      end += 1;
    const items = kept.slice(index + 1, end).filter((line) => line === null || line.trim() !== "");
    if (items.length > 0 && end - index <= MAX_LIST && items.every((line) => line === null))
      kept[index] = null;
  }
}

function joinLines(kept: (string | null)[]): string {
  const result: string[] = [];
  let isGap = false;
  for (const line of kept) {
    if (line === null) isGap = true;
    else if (!(line.trim() === "" && isGap && (result.at(-1) ?? "").trim() === "")) {
      result.push(line);
      if (line.trim() !== "") isGap = false;
    }
  }
  return result.join("\n").trim();
}

// --- sentences --------------------------------------------------------------------------------------

const QUOTES =
  /"[^"\n]{1,300}"|“[^”\n]{1,300}”|「[^」\n]{1,300}」|『[^』\n]{1,300}』|《[^》\n]{1,300}》|`[^`\n]{1,300}`|(?<![\p{L}\p{N}])['‘][^'’\n]{1,120}['’](?![\p{L}\p{N}])/gu;
const SENTENCE_END =
  /[.!?…]+["”'’)\]*_]*(?=\s|$)|[。！？；…]+["”'’」』）)\]*_]*|\.(?=(?:Click|Tap|Press|Open|Drag|Export|Download)\b)/gu;
/** Never the end of a sentence; an end before a capital only; an initial, as in "J. Smith". */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|mr|mrs|ms|dr|approx|fig)\.$/i;
const SHORT_WORD = /(?:^|[\s(])(?:etc|st|no|min|sec|a\.m|p\.m)\.$/i;
const INITIAL = /(?:^|\s)[A-Z]\.$/;
const PARENTHESIS = /\s?[(（]([^()（）\n]{2,200})[)）]/gu;
const QUESTION =
  /^(?:\W{0,4})(?:are you |is everything |everything |do you |you )?(?:happy|ready|satisfied|like|love|all set|looks? good|look(?:s|ing)? right|done|finished|want)\b[^?]{0,60}\?|(?:满意|喜欢|准备好了?|可以了?)[^。？]{0,12}(?:吗|了)?？/iu;

function translateLine(line: string, found: Found[]): string {
  const outside = line.replace(PARENTHESIS, (whole, inner: string) => {
    if (/https?:/i.test(inner)) return whole;
    const inside: Found[] = [];
    if (translateSentences(inner, inside) !== "") return whole;
    found.push(...inside);
    return "";
  });
  const rest = translateSentences(outside, found);
  return rest === line ? line : joinSentences([rest]);
}

function translateSentences(line: string, found: Found[]): string {
  const masked = line.replace(
    QUOTES,
    (quote) => quote.charAt(0) + MASK.repeat(quote.length - 2) + quote.slice(-1),
  );
  const kept: string[] = [];
  let start = 0;
  let asks = false;
  let isChanged = false;
  for (const end of [...sentenceEnds(masked), line.length]) {
    if (end <= start) continue;
    const sentence = line.slice(start, end);
    const result = translateSentence(sentence, masked.slice(start, end), asks);
    found.push(...result.found);
    if (result.text !== sentence) isChanged = true;
    if (result.text.trim() !== "") kept.push(result.text);
    asks = QUESTION.test(sentence);
    start = end;
  }
  return isChanged ? joinSentences(kept) : line;
}

/** Without fragments that were only the punctuation between two sentences. */
function joinSentences(sentences: string[]): string {
  const filled = sentences.filter((sentence) => !/^[\s,;:.，；：。、]*$/u.test(sentence));
  return filled
    .join("")
    .replace(/[ \t]{2,}/g, " ")
    .trim();
}

function isAbbreviation(before: string, after: string): boolean {
  if (ABBREVIATION.test(before) || INITIAL.test(before)) return true;
  return SHORT_WORD.test(before) && /^\s[a-z\d]/.test(after);
}

/** Ends include the space behind the sentence, so that nothing is lost between two of them. */
function sentenceEnds(masked: string): number[] {
  const ends: number[] = [];
  for (const match of masked.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    if (
      match[0] === "." &&
      isAbbreviation(masked.slice(Math.max(0, end - 8), end), masked.slice(end, end + 2))
    )
      continue;
    ends.push(end + (/^\s*/.exec(masked.slice(end))?.[0].length ?? 0));
  }
  return ends;
}

// --- clauses ----------------------------------------------------------------------------------------

const SEPARATOR =
  /[,;]\s+|\s*[，；：]\s*|,(?=[\p{Script=Han}])|:\s+|\s+[-–—]+\s+|\s*——?\s*|(?<!\bdrag)\s+(?=(?:and|then|or|but|so)\s)|\s+(?=(?:when|whenever|once|if|as soon as)\s+(?:you|you're|it|everything|ready|done|happy|satisfied|finished|the|your|this|all|that|needed|necessary)\b)|(?<!\b(?:drag|drop)\b[^,;:.!?]{0,80})\s+(?=after\s+(?:you|you're|it|everything|ready|done|happy|satisfied|finished|the|your|this|all|that|needed|necessary)\b)/giu;
const TERMINAL = /(?:[.!?…。！？；]+["”'’)\]*_」』）]*)?\s*$/u;
const LEFTOVER =
  /^[^\p{L}\p{N}\uE000"“「『]*(?:(?:and|then|now|next|finally|first|please|so|or|but|also|just|simply|okay|ok|然后|接着|接下来|最后|请|现在|再|并|之后|您|你)[^\p{L}\p{N}\uE000"“「『]*)*$/iu;

interface Piece {
  /** What stands between the piece before and this one. */
  separator: string;
  raw: string;
  masked: string;
  clause: Clause;
}

function translateSentence(
  sentence: string,
  masked: string,
  asks: boolean,
): { text: string; found: Found[] } {
  const untouched = { text: sentence, found: [] };
  if (!GUI_HINT.test(masked) || /https?:\/\//i.test(sentence)) return untouched;
  const terminal = TERMINAL.exec(masked)?.[0] ?? "";
  const pieces = split(sentence.slice(0, sentence.length - terminal.length), masked);
  const removed = pieces.map((piece) => piece.clause.kind === "instruction");
  if (!removed.includes(true)) return untouched;
  const found: Found[] = [];
  let isFree = false;
  for (const [index, piece] of pieces.entries()) {
    if (piece.clause.kind !== "instruction") continue;
    const isConditional = takeNeighbours(pieces, removed, index);
    const { action } = piece.clause;
    // "you can drag it, or open …": what follows directly is as free as what it follows
    if (pieces[index - 1]?.clause.kind !== "instruction") isFree = false;
    isFree ||= piece.clause.isOffer || isConditional || asks;
    if (action !== null) found.push({ action, isOffer: isFree });
  }
  return { text: withPrice(rebuild(sentence, pieces, removed, terminal), sentence, found, pieces), found };
}

/** `rest` with what the removed button costs, as a sentence of its own. */
function withPrice(rest: string, sentence: string, found: Found[], pieces: Piece[]): string {
  const action = found.find((each) => each.action.kind === "edit")?.action;
  if (action?.kind !== "edit" || namesPrice(rest)) return rest;
  const price = priceSentence(pieces.map((piece) => piece.separator + piece.raw).join(""), action.text);
  if (price === null) return rest;
  const gap = rest === "" ? (/^\s*/.exec(sentence)?.[0] ?? "") : /。$/.test(price) ? "" : " ";
  return rest.trimEnd() + gap + capitalise(price) + (/\s*$/.exec(sentence)?.[0] ?? "");
}

function capitalise(words: string): string {
  return words.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

function split(sentence: string, masked: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let separator = "";
  const add = (end: number, next: string): void => {
    const raw = sentence.slice(start, end);
    pieces.push({ separator, raw, masked: masked.slice(start, end), clause: { kind: "content" } });
    separator = next;
    start = end + next.length;
  };
  const remarks = [...masked.slice(0, sentence.length).matchAll(PARENTHESIS)].filter(
    ([whole]) => !GUI_HINT.test(whole),
  );
  const isInRemark = (at: number) =>
    remarks.some((remark) => at > remark.index && at < remark.index + remark[0].length);
  for (const match of masked.slice(0, sentence.length).matchAll(SEPARATOR)) {
    if (match.index >= start && !isInRemark(match.index)) add(match.index, match[0]);
  }
  add(sentence.length, "");
  return keepLabelled(pieces.map((piece) => ({ ...piece, clause: readClause(piece.raw, piece.masked) })));
}

/** Names a text of the video; alone, or after "call to action", all that follows is that text. */
const TEXT_LABEL =
  /(?:^|[^\p{L}\p{N}])(?:call[- ]to[- ]action|cta|captions?|titles?|subtitles?|headlines?|slogans?|taglines?|texts?|overlay|script|copy|voice-?over|narration|lyrics|hook|end ?card|says?|reads?|saying|reading|(?:scene|shot) \w{1,6})(?: to| as| is| as follows)?[^\p{L}\p{N}]*$|(?:文案|标题|字幕|文字|台词|旁白|口号|标语|号召|引导语|提示语|歌词|弹幕|(?:镜头|画面|场景|分镜).{0,3}|写着|写道|显示|显示为|改为|改成)[^\p{L}\p{N}]*$/iu;
const CALL_TO_ACTION = /call[- ]to[- ]action|\bcta\b|号召|引导语|文案/iu;
/** "预览：片头3秒": a heading, where "请预览" is an instruction. */
const HEADING =
  /^[^\p{L}\p{N}]*(?:(?:preview|export|download|render|view|check)\b|预览|查看|导出|下载|渲染|检查)/iu;

/** Goes with the instruction behind its colon. */
const LEAD_IN =
  /^[^\p{L}\p{N}]*(?:(?:export|download|preview)(?: steps?)?|(?:the )?(?:next|last|final) step|(?:导出|下载|预览)(?:步骤|方法|方式)?|下一步|最后一步|操作(?:步骤|方法)?)[^\p{L}\p{N}]*$/iu;

/** What a colon makes content: the words behind a label, and a heading before its details. */
function keepLabelled(pieces: Piece[]): Piece[] {
  let isText = false;
  return pieces.map((piece, index) => {
    const before = pieces[index - 1];
    const next = pieces[index + 1];
    if (before !== undefined && isColon(piece) && TEXT_LABEL.test(before.raw)) {
      const isLabelAlone = before.raw.trim().split(" ").length <= 3 || CALL_TO_ACTION.test(before.raw);
      isText ||= isLabelAlone || !isExport(piece);
    }
    const isHeading =
      next !== undefined && isColon(next) && next.clause.kind === "content" && HEADING.test(piece.raw);
    if (isText || isHeading) return { ...piece, clause: { kind: "content" } };
    const isLeadIn = next !== undefined && isColon(next) && LEAD_IN.test(piece.raw);
    return isLeadIn ? { ...piece, clause: { kind: "purpose" } } : piece;
  });
}

function isColon({ separator }: Piece): boolean {
  return /[:：]/.test(separator);
}

function isExport({ clause }: Piece): boolean {
  return clause.kind === "instruction" && clause.action?.kind === "export";
}

function readClause(raw: string, masked: string): Clause {
  const english = readEnglish(raw, masked);
  if (english.kind !== "content" || !/\p{Script=Han}/u.test(raw)) return english;
  return readChinese(raw, masked);
}

/** Removes what only serves the instruction at `index`; true when that is a condition. */
function takeNeighbours(pieces: Piece[], removed: boolean[], index: number): boolean {
  let isConditional = false;
  for (let before = index - 1; before >= 0 && !removed[before]; before -= 1) {
    const piece = pieces[before];
    const kind = piece?.clause.kind;
    if (kind !== "condition" && kind !== "purpose" && !LEFTOVER.test(piece?.masked ?? "")) break;
    if (kind === "condition") isConditional = true;
    removed[before] = true;
  }
  for (let after = index + 1; after < pieces.length; after += 1) {
    const piece = pieces[after];
    if (piece === undefined || piece.clause.kind === "instruction") break;
    const next = pieces[after + 1]?.clause.kind;
    const isCondition = piece.clause.kind === "condition" && (next === undefined || next === "instruction");
    const isTail = isEnglishTail(piece.masked) || isChineseTail(piece.masked) || LEFTOVER.test(piece.masked);
    if (!isCondition && !isTail) break;
    if (isCondition) isConditional = true;
    removed[after] = true;
  }
  return isConditional;
}

function rebuild(sentence: string, pieces: Piece[], removed: boolean[], terminal: string): string {
  const first = removed.indexOf(false);
  const kept = pieces.filter((_, index) => !removed[index]);
  const body = kept.map((piece, index) => (index === 0 ? "" : piece.separator) + piece.raw).join("");
  if (LEFTOVER.test(body)) return "";
  const end = /[.!?。！？…]$/u.test(body.trimEnd()) ? terminal.replace(/^[.!?。！？…；]+/u, "") : terminal;
  if (first === 0) return body.trimEnd() + end;
  const opened = body.replace(/^\s*(?:(?:and then|and|then|but|so|or)\s+|然后|并且?|再)/i, "");
  const space = /^\s*/.exec(sentence)?.[0] ?? "";
  return space + capitalise(opened.trimStart()) + end;
}

// --- merging ----------------------------------------------------------------------------------------

function key(action: GuiAction): string {
  return action.kind === "edit" ? `edit ${action.text}` : action.kind;
}

function unique(actions: GuiAction[]): GuiAction[] {
  return [...new Map(actions.map((action) => [key(action), action])).values()];
}
