/**
 * Reads one clause: is it an instruction for a graphical interface? Source: nemo-api.md, "GUI translation". It is
 * one when it stands in the imperative, addressed to the person, and every word of it belongs to an interface:
 * verb, thing, place, purpose. The same words in any other form only tell something and are content.
 */

import type { GuiAction, GuiOffer } from "../../model/gui-action.ts";
import type { Grammar } from "./grammar.ts";

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

/** `raw` and `masked` are the same clause with and without quoted content; equal lengths. */
export function readClause(grammars: readonly Grammar[], raw: string, masked: string): Clause {
  let isNarrated = false;
  if (masked.trim().length > MAX_CLAUSE) return { kind: "content", isNarrated };
  for (const grammar of grammars) {
    if (!grammar.mayRead(masked)) continue;
    const found = readWith(grammar, raw, masked);
    if (found.kind !== "content") return found;
    isNarrated ||= found.isNarrated;
  }
  return { kind: "content", isNarrated };
}

/** True when the clause only continues an instruction before it. */
export function isTail(grammars: readonly Grammar[], masked: string): boolean {
  return grammars.some(({ tail }) => tail.test(masked.trimStart()));
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
        const words = grammar.move.replace(/\{(what|where)\}/g, (_, name: string) => group(name));
        const text = group("where") === "" ? "" : words;
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

function readLabel(
  { labels, unquote, generic, purposes, places }: Grammar,
  group: (name: string) => string,
  opens: boolean,
): Instruction {
  const steps = group("label").split(/\s*(?:[>→›»＞➜➔▸]|->|=>|—>)\s*/u);
  const names = steps.map((step) => unquote(step).trim());
  // "File > Export > MP4": the last step that means something
  const name = names.findLast((step) => labels.meaningOf(step) !== null) ?? names.at(-1) ?? "";
  const meaning = labels.meaningOf(name);
  if (meaning === "upload") return asks(null);
  if (meaning === "confirm") return press(labels.buttonOf(name));
  if (meaning !== null) return asks({ kind: meaning });
  const tail = group("tail");
  if (generic.test(name)) {
    for (const [purpose, pattern] of purposes) {
      const found = pattern.exec(tail);
      if (found === null) continue;
      return purpose === "confirm"
        ? press(labels.buttonOf(found.groups?.confirm ?? found[0]))
        : asks({ kind: purpose });
    }
  }
  const noun = group("noun");
  if (labels.meaningOf(noun) === "show-tracks") return asks({ kind: "show-tracks" });
  return asks(opens || places.has(noun.toLowerCase()) ? { kind: "show-state" } : null);
}

/** An offer of words that may cost credits. */
function press(label: string): Instruction {
  return { kind: "instruction", action: { kind: "press", label }, isOffer: true };
}

function asks(action: GuiAction | null): Instruction {
  return { kind: "instruction", action, isOffer: false };
}
