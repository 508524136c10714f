/**
 * One JSON frame of a turn, in whichever dialect, as the core's events.
 * Source: nemo-api.md, "The SSE stream": ADK, typed, bare, errors.
 */
import { z } from "zod";
import type { BackendError } from "../../core/model/backend-error.ts";
import type { TurnEvent } from "../../core/ports/video-backend.ts";
import { BoundedSet } from "../../lib/bounded-map.ts";
import { ASK_QUESTION, readQuestion } from "../answers/question.ts";
import { isJsonObject, type JsonObject } from "../transport/envelope.ts";
import { readCode, runError } from "../transport/errors.ts";
import { PrefixMemory } from "./prefix-rule.ts";

const OPERATION = "run turn";
/** Calls whose ids are remembered; progressive streaming repeats one within a few events. */
const MAX_CALL_IDS = 1000;

/** What is malformed counts as absent: the rest of its event, the text above all, is still good. */
const lenient = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null);

const name = z.string();
const args = lenient(z.record(z.string(), z.unknown()));
const partial = lenient(z.boolean());
const id = lenient(z.union([z.string(), z.number().transform(String)]));
const call = lenient(z.object({ id, name, args }));
const response = lenient(z.object({ name, response: z.unknown().optional() }));
const part = z.object({
  text: lenient(z.string()),
  /** Read generously, not only as `true`: a thought is never shown. */
  thought: z.unknown().optional(),
  functionCall: call,
  function_call: call,
  functionResponse: response,
  function_response: response,
});
type Part = z.infer<typeof part>;

const adkEvent = z.object({
  author: lenient(z.string()),
  partial,
  content: z.object({ parts: z.array(part.nullable().catch(null)).nullish() }),
});
type AdkEvent = z.infer<typeof adkEvent>;

const typedEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), content: z.string(), partial }),
  z.object({ type: z.literal("thought"), content: z.string(), partial }),
  z.object({ type: z.literal("tool_call"), name, args }),
  z.object({ type: z.literal("tool_result"), name, result: z.unknown().optional() }),
  z.object({ type: z.literal("heartbeat") }),
  z.object({ type: z.literal("error") }),
]);
const TYPES: ReadonlySet<unknown> = new Set(typedEvent.options.map((option) => option.shape.type.value));

const bareEvent = z.object({ text: z.string(), partial });

/** Ends of a model call that say only that there is no text; what the edit did stands. */
const NO_TEXT_CODES: ReadonlySet<string> = new Set(["STOP", "MODEL_RETURNED_NO_CONTENT", "MAX_TOKENS"]);
/** The same when no message comes with them. */
const FINISH_REASONS: ReadonlySet<string> = new Set([
  "FINISH_REASON_UNSPECIFIED",
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "OTHER",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "IMAGE_SAFETY",
]);

/** Decodes the frames of one turn, in order; it remembers what was shown and which calls were told. */
export class TurnEventDecoder {
  readonly #texts: PrefixMemory;
  readonly #thoughts: PrefixMemory;
  readonly #callIds = new BoundedSet<string>(MAX_CALL_IDS);

  constructor(maxEventLength: number) {
    this.#texts = new PrefixMemory(maxEventLength);
    this.#thoughts = new PrefixMemory(maxEventLength);
  }

  /** The events of a frame's JSON, in the order they are to be shown; null when it fits no dialect. */
  decode(json: unknown): TurnEvent[] | null {
    if (!isJsonObject(json)) return json === "heartbeat" ? [{ type: "keep-alive" }] : null;
    const events: TurnEvent[] = [];
    const isKnown = this.#decodeInto(json, events);
    const failure = readFailure(json);
    if (!isKnown && failure === null) return null;
    if (failure !== null) {
      this.#texts.forget();
      this.#thoughts.forget();
      events.push(failure);
    }
    // An event with nothing to tell is still a sign of life.
    return events.length > 0 ? events : [{ type: "keep-alive" }];
  }

  #decodeInto(json: JsonObject, events: TurnEvent[]): boolean {
    if (isJsonObject(json.content)) {
      const event = adkEvent.safeParse(json);
      if (event.success) this.#adk(event.data, events);
      return event.success;
    }
    if (TYPES.has(json.type)) {
      const event = typedEvent.safeParse(json);
      if (event.success) this.#typed(event.data, events);
      return event.success;
    }
    if (json.text !== undefined) {
      const event = bareEvent.safeParse(json);
      if (event.success)
        this.#text(this.#texts, "text", "", event.data.text, event.data.partial === true, events);
      return event.success;
    }
    return typeof (json.content ?? "") === "string";
  }

  /** Parts of one kind are one text: the final event may cut the same text into other parts than the chunks. */
  #adk(event: AdkEvent, events: TurnEvent[]): void {
    const parts = (event.content.parts ?? []).filter((part) => part !== null);
    const author = event.author ?? "";
    const isPartial = event.partial === true;
    let thought = "";
    let text = "";
    for (const part of parts) {
      if (!part.text) continue;
      if (part.thought) thought += part.text;
      else text += part.text;
    }
    if (thought !== "") this.#text(this.#thoughts, "thought", author, thought, isPartial, events);
    if (text !== "") this.#text(this.#texts, "text", author, text, isPartial, events);
    for (const part of parts) this.#tools(part, events);
  }

  #tools(part: Part, events: TurnEvent[]): void {
    const call = part.functionCall ?? part.function_call;
    if (call && this.#isNewCall(call.id)) {
      events.push(toolCall(call.name, call.args ?? {}));
    }
    const answer = part.functionResponse ?? part.function_response;
    if (answer) events.push(toolResult(answer.name, answer.response));
  }

  #typed(event: z.infer<typeof typedEvent>, events: TurnEvent[]): void {
    switch (event.type) {
      case "text":
        this.#text(this.#texts, "text", "", event.content, event.partial === true, events);
        break;
      case "thought":
        this.#text(this.#thoughts, "thought", "", event.content, event.partial === true, events);
        break;
      case "tool_call":
        events.push(toolCall(event.name, event.args ?? {}));
        break;
      case "tool_result":
        events.push(toolResult(event.name, event.result));
        break;
      case "heartbeat":
      case "error":
        break;
    }
  }

  #text(
    memory: PrefixMemory,
    type: "text" | "thought",
    author: string,
    whole: string,
    isPartial: boolean,
    events: TurnEvent[],
  ): void {
    const text = memory.unseen(author, whole, isPartial);
    if (text !== "") events.push({ type, text });
  }

  #isNewCall(id: string | null | undefined): boolean {
    if (!id) return true;
    if (this.#callIds.has(id)) return false;
    this.#callIds.add(id);
    return true;
  }
}

function toolCall(name: string, args: Record<string, unknown>): TurnEvent {
  const question = name === ASK_QUESTION ? readQuestion(args) : null;
  return question ? { type: "question", question } : { type: "tool-call", name, args };
}

function toolResult(name: string, result: unknown): TurnEvent {
  return { type: "tool-result", name, isError: isJsonObject(result) && Boolean(result.error) };
}

/**
 * The refusal of the whole request that a first frame carries: 1001 in any form, and 429 in the envelope's.
 * The agent's own `errorCode` 429 is of a run that had begun. Null for any other frame.
 */
export function readRefusal(json: unknown, events: readonly TurnEvent[]): BackendError | null {
  const event = events[0];
  if (event?.type !== "failure" || !isJsonObject(json)) return null;
  const { kind } = event.error;
  const isRefusal = kind === "bad-token" || (kind === "rate-limited" && readCode(json.code) === 429);
  return isRefusal ? event.error : null;
}

/** True for a frame that shows a run that has begun, also when it has nothing to tell. */
export function isOfRun(json: unknown, events: readonly TurnEvent[]): boolean {
  if (events.some((event) => event.type !== "keep-alive")) return true;
  return isJsonObject(json) && [json.author, json.content, json.actions].some((value) => value !== undefined);
}

/** The failure a frame reports, in any of its forms; null when it reports none. */
function readFailure(json: JsonObject): TurnEvent | null {
  const code = readCode(json.code);
  const error = json.error;
  if ((code !== undefined && code !== 0) || error || json.success === false || json.type === "error") {
    const words = isJsonObject(error) ? error.message : (error ?? json.message);
    return failure(code ?? (isJsonObject(error) ? readCode(error.code) : undefined), words);
  }
  const runCode = json.errorCode ?? json.error_code;
  const message = json.errorMessage ?? json.error_message;
  if ((runCode ?? "") === "" && (message ?? "") === "") return null;
  const reason = String(runCode ?? "").toUpperCase();
  if (NO_TEXT_CODES.has(reason)) return null;
  if (FINISH_REASONS.has(reason) && (message ?? "") === "") return null;
  return failure(readCode(runCode), message);
}

function failure(code: number | undefined, words: unknown): TurnEvent {
  const message = typeof words === "string" ? words.slice(0, 500) : "";
  return { type: "failure", error: runError(OPERATION, code, message) };
}
