/**
 * Files: what users sent and what the bot uploaded, their ids, and where they can be downloaded.
 * Source: core.telegram.org/bots/api#getfile and #sending-files.
 */

import { createHash } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { badRequest } from "./errors.ts";
import type { UploadedFile } from "./params.ts";

/** Most bytes `getFile` prepares on the cloud server. */
export const MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024;

/** Kinds of files; an id of one kind cannot be sent as another. */
export type MediaKind = "video" | "document" | "animation" | "audio" | "voice" | "photo" | "video_note";

/** Gives bytes of a file by position, so that large files need no memory. */
export type ByteReader = (offset: number, length: number) => Uint8Array;

/** One file the server knows. */
export interface StoredFile {
  fileId: string;
  uniqueId: string;
  kind: MediaKind | "thumbnail";
  sizeBytes: number;
  name: string;
  mimeType: string;
  /** Null when the content was too large to keep, or is only known by its hash. */
  read: ByteReader | null;
  /** Hex; null for generated content. */
  sha256: string | null;
}

const FOLDERS: Readonly<Record<StoredFile["kind"], string>> = {
  video: "videos",
  document: "documents",
  animation: "animations",
  audio: "music",
  voice: "voice",
  photo: "photos",
  video_note: "video_notes",
  thumbnail: "thumbnails",
};

const KIND_NAMES: Readonly<Record<StoredFile["kind"], string>> = {
  video: "Video",
  document: "Document",
  animation: "Animation",
  audio: "Audio",
  voice: "VoiceNote",
  photo: "Photo",
  video_note: "VideoNote",
  thumbnail: "Thumbnail",
};

/** Deterministic content for files given by size alone: byte `i` depends on `i` only. */
export function patternBytes(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const position = offset + index;
    bytes[index] = (position * 31 + (position >>> 8) * 17 + (position >>> 16)) & 0xff;
  }
  return bytes;
}

/** All files of one server. */
export class FileStore {
  readonly #mode: "cloud" | "local";
  readonly #filesDir: string | null;
  readonly #token: string;
  readonly #byId = new Map<string, StoredFile>();
  /** Opened by `getFile`; only these can be downloaded. */
  readonly #byPath = new Map<string, StoredFile>();
  #count = 0;

  constructor(options: { mode: "cloud" | "local"; filesDir: string | null; token: string }) {
    this.#mode = options.mode;
    this.#filesDir = options.filesDir;
    this.#token = options.token;
  }

  /** Registers a file and gives it its ids. */
  add(file: Omit<StoredFile, "fileId" | "uniqueId">): StoredFile {
    this.#count += 1;
    const seed = createHash("sha256").update(`${this.#token} ${this.#count}`).digest("base64url");
    const prefix = file.kind === "photo" || file.kind === "thumbnail" ? "AgACAgIAAxkB" : "BAACAgIAAxkB";
    const stored = { ...file, fileId: `${prefix}${seed}AAI`, uniqueId: `AgAD${seed.slice(0, 12)}` };
    this.#byId.set(stored.fileId, stored);
    return stored;
  }

  /** Registers what the bot uploaded. */
  addUpload(kind: MediaKind, upload: UploadedFile): StoredFile {
    const { bytes } = upload;
    return this.add({
      kind,
      sizeBytes: upload.sizeBytes,
      name: upload.name,
      mimeType: upload.mimeType,
      sha256: upload.sha256,
      read: bytes === null ? null : (offset, length) => bytes.subarray(offset, offset + length),
    });
  }

  /** The file of an id, or undefined. */
  find(fileId: string): StoredFile | undefined {
    return this.#byId.get(fileId);
  }

  /** The file of an id to be sent as `kind`; throws as the server refuses. */
  forSending(fileId: string, kind: MediaKind): StoredFile {
    const file = this.#byId.get(fileId);
    if (file === undefined) {
      throw badRequest("Wrong remote file identifier specified: can't unserialize it. Wrong last symbol");
    }
    if (file.kind !== kind) {
      throw badRequest(`Can't use file of type ${KIND_NAMES[file.kind]} as ${KIND_NAMES[kind]}`);
    }
    return file;
  }

  /** `getFile`: opens a path; on a local server the bytes are on disk under an absolute path afterwards. */
  async openPath(fileId: string): Promise<Record<string, unknown>> {
    if (fileId === "") throw badRequest("file_id not specified");
    const file = this.#byId.get(fileId);
    if (file === undefined) throw badRequest("invalid file_id");
    if (this.#mode === "cloud" && file.sizeBytes > MAX_DOWNLOAD_BYTES) throw badRequest("file is too big");
    if (file.read === null) throw badRequest("wrong file_id or the file is temporarily unavailable");
    const relative = `${FOLDERS[file.kind]}/file_${[...this.#byId.keys()].indexOf(fileId)}${extensionOf(file)}`;
    const answer = { file_id: file.fileId, file_unique_id: file.uniqueId, file_size: file.sizeBytes };
    if (this.#mode === "local") {
      if (this.#filesDir === null) throw new Error("fake Telegram: local mode needs filesDir");
      const path = join(this.#filesDir, this.#token, relative);
      await writeFileByReader(path, file.read, file.sizeBytes);
      return { ...answer, file_path: path };
    }
    this.#byPath.set(relative, file);
    return { ...answer, file_path: relative };
  }

  /** The file of an opened path, or undefined. */
  byPath(path: string): StoredFile | undefined {
    return this.#mode === "cloud" ? this.#byPath.get(path) : undefined;
  }

  /** Makes all links die, as after their hour. */
  expireLinks(): void {
    this.#byPath.clear();
  }
}

function extensionOf(file: StoredFile): string {
  return /\.[A-Za-z0-9]{1,5}$/.exec(file.name)?.[0]?.toLowerCase() ?? "";
}

async function writeFileByReader(path: string, read: ByteReader, sizeBytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await using handle = await open(path, "w");
  const step = 1024 * 1024;
  for (let offset = 0; offset < sizeBytes; offset += step) {
    await handle.write(read(offset, Math.min(step, sizeBytes - offset)));
  }
}
