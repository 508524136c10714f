/**
 * Files behind signed URLs that expire.
 * Source: Discord docs, "Reference: Signed Attachment CDN URLs".
 */

import { createHmac, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Bytes that can be read from any position. */
export interface CdnFile {
  /** `/cdn/attachments/<channel>/<attachment>/<name>`, without a signature. */
  path: string;
  sizeBytes: number;
  contentType: string;
  /** Bytes of `[from, to)`. */
  read(from: number, to: number): Buffer;
}

/** One download as it went. */
export interface DownloadRecord {
  path: string;
  status: number;
  /** The `Range` header, null without. */
  range: string | null;
  sentBytes: number;
  isComplete: boolean;
}

const CHUNK_BYTES = 64 * 1024;

/** Reads given bytes. */
export function bytesReader(bytes: Buffer): CdnFile["read"] {
  return (from, to) => bytes.subarray(from, to);
}

/** Makes bytes up as they are read: the same ones for the same position, none kept. */
export function generatedReader(seed: number): CdnFile["read"] {
  return (from, to) => {
    const bytes = Buffer.allocUnsafe(to - from);
    for (let index = 0; index < bytes.length; index += 1) {
      const position = from + index;
      bytes[index] = (position * 31 + (position >>> 8) * 17 + seed) & 0xff;
    }
    return bytes;
  };
}

/** The file store. */
export class Cdn {
  /** How long a URL lives; rounded up to seconds. */
  urlLifeMs: number;
  /** Base of every URL, known once the server listens. */
  baseUrl = "";
  readonly downloads: DownloadRecord[] = [];
  readonly #files = new Map<string, CdnFile>();
  #key = randomBytes(16);
  #trouble: { afterBytes: number; times: number } | null = null;
  #refusal: { status: number; times: number } | null = null;

  constructor(urlLifeMs: number) {
    this.urlLifeMs = urlLifeMs;
  }

  /** Keeps a file. */
  add(file: CdnFile): void {
    this.#files.set(file.path, file);
  }

  /** Forgets a file. */
  remove(file: CdnFile): void {
    this.#files.delete(file.path);
  }

  /** A URL that works from now on for `urlLifeMs`. */
  sign(file: CdnFile): string {
    const issued = Date.now();
    // Both parameters count seconds, as the real ones do.
    const is = Math.floor(issued / 1000).toString(16);
    const ex = Math.ceil((issued + this.urlLifeMs) / 1000).toString(16);
    return `${this.baseUrl}${encodeURI(file.path)}?ex=${ex}&is=${is}&hm=${this.#signature(file.path, ex, is)}&`;
  }

  /** Makes every URL given out so far useless; those signed afterwards work. */
  expireUrls(): void {
    this.#key = randomBytes(16);
  }

  /** Cuts the connection of the next `times` downloads after so many bytes of the body. */
  breakNext(trouble: { afterBytes: number; times: number }): void {
    this.#trouble = { ...trouble };
  }

  /** Answers the next `times` downloads with a status. */
  failNext(refusal: { status: number; times: number }): void {
    this.#refusal = { ...refusal };
  }

  /** Serves GET and HEAD below `/cdn/`. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = decodeURI(url.pathname);
    const record: DownloadRecord = {
      path,
      status: 200,
      range: request.headers.range ?? null,
      sentBytes: 0,
      isComplete: false,
    };
    this.downloads.push(record);
    const file = this.#files.get(path);
    const refused = this.#takeRefusal();
    if (refused !== null) {
      answerText(response, record, refused, "error");
      return;
    }
    if (file === undefined || !this.#isSigned(path, url.searchParams)) {
      answerText(response, record, 404, "This content is no longer available.");
      return;
    }
    const range = parseRange(request.headers.range, file.sizeBytes);
    if (range === "unsatisfiable") {
      response.setHeader("content-range", `bytes */${file.sizeBytes}`);
      answerText(response, record, 416, "");
      return;
    }
    const { from, to } = range ?? { from: 0, to: file.sizeBytes };
    record.status = range === null ? 200 : 206;
    response.writeHead(record.status, {
      "content-type": file.contentType,
      "content-length": to - from,
      "accept-ranges": "bytes",
      ...(range === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${file.sizeBytes}` }),
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    await this.#send(file, from, to, response, record);
  }

  async #send(file: CdnFile, from: number, to: number, response: ServerResponse, record: DownloadRecord) {
    const trouble = this.#trouble;
    const breakAt = trouble !== null && trouble.times > 0 ? trouble.afterBytes : Number.POSITIVE_INFINITY;
    if (trouble !== null && trouble.times > 0) trouble.times -= 1;
    for (let at = from; at < to; ) {
      const length = Math.min(CHUNK_BYTES, to - at, breakAt - record.sentBytes);
      if (length <= 0) {
        response.destroy();
        return;
      }
      const hasRoom = response.write(file.read(at, at + length));
      at += length;
      record.sentBytes += length;
      if (!hasRoom && !(await drained(response))) return;
    }
    response.end();
    record.isComplete = true;
  }

  #takeRefusal(): number | null {
    const refusal = this.#refusal;
    if (refusal === null || refusal.times <= 0) return null;
    refusal.times -= 1;
    return refusal.status;
  }

  #isSigned(path: string, query: URLSearchParams): boolean {
    const ex = query.get("ex") ?? "";
    const is = query.get("is") ?? "";
    if (query.get("hm") !== this.#signature(path, ex, is)) return false;
    return Number.parseInt(ex, 16) * 1000 > Date.now();
  }

  #signature(path: string, ex: string, is: string): string {
    return createHmac("sha256", this.#key).update(`${path}?${ex}&${is}`).digest("hex");
  }
}

function answerText(response: ServerResponse, record: DownloadRecord, status: number, text: string): void {
  record.status = status;
  response.writeHead(status, { "content-type": "text/plain;charset=UTF-8" }).end(text);
}

/** Waits until the response takes more; false when its connection is gone. */
function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (isOpen: boolean) => {
      response.off("drain", onDrain).off("close", onClose);
      resolve(isOpen);
    };
    const onDrain = () => done(true);
    const onClose = () => done(false);
    response.on("drain", onDrain).on("close", onClose);
    if (response.destroyed) done(false);
  });
}

function parseRange(
  header: string | undefined,
  size: number,
): { from: number; to: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const from = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === "" || match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  return from < to && from < size ? { from, to } : "unsatisfiable";
}
