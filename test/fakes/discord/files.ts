/** Files people send: made of given bytes, or made up as they are read. */

import { bytesReader, generatedReader } from "./cdn.ts";
import type { Core } from "./core.ts";
import { safeName } from "./messages.ts";
import type { AttachmentState } from "./world.ts";

/** A file to send. With neither `bytes` nor `sizeBytes` it has 1,000 bytes. */
export interface FileSpec {
  /** Default `clip.mp4`. */
  name?: string;
  /** Default by the name's ending. */
  contentType?: string;
  bytes?: Buffer;
  sizeBytes?: number;
  /** Of a video or picture. */
  width?: number;
  height?: number;
  durationS?: number;
  /** Of a voice message. */
  waveform?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  mp3: "audio/mpeg",
  png: "image/png",
  jpg: "image/jpeg",
  txt: "text/plain; charset=utf-8",
  pdf: "application/pdf",
};

/**
 * Puts a file on the CDN. One given to a command or a modal is ephemeral: it belongs to no message and its
 * URL cannot be had afresh.
 */
export function attach(
  core: Core,
  spec: FileSpec,
  place: { channelId: string } | "ephemeral",
): AttachmentState {
  const id = core.ids.next();
  const filename = safeName(spec.name ?? "clip.mp4");
  const sizeBytes = spec.bytes?.length ?? spec.sizeBytes ?? 1000;
  const ending = filename.split(".").at(-1)?.toLowerCase() ?? "";
  const contentType = spec.contentType ?? TYPES[ending] ?? "application/octet-stream";
  const folder =
    place === "ephemeral"
      ? `ephemeral-attachments/${core.world.applicationId}`
      : `attachments/${place.channelId}`;
  const file = {
    path: `/cdn/${folder}/${id}/${filename}`,
    sizeBytes,
    contentType,
    read: spec.bytes === undefined ? generatedReader(Number(BigInt(id) & 0xffn)) : bytesReader(spec.bytes),
  };
  core.cdn.add(file);
  return {
    id,
    filename,
    description: null,
    contentType,
    isEphemeral: place === "ephemeral",
    width: spec.width ?? null,
    height: spec.height ?? null,
    durationS: spec.durationS ?? null,
    waveform: spec.waveform ?? null,
    file,
  };
}
