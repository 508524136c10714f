/**
 * The answers of the endpoints: every dialect in, one form out. Strict about what is used, tolerant of the
 * rest. Source: nemo-api.md, "Endpoints".
 */
import { z } from "zod";
import type { Credits, RenderStatus, UploadedMedia } from "../../core/ports/video-backend.ts";
import { type AddressRule, readPublicUrl } from "../../lib/public-address.ts";
import { hideTokens } from "../../lib/secrets.ts";
import { isJsonObject } from "../transport/envelope.ts";
import { isUsableId } from "./ids.ts";

/** Longer than any video here; beyond it, the number means something else. */
const MAX_DURATION_S = 1e6;
const MAX_PIXELS = 100_000;
/** The last time a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;
const MAX_USER_ID_LENGTH = 200;

/** What may be absent or malformed without spoiling the answer. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null);

const text = z.string().min(1);
const numberOrText = z.union([text, z.number().transform(String)]);
/** An id as text; some gateways send numbers. It will stand in a path. */
const id = numberOrText.refine(isUsableId);
/** The same where it may be absent; one that is there and cannot be used spoils the answer all the same. */
const optionalId = optional(numberOrText).refine((value) => value == null || isUsableId(value));
/** Finite: JSON has no NaN, but `1e999` and long digits read as Infinity. */
const amount = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .refine(Number.isFinite);
const credits = amount.transform((value) => Math.max(0, value));
/** A number that may be absent; one that makes no sense counts as absent. */
const optionalWithin = (min: number, max: number) =>
  optional(amount.refine((value) => value >= min && value <= max));
const seconds = optionalWithin(0, MAX_DURATION_S);
const pixels = optionalWithin(1, MAX_PIXELS);
/** It goes into a link, which a lone surrogate would break. */
const userId = optional(
  numberOrText
    .refine((value) => value.length <= MAX_USER_ID_LENGTH)
    .transform((value) => value.toWellFormed()),
);

/** `POST /api/auth/anonymous-token`; `nowMs` tells an expiry from a duration. */
export function tokenAnswer(nowMs: number) {
  return z
    .object({ token: text, user_id: userId, expires_at: optional(z.union([text, z.number()])) })
    .transform((answer) => ({
      token: answer.token,
      userId: answer.user_id ?? null,
      expiresAt: readExpiry(answer.expires_at ?? null, nowMs),
    }));
}

/** `POST /api/tasks/me/with-session/nemo_agent` */
export const sessionAnswer = z
  .object({ session_id: id, task_id: optionalId, user_id: userId })
  .transform((answer) => ({
    sessionId: answer.session_id,
    taskId: answer.task_id ?? null,
    userId: answer.user_id ?? null,
  }));

/** The owner of the account, wherever an answer names it; null when it does not. */
export function namedUser(fields: Readonly<Record<string, unknown>>): string | null {
  return userId.safeParse(fields.user_id ?? fields.userId).data ?? null;
}

/** `GET /api/credits/balance/simple` */
export const creditsAnswer = z
  .object({ available: credits, frozen: optional(credits), total: optional(credits) })
  .transform(({ available, frozen, total }): Credits => {
    const reserved = frozen ?? 0;
    return { available, frozen: reserved, total: total ?? available + reserved };
  });

/** One entry of an upload's `files`; never fails. */
export const uploadedFile = z
  .object({
    filename: optional(text),
    name: optional(text),
    file_type: optional(text),
    cdn_url: z.unknown().optional(),
    duration: seconds,
    width: pixels,
    height: pixels,
  })
  .catch({})
  .transform(
    (file): UploadedMedia => ({
      name: hideTokens(file.filename ?? file.name ?? ""),
      url: isWebAddress(file.cdn_url) ? file.cdn_url : null,
      type: readMediaType(file.file_type ?? ""),
      durationS: file.duration ?? null,
      width: file.width ?? null,
      height: file.height ?? null,
    }),
  );

/** `POST /api/auth/claim-token` */
export const claimAnswer = z.object({ claim_token: text }).transform((answer) => answer.claim_token);

const output = z.object({
  url: z.unknown().optional(),
  duration: seconds,
  size: optionalWithin(0, Number.MAX_SAFE_INTEGER),
  width: pixels,
  height: pixels,
});

const renderFields = z.object({
  id: optionalId,
  taskId: optionalId,
  task_id: optionalId,
  renderId: optionalId,
  status: optional(text),
  progress: optional(amount),
  output: z.unknown().optional(),
  outputUrl: z.unknown().optional(),
  output_url: z.unknown().optional(),
  error: z.unknown().optional(),
});

/**
 * Render submission and status, both dialects; `askedId` stands in when the answer names no id. An address that
 * does not agree with `rule` is none: it is neither opened nor shown.
 */
export function renderAnswer(askedId: string, rule: AddressRule) {
  return renderFields.transform((answer): RenderStatus => {
    const result = isJsonObject(answer.output) ? output.safeParse(answer.output).data : undefined;
    const addresses = [result?.url, answer.output, answer.outputUrl, answer.output_url].filter(isWebAddress);
    const url = addresses.find((address) => readPublicUrl(address, rule) !== null) ?? null;
    return {
      renderId: answer.id ?? answer.taskId ?? answer.task_id ?? answer.renderId ?? askedId,
      phase: readPhase(
        answer.status ?? "",
        addresses.length > 0,
        typeof answer.error === "string" && answer.error !== "",
      ),
      progress: answer.progress == null ? null : Math.min(100, Math.max(0, answer.progress)),
      url,
      durationS: result?.duration ?? null,
      sizeBytes: result?.size ?? null,
      width: result?.width ?? null,
      height: result?.height ?? null,
    };
  });
}

const PHASES: ReadonlyMap<string, RenderStatus["phase"]> = new Map([
  ...phase("pending", "pending queued waiting submitted created accepted"),
  ...phase("processing", "processing rendering running started in_progress in-progress active encoding"),
  ...phase("completed", "completed complete succeeded success successful done finished ready"),
  ...phase(
    "failed",
    "failed failure fail error errored cancelled canceled timeout timed_out expired aborted",
  ),
]);

function phase(name: RenderStatus["phase"], words: string): [string, RenderStatus["phase"]][] {
  return words.split(" ").map((word) => [word, name]);
}

/** An unknown status is still running, unless the answer shows a file or an error. */
function readPhase(status: string, hasUrl: boolean, hasError: boolean): RenderStatus["phase"] {
  const known = PHASES.get(status.toLowerCase());
  if (known !== undefined) return known;
  if (hasUrl) return "completed";
  return hasError ? "failed" : "processing";
}

function isWebAddress(value: unknown): value is string {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  return /^https?:$/.test(new URL(value).protocol) && !hasToken(value);
}

/** True for an account's token in an address that people see, also when it is escaped. */
export function hasToken(address: string): boolean {
  return /nmv(?:_|%5f)/i.test(address);
}

function readMediaType(type: string): UploadedMedia["type"] {
  const family = type.split("/")[0]?.toLowerCase();
  return family === "video" || family === "image" || family === "audio" ? family : "other";
}

/**
 * Epoch ms of an ISO time, of epoch seconds, of epoch ms or of a duration in seconds. Null when it is none of
 * them, and when it is over: a token that was just given holds, or every call would ask for another.
 */
function readExpiry(value: string | number | null, nowMs: number): number | null {
  if (value === null) return null;
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  const time = typeof number === "string" ? Date.parse(number) : epochMs(number, nowMs);
  return time > nowMs && time <= MAX_TIME_MS ? time : null;
}

/** 1e9 s was in 2001, and 1e11 ms in 1973: which of them a number is shows in its size. */
function epochMs(number: number, nowMs: number): number {
  if (number < 1e9) return nowMs + number * 1000;
  return number < 1e11 ? number * 1000 : number;
}
