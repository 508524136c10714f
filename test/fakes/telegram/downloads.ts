/** `/file/bot<token>/<path>`: whole files and ranges, broken half-way or slow when a test asks for it. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { StoredFile } from "./files.ts";

/** One download as it went. */
export interface DownloadRecord {
  path: string;
  /** The `Range` header, null without. */
  range: string | null;
  sentBytes: number;
  isComplete: boolean;
}

/** Breaks or slows the next downloads. */
export interface DownloadTrouble {
  /** Destroys the connection after so many bytes of a body. */
  breakAfterBytes: number | null;
  /** How many downloads break. */
  breakTimes: number;
  /** Waits between chunks; 0 for full speed. */
  delayPerChunkMs: number;
  /** Bytes of a chunk. */
  chunkBytes: number;
}

/** Sends `file`, honouring a single byte range. */
export async function sendFile(
  file: StoredFile,
  request: IncomingMessage,
  response: ServerResponse,
  trouble: DownloadTrouble,
  record: DownloadRecord,
): Promise<void> {
  const { read } = file;
  if (read === null) {
    response.writeHead(404).end();
    return;
  }
  const range = parseRange(request.headers.range, file.sizeBytes);
  if (range === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${file.sizeBytes}` }).end();
    return;
  }
  const { from, to } = range ?? { from: 0, to: file.sizeBytes - 1 };
  response.writeHead(range === null ? 200 : 206, {
    "content-type": "application/octet-stream",
    "content-length": to - from + 1,
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${from}-${to}/${file.sizeBytes}` }),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const breakAt = trouble.breakTimes > 0 ? trouble.breakAfterBytes : null;
  if (breakAt !== null) trouble.breakTimes -= 1;
  for (let offset = from; offset <= to; ) {
    const left = breakAt === null ? Number.POSITIVE_INFINITY : breakAt - record.sentBytes;
    if (left <= 0) {
      response.destroy();
      return;
    }
    const length = Math.min(trouble.chunkBytes, to - offset + 1, left);
    if (response.destroyed) return;
    const hasRoom = response.write(read(offset, length));
    offset += length;
    record.sentBytes += length;
    if (!hasRoom) await drained(response);
    if (trouble.delayPerChunkMs > 0) await delay(trouble.delayPerChunkMs);
  }
  record.isComplete = true;
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

function parseRange(header: string | undefined, sizeBytes: number): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const isSuffix = match[1] === "";
  const from = isSuffix ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const to = isSuffix || match[2] === "" ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1);
  return from > to ? "unsatisfiable" : { from, to };
}

interface ByteRange {
  from: number;
  to: number;
}
