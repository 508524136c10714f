/** Files on disk, written as they stream in, each with a public address that cannot be guessed. */

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { own } from "../../lib/own.ts";
import { Refusal } from "../answers.ts";

/** All files together; beyond it uploads are refused, so that a demo cannot fill a disk. */
const MAX_STORED_BYTES = 20 * 1024 ** 3;

/** What the backend takes (nemo-api.md, "Formats"), with the kind and the MIME type of each. */
export const MEDIA_TYPES: Record<string, { kind: "video" | "image" | "audio"; mime: string }> = {
  mp4: { kind: "video", mime: "video/mp4" },
  mov: { kind: "video", mime: "video/quicktime" },
  avi: { kind: "video", mime: "video/x-msvideo" },
  webm: { kind: "video", mime: "video/webm" },
  mkv: { kind: "video", mime: "video/x-matroska" },
  jpg: { kind: "image", mime: "image/jpeg" },
  jpeg: { kind: "image", mime: "image/jpeg" },
  png: { kind: "image", mime: "image/png" },
  gif: { kind: "image", mime: "image/gif" },
  webp: { kind: "image", mime: "image/webp" },
  mp3: { kind: "audio", mime: "audio/mpeg" },
  wav: { kind: "audio", mime: "audio/wav" },
  m4a: { kind: "audio", mime: "audio/mp4" },
  aac: { kind: "audio", mime: "audio/aac" },
};

/** A file on disk. */
export interface StoredFile {
  /** Names it as media on the timeline. */
  id: string;
  path: string;
  type: string;
  /** Lower case, without the dot; always one of `MEDIA_TYPES`. */
  extension: string;
  sizeBytes: number;
  /** SHA-256 in hex. */
  hash: string;
}

/** The files of a sandbox. */
export class FileStore {
  readonly dir: string;
  #storedBytes = 0;
  #published = new Map<string, { path: string; type: string }>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Makes the folders. What stands in them already counts. */
  async open(): Promise<void> {
    await mkdir(join(this.dir, "renders"), { recursive: true });
    await mkdir(join(this.dir, "media"), { recursive: true });
    for (const name of await readdir(join(this.dir, "media"))) {
      this.#storedBytes += (await stat(join(this.dir, "media", name))).size;
    }
  }

  /** Public addresses and what is behind them, for another sandbox on the same folder. */
  kept(): [key: string, file: { path: string; type: string }][] {
    return [...this.#published];
  }

  restore(kept: readonly [key: string, file: { path: string; type: string }][]): void {
    this.#published = new Map(kept);
  }

  /** Writes a stream to disk in constant memory. Throws 4002 beyond the limit and leaves nothing behind. */
  async save(
    source: AsyncIterable<Uint8Array> | NodeJS.ReadableStream,
    extension: string,
    limitBytes: number,
    signal: AbortSignal,
  ): Promise<StoredFile> {
    const media = own(MEDIA_TYPES, extension);
    if (media === undefined) throw new Refusal(4001, `Unsupported file type: ${extension}`);
    const id = randomUUID();
    const path = join(this.dir, "media", `${id}.${extension}`);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const meter = new Transform({
      transform: (chunk: Uint8Array, _, done) => {
        sizeBytes += chunk.length;
        if (sizeBytes > limitBytes)
          done(new Refusal(4002, `File too large, the limit is ${limitBytes} bytes`));
        else if (this.#storedBytes + sizeBytes > MAX_STORED_BYTES) done(new Refusal(507, "Storage is full"));
        else {
          hash.update(chunk);
          done(null, chunk);
        }
      },
    });
    try {
      await pipeline(source, meter, createWriteStream(path), { signal });
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    this.#storedBytes += sizeBytes;
    return { id, path, type: media.mime, extension, sizeBytes, hash: hash.digest("hex") };
  }

  /** A path for a render's result. */
  newRenderPath(): string {
    return join(this.dir, "renders", `${randomUUID()}.mp4`);
  }

  /** Makes a file public; returns the path of its address. */
  publish(file: { path: string; type: string }, name: string): string {
    const key = randomBytes(18).toString("base64url");
    this.#published.set(key, file);
    return `/files/${key}/${encodeURIComponent(name)}`;
  }

  /** The file of a public address; null when there is none. */
  published(key: string): { path: string; type: string } | null {
    return this.#published.get(key) ?? null;
  }

  /** Removes a file that no project uses. */
  async discard(file: StoredFile): Promise<void> {
    this.#storedBytes -= file.sizeBytes;
    await rm(file.path, { force: true });
  }
}

/** The extension of a file name, in lower case; empty when it has none. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}
