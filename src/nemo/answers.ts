/**
 * The answers of the endpoints: every dialect in, one form out. Strict about what is used, tolerant of the
 * rest. Source: nemo-api.md, "Endpoints".
 */
import { z } from "zod";
import type { Credits, RenderStatus, UploadedMedia } from "../core/ports.ts";
import { isJsonObject } from "./envelope.ts";

const text = z.string().min(1);
/** An id as text; some gateways send numbers. */
const id = z.union([text, z.number().transform(String)]);
const amount = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
/** What may be absent or malformed without spoiling the answer. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null);

/** `POST /api/auth/anonymous-token` */
export const tokenAnswer = z
  .object({
    token: text,
    user_id: optional(id),
    expires_at: optional(z.union([text, z.number()])),
  })
  .transform((answer) => ({
    token: answer.token,
    userId: answer.user_id ?? null,
    expiresAt: readTime(answer.expires_at ?? null),
  }));

/** `POST /api/tasks/me/with-session/nemo_agent` */
export const sessionAnswer = z
  .object({ session_id: id, task_id: optional(id), user_id: optional(id) })
  .transform((answer) => ({
    sessionId: answer.session_id,
    taskId: answer.task_id ?? null,
    userId: answer.user_id ?? null,
  }));

/** `GET /api/credits/balance/simple` */
export const creditsAnswer = z
  .object({ available: amount, frozen: optional(amount), total: optional(amount) })
  .transform(({ available, frozen, total }): Credits => {
    const reserved = frozen ?? 0;
    return { available, frozen: reserved, total: total ?? available + reserved };
  });

const uploadedFile = z
  .object({
    filename: optional(text),
    name: optional(text),
    file_type: optional(text),
    duration: optional(amount),
    width: optional(amount),
    height: optional(amount),
  })
  .transform(
    (file): UploadedMedia => ({
      name: file.filename ?? file.name ?? "",
      type: readMediaType(file.file_type ?? ""),
      durationS: file.duration ?? null,
      width: file.width ?? null,
      height: file.height ?? null,
    }),
  );

/** `POST /api/upload-video/nemo_agent/me/<sid>` */
export const uploadAnswer = z
  .object({ files: z.array(uploadedFile).max(1000) })
  .transform((answer) => answer.files);

/** `POST /api/auth/claim-token` */
export const claimAnswer = z.object({ claim_token: text }).transform((answer) => answer.claim_token);

const output = z.object({
  url: z.unknown().optional(),
  duration: optional(amount),
  size: optional(amount),
  width: optional(amount),
  height: optional(amount),
});

const renderFields = z.object({
  id: optional(id),
  taskId: optional(id),
  task_id: optional(id),
  renderId: optional(id),
  status: optional(text),
  progress: optional(amount),
  output: z.unknown().optional(),
  outputUrl: z.unknown().optional(),
  output_url: z.unknown().optional(),
  error: z.unknown().optional(),
});

/** Render submission and status, both dialects; `askedId` stands in when the answer names no id. */
export function renderAnswer(askedId: string) {
  return renderFields.transform((answer): RenderStatus => {
    const result = isJsonObject(answer.output) ? output.safeParse(answer.output).data : undefined;
    const url =
      webUrl(result?.url) ?? webUrl(answer.output) ?? webUrl(answer.outputUrl) ?? webUrl(answer.output_url);
    return {
      renderId: answer.id ?? answer.taskId ?? answer.task_id ?? answer.renderId ?? askedId,
      phase: readPhase(
        answer.status ?? "",
        url !== null,
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

function webUrl(value: unknown): string | null {
  if (typeof value !== "string" || !URL.canParse(value)) return null;
  return isWebUrl(new URL(value)) ? value : null;
}

/** True for http and https. */
export function isWebUrl(url: URL): boolean {
  return url.protocol === "https:" || url.protocol === "http:";
}

function readMediaType(type: string): UploadedMedia["type"] {
  const family = type.split("/")[0]?.toLowerCase();
  return family === "video" || family === "image" || family === "audio" ? family : "other";
}

/** Epoch ms of an ISO time, of epoch seconds or of epoch ms; null when it is none of them. */
function readTime(value: string | number | null): number | null {
  if (value === null) return null;
  const time = typeof value === "string" ? Date.parse(value) : value < 1e11 ? value * 1000 : value;
  return Number.isFinite(time) ? time : null;
}
