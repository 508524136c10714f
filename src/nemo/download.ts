/**
 * A finished video from its public URL. The host is a stranger: it gets neither token nor attribution.
 * Source: nemo-api.md, "Render status" (`output.url`); DESIGN.md, rules 8 and 9.
 */
import { BackendError } from "../core/backend-error.ts";
import type { ByteSource } from "../core/ports.ts";
import { isWebUrl } from "./answers.ts";
import { refusalError } from "./errors.ts";
import { discard, header, lengthOf, type NemoHttp, readBytes, redirectOf, type WireAnswer } from "./http.ts";
import type { NemoLimits } from "./limits.ts";

const OPERATION = "open video URL";

/** The bytes behind an http(s) address, redirects followed up to the bound. Throws `BackendError`. */
export async function openPublicUrl(
  http: NemoHttp,
  address: string,
  limits: Pick<NemoLimits, "readTimeoutMs" | "maxRedirects">,
  signal: AbortSignal,
): Promise<ByteSource> {
  let url: URL | null = URL.canParse(address) ? new URL(address) : null;
  for (let redirects = 0; redirects <= limits.maxRedirects; redirects++) {
    if (url === null || !isWebUrl(url)) break;
    const answer = await http.send(
      {
        operation: OPERATION,
        method: "GET",
        url,
        headers: { accept: "video/mp4, application/octet-stream;q=0.9, */*;q=0.5" },
        silenceMs: limits.readTimeoutMs,
        connection: "reused",
      },
      signal,
    );
    if (isVideo(answer)) {
      return { stream: readBytes(answer, OPERATION, signal), sizeBytes: lengthOf(answer) };
    }
    url = redirectOf(answer, url);
    discard(answer);
    if (answer.statusCode === 200) throw new BackendError({ kind: "not-found", operation: OPERATION });
    if (url === null) {
      throw refusalError({ operation: OPERATION, subject: "file", status: answer.statusCode });
    }
  }
  throw new BackendError({ kind: "refused", operation: OPERATION });
}

/** False for pages and JSON that a storage sends with status 200 in place of a file, and for an empty file. */
export function isVideo(answer: WireAnswer): boolean {
  if (answer.statusCode !== 200 || lengthOf(answer) === 0) return false;
  return !/html|json/i.test(header(answer, "content-type") ?? "");
}
