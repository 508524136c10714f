/**
 * A strict streaming parser of `multipart/form-data`: bounded headers, parts given out chunk by chunk.
 * Source: RFC 7578 and RFC 2046, section 5.1.
 */

/** Head of one part. */
export interface PartHead {
  name: string;
  /** Null for a plain field. */
  fileName: string | null;
  mimeType: string;
}

/** Called in order: `onPart`, any number of `onData`, `onPartEnd`. */
export interface PartHandler {
  onPart(head: PartHead): void;
  onData(chunk: Buffer): void;
  onPartEnd(): void;
}

const MAX_HEADER_BYTES = 16 * 1024;

type Phase = "preamble" | "after-boundary" | "headers" | "body" | "done";

/** Feeds on chunks cut anywhere; throws on whatever is not well-formed. */
export class MultipartParser {
  readonly #handler: PartHandler;
  readonly #opening: Buffer;
  readonly #delimiter: Buffer;
  #pending: Buffer = Buffer.alloc(0);
  #phase: Phase = "preamble";

  constructor(boundary: string, handler: PartHandler) {
    if (boundary === "" || boundary.length > 70) throw new Error("multipart: bad boundary");
    this.#handler = handler;
    this.#opening = Buffer.from(`--${boundary}`, "latin1");
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  }

  /** Takes the next bytes. */
  write(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#step());
  }

  /** Says that no more bytes come; throws when the closing boundary is missing. */
  end(): void {
    if (this.#phase !== "done") throw new Error(`multipart: the body ends in its ${this.#phase}`);
  }

  #step(): boolean {
    switch (this.#phase) {
      case "preamble":
        return this.#readOpening();
      case "after-boundary":
        return this.#readAfterBoundary();
      case "headers":
        return this.#readHeaders();
      case "body":
        return this.#readBody();
      case "done":
        this.#pending = Buffer.alloc(0);
        return false;
    }
  }

  #readOpening(): boolean {
    if (this.#pending.length < this.#opening.length) return false;
    if (!this.#pending.subarray(0, this.#opening.length).equals(this.#opening)) {
      throw new Error("multipart: the body does not start with its boundary");
    }
    this.#take(this.#opening.length);
    this.#phase = "after-boundary";
    return true;
  }

  #readAfterBoundary(): boolean {
    if (this.#pending.length < 2) return false;
    const mark = this.#take(2).toString("latin1");
    if (mark !== "--" && mark !== "\r\n") throw new Error("multipart: garbage after a boundary");
    this.#phase = mark === "--" ? "done" : "headers";
    return true;
  }

  #readHeaders(): boolean {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#pending.length > MAX_HEADER_BYTES) throw new Error("multipart: part headers are too long");
      return false;
    }
    const head = parsePartHead(this.#take(end).toString("utf8"));
    this.#take(4);
    this.#handler.onPart(head);
    this.#phase = "body";
    return true;
  }

  #readBody(): boolean {
    const end = this.#pending.indexOf(this.#delimiter);
    if (end >= 0) {
      if (end > 0) this.#handler.onData(this.#take(end));
      this.#take(this.#delimiter.length);
      this.#handler.onPartEnd();
      this.#phase = "after-boundary";
      return true;
    }
    // The tail may be the beginning of the delimiter, so it stays until more has come.
    const safe = this.#pending.length - (this.#delimiter.length - 1);
    if (safe > 0) this.#handler.onData(this.#take(safe));
    return false;
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }
}

/** The boundary of a content type, or null when it is no multipart form. */
export function boundaryOf(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match === null ? null : (match[1] ?? match[2] ?? null);
}

function parsePartHead(headers: string): PartHead {
  let disposition = "";
  let mimeType = "";
  for (const line of headers.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error("multipart: a part header has no name");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-disposition") disposition = value;
    if (name === "content-type") mimeType = value;
  }
  if (!disposition.startsWith("form-data;")) throw new Error("multipart: a part is no form-data");
  const name = parameterOf(disposition, "name");
  if (!name) throw new Error("multipart: a part has no name");
  return { name, fileName: parameterOf(disposition, "filename"), mimeType };
}

/** Like the real server: everything up to the next semicolon, with or without quotes around it, taken as it is. */
function parameterOf(disposition: string, name: string): string | null {
  for (const piece of disposition.split(";").slice(1)) {
    const [key = "", ...rest] = piece.split("=");
    const value = rest.join("=").trim();
    if (key.trim() === name) return /^".*"$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value;
  }
  return null;
}
