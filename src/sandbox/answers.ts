/**
 * Answers of the sandbox and how they are written: envelopes in their dialects, files with ranges, sockets
 * that die on purpose. Source: nemo-api.md, "Envelope" and "Errors".
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Dialects } from "./scenario.ts";

/** What a handler answers with. */
export type Answer =
  | { kind: "body"; status: number; headers: Record<string, string>; body: string }
  | { kind: "file"; path: string; type: string }
  /** The handler wrote the response itself. */
  | { kind: "written" };

/** Where the socket dies while an answer is written. */
export type DropPoint = "before-answer" | "after-headers" | "mid-body";

/** A request the backend refuses, with a wire code or an HTTP status as its code. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

/** HTTP statuses of the wire codes, for the envelopes that use statuses. */
const HTTP_STATUS: Record<number, number> = { 1001: 401, 1002: 404, 2001: 402, 4001: 415, 4002: 413 };

/** Default messages of the codes. */
const CODE_MESSAGES: Record<number, string> = {
  400: "Missing X-Client-Id header",
  401: "Unauthorized",
  402: "Export is not available on the free plan",
  404: "Not found",
  429: "Too many requests",
  1001: "Invalid or expired token",
  1002: "Session not found",
  2001: "Insufficient credits",
  4001: "Unsupported file type",
  4002: "File too large",
};

/** A JSON body without an envelope. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return {
    kind: "body",
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

/** An HTML page. */
export function page(title: string, body: string): Answer {
  return {
    kind: "body",
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'" },
    body: `<!doctype html><meta charset="utf-8"><title>${escapeHtml(title)}</title><h1>${escapeHtml(title)}</h1>${body}`,
  };
}

/** Text made safe inside HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Data in an envelope; `beside` stands at the top level, next to the data. */
export function success(data: unknown, envelope: Dialects["envelope"], beside: object = {}): Answer {
  return envelope === "success"
    ? json({ success: true, data, ...beside })
    : json({ code: 0, message: "success", data, ...beside });
}

/** An error in an envelope. `always200` is for scenarios: any code in the `code` envelope under HTTP 200. */
export function failure(
  code: number,
  message: string | undefined,
  envelope: Dialects["envelope"],
  always200 = false,
): Answer {
  const status = HTTP_STATUS[code] ?? (code >= 400 && code <= 599 ? code : 400);
  const text = message ?? CODE_MESSAGES[code] ?? `Error ${code}`;
  switch (envelope) {
    case "code":
      return json({ code, message: text, data: null }, always200 || code >= 600 ? 200 : status);
    case "success":
      return json({ success: false, error: text }, status);
    case "http":
      // 402 alone would say "export blocked": without credits the code has to be in the body.
      return code === 2001
        ? json({ code, message: text }, status)
        : { kind: "body", status, headers: {}, body: "" };
  }
}

/** Writes an answer. With a drop point the socket dies there. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  dropAt: DropPoint | null = null,
): Promise<void> {
  if (answer.kind === "written") return;
  if (dropAt === "before-answer") {
    response.destroy();
    return;
  }
  if (answer.kind === "file") {
    await sendFile(request, response, answer, dropAt);
    return;
  }
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "content-length": bytes.length });
  if (dropAt === null) {
    response.end(request.method === "HEAD" ? undefined : bytes);
    return;
  }
  response.flushHeaders();
  if (dropAt === "mid-body") await written(response, bytes.subarray(0, Math.floor(bytes.length / 2)));
  await cut(response);
}

/** Writes and waits until the bytes are handed to the socket. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}

/** Ends the connection without ending the message, once what was written is on its way. */
export async function cut(response: ServerResponse): Promise<void> {
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  // `end` sends what is buffered and then FIN: the client gets the bytes, and a message cut short.
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.end(() => socket.destroy());
  });
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { path: string; type: string },
  dropAt: DropPoint | null,
): Promise<void> {
  const { size } = await stat(file.path);
  const range = readRange(request.headers.range, size);
  if (range === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${size}`, "content-length": 0 }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const length = end - start + 1;
  response.writeHead(range === null ? 200 : 206, {
    "content-type": file.type,
    "content-length": length,
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
  });
  response.flushHeaders();
  const sent = dropAt === null ? length : dropAt === "mid-body" ? Math.floor(length / 2) : 0;
  if (request.method !== "HEAD" && sent > 0) {
    const bytes = createReadStream(file.path, { start, end: start + sent - 1 });
    await pipeline(bytes, response, { end: false });
  }
  if (dropAt === null) response.end();
  else await cut(response);
}

/** One byte range; null when there is none, or a form that may be ignored (RFC 9110, 14.2). */
function readRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | null | "unsatisfiable" {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (found === null || (found[1] === "" && found[2] === "")) return null;
  const start = found[1] === "" ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === "" || found[2] === "" ? size - 1 : Math.min(Number(found[2]), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}
