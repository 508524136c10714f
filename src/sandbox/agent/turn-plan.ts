/**
 * Decides what a turn does, before it does it: a list of steps, made from the words or from a scenario.
 * What happens by chance (silence, GUI phrases) follows from the seed, the session and the turn alone.
 * Source: nemo-api.md, "The SSE stream", rules 3, 6 and 7.
 */
import { applyEdit, segmentsOf, TRACK } from "../project/project.ts";
import type { Session } from "../project/sessions.ts";
import type { Dialects, EditOperation, ScenarioAction, TurnStep } from "../scenario.ts";
import { describeEdits, GUI_PHRASES, QUESTION, replyLanguage, SAY, thoughtAbout } from "./replies.ts";
import { understand } from "./words.ts";

/** What a turn is going to do. */
export interface TurnPlan {
  steps: TurnStep[];
  /** Charged once an edit was applied. */
  credits: number;
  dialect: Dialects["sse"] | null;
  /** How long the state lags behind the end; absent: not at all. */
  stateLagMs?: number;
}

/** "add music, ask me which" shows how the agent asks. */
/** At the beginning; a line about the language may stand before it. */
const UNDO = /^\s*(?:\([^)]{1,80}\)\s*)?(?:undo\b|撤销|撤回)/i;
const WANTS_TO_BE_ASKED = /\bask me\b|问我/i;

/** Settings of the stand-in agent. */
export interface AgentOptions {
  seed: number;
  silentShare: number;
  guiShare: number;
  pace: "demo" | "instant";
  prices: { edit: number; generation: number };
}

/** Plans a turn. The session is not touched. */
export function planTurn(
  session: Session,
  text: string,
  action: ScenarioAction | null,
  options: AgentOptions,
): TurnPlan {
  switch (action?.kind) {
    case "steps":
      return { steps: action.steps, credits: 0, dialect: action.dialect ?? null };
    case "raw":
      return { steps: action.chunks.map(rawStep), credits: 0, dialect: null };
    case "turn":
      return planScripted(session, text, action, options);
    case "hold":
      return withHold(planNatural(session, text, options), action.name);
    case "drop":
      return withDrop(planNatural(session, text, options), action);
    default:
      return planNatural(session, text, options);
  }
}

/** The plan of a turn that only the words decide. */
function planNatural(session: Session, text: string, options: AgentOptions): TurnPlan {
  const language = replyLanguage(session.language);
  const chance = chanceOf(options.seed, session.ordinal, session.turns);
  const silent = chance() < options.silentShare;
  const gui = chance() < options.guiShare;
  const phrases = GUI_PHRASES[language];
  const phrase = phrases[Math.floor(chance() * phrases.length)] ?? "";
  const pause = (ms: number): TurnStep[] =>
    options.pace === "demo" ? [{ kind: "wait", ms: Math.round(ms * (0.75 + chance() / 2)) }] : [];
  const say = (sentence: string): TurnStep[] => [{ kind: "text", text: sentence }];

  if (WANTS_TO_BE_ASKED.test(text)) {
    const question = QUESTION[language];
    return { steps: [...pause(900), { kind: "ask", question }], credits: 0, dialect: null };
  }
  if (UNDO.test(text)) {
    const undo: EditOperation = { op: "undo" };
    const said = session.earlier?.length ? describeEdits([undo], language) : SAY.nothingChanged[language];
    return { steps: [...pause(700), toolStep(undo), ...pause(500), ...say(said)], credits: 0, dialect: null };
  }
  const wish = wishOf(session, text);
  switch (wish.kind) {
    case "unknown":
      return { steps: [...pause(900), ...say(SAY.unknown[language])], credits: 0, dialect: null };
    case "needs-clip":
      return { steps: [...pause(900), ...say(SAY.needsClip[language])], credits: 0, dialect: null };
    case "export":
      return { steps: [...pause(700), ...say(SAY.export[language])], credits: 0, dialect: null };
    case "generation": {
      const steps: TurnStep[] = [
        { kind: "thought", text: thoughtAbout(text, language) },
        ...heartbeats(4, () => pause(1_100)),
        ...wish.first.map((edit) => toolStep(edit, "generate_video")),
        ...say(SAY.rawReady[language]),
        ...heartbeats(3, () => pause(1_100)),
        ...wish.second.map((edit) => toolStep(edit)),
        ...say(describeEdits([...wish.first, ...wish.second], language) + (gui ? ` ${phrase}` : "")),
      ];
      return { steps, credits: options.prices.generation, dialect: null };
    }
    case "edits": {
      const edits = effective(session, wish.edits);
      if (edits.length === 0) {
        return { steps: [...pause(900), ...say(SAY.nothingChanged[language])], credits: 0, dialect: null };
      }
      const steps: TurnStep[] = [
        { kind: "thought", text: thoughtAbout(text, language) },
        ...heartbeats(1, () => pause(700)),
        ...edits.flatMap((edit) => [...pause(400), toolStep(edit)]),
        ...(silent
          ? []
          : [...pause(500), ...say(describeEdits(edits, language) + (gui ? ` ${phrase}` : ""))]),
      ];
      return { steps, credits: options.prices.edit, dialect: null };
    }
  }
}

function planScripted(
  session: Session,
  text: string,
  script: Extract<ScenarioAction, { kind: "turn" }>,
  options: AgentOptions,
): TurnPlan {
  const natural = planNatural(session, text, { ...options, silentShare: 0, guiShare: 0, pace: "instant" });
  const language = replyLanguage(session.language);
  const naturalEdits = natural.steps.flatMap((step) => (step.kind === "tool" ? (step.edits ?? []) : []));
  const edits = script.edits ?? naturalEdits;
  const said =
    script.edits === undefined
      ? textsOf(natural.steps)
      : [edits.length > 0 ? describeEdits(edits, language) : SAY.nothingChanged[language]];
  const texts = script.silent === true ? [] : (script.texts ?? said);
  const beat = script.heartbeats;
  const steps: TurnStep[] = [
    ...(script.thoughts ?? []).map((thought): TurnStep => ({ kind: "thought", text: thought })),
    ...Array.from({ length: beat?.count ?? 0 }, (): TurnStep[] => [
      ...(beat?.everyMs === undefined ? [] : [{ kind: "wait" as const, ms: beat.everyMs }]),
      { kind: "heartbeat", ...(beat?.form === undefined ? {} : { form: beat.form }) },
    ]).flat(),
    ...(script.toolCalls ?? []).map((call): TurnStep => ({ kind: "tool", ...call })),
    ...edits.map((edit) => toolStep(edit)),
    ...(script.invalidFrame === true ? [{ kind: "invalid-frame" as const }] : []),
    ...texts.map((sentence): TurnStep => ({ kind: "text", text: sentence })),
    ...endingSteps(script.ending, language),
  ];
  return {
    steps,
    credits:
      script.credits ??
      (script.edits === undefined ? natural.credits : edits.length > 0 ? options.prices.edit : 0),
    dialect: script.dialect ?? null,
    ...(script.stateLagMs === undefined ? {} : { stateLagMs: script.stateLagMs }),
  };
}

function endingSteps(
  ending: Extract<ScenarioAction, { kind: "turn" }>["ending"],
  language: "en" | "zh",
): TurnStep[] {
  switch (ending?.kind) {
    case undefined:
    case "close":
      return [];
    case "temporary-issue":
      return [{ kind: "text", text: SAY.temporaryIssue[language] }];
    case "drop":
    case "error":
    case "error-event":
      return [ending];
  }
}

/** The stream stays open before anything is changed or said. */
function withHold(plan: TurnPlan, name: string): TurnPlan {
  const at = plan.steps.findIndex((step) => step.kind === "tool" || step.kind === "text");
  const steps = plan.steps.toSpliced(at === -1 ? plan.steps.length : at, 0, { kind: "hold", name });
  return { ...plan, steps };
}

/** The socket dies; the edits are applied unseen, or never. */
function withDrop(plan: TurnPlan, drop: Extract<ScenarioAction, { kind: "drop" }>): TurnPlan {
  const applied = drop.applied ?? drop.appliedAfterMs !== undefined;
  const firstTool = plan.steps.findIndex((step) => step.kind === "tool");
  const seen = drop.when === "mid-body" ? plan.steps.slice(0, firstTool === -1 ? 0 : firstTool) : [];
  const edits = plan.steps.flatMap((step) => (step.kind === "tool" ? (step.edits ?? []) : []));
  const unseen: TurnStep[] = applied
    ? [
        ...(drop.appliedAfterMs === undefined ? [] : [{ kind: "wait" as const, ms: drop.appliedAfterMs }]),
        ...edits.map((edit): TurnStep => ({ kind: "edit", edit })),
      ]
    : [];
  return { ...plan, steps: [...seen, { kind: "drop" }, ...unseen] };
}

function wishOf(session: Session, text: string): ReturnType<typeof understand> {
  const { draft } = session.project;
  return understand(text, {
    durationMs: draft.d,
    hasClips: segmentsOf(draft, TRACK.video).length > 0,
    hasMusic: segmentsOf(draft, TRACK.audio).length > 0,
  });
}

/** The edits that would change something, tried on a copy. */
function effective(session: Session, edits: EditOperation[]): EditOperation[] {
  const copy = structuredClone(session.project);
  return edits.filter((edit) => applyEdit(copy, edit));
}

function toolStep(edit: EditOperation, name = "edit_multitrack"): TurnStep {
  const { op, ...args } = edit;
  return { kind: "tool", name, args: { operation: op, ...args }, edits: [edit] };
}

function heartbeats(count: number, pause: () => TurnStep[]): TurnStep[] {
  return Array.from({ length: count }, (): TurnStep[] => [...pause(), { kind: "heartbeat" }]).flat();
}

function textsOf(steps: TurnStep[]): string[] {
  return steps.flatMap((step) => (step.kind === "text" ? [step.text] : []));
}

function rawStep(chunk: Extract<ScenarioAction, { kind: "raw" }>["chunks"][number]): TurnStep {
  if (typeof chunk === "string") return { kind: "raw", text: chunk };
  if ("base64" in chunk) return { kind: "base64", base64: chunk.base64 };
  if ("waitMs" in chunk) return { kind: "wait", ms: chunk.waitMs };
  if ("hold" in chunk) return { kind: "hold", name: chunk.hold };
  if ("apply" in chunk) return { kind: "edit", edit: chunk.apply };
  return { kind: "drop" };
}

/** Numbers in [0, 1) that the three arguments decide (mulberry32 over a mixed seed). */
function chanceOf(seed: number, session: number, turn: number): () => number {
  let state =
    (Math.imul(seed + 1, 0x9e3779b1) ^
      Math.imul(session + 1, 0x85ebca6b) ^
      Math.imul(turn + 1, 0xc2b2ae35)) >>>
    0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
