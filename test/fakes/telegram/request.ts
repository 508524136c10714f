/**
 * Reads the parameters of a request in the four ways the Bot API takes them: query string, form, JSON, multipart.
 * Source: core.telegram.org/bots/api#making-requests.
 */

import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiError, badRequest } from "./errors.ts";
import { boundaryOf, MultipartParser, type PartHead } from "./multipart.ts";
import { isObject, Params, type RawParam, type UploadedFile } from "./params.ts";

/** Bounds of a request body. */
export interface BodyLimits {
  /** Most bytes of one uploaded file. */
  maxFileBytes: number;
  /** Files up to this size are kept for tests to look at. */
  keepFileBytes: number;
}

const MAX_FIELD_BYTES = 1024 * 1024;

/** Thrown with 413 as soon as a file is too large; the rest of the body is drained by the caller. */
const TOO_LARGE = "Request Entity Too Large";

/** Reads everything; throws `ApiError` for what the server refuses. */
export async function readParams(
  request: IncomingMessage,
  query: URLSearchParams,
  limits: BodyLimits,
): Promise<Params> {
  const values = new Map<string, RawParam>();
  const files = new Map<string, UploadedFile>();
  for (const [name, text] of query) values.set(name, { text, kind: "string" });
  const contentType = request.headers["content-type"] ?? "";
  const boundary = boundaryOf(contentType);
  if (boundary !== null) {
    await readMultipart(request, boundary, limits, values, files);
  } else {
    const body = await readSmallBody(request);
    if (/^application\/json\b/i.test(contentType)) readJson(body, values);
    else if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
      for (const [name, text] of new URLSearchParams(body)) values.set(name, { text, kind: "string" });
    }
  }
  return new Params(values, files);
}

async function readSmallBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FIELD_BYTES) throw new ApiError(413, TOO_LARGE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readJson(body: string, values: Map<string, RawParam>): void {
  if (body === "") return;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new ApiError(400, "Bad Request: can't parse JSON object");
  }
  if (!isObject(parsed)) throw new ApiError(400, "Bad Request: JSON object expected");
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === "string") values.set(name, { text: value, kind: "string" });
    else if (typeof value === "number") values.set(name, { text: String(value), kind: "number" });
    else if (typeof value === "boolean") values.set(name, { text: String(value), kind: "boolean" });
    else if (value !== null) values.set(name, { text: JSON.stringify(value), kind: "json" });
  }
}

/** Collects the part that is being read. */
class PartCollector {
  readonly #limits: BodyLimits;
  readonly #values: Map<string, RawParam>;
  readonly #files: Map<string, UploadedFile>;
  #head: PartHead = { name: "", fileName: null, mimeType: "" };
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #hash: Hash = createHash("sha256");

  constructor(limits: BodyLimits, values: Map<string, RawParam>, files: Map<string, UploadedFile>) {
    this.#limits = limits;
    this.#values = values;
    this.#files = files;
  }

  onPart(head: PartHead): void {
    this.#head = head;
    this.#chunks = [];
    this.#sizeBytes = 0;
    this.#hash = createHash("sha256");
  }

  onData(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    const isFile = this.#head.fileName !== null;
    if (this.#sizeBytes > (isFile ? this.#limits.maxFileBytes : MAX_FIELD_BYTES))
      throw new ApiError(413, TOO_LARGE);
    if (isFile) this.#hash.update(chunk);
    if (this.#sizeBytes <= (isFile ? this.#limits.keepFileBytes : MAX_FIELD_BYTES)) {
      // A copy: the chunk is a view of a larger network buffer.
      this.#chunks.push(Buffer.from(chunk));
    } else {
      this.#chunks = [];
    }
  }

  onPartEnd(): void {
    const { name, fileName, mimeType } = this.#head;
    if (fileName === null) {
      this.#values.set(name, { text: Buffer.concat(this.#chunks).toString("utf8"), kind: "string" });
      return;
    }
    this.#files.set(name, {
      name: fileName,
      mimeType,
      sizeBytes: this.#sizeBytes,
      sha256: this.#hash.digest("hex"),
      bytes: this.#sizeBytes <= this.#limits.keepFileBytes ? Buffer.concat(this.#chunks) : null,
    });
  }
}

async function readMultipart(
  request: IncomingMessage,
  boundary: string,
  limits: BodyLimits,
  values: Map<string, RawParam>,
  files: Map<string, UploadedFile>,
): Promise<void> {
  const parser = new MultipartParser(boundary, new PartCollector(limits, values, files));
  try {
    // `for await` would destroy the socket on the first error, and with it the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      parser.write(chunk);
    }
    parser.end();
  } catch (error) {
    if (error instanceof ApiError || request.destroyed) throw error;
    throw badRequest(`can't parse the request body: ${error instanceof Error ? error.message : "unknown"}`);
  }
}
