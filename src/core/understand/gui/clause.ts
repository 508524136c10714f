/**
 * Reads one clause: is it an instruction for a graphical interface? Source: nemo-api.md, "GUI translation". It is
 * one when it stands in the imperative, addressed to the person, and every word of it belongs to an interface:
 * verb, thing, place, purpose. The same words in any other form only tell something and are content.
 */

import type { GuiAction, GuiOffer } from "../../model/gui-action.ts";
import { CHINESE } from "./chinese.ts";
import { ENGLISH } from "./english.ts";
import { tokensOf, wordsOf } from "./tokens.ts";
import type { LabelMeaning, Lexicon, RuleMeaning } from "./words.ts";

/** `isOffer` is left to the person: a permission, a condition, or something that may cost credits. */
export type Clause =
  | { kind: "instruction"; action: GuiOffer | null; isOffer: boolean }
  /** Something of the timeline is to go somewhere: words for the agent, empty where they could mean anything. */
  | { kind: "move"; text: string; isOffer: boolean }
  | { kind: "condition" }
  | { kind: "purpose" }
  /** `isNarrated`: it tells of clicks and the like, and so does what is coordinated with it. */
  | { kind: "content"; isNarrated: boolean };

/** Words before the verb are stripped one after the other; no clause has more. */
const MAX_LEADS = 12;
/** A longer clause is no instruction. */
const MAX_CLAUSE = 400;

type Grammar = ReturnType<typeof prepare>;

function prepare(lexicon: Lexicon) {
  const at = (pattern: string) => new RegExp(`^(?:${pattern})`, "iu");
  const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`, "iu");
  const tokens = tokensOf(lexicon);
  return {
    tokens,
    rules: lexicon.rules.map(([means, pattern]): [RuleMeaning, RegExp] => [means, tokens.compile(pattern)]),
    lead: at(lexicon.lead),
    permission: at(lexicon.permission),
    negation: at(lexicon.negation),
    condition: at(lexicon.condition),
    conditionThen: at(lexicon.conditionThen),
    purpose: at(lexicon.purpose),
    tail: at(lexicon.tail),
    tip: whole(lexicon.tip),
    narrated: new RegExp(lexicon.narrated, "iu"),
    origin: new RegExp(lexicon.origin, "iu"),
    moveWords: lexicon.moveWords,
    places: new Set([lexicon.words.place, lexicon.words.site].flatMap((list) => wordsOf(list ?? ""))),
    // the keys of tables of ours
    labels: Object.entries(lexicon.labels).map(
      ([meaning, pattern]) => [meaning as LabelMeaning, whole(pattern)] as const,
    ),
    purposes: Object.entries(lexicon.purposes).map(
      ([meaning, pattern]) => [meaning as LabelMeaning, new RegExp(pattern, "iu")] as const,
    ),
    generic: whole(lexicon.generic),
    labelFrame: new RegExp(lexicon.labelFrame, "giu"),
    okay: [whole(lexicon.okay[0]), lexicon.okay[1]] as const,
  };
}

const GRAMMARS: readonly Grammar[] = [prepare(ENGLISH), prepare(CHINESE)];
const HAN = /\p{Script=Han}/u;

/** `raw` and `masked` are the same clause with and without quoted content; equal lengths. */
export function readClause(raw: string, masked: string): Clause {
  let isNarrated = false;
  if (masked.trim().length > MAX_CLAUSE) return { kind: "content", isNarrated };
  for (const grammar of GRAMMARS) {
    if (grammar === GRAMMARS[1] && !HAN.test(masked)) continue;
    const found = readWith(grammar, raw, masked);
    if (found.kind !== "content") return found;
    isNarrated ||= found.isNarrated;
  }
  return { kind: "content", isNarrated };
}

/** True when the clause only continues an instruction before it. */
export function isTail(masked: string): boolean {
  return GRAMMARS.some(({ tail }) => tail.test(masked.trimStart()));
}

function readWith(grammar: Grammar, raw: string, masked: string): Clause {
  const content: Clause = { kind: "content", isNarrated: grammar.narrated.test(masked) };
  if (grammar.tip.test(masked.trim())) return { kind: "condition" };
  let at = 0;
  let isOffer = false;
  const take = (pattern: RegExp): boolean => {
    const length = pattern.exec(masked.slice(at))?.[0].length ?? 0;
    at += length;
    return length > 0;
  };
  const start = masked.length - masked.trimStart().length;
  at = start;
  if (!grammar.negation.test(masked.slice(at)) && take(grammar.conditionThen)) isOffer = true;
  for (let step = 0; step < MAX_LEADS; step += 1) {
    if (grammar.negation.test(masked.slice(at))) return content;
    if (take(grammar.lead)) continue;
    if (!take(grammar.permission)) break;
    isOffer = true;
  }
  const found = readBody(grammar, raw.slice(at).trimEnd(), masked.slice(at).trimEnd());
  if (found !== null) return { ...found, isOffer: isOffer || found.isOffer };
  if (grammar.condition.test(masked.slice(start).trimEnd())) return { kind: "condition" };
  return grammar.purpose.test(masked.slice(at)) ? { kind: "purpose" } : content;
}

type Instruction = Extract<Clause, { kind: "instruction" | "move" }>;

/** What stands where the verb is expected. */
function readBody(grammar: Grammar, rawBody: string, maskedBody: string): Instruction | null {
  const origin = grammar.origin.exec(maskedBody);
  const without = (text: string) =>
    origin === null ? text : text.slice(0, origin.index) + text.slice(origin.index + origin[0].length);
  const [raw, masked] = [without(rawBody), without(maskedBody)];
  const row = grammar.tokens.read(masked);
  for (const [means, pattern] of grammar.rules) {
    const match = pattern.exec(row.codes);
    if (match === null) continue;
    const group = (name: string): string => {
      const [from, to] = match.indices?.groups?.[name] ?? [0, 0];
      return to > from ? raw.slice(row.spans[from]?.start, row.spans[to - 1]?.end) : "";
    };
    switch (means) {
      case "move":
      case "tip": {
        const words = grammar.moveWords.replace("$<what>", () => group("what"));
        const text = group("where") === "" ? "" : words.replace("$<where>", () => group("where"));
        return { kind: "move", text, isOffer: means === "tip" };
      }
      case "nothing":
        return asks(null);
      case "label":
      case "open":
        return readLabel(grammar, group, means === "open");
      case "mention": {
        const found = readLabel(grammar, group, false);
        return found.kind === "instruction" && found.action !== null ? { ...found, isOffer: true } : null;
      }
      default:
        return asks({ kind: means });
    }
  }
  return null;
}

function readLabel(grammar: Grammar, group: (name: string) => string, opens: boolean): Instruction {
  const steps = group("label").split(/\s*(?:[>→›»＞➜➔▸]|->|=>|—>)\s*/u);
  const names = steps.map((step) =>
    step.replace(/^["“'‘`[【「『《*_\s]+|["”'’`\]】」』》*_\s]+$/gu, "").trim(),
  );
  // "File > Export > MP4": the last step that means something
  const name = names.findLast((step) => meaningOf(step) !== "other") ?? names.at(-1) ?? "";
  const meaning = meaningOf(name);
  if (meaning === "upload") return asks(null);
  if (meaning === "confirm") return press(name);
  if (meaning !== "other") return asks({ kind: meaning });
  const tail = group("tail");
  if (grammar.generic.test(name)) {
    for (const [purpose, pattern] of grammar.purposes) {
      const found = pattern.exec(tail);
      if (found === null) continue;
      if (purpose === "confirm") return press(found.groups?.confirm ?? found[0]);
      if (purpose !== "upload" && purpose !== "other") return asks({ kind: purpose });
    }
  }
  const noun = group("noun");
  if (meaningOf(noun) === "show-tracks") return asks({ kind: "show-tracks" });
  return asks(opens || grammar.places.has(noun.toLowerCase()) ? { kind: "show-state" } : null);
}

/** What a label stands for, in any language: people mix them. */
function meaningOf(label: string): LabelMeaning {
  for (const grammar of GRAMMARS) {
    const name = label.replace(/[*_`]/g, "").replace(/\s+/g, " ").replace(grammar.labelFrame, "").trim();
    const found = grammar.labels.find(([, pattern]) => pattern.test(name));
    if (found !== undefined) return found[0];
  }
  return "other";
}

/** An offer of words that may cost credits. */
function press(word: string): Instruction {
  const okay = GRAMMARS.find((grammar) => grammar.okay[0].test(word))?.okay[1];
  const label = okay ?? word.charAt(0).toUpperCase() + word.slice(1);
  return { kind: "instruction", action: { kind: "press", label }, isOffer: true };
}

function asks(action: GuiAction | null): Instruction {
  return { kind: "instruction", action, isOffer: false };
}
