/**
 * A finished video from its public URL. The host is a stranger: it gets neither token nor attribution, and it is
 * looked for on the public internet alone. Source: nemo-api.md, "Render status" (`output.url`).
 */
import { BackendError } from "../../core/model/backend-error.ts";
import type { ByteSource } from "../../core/ports/chat-platform.ts";
import { closeBytes, joinBytes } from "../../lib/byte-stream.ts";
import { type AddressRule, isTrusted, readPublicUrl } from "../../lib/public-address.ts";
import { refusalError } from "../transport/errors.ts";
import {
  discard,
  header,
  lengthOf,
  type NemoHttp,
  readBytes,
  redirectOf,
  type WireAnswer,
} from "../transport/http.ts";
import type { NemoLimits } from "../transport/limits.ts";

const OPERATION = "open video URL";
/** What is asked for where a video is. */
export const ACCEPT_VIDEO = "video/mp4, application/octet-stream;q=0.9, */*;q=0.5";
/** What is looked at to tell a video from a text. */
const PEEK_BYTES = 512;

/**
 * The bytes of the video behind an address that agrees with the rule, redirects followed up to the bound as long as
 * each agrees too. Throws `BackendError`: `refused` for where nothing is fetched from, `not-found` for what is no video.
 */
export async function openPublicUrl(
  http: NemoHttp,
  address: string,
  { limits, rule }: { limits: Pick<NemoLimits, "readTimeoutMs" | "maxRedirects">; rule: AddressRule },
  signal: AbortSignal,
): Promise<ByteSource> {
  let url = readPublicUrl(address, rule);
  for (let redirects = 0; redirects <= limits.maxRedirects; redirects++) {
    if (url === null) break;
    const answer = await http.send(
      {
        operation: OPERATION,
        method: "GET",
        url,
        headers: { accept: ACCEPT_VIDEO },
        silenceMs: limits.readTimeoutMs,
        connection: isTrusted(url, rule) ? "reused" : "public",
      },
      signal,
    );
    const target = redirectOf(answer, url);
    if (target !== null) {
      discard(answer);
      url = readPublicUrl(target.href, rule);
      continue;
    }
    if (answer.statusCode !== 200) {
      discard(answer);
      throw refusalError({ operation: OPERATION, subject: "file", status: answer.statusCode });
    }
    const video = await readVideo(answer, OPERATION, signal);
    if (video === null) throw new BackendError({ kind: "not-found", operation: OPERATION });
    return { ...video, url: address };
  }
  throw new BackendError({ kind: "refused", operation: OPERATION });
}

/**
 * The body, when it is a video; null, and hung up, for the page, the JSON or the plain text that a host sends with
 * status 200 in place of a file, and for an empty file.
 */
export async function readVideo(
  answer: WireAnswer,
  operation: string,
  signal: AbortSignal,
): Promise<ByteSource | null> {
  const type = header(answer, "content-type") ?? "";
  if (answer.statusCode !== 200 || lengthOf(answer) === 0 || /html|json/i.test(type)) {
    discard(answer);
    return null;
  }
  const rest = readBytes(answer, operation, signal);
  const head: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes < PEEK_BYTES) {
    const step = await rest.next();
    if (step.done) break;
    head.push(step.value);
    sizeBytes += step.value.byteLength;
  }
  const stream = joinBytes(head, rest, () => discard(answer));
  if (isVideo(Buffer.concat(head).subarray(0, PEEK_BYTES), type))
    return { stream, sizeBytes: lengthOf(answer) };
  await closeBytes(stream);
  return null;
}

/** Types of the first box of an MP4. Source: ISO/IEC 14496-12, "File Structure"; QuickTime writes the others. */
const FIRST_BOXES = new Set(["ftyp", "styp", "moov", "moof", "mdat", "free", "skip", "wide", "pnot"]);

/**
 * An MP4 is known by its first bytes, whatever it is called. What calls itself a video is believed, since there are
 * other containers, unless it is a document: markup, JSON, or lines of text such as metrics.
 */
function isVideo(head: Buffer, type: string): boolean {
  if (FIRST_BOXES.has(head.toString("latin1", 4, 8))) return true;
  return /^video\//i.test(type.trim()) && head.byteLength > 0 && !isDocument(head);
}

/** Control characters that no text holds. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const NOT_IN_TEXT = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

function isDocument(head: Buffer): boolean {
  try {
    // Streaming, so that a character that is cut off at the end is no error.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return !NOT_IN_TEXT.test(text) && /^\s*[<{[#]|\n/.test(text);
  } catch {
    // Not UTF-8.
    return false;
  }
}
