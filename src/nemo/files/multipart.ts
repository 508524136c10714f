/**
 * A multipart body of known length that is written while its files are read: nothing is collected.
 * Source: nemo-api.md, "Upload file"; RFC 7578 (a safe name holds no quotation mark and no line break, and needs no
 * escaping); performance.md, "Relay", for why neither `fetch` nor FormData is used.
 */
import { randomBytes } from "node:crypto";
import { AttachmentError } from "../../core/ports/chat-platform.ts";
import type { UploadFile } from "../../core/ports/video-backend.ts";
import { safeFileName } from "../../lib/file-name.ts";
import { UploadSourceError } from "./upload-source-error.ts";

export interface MultipartBody {
  contentType: string;
  /** Exact length of the body, known before its first byte. */
  sizeBytes: number;
  /** Opens each file when its turn comes. Throws `UploadSourceError` before a wrong length could go out whole. */
  stream(signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** @param onSent told the bytes of the files handed to the network so far, after each chunk. */
export function createMultipartBody(
  fieldName: string,
  files: readonly UploadFile[],
  onSent: (sentBytes: number) => void,
): MultipartBody {
  const boundary = `nemobot-${randomBytes(16).toString("hex")}`;
  const heads = files.map((file) => Buffer.from(partHead(boundary, fieldName, file)));
  const lineEnd = Buffer.from("\r\n");
  const tail = Buffer.from(`--${boundary}--\r\n`);
  const partsBytes = files.reduce(
    (sum, file, index) => sum + (heads[index]?.byteLength ?? 0) + file.sizeBytes + lineEnd.byteLength,
    0,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    sizeBytes: partsBytes + tail.byteLength,
    async *stream(signal) {
      let sentBytes = 0;
      for (const [index, file] of files.entries()) {
        const head = heads[index];
        if (head !== undefined) yield head;
        for await (const chunk of exactly(file, signal)) {
          yield chunk;
          // Reached when the network has taken the chunk: the pace of the slower side.
          sentBytes += chunk.byteLength;
          onSent(sentBytes);
        }
        yield lineEnd;
      }
      yield tail;
    },
  };
}

/** The file's bytes, as many as were promised. A chunk that goes too far is not passed on. */
async function* exactly(file: UploadFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  try {
    for await (const chunk of await file.open(signal)) {
      readBytes += chunk.byteLength;
      if (readBytes > file.sizeBytes) break;
      if (chunk.byteLength > 0) yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    // The platform's own answer ("too large for me", "gone") says more than we could.
    if (error instanceof AttachmentError) throw error;
    throw new UploadSourceError("broken", file.sizeBytes, readBytes, error);
  }
  if (readBytes > file.sizeBytes) throw new UploadSourceError("too-long", file.sizeBytes, readBytes);
  if (readBytes < file.sizeBytes) throw new UploadSourceError("too-short", file.sizeBytes, readBytes);
}

function partHead(boundary: string, fieldName: string, file: UploadFile): string {
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(file.mimeType) ? file.mimeType : "application/octet-stream";
  return (
    `--${boundary}\r\n` +
    `Content-Disposition: form-data; name="${fieldName}"; filename="${safeFileName(file.name)}"\r\n` +
    `Content-Type: ${type}\r\n\r\n`
  );
}
