/**
 * The frame around every JSON answer: `{"code":0,"data"}`, `{"success":true,"data"}`, or nothing at all.
 * Source: nemo-api.md, "Envelope".
 */
import type { z } from "zod";
import { BackendError } from "../../core/model/backend-error.ts";
import { type CallSubject, readCode, refusalError } from "./errors.ts";
import { header, isSuccess, type WireAnswer } from "./http.ts";
import { parseJson } from "./json.ts";

/** Longer than any limit of the backend lasts. */
const MAX_RETRY_AFTER_S = 7 * 24 * 3600;

/** A JSON object of unknown fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an answer says about itself, before its fields are looked at. */
export interface AnswerFrame {
  operation: string;
  subject: CallSubject;
  answer: WireAnswer;
  text: string;
}

/**
 * The fields of a good answer, those of `data` laid over those beside it (some dialects put the session id or
 * the whole render at the top). Throws the refusal the answer carries, or `bad-answer` when it is not JSON.
 */
export function openEnvelope(frame: AnswerFrame): JsonObject {
  const json = parseJson(frame.text);
  const status = frame.answer.statusCode;
  const isOk = isSuccess(frame.answer);
  if (!isJsonObject(json)) {
    if (!isOk) throw refuse(frame, undefined, frame.text);
    throw new BackendError({ kind: "bad-answer", operation: frame.operation, status });
  }
  if (!isOk || isRefusal(json)) {
    throw refuse(frame, readCode(json.code), wordsOf(json));
  }
  return isJsonObject(json.data) ? { ...json, ...json.data } : json;
}

/** Reads the fields by a schema. Throws `bad-answer`: the call was made, but its answer makes no sense. */
export function readFields<T>(schema: z.ZodType<T>, fields: JsonObject, operation: string): T {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  // Zod's issues name paths and expected types, never the values.
  throw new BackendError({ kind: "bad-answer", operation, cause: result.error });
}

/** A bare `error` counts unless the object reports on something: a failed render is an answer, not a refusal. */
function isRefusal(json: JsonObject): boolean {
  const code = readCode(json.code);
  if (code !== undefined && code !== 0) return true;
  const report = isJsonObject(json.data) ? json.data : json;
  if (typeof report.status === "string" && (report.id ?? report.taskId) !== undefined) return false;
  if (json.success === false) return true;
  return (
    json.error !== undefined && json.error !== null && json.data === undefined && json.status === undefined
  );
}

function refuse(frame: AnswerFrame, code: number | undefined, words: string): BackendError {
  return refusalError({
    operation: frame.operation,
    subject: frame.subject,
    status: frame.answer.statusCode,
    code,
    message: words.slice(0, 500),
    retryAfterMs: readRetryAfter(header(frame.answer, "retry-after")),
  });
}

/** What an answer, or a part of it, says in words. */
export function wordsOf(json: JsonObject): string {
  const { error, detail, message } = json;
  const nested = isJsonObject(error) ? error.message : undefined;
  return [error, nested, message, detail].filter((words) => typeof words === "string").join(" ");
}

function readRetryAfter(value: string | undefined): number | undefined {
  const seconds = Number(value);
  const isUsable = value !== undefined && seconds >= 0 && seconds <= MAX_RETRY_AFTER_S;
  return isUsable ? seconds * 1000 : undefined;
}
