/**
 * JSON bodies the backend takes, strictly: a field it does not know is a typing mistake of the client.
 * Source: nemo-api.md, "Endpoints".
 */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { Refusal } from "../answers.ts";

const MAX_JSON_BYTES = 1024 * 1024;

/** `POST /api/tasks/me/with-session/nemo_agent` */
export const sessionBody = z.strictObject({
  task_name: z.string().min(1).max(200),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(?:[-_][a-z0-9]+)*$/i)
    .optional(),
});

/** `POST /run_sse` */
export const turnBody = z.strictObject({
  app_name: z.literal("nemo_agent"),
  user_id: z.literal("me"),
  session_id: z.string().min(1),
  new_message: z.strictObject({
    role: z.literal("user").optional(),
    parts: z
      .array(z.strictObject({ text: z.string().refine((text) => text.trim() !== "", "empty text") }))
      .min(1),
  }),
});

/** Upload by URL. */
export const urlUploadBody = z.strictObject({
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(20),
  source_type: z.literal("url"),
});

/** `POST /api/render/proxy/lambda` */
export const renderBody = z.strictObject({
  id: z.string().regex(/^[\w-]{1,128}$/),
  sessionId: z.string().min(1),
  draft: z.record(z.string(), z.unknown()),
  output: z.strictObject({ format: z.literal("mp4"), quality: z.enum(["low", "medium", "high"]).optional() }),
});

/** `POST /api/auth/claim-token` */
export const claimBody = z.strictObject({ task_id: z.string().min(1), session_id: z.string().min(1) });

/** Reads and parses a JSON body of at most 1 MB; throws 400, 413 or 415. */
export async function readJson(incoming: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(incoming.headers["content-type"] ?? "")) {
    throw new Refusal(415, "Content-Type must be application/json");
  }
  const text = await readText(incoming);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "The body is not JSON");
  }
}

/** Reads a text body of at most 1 MB; throws 413. */
async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not for-await: leaving it early would destroy the socket before the refusal is written.
  return await new Promise((resolve, reject) => {
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_JSON_BYTES) chunks.push(chunk);
      else reject(new Refusal(413, "The body is larger than 1 MB"));
    });
    incoming.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    incoming.on("error", reject);
    incoming.on("close", () => reject(new Refusal(400, "The request broke off")));
  });
}

/** The body in the schema's form; throws 400 with what is wrong. */
export function checkBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const checked = schema.safeParse(body);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new Refusal(400, problems.join("; ").slice(0, 500));
}
