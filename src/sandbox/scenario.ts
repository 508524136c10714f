/**
 * What a test or the console can ask of the sandbox: one queue of scenarios for each endpoint, and standing
 * dialects. All of it is plain JSON, so that it can be posted to `/__sandbox/scenarios` as well.
 * Source: nemo-api.md; the words "dialect" and "keep-alive" are its own.
 */
import { z } from "zod";

// --- edits --------------------------------------------------------------------------------------------

/** A change of the draft. Times are milliseconds on the timeline, volumes 0–1. */
const editOperationSchema = z.discriminatedUnion("op", [
  /** Appends a generated clip to the video track. */
  z.object({ op: z.literal("generate"), description: z.string(), durationMs: z.number().positive() }),
  /** Keeps what lies between the two times of the whole video track. */
  z.object({ op: z.literal("trim"), fromMs: z.number().nonnegative(), toMs: z.number().positive() }),
  z.object({
    op: z.literal("title"),
    text: z.string(),
    /** Default 0. */
    startMs: z.number().nonnegative().optional(),
    /** Default 3000, at most the project's length. */
    durationMs: z.number().positive().optional(),
  }),
  z.object({ op: z.literal("music"), name: z.string(), volume: z.number().min(0).max(2).optional() }),
  z.object({ op: z.literal("volume"), of: z.enum(["music", "video"]), volume: z.number().min(0).max(2) }),
  z.object({ op: z.literal("speed"), factor: z.number().min(0.1).max(10) }),
  z.object({ op: z.literal("mute") }),
  z.object({ op: z.literal("background"), description: z.string() }),
  /** Metadata on every clip: `brightness`, `warm`, `cool`, `black-and-white`, `transitions`, `object`, … */
  z.object({ op: z.literal("effect"), name: z.string(), value: z.string().optional() }),
  z.object({ op: z.literal("aspect"), ratio: z.enum(["9:16", "16:9", "1:1", "4:5", "4:3"]) }),
  z.object({
    op: z.literal("remove"),
    what: z.enum(["title", "music", "clip"]),
    /** Which one, counted from 1; absent: all titles or all music, the last clip. */
    index: z.number().int().positive().optional(),
  }),
  /** The project as it was before the last turn that edited. */
  z.object({ op: z.literal("undo") }),
]);
/** One change of the draft; see `editOperationSchema`. */
export type EditOperation = z.infer<typeof editOperationSchema>;

// --- dialects -----------------------------------------------------------------------------------------

/** The forms an answer can take. Each key is a choice of its own. */
export const dialectsSchema = z.object({
  /**
   * `code`: `{code,data}`, wire codes come with HTTP 200. `success`: `{success,data}` and
   * `{success:false,error}` with the matching HTTP status. `http`: errors are HTTP statuses with an empty body.
   */
  envelope: z.enum(["code", "success", "http"]),
  /** Where a new session's `session_id` stands. */
  session: z.enum(["data", "top-level"]),
  /** A: fields at top level. B: `{success,data}` with `outputUrl`. */
  render: z.enum(["A", "B"]),
  /** `own`: the backend answers a render with an id of its own, and knows only that one afterwards. */
  renderId: z.enum(["ours", "own"]),
  /** `missing`: a completed render names no URL; only the download path works. */
  outputUrl: z.enum(["given", "missing"]),
  /**
   * `userdata`: segments of uploaded files name them by a path `/mnt/userdata/…/<name>`, and a render of a draft
   * with such a path fails.
   */
  paths: z.enum(["none", "userdata"]),
  /** `in-project`: an uploaded file is in the project and on no track. */
  uploads: z.enum(["on-timeline", "in-project"]),
  /** `adk-unmarked`: like `adk`, and the aggregate event has no `partial` key. */
  sse: z.enum(["adk", "adk-snake", "adk-nonstreaming", "adk-unmarked", "typed", "bare"]),
  /** `typed` is the JSON event `{"type":"heartbeat"}`. */
  heartbeat: z.enum(["empty-data", "data-heartbeat", "comment", "event", "typed"]),
});
/** The forms an answer can take; see `dialectsSchema`. */
export type Dialects = z.infer<typeof dialectsSchema>;

/** Some of the dialects; a key left out says nothing. */
export type DialectChoice = z.infer<typeof dialectChoiceSchema>;
export const dialectChoiceSchema = z.strictObject(dialectsSchema.partial().shape);

/** The standing dialects with some of them changed. */
export function chooseDialects(standing: Dialects, choice: DialectChoice): Dialects {
  const chosen = Object.entries(choice).filter(([, value]) => value !== undefined);
  return dialectsSchema.parse({ ...standing, ...Object.fromEntries(chosen) });
}

/** What a sandbox speaks unless told otherwise. */
export const DEFAULT_DIALECTS: Dialects = {
  envelope: "code",
  session: "data",
  render: "A",
  renderId: "ours",
  outputUrl: "given",
  paths: "none",
  uploads: "on-timeline",
  sse: "adk",
  heartbeat: "empty-data",
};

// --- turns --------------------------------------------------------------------------------------------

const toolCallSchema = z.object({
  name: z.string(),
  args: z.record(z.string(), z.unknown()).optional(),
  /** Default `{status:"success"}`. */
  response: z.record(z.string(), z.unknown()).optional(),
  /** The tool failed: `response.error`. */
  error: z.string().optional(),
  /** Applied between the call and its response. */
  edits: z.array(editOperationSchema).optional(),
});

/** The arguments of `ask_question`. */
const askedQuestionSchema = z.object({
  title: z.string().optional(),
  questions: z.array(
    z.object({
      id: z.string(),
      prompt: z.string(),
      options: z.array(z.object({ id: z.string(), label: z.string() })),
      allow_multiple: z.boolean().optional(),
    }),
  ),
});
/** One thing a turn does. Events are written in the turn's dialect, `raw` and `base64` as they are. */
const turnStepSchema = z.discriminatedUnion("kind", [
  /** One answer of the model: chunks and an aggregate in the streaming dialects. */
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({ kind: z.literal("thought"), text: z.string() }),
  toolCallSchema.extend({ kind: z.literal("tool") }),
  z.object({ kind: z.literal("edit"), edit: editOperationSchema }),
  /** A call of `ask_question`: the turn's last word, answered by the next message. */
  z.object({ kind: z.literal("ask"), question: askedQuestionSchema }),
  z.object({ kind: z.literal("heartbeat"), form: dialectsSchema.shape.heartbeat.optional() }),
  /** Longer waits are for `pace: "demo"`; a scripted wait is always kept. */
  z.object({ kind: z.literal("wait"), ms: z.number().nonnegative() }),
  /** Stays open until `release(name)`. */
  z.object({ kind: z.literal("hold"), name: z.string() }),
  /** An exception in the agent: `{"error": message}`. */
  z.object({ kind: z.literal("error"), message: z.string() }),
  /** An event with `errorCode` and `errorMessage`; `STOP` and `MODEL_RETURNED_NO_CONTENT` mean "no text". */
  z.object({ kind: z.literal("error-event"), code: z.string(), message: z.string().optional() }),
  /** A frame that is not JSON, as old Python servers write it. */
  z.object({ kind: z.literal("invalid-frame") }),
  z.object({ kind: z.literal("raw"), text: z.string() }),
  z.object({ kind: z.literal("base64"), base64: z.string() }),
  /** The socket dies here. Steps after it still happen on the server: an `edit` is applied unseen. */
  z.object({ kind: z.literal("drop") }),
]);
/** One thing a turn does; see `turnStepSchema`. */
export type TurnStep = z.infer<typeof turnStepSchema>;

/** How a scripted turn ends. */
const turnEndingSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("close") }),
  z.object({ kind: z.literal("drop") }),
  z.object({ kind: z.literal("error"), message: z.string() }),
  z.object({ kind: z.literal("error-event"), code: z.string(), message: z.string().optional() }),
  /** A last text: "I encountered a temporary issue …". */
  z.object({ kind: z.literal("temporary-issue") }),
]);

/** A piece of a stream given byte by byte. */
const rawChunkSchema = z.union([
  z.string(),
  z.object({ base64: z.string() }),
  z.object({ waitMs: z.number().nonnegative() }),
  z.object({ hold: z.string() }),
  z.object({ drop: z.literal(true) }),
  z.object({ apply: editOperationSchema }),
]);

// --- scenarios ----------------------------------------------------------------------------------------

/** What happens to a request in place of, or before, the normal answer. */
const scenarioActionSchema = z.discriminatedUnion("kind", [
  /** An error in the envelope; HTTP 200 in the `code` envelope. */
  z.object({
    kind: z.literal("error"),
    code: z.number().int(),
    message: z.string().optional(),
    envelope: dialectsSchema.shape.envelope.optional(),
  }),
  /** A plain HTTP answer. A string body is sent as it is, anything else as JSON, none as an empty body. */
  z.object({
    kind: z.literal("http"),
    status: z.number().int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** The socket dies. */
  z.object({
    kind: z.literal("drop"),
    when: z.enum(["before-answer", "after-headers", "mid-body"]),
    /** Whether the request was carried out all the same. Default true, false for turns. */
    applied: z.boolean().optional(),
    /** Turns only: the edit is applied this long after the socket died. Implies `applied`. Default 0. */
    appliedAfterMs: z.number().nonnegative().optional(),
  }),
  /** Waits, then goes on as normal. */
  z.object({ kind: z.literal("delay"), ms: z.number().nonnegative() }),
  /** Answers this one request as normal, in these dialects. */
  z.object({ kind: z.literal("dialect"), dialects: dialectChoiceSchema }),
  /** Held until `release(name)`, then as normal. A turn is held with its stream open, before its first edit. */
  z.object({ kind: z.literal("hold"), name: z.string() }),
  /** A turn, with what is left out as normal. It is never silent by chance and says no chance GUI phrase. */
  z.object({
    kind: z.literal("turn"),
    /** Answers of the model, in order. Default: what the words call for. */
    texts: z.array(z.string()).optional(),
    /** Default: what the words call for. `[]`: nothing changes. */
    edits: z.array(editOperationSchema).optional(),
    /** No text at all. */
    silent: z.boolean().optional(),
    thoughts: z.array(z.string()).optional(),
    /** Calls in addition to the one each edit has. */
    toolCalls: z.array(toolCallSchema).optional(),
    heartbeats: z
      .object({
        count: z.number().int().min(0).max(10_000),
        everyMs: z.number().nonnegative().optional(),
        form: dialectsSchema.shape.heartbeat.optional(),
      })
      .optional(),
    dialect: dialectsSchema.shape.sse.optional(),
    /** A frame of invalid JSON among the good ones. */
    invalidFrame: z.boolean().optional(),
    ending: turnEndingSchema.optional(),
    /** How long after the stream's end the state still shows the project as it was before. Default 0. */
    stateLagMs: z.number().nonnegative().optional(),
    /** Default: the price of the edits. */
    credits: z.number().nonnegative().optional(),
  }),
  /** A turn step by step. Costs nothing. */
  z.object({
    kind: z.literal("steps"),
    steps: z.array(turnStepSchema).max(10_000),
    dialect: dialectsSchema.shape.sse.optional(),
  }),
  /** The bytes of a turn's stream. Costs nothing. */
  z.object({ kind: z.literal("raw"), chunks: z.array(rawChunkSchema).max(100_000) }),
  /** How one render goes; for `on: "render"`. */
  z.object({
    kind: z.literal("render"),
    /** How long it takes at least. Default by pace. */
    ms: z.number().nonnegative().optional(),
    /** It ends as `failed` with this error. */
    fail: z.string().optional(),
    /** What one status request after the other reports; it is completed (or failed) after the last. */
    progress: z.array(z.number().min(0).max(100)).optional(),
    omitUrl: z.boolean().optional(),
    dialect: dialectsSchema.shape.render.optional(),
    id: dialectsSchema.shape.renderId.optional(),
  }),
]);
/** What happens to a request; see `scenarioActionSchema`. */
export type ScenarioAction = z.infer<typeof scenarioActionSchema>;

/** The endpoints a scenario can wait for. `file` is a public file URL, `upload` both kinds of upload. */
export const scenarioTargetSchema = z.enum([
  "token",
  "session",
  "turn",
  "upload",
  "credits",
  "state",
  "render",
  "render-status",
  "render-cancel",
  "download",
  "file",
  "claim",
]);
/** An endpoint a scenario can wait for. */
export type ScenarioTarget = z.infer<typeof scenarioTargetSchema>;

/**
 * Waits for the next requests to `on` that are sound in themselves (token, session, body): a request the
 * sandbox refuses anyway uses none up. First in, first out.
 */
export const scenarioSchema = z
  .object({
    on: scenarioTargetSchema,
    do: scenarioActionSchema,
    /** How many requests it serves. Default 1. */
    times: z.number().int().min(1).max(1_000_000).optional(),
  })
  .refine((scenario) => scenario.on === "turn" || !TURN_KINDS.has(scenario.do.kind), {
    message: "turn, steps and raw are for `on: turn`",
  })
  .refine((scenario) => scenario.on === "render" || scenario.do.kind !== "render", {
    message: "render is for `on: render`",
  });
/** One scenario; see `scenarioSchema`. */
export type Scenario = z.infer<typeof scenarioSchema>;

const TURN_KINDS: ReadonlySet<string> = new Set(["turn", "steps", "raw"]);
