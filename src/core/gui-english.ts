/**
 * Reads one English clause: is it an instruction for a graphical interface? Source: nemo-api.md, "GUI
 * translation". An instruction begins its clause ("then click …", "you can open …"); the same words anywhere
 * else ("I clicked", "the clip opens", "the export finished") only tell something and are content.
 */
import { CONTROL, type GuiAction, meaningOf, PLACE } from "./gui-words.ts";

/** Content behind quotes, masked; see `gui-translation.ts`. */
export const MASK = "\uE000";

/** `offer` is left to the user: a permission, a condition, or something that may cost credits. */
export type Clause =
  | { kind: "instruction"; action: GuiAction | null; isOffer: boolean }
  | { kind: "condition" }
  | { kind: "purpose" }
  | { kind: "content" };

export const CONTENT: Clause = { kind: "content" };

const LEAD =
  /^(?:[^\p{L}\p{N}\uE000"“'‘[「『【]+|(?:and then|and|then|now|next|finally|first|firstly|second|lastly|last|afterwards|also|or|but|so|please|just|simply|kindly|from there|from here|okay|ok|great|alternatively|otherwise|instead|once there|when done|all you (?:need|have) to do is|(?:you(?:['’]ll| will)? |just )?(?:need|have) to|you (?:should|must)|remember to|don['’]t forget to|make sure (?:to|you)|be sure to|go ahead and|try to|let['’]s|step \d{1,2})(?![\p{L}\p{N}]))/iu;
const PERMISSION =
  /^(?:you (?:can|could|may|might want to|will be able to)|you['’]ll be able to|feel free to|you['’]re (?:free|welcome) to|you are (?:free|welcome) to|i (?:suggest|recommend) (?:that )?you|we (?:suggest|recommend) (?:that )?you)(?: (?:now|also|then|always|simply|just|easily|either|go ahead and))*\s+/i;
const NEGATION =
  /^(?:(?:you )?(?:don['’]t|do not|never|can['’]t|cannot|should not|shouldn['’]t|must not)(?! forget)|no need|you don['’]t (?:need|have) to|before|avoid|without)\b/i;
const CONDITION =
  /^(?:and |but |or |only |then )?(?:when|whenever|once|if|as soon as|as long as|in case|should you|after)\b/i;
const CONDITION_THEN =
  /^(?:when|whenever|once|if|as soon as|after)\b.{1,80}?[\s,](?:(?:you can|you may|feel free to|please|just|simply|go ahead and|then)\s+)/i;
const PURPOSE = /^(?:in order )?to \p{L}/iu;
/** Carries on with the instruction before it: "…, which starts the render", "… and choose MP4". */
const TAIL =
  /^(?:(?:and|then|and then|or)\s+(?!(?:i|we|it|the|your|this|that|there|here|you|he|she|they)\b)|which\b|where\b|so (?:that )?you can\b|to\b|in order to\b|or\b)/i;

const CLICK = /^(?:double[- ]|right[- ]|left[- ])?(?:click|tap)(?:ing)?(?: on| onto)?(?=[\s"“'‘[*_`「【])/i;
const PRESS = /^(?:press|hit|push)(?: on)?(?=[\s"“'‘[*_`「【])/i;
const CHOOSE = /^(?:select|choose|pick|use|find|locate|look for)(?=[\s"“'‘[*_`「【])/i;
const GO =
  /^(?:open(?: up)?|go(?: over)? to|navigate to|switch(?: over)? to|head(?: over)? to|return to|visit|access|expand|bring up)(?=[\s"“'‘[*_`「【])/i;
const PREVIEW = new RegExp(
  "^(?:(?:preview|view|watch|see|check|review|play|inspect)(?: back)?(?: \\S{1,20}){0,6}? (?:in|on|from) (?:the|your) (?:timeline|preview(?: (?:panel|window|player|area))?|player)\\b" +
    "|preview (?:it|your|the|this)\\b|(?:check|view|look at|see|inspect|play|scrub(?: through)?) (?:the|your) (?:timeline|preview (?:panel|window|player))(?= (?:panel|view|to|for|below|above)\\b|$))",
  "i",
);
const ACCOUNT =
  /^(?:check|view|see|visit|go to|open|review|manage|look at|refer to)(?: out)?(?: the| your)? (?:(?:account|billing)(?:\/(?:account|billing|credits?))?(?: (?:(?:and|or) )?(?:account|billing|credits?))?|credits?(?: balance)?|subscription)(?: (?:page|settings|section|tab|panel|balance|dashboard|menu|details|status))*(?= (?:to|for|if|in|and|before|under|at)\b|$)|^(?:check|view|see) your (?:balance|plan)(?= (?:to|for|before)\b|$)/i;
const EXPORT =
  /^(?:export|download|render)(?: (?:and|&) (?:export|download|save|share))?(?:(?: (?:it|this|that|everything)| (?:the|your|this|my)(?: (?:final|finished|edited|whole|full|new|completed?|rendered))*(?: (?:video|clip|project|file|film|movie|result|edit|mp4|version|image|photo)))(?=$| (?:now|here|by|using|via|from|with|in|as|to|at|whenever|anytime|any time)\b)| (?:now|to (?:mp4|get|download|save|your)|as (?:an? )?mp4|by (?:clicking|tapping|pressing|hitting|using))\b.{0,120}$|$)/i;
const FINISHED =
  /\b(?:is|was|are|were|has|have|had|finished|complete|completed|failed|started|done|progress|takes?|took|will|would)\b/i;
const BUTTON_PLACE = new RegExp(
  `^(?:you(?:['’]ll| will| can)? (?:find|see|notice) (?:the |an? )?|there(?:['’]s| is) (?:the |an? )?|look for (?:the |an? )?|the |your )?["“'‘[*_]{0,3}(export|download)["”'’\\]*_]{0,3} (?:${CONTROL}|option|menu|tab|panel)\\b`,
  "i",
);
const CHOOSE_IN =
  /^(?:select|choose|pick|adjust|set) .{1,60}? (?:from|in|under|on|via) (?:the|a) (?:[\p{L}\p{N}-]{1,20} )?(?:drop-?down|menu|dialog|panel|toolbar|sidebar|window|popup|pop-up|inspector)\b/iu;
const DRAG = /^(?:drag(?:[ -]and[ -]drop|\/drop)?|drop)(?=\s)/i;

/** `raw` and `masked` are the same clause with and without quoted content; equal lengths. */
export function readEnglish(raw: string, masked: string): Clause {
  let at = 0;
  let isOffer = false;
  const early = CONDITION_THEN.exec(masked);
  if (early !== null && startsInstruction(raw.slice(early[0].length), masked.slice(early[0].length))) {
    at = early[0].length;
    isOffer = true;
  }
  for (let step = 0; step < 12; step += 1) {
    const rest = masked.slice(at);
    if (NEGATION.test(rest)) return CONTENT;
    const lead = LEAD.exec(rest) ?? PERMISSION.exec(rest);
    if (lead === null) break;
    if (!LEAD.test(rest)) isOffer = true;
    at += lead[0].length;
  }
  const found = readInstruction(raw.slice(at), masked.slice(at));
  if (found !== null) return { ...found, isOffer: isOffer || found.isOffer };
  const rest = masked.trim();
  if (CONDITION.test(rest)) return { kind: "condition" };
  return PURPOSE.test(masked.slice(at)) ? { kind: "purpose" } : CONTENT;
}

/** True when the clause only continues an instruction before it. */
export function isEnglishTail(masked: string): boolean {
  return TAIL.test(masked.trimStart());
}

/** How surely a verb means a click: "use" and "choose" are said of content as well. */
type Strength = "click" | "press" | "choose" | "go";

type Instruction = Extract<Clause, { kind: "instruction" }>;

function startsInstruction(raw: string, masked: string): boolean {
  return readInstruction(raw, masked) !== null;
}

function readInstruction(raw: string, masked: string): Instruction | null {
  const text = masked.trim();
  if (ACCOUNT.test(text)) return does({ kind: "show-credits" });
  if (PREVIEW.test(text)) return does({ kind: "show-tracks" });
  if (EXPORT.test(text) && !FINISHED.test(text)) return does({ kind: "export" });
  if (BUTTON_PLACE.test(raw.trim()))
    return { kind: "instruction", action: { kind: "export" }, isOffer: true };
  if (CHOOSE_IN.test(text)) return { kind: "instruction", action: null, isOffer: false };
  if (DRAG.test(text)) return readDrag(raw.trim(), text);
  for (const [verb, strength] of [
    [CLICK, "click"],
    [PRESS, "press"],
    [CHOOSE, "choose"],
    [GO, "go"],
  ] as const) {
    const match = verb.exec(masked);
    if (match === null) continue;
    return readTarget(strength, raw.slice(match[0].length), masked.slice(match[0].length));
  }
  return null;
}

const DETERMINER =
  /^\s*(?:on )?(?:(?:the|your|this|that|any|an?)(?= ))?(?: ?(?:big|large|small|blue|green|red|orange|purple|yellow|white|black|main|new)(?= ))?\s*/i;
const QUOTED =
  /^[*_]{0,2}(?:["“'‘`][^"”'’`\n]{1,60}["”'’`]|[[【「『][^\]】」』\n]{1,60}[\]】」』]|\*\*[^*\n]{1,60}\*\*)[*_]{0,2}/;
const PLAIN =
  /^[^,.;:!?"“\n]{1,60}?(?=\s+(?:buttons?|icons?|tabs?|menus?|options?|links?|panels?|page|section|window|keys?|to|in|on|at|from|under|above|below|next|near|for|and|when|if|once|which|so|now|again|here|inside|within|with|by|as|using|where|while)\b|\s*[(（]|\s*$)/i;
const NOUN = new RegExp(`^\\s*[*_]{0,2}(${CONTROL}|${PLACE}|options?|links?)\\b`, "i");
const CHOSEN =
  /^(?:buttons?|icons?|keys?|checkbox|toggle|slider|panels?|tabs?|menus?|drop-?down|dialog|toolbar|sidebar)$/i;
const VAGUE_PLACE = /^(?:view|section|screen|page|library|window|settings)$/i;
const KEYBOARD = /^(?:space(?:bar)?|enter|return|escape|esc|delete|ctrl|cmd|command|shift|alt|tab)\b|[⌘⌥]/i;
/** What a nameless button or a key is for. */
const CONFIRMS = /^\s+to (continue|proceed|confirm|apply|accept|approve|generate|create)\b/i;
const GENERIC = /^(?:here|it|this|that|button|the button|it below)?$/i;

function readTarget(strength: Strength, raw: string, masked: string): Instruction | null {
  const determiner = DETERMINER.exec(masked)?.[0] ?? "";
  const rest = masked.slice(determiner.length);
  const shown = raw.slice(determiner.length);
  const quoted = QUOTED.exec(rest)?.[0] ?? null;
  const label = (
    quoted === null ? shown.slice(0, PLAIN.exec(rest)?.[0].length ?? 0) : shown.slice(0, quoted.length)
  )
    .replace(/^["“'‘`[【「『*_\s]+|["”'’`\]】」』*_\s]+$/g, "")
    .split(/\s*(?:>|→|›|->|»)\s*/)
    .at(-1)
    ?.trim();
  const name = label ?? "";
  const behind = rest.slice(quoted?.length ?? PLAIN.exec(rest)?.[0].length ?? 0);
  const noun =
    NOUN.exec(behind)?.[1] ??
    new RegExp(`\\b(${CONTROL}|${PLACE})$`, "i").exec(name)?.[1] ??
    NOUN.exec(rest)?.[1];
  const meaning = meaningOf(name);
  if (
    !isTarget(strength, {
      name,
      noun,
      meaning,
      isQuoted: quoted !== null,
      hasDeterminer: determiner.trim() !== "",
    })
  ) {
    return null;
  }
  const isGeneric = GENERIC.test(name) || (NOUN.test(rest) && !/^settings|editor/i.test(name));
  if (meaning === "none" && (isGeneric || KEYBOARD.test(name))) {
    const confirmed = CONFIRMS.exec(behind)?.[1];
    if (confirmed !== undefined) return confirms(confirmed);
  }
  return act(meaning === "none" && isGeneric ? meaningOfTail(behind) : meaning, name, noun, strength);
}

function isTarget(
  strength: Strength,
  target: {
    name: string;
    noun: string | undefined;
    meaning: string;
    isQuoted: boolean;
    hasDeterminer: boolean;
  },
): boolean {
  const { name, noun, meaning, isQuoted, hasDeterminer } = target;
  const isCapitalised = /^\p{Lu}/u.test(name);
  const isPlace = noun !== undefined && new RegExp(`^(?:${PLACE})$`, "i").test(noun);
  const isNamed = isQuoted || isCapitalised;
  switch (strength) {
    case "click":
      return (
        isQuoted ||
        noun !== undefined ||
        hasDeterminer ||
        meaning !== "none" ||
        /^here\b/i.test(name) ||
        isCapitalised
      );
    case "press":
      return (
        noun !== undefined || (meaning !== "none" && meaning !== "upload") || (KEYBOARD.test(name) && isNamed)
      );
    case "choose":
      if (noun !== undefined) return CHOSEN.test(noun);
      return isNamed && meaning !== "none" && meaning !== "upload" && meaning !== "confirm";
    case "go":
      if (name.split(" ").length > 4) return false;
      return (
        (isPlace && (isNamed || !VAGUE_PLACE.test(noun))) ||
        (isNamed && (meaning !== "none" || noun !== undefined))
      );
  }
}

/** An offer of words that may cost credits. A mere "OK" would be politeness when it comes back from a button. */
function confirms(word: string): Instruction {
  const text = /^ok(?:ay)?$/i.test(word) ? "Confirm" : word.charAt(0).toUpperCase() + word.slice(1);
  return { kind: "instruction", action: { kind: "edit", text }, isOffer: true };
}

function meaningOfTail(tail: string): ReturnType<typeof meaningOf> {
  if (/\b(?:export|download|save)\b/i.test(tail)) return "export";
  if (/\b(?:credits|billing|account|top up)\b/i.test(tail)) return "show-credits";
  return /\b(?:preview|play|watch)\b/i.test(tail) ? "show-tracks" : "none";
}

function act(
  meaning: ReturnType<typeof meaningOf>,
  name: string,
  noun: string | undefined,
  strength: Strength,
): Instruction {
  if (meaning === "export" || meaning === "show-credits" || meaning === "show-tracks")
    return does({ kind: meaning });
  if (meaning === "confirm") {
    return confirms(name);
  }
  if (/^timeline$/i.test(noun ?? "")) return does({ kind: "show-tracks" });
  const isPlace = noun !== undefined && new RegExp(`^(?:${PLACE})$`, "i").test(noun);
  const opens = meaning !== "upload" && (strength === "go" || (isPlace && strength === "click"));
  return opens ? does({ kind: "show-state" }) : { kind: "instruction", action: null, isOffer: false };
}

const MEDIA = "(?:files?|media|footage|photos?|pictures?|images?|videos?|clips?|music|audio)";
/** What a person would drag from their own computer, or to a project that is still empty: an upload. */
const UPLOAD_DRAG = new RegExp(
  "\\bupload\\b|\\bdrop ?zone\\b" +
    `|\\b(?:your(?: own)?|an?|any|some)(?: \\w{1,12})? ${MEDIA}(?: files?)? (?:right |over |in )?here\\b` +
    `|\\byour(?: own)?(?: \\w{1,12})? ${MEDIA}(?: files?)? (?:in|on|onto|into|to) (?:the|this|your) (?:chat|window|box|area|canvas|panel|workspace|(?:video )?editor|(?:editing |project )?timeline)(?! (?:at|after|before|between|behind|next|above|below|panel)\\b)\\b` +
    "|\\bto (?:start|begin)(?: (?:editing|working|creating|cutting)|(?: a| your)? (?:project|edit))\\b|\\bto (?:begin|get started)$",
  "i",
);

/** "Drag the music from the Media panel to the start" → "Move the music to the start". */
function readDrag(raw: string, masked: string): Instruction | null {
  if (!/\b(?:to|onto|into|on|in|over|before|after|behind|left|right|up|down|here)\b/i.test(masked))
    return null;
  if (/^(?:drag\S*(?: and drop)?|drop) (?:shadow|out|in the (?:volume|pitch)|it like)\b/i.test(masked))
    return null;
  if (
    /^drop\b/i.test(masked) &&
    !/\b(?:timeline|tracks?|canvas|panel|editor|area|window|here)\b/i.test(masked)
  )
    return null;
  if (UPLOAD_DRAG.test(masked)) return { kind: "instruction", action: null, isOffer: false };
  const words = raw
    .replace(DRAG, "Move")
    .replace(
      / (?:from|out of) (?:the |your )?(?:[\p{L}"“”[\]]{1,20} )?(?:panel|library|sidebar|tab|browser|bin)\b/giu,
      "",
    )
    .replace(/[.,;:!\s]+$/, "");
  return does({ kind: "edit", text: words });
}

function does(action: GuiAction): Instruction {
  return { kind: "instruction", action, isOffer: false };
}
