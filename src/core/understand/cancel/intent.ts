/**
 * Whether words ask to stop what is going on. Cancelling costs nothing and an edit does, so whatever may be a
 * cancel is asked about and never sent to the editor by itself. Source: DESIGN.md, rules 2 and 11.
 *
 * A message is read as clauses, a clause as the roles that its words have in `config/phrases`, section `cancel`:
 * - A clause cancels when every word in it has a role, and together they tell the bot to stop, or not to do what
 *   it does: "stop", "stop the export", "don't do it". A word without a role is a thing of the film: "stop the
 *   music" is an edit.
 * - A message cancels when a clause does and the others say nothing else.
 * - It is doubtful when a clause cancels and others go on with something, when a clause has only words with roles
 *   but no plain sense ("leave it", "don't cut it"), when a word is misspelt, and for mere haste ("wait").
 */
import type { PhraseFiles, PhraseMistake } from "../../model/phrases.ts";
import type { Spelling } from "../spelling.ts";
import { ClauseSplitter, isCancel } from "./clauses.ts";

interface CancelReading {
  /** `doubtful`: the person is asked. */
  kind: "sure" | "doubtful";
  scope: "current" | "all" | "export" | "exports";
}

/** UTF-16 units; people in a hurry write less; longer texts are edits without a look. */
const MAX_LENGTH = 400;

/** The longest beginning that cancels a named thing, before words that give the reason. */
const SURE_START = /^J?[IZRCY]*(?:S[WQ]?(?:XV?|[PW])|H|[NY]*N[NY]*(?:XV?|W))[OPAYDIZRC]*/;
/** A cancel of a named work with words behind it that have no role. */
const SURE_WITH_REST = /^J?[IZRCY]*(?:SX|SQ|SP(?!T))/;
/** No word without a role, and some sense of stopping: "don't", "leave it", "no export", "export later". */
const UNCLEAR = /[SHG]|N(?:[WXEQ]|$|[OPAV]*[YD])|Z+X[VYD]*$|X[OPV]*R|^[IZRCYJOV]*M(?!.*E)/;
/** A complaint that ends in a cancel. */
const SURE_AT_END = /^[IZRCY]*[JPO][^TLF?]*S[PXWA]+$/;
/** Put off, or stopped, an edit that is named. */
const PUT_OFF = /^J?[IZRCY]*(?:NY[^T]*|N+E[^T]*[YD])$/;

type ClauseKind =
  | { kind: "sure"; isNegation: boolean; isDismissal: boolean }
  | { kind: "doubtful" }
  /** Haste or a reason and nothing else. */
  | { kind: "soft"; hasReason: boolean }
  | { kind: "empty" }
  | { kind: "statement" }
  | { kind: "instruction" }
  /** Says not to do something with a thing of the film. */
  | { kind: "negation" }
  | { kind: "other" };

/** Reads one message; null when it asks for something else. Pure; text of any length. */
export type ReadCancel = (text: string) => CancelReading | null;

export function createCancelReader(
  files: PhraseFiles,
  spelling: Spelling,
  report: (mistake: PhraseMistake) => void,
): ReadCancel {
  const splitter = new ClauseSplitter(files, spelling, report);
  return (text) => {
    if (text.length > MAX_LENGTH) return null;
    const { clauses, hasTypos } = splitter.split(text);
    const kinds = clauses.map(kindOf);
    const verdict = judge(kinds);
    if (verdict === null) return null;
    return { kind: hasTypos ? "doubtful" : verdict, scope: scopeOf(clauses, kinds) };
  };
}

function judge(clauses: readonly ClauseKind[]): CancelReading["kind"] | null {
  const has = (kind: ClauseKind["kind"]) => clauses.some((clause) => clause.kind === kind);
  const goesOn = has("other") || has("instruction") || has("statement") || has("negation");
  if (has("sure")) {
    if (!goesOn) return "sure";
    // "Don't export yet, add a title" and "never mind, make it blue" tell what to do instead.
    const first = clauses.findIndex((clause) => clause.kind === "sure");
    const isReplaced = clauses.slice(first).some((clause) => clause.kind === "instruction");
    const isWeak = clauses.every(
      (clause) => clause.kind !== "sure" || clause.isNegation || clause.isDismissal,
    );
    return isWeak && isReplaced ? null : "doubtful";
  }
  if (has("doubtful")) return has("other") || has("instruction") ? null : "doubtful";
  if (has("soft")) {
    if (!goesOn) return "doubtful";
    const hasReason = clauses.some((clause) => clause.kind === "soft" && clause.hasReason);
    return hasReason && !has("other") && !has("instruction") ? "doubtful" : null;
  }
  return null;
}

function kindOf(clause: string): ClauseKind {
  // "Why was my export cancelled?" asks about it.
  if (/^[IZRCY]*\?|%/.test(clause)) return { kind: "other" };
  if (isCancel(clause)) {
    return { kind: "sure", isNegation: !/[SHG]/.test(clause), isDismissal: !/[SG]/.test(clause) };
  }
  if (!/[UTLF]/.test(clause)) {
    if (UNCLEAR.test(clause)) return { kind: "doubtful" };
    if (/^[IZRCYDOJ]*$/.test(clause) && /[IR]/.test(clause))
      return { kind: "soft", hasReason: clause.includes("R") };
    if (/^[ZCYDJOPBAI]*$/.test(clause)) return { kind: "empty" };
  }
  const start = SURE_START.exec(clause)?.[0] ?? "";
  const isExplained = start !== "" && /[JBRI?]/.test(clause.slice(start.length));
  if (isExplained || SURE_WITH_REST.test(clause) || SURE_AT_END.test(clause) || PUT_OFF.test(clause))
    return { kind: "doubtful" };
  if (/^[IZRCY]*[JB]/.test(clause)) return { kind: "statement" };
  if (/^[IZRCY]*N/.test(clause)) return { kind: "negation" };
  return /^[IZRCY]*[EWT]/.test(clause) ? { kind: "instruction" } : { kind: "other" };
}

function scopeOf(clauses: readonly string[], kinds: readonly ClauseKind[]): CancelReading["scope"] {
  const cancelling = clauses
    .filter((_clause, index) => /^(?:sure|doubtful)$/.test(kinds[index]?.kind ?? ""))
    .join("");
  if (cancelling.includes("X")) return cancelling.includes("A") ? "exports" : "export";
  return cancelling.includes("A") ? "all" : "current";
}
