/**
 * Reads request bodies: JSON, or a form with `payload_json` and `files[n]`.
 * Source: Discord docs, "Reference: Uploading Files".
 */

import type { IncomingMessage } from "node:http";
import { invalidForm, refusal } from "./errors.ts";
import { splitForm } from "./multipart.ts";
import { isObject, type JsonObject } from "./wire.ts";

/** A file of a form. */
export interface UploadedFile {
  /** The `n` of `files[n]`. */
  index: number;
  filename: string;
  contentType: string;
  bytes: Buffer;
}

/** What a request carried. */
export interface RequestBody {
  json: unknown;
  files: UploadedFile[];
  /** Bytes on the wire. */
  sizeBytes: number;
}

/** Reads all of a request's body. Throws 40005 past `maxBytes`, 50109 for broken JSON, 50035 for other types. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // The rest is read and thrown away, so that the client gets its answer instead of a reset.
    if (sizeBytes <= maxBytes) chunks.push(chunk);
  }
  if (sizeBytes > maxBytes) throw refusal("tooLarge");
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return { json: undefined, files: [], sizeBytes };
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/json")) return { json: parseJson(bytes.toString()), files: [], sizeBytes };
  if (type.startsWith("multipart/form-data")) return { ...readForm(bytes, type), sizeBytes };
  throw invalidForm(
    [],
    "CONTENT_TYPE_INVALID",
    "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.",
  );
}

function readForm(bytes: Buffer, type: string): Omit<RequestBody, "sizeBytes"> {
  const parts = splitForm(bytes, type);
  if (parts === null) throw refusal("invalidJson");
  const files: UploadedFile[] = [];
  let json: unknown;
  const fields: JsonObject = {};
  for (const part of parts) {
    if (part.filename === null) {
      if (part.name === "payload_json") json = parseJson(part.bytes.toString());
      else fields[part.name] = part.bytes.toString();
      continue;
    }
    const match = /^files\[(\d+)\]$/.exec(part.name);
    if (match === null || part.filename === "")
      throw invalidForm(
        [part.name],
        "UPLOAD_FIELD_INVALID",
        "Files must be sent as files[n] with a filename.",
      );
    const { filename, contentType, bytes: content } = part;
    files.push({ index: Number(match[1]), filename, contentType, bytes: content });
  }
  if (new Set(files.map((file) => file.index)).size !== files.length)
    throw invalidForm(["files"], "UPLOAD_FIELD_DUPLICATED", "Each file must have a name of its own.");
  return { json: json ?? fields, files };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal("invalidJson");
  }
}

/** The body as an object; an absent one is empty. */
export function asObject(json: unknown): JsonObject {
  if (json === undefined) return {};
  if (isObject(json)) return json;
  throw invalidForm([], "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
}
