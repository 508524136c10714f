/**
 * Files of outgoing messages: uploads, `attach://`, URLs that are really fetched, ids, local paths.
 * Source: core.telegram.org/bots/api#sending-files, #inputmedia.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { badRequest } from "./errors.ts";
import { MAX_DOWNLOAD_BYTES, type MediaKind, type StoredFile } from "./files.ts";
import type { Params, UploadedFile } from "./params.ts";
import { compact, type WireMedia, type WireMessage, type WirePhotoSize } from "./wire.ts";
import type { World } from "./world.ts";

const MAX_PHOTO_UPLOAD_BYTES = 10 * 1024 * 1024;
const MAX_PHOTO_URL_BYTES = 5 * 1024 * 1024;
const MAX_LOCAL_BYTES = 2000 * 1024 * 1024;
const MAX_THUMBNAIL_BYTES = 200 * 1024;
const MAX_SIDE = 10_000;
const MAX_DURATION_S = 24 * 60 * 60;

/** Numbers a sender says about its media. */
export interface MediaFacts {
  duration: number;
  width: number;
  height: number;
  title: string;
  performer: string;
}

/** Clamps what a sender says, like the server. */
export function mediaFacts(read: (name: string) => number, text: (name: string) => string): MediaFacts {
  const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, value));
  return {
    duration: clamp(read("duration"), MAX_DURATION_S),
    width: clamp(read("width"), MAX_SIDE),
    height: clamp(read("height"), MAX_SIDE),
    title: text("title"),
    performer: text("performer"),
  };
}

/** The file a parameter speaks of; `null` when there is none. `value` is the parameter's text. */
export async function resolveFile(
  world: World,
  params: Params,
  kind: MediaKind,
  field: string,
  value: string,
): Promise<StoredFile | null> {
  const attached = value.startsWith("attach://")
    ? value.slice("attach://".length)
    : value === ""
      ? field
      : null;
  if (attached !== null) {
    const upload = params.files.get(attached);
    return upload === undefined ? null : storeUpload(world, kind, upload);
  }
  if (world.options.mode === "local" && value.startsWith("file:/")) return storeLocal(world, kind, value);
  if (/^https?:\/\//i.test(value)) return await fetchByUrl(world, kind, value);
  if (value.includes(".")) throw badRequest("Wrong file identifier/HTTP URL specified");
  return world.files.forSending(value, kind);
}

function storeUpload(world: World, kind: MediaKind, upload: UploadedFile): StoredFile {
  if (upload.sizeBytes === 0) throw badRequest("File must be non-empty");
  if (kind === "photo") checkPhotoSize(upload.sizeBytes);
  return world.files.addUpload(kind, upload);
}

function checkPhotoSize(sizeBytes: number): void {
  if (sizeBytes > MAX_PHOTO_UPLOAD_BYTES) {
    throw badRequest(
      `File of size ${sizeBytes} bytes is too big for a photo; the maximum size is ${MAX_PHOTO_UPLOAD_BYTES} bytes`,
    );
  }
}

async function storeLocal(world: World, kind: MediaKind, uri: string): Promise<StoredFile> {
  const path = URL.canParse(uri) ? fileURLToPath(uri) : "";
  const sizeBytes = await stat(path).then(
    (stats) => (stats.isFile() ? stats.size : -1),
    () => -1,
  );
  if (sizeBytes < 0) throw badRequest("Can't get stat about the file");
  if (sizeBytes === 0) throw badRequest("File must be non-empty");
  if (sizeBytes > MAX_LOCAL_BYTES) throw badRequest("File is too big");
  if (kind === "photo") checkPhotoSize(sizeBytes);
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (sizeBytes <= MAX_DOWNLOAD_BYTES) kept.push(chunk);
  }
  const bytes = sizeBytes <= MAX_DOWNLOAD_BYTES ? Buffer.concat(kept) : null;
  const name = basename(path);
  return world.files.addUpload(kind, { name, mimeType: "", sizeBytes, sha256: hash.digest("hex"), bytes });
}

async function fetchByUrl(world: World, kind: MediaKind, url: string): Promise<StoredFile> {
  const failed = badRequest("failed to get HTTP URL content");
  if (!URL.canParse(url)) throw badRequest("Wrong file identifier/HTTP URL specified");
  const max = kind === "photo" ? MAX_PHOTO_URL_BYTES : MAX_DOWNLOAD_BYTES;
  const chunks: Uint8Array[] = [];
  let size = 0;
  let mimeType = "";
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok || response.body === null) throw failed;
    mimeType = (response.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > max) throw failed;
      chunks.push(chunk);
    }
  } catch {
    throw failed;
  }
  if (size === 0) throw failed;
  if (!isFetchable(kind, mimeType)) throw badRequest("Wrong type of the web page content");
  const bytes = Buffer.concat(chunks);
  const name = basename(new URL(url).pathname);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return world.files.addUpload(kind, { name, mimeType, sizeBytes: size, sha256, bytes });
}

/** By URL the content type must fit; documents may be GIF, PDF or ZIP alone. */
function isFetchable(kind: MediaKind, mimeType: string): boolean {
  switch (kind) {
    case "photo":
      return mimeType.startsWith("image/");
    case "video":
      return mimeType === "video/mp4";
    case "animation":
      return mimeType === "image/gif" || mimeType === "video/mp4";
    case "audio":
      return mimeType.startsWith("audio/");
    case "voice":
      return mimeType === "audio/ogg";
    case "document":
      return ["image/gif", "application/pdf", "application/zip"].includes(mimeType);
    case "video_note":
      return false;
  }
}

/** The thumbnail that came along; one that is too large is refused. */
export function thumbnailOf(world: World, params: Params, value: string): WirePhotoSize | undefined {
  const field = value.startsWith("attach://") ? value.slice("attach://".length) : "thumbnail";
  const upload = value === "" && field !== "thumbnail" ? undefined : params.files.get(field);
  if (upload === undefined) return undefined;
  if (upload.sizeBytes > MAX_THUMBNAIL_BYTES) {
    throw badRequest(
      `File of size ${upload.sizeBytes} bytes is too big for a thumbnail; the maximum size is ${MAX_THUMBNAIL_BYTES} bytes`,
    );
  }
  const { bytes } = upload;
  const file = world.files.add({
    kind: "thumbnail",
    name: "thumb.jpg",
    mimeType: "image/jpeg",
    sizeBytes: upload.sizeBytes,
    sha256: upload.sha256,
    read: bytes === null ? null : (offset, length) => bytes.subarray(offset, offset + length),
  });
  return {
    file_id: file.fileId,
    file_unique_id: file.uniqueId,
    file_size: file.sizeBytes,
    width: 320,
    height: 180,
  };
}

/** The fields of a message that carry the file. */
export function mediaFields(
  world: World,
  kind: MediaKind,
  file: StoredFile,
  facts: MediaFacts,
  thumbnail?: WirePhotoSize,
): Partial<WireMessage> {
  const ids = { file_id: file.fileId, file_unique_id: file.uniqueId, file_size: file.sizeBytes };
  if (kind === "photo") return { photo: photoSizes(world, file, facts) };
  const isSquare = kind === "video_note";
  const isMoving = kind === "video" || kind === "animation";
  const hasDuration = isMoving || isSquare || kind === "audio" || kind === "voice";
  const hasName = kind !== "voice" && !isSquare;
  const media = compact<WireMedia>({
    ...ids,
    duration: hasDuration ? facts.duration : undefined,
    width: isMoving ? facts.width : undefined,
    height: isMoving ? facts.height : undefined,
    length: isSquare ? facts.width || 240 : undefined,
    file_name: hasName && file.name !== "" ? file.name : undefined,
    mime_type: isSquare || file.mimeType === "" ? undefined : file.mimeType,
    title: kind === "audio" && facts.title !== "" ? facts.title : undefined,
    performer: kind === "audio" && facts.performer !== "" ? facts.performer : undefined,
    thumbnail,
  });
  // An animation is also a document, for clients that know no animations.
  return kind === "animation" ? { animation: media, document: media } : { [kind]: media };
}

function photoSizes(world: World, file: StoredFile, facts: MediaFacts): WirePhotoSize[] {
  const width = facts.width || 1280;
  const height = facts.height || 720;
  const small = world.files.add({
    kind: "photo",
    name: "photo.jpg",
    mimeType: "image/jpeg",
    sizeBytes: Math.min(1500, file.sizeBytes),
    sha256: null,
    read: file.read,
  });
  return [
    {
      file_id: small.fileId,
      file_unique_id: small.uniqueId,
      file_size: small.sizeBytes,
      width: 90,
      height: 51,
    },
    { file_id: file.fileId, file_unique_id: file.uniqueId, file_size: file.sizeBytes, width, height },
  ];
}
