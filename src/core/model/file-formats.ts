/** Which files the backend takes. Source: nemo-api.md, "Formats". */
import { own } from "../../lib/own.ts";
import type { Attachment } from "./message.ts";
import type { Skill } from "./skill.ts";

/** Extensions as people know them, in the order they are named to people. */
export const SUPPORTED_FORMATS = [
  "mp4",
  "mov",
  "avi",
  "webm",
  "mkv",
  "jpg",
  "png",
  "gif",
  "webp",
  "mp3",
  "wav",
  "m4a",
  "aac",
] as const;

const MIME_TYPES: Record<string, string> = {
  mp4: "video/mp4",
  mov: "video/quicktime",
  avi: "video/x-msvideo",
  webm: "video/webm",
  mkv: "video/x-matroska",
  jpg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  m4a: "audio/mp4",
  aac: "audio/aac",
  ogg: "audio/ogg",
};
/** What the backend does not take, and we make a WAV file of where the bytes go through us: voice notes mostly. */
const CONVERTED = "ogg";

/** Other names of the same formats. */
const SYNONYMS: Record<string, string> = {
  jpeg: "jpg",
  m4v: "mp4",
  oga: "ogg",
  opus: "ogg",
  "video/avi": "avi",
  "video/msvideo": "avi",
  "audio/mp3": "mp3",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/vnd.wave": "wav",
  "audio/x-m4a": "m4a",
  "audio/x-aac": "aac",
  "audio/aacp": "aac",
  "audio/opus": "ogg",
};

/** The format of a file by its name, else by what the platform says of it; null when neither is supported. */
export function formatOf(file: { name: string; mimeType?: string | undefined }): string | null {
  const extension = /\.([a-z0-9]{2,5})$/i.exec(file.name)?.[1]?.toLowerCase();
  const mime = file.mimeType?.toLowerCase().split(";")[0]?.trim();
  if (extension) {
    const format = own(SYNONYMS, extension) ?? extension;
    return Object.hasOwn(MIME_TYPES, format) ? format : null;
  }
  if (!mime) return null;
  return own(SYNONYMS, mime) ?? Object.keys(MIME_TYPES).find((format) => MIME_TYPES[format] === mime) ?? null;
}

/** Whether a file is sent as the WAV file that `asSound` makes of it. */
export function isConverted(file: { name: string; mimeType?: string | undefined }): boolean {
  return formatOf(file) === CONVERTED;
}

/** The content type to send a file as. */
export function mimeTypeOf(file: { name: string; mimeType?: string | undefined }): string {
  return MIME_TYPES[formatOf(file) ?? ""] ?? file.mimeType ?? "application/octet-stream";
}

/**
 * Looks at a file before a byte moves. A link without an extension passes: only the backend can tell what
 * is behind it.
 */
export function checkAttachment(
  file: Attachment,
  skill: Skill,
): "fine" | "unsupported" | "too-large" | "empty" {
  const isLink = file.platform === "url";
  const isBareLink = isLink && !hasExtension(file.url ?? "");
  if (!isBareLink && formatOf(file) === null) return "unsupported";
  // The backend fetches it itself.
  if (isLink && isConverted(file)) return "unsupported";
  if (file.sizeBytes !== undefined && file.sizeBytes > skill.maxFileBytes) return "too-large";
  return file.sizeBytes === 0 ? "empty" : "fine";
}

function hasExtension(url: string): boolean {
  return URL.canParse(url) && /\.\w{2,5}$/.test(new URL(url).pathname);
}

const KB = 1024;
const MB = KB * 1024;
const GB = MB * 1024;

/** `500 MB`, `1.4 MB`, `56 KB`; in steps of 1024, as the platforms and the backend count. */
export function formatBytes(bytes: number): string {
  if (bytes >= GB) return `${round(bytes / GB)} GB`;
  if (bytes >= MB) return `${round(bytes / MB)} MB`;
  return `${Math.max(1, Math.round(bytes / KB))} KB`;
}

function round(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `0:07`, `2:05`, `1:00:00`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":").replace(/^0(?=\d:)/, "");
}
