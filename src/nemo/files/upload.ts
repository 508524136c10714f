/**
 * One upload request: the body streams while it is read, and is given up when nothing moves any more.
 * Source: nemo-api.md, "Upload file"; DESIGN.md, rule 6.
 *
 * A dropped upload is not charged and is made again once, from the files' start, unless the whole body was
 * out: then the backend may hold the clip already, and a second one would put it into the project twice.
 */
import { BackendError } from "../../core/model/backend-error.ts";
import { AttachmentError } from "../../core/ports/chat-platform.ts";
import type { UploadFile } from "../../core/ports/video-backend.ts";
import {
  type BodyLimits,
  connectionError,
  type NemoHttp,
  readText,
  type WireAnswer,
} from "../transport/http.ts";
import type { NemoLimits } from "../transport/limits.ts";
import { createMultipartBody } from "./multipart.ts";
import { UploadSourceError } from "./upload-source-error.ts";

export interface UploadRequest {
  operation: string;
  url: URL;
  /** Signed and attributed; type and length are added here. */
  headers: Record<string, string>;
}

export interface Upload {
  files: UploadFile[];
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/**
 * The answer and its text. Throws `UploadSourceError`, `connection-lost`, `unreachable`, the signal's reason, or
 * the `AttachmentError` of a file that the platform would not open.
 */
export async function sendFiles(
  http: NemoHttp,
  request: UploadRequest,
  upload: Upload,
  limits: Pick<NemoLimits, "uploadStallMs"> & BodyLimits,
  signal: AbortSignal,
): Promise<{ answer: WireAnswer; text: string }> {
  const attempt: Attempt = { isWhole: false, hasStalled: false };
  try {
    return await sendOnce(http, request, upload, limits, signal, attempt);
  } catch (error) {
    const isDropped =
      error instanceof BackendError &&
      error.kind === "connection-lost" &&
      !(error instanceof UploadSourceError);
    if (!isDropped || attempt.isWhole || attempt.hasStalled) throw error;
    return sendOnce(http, request, upload, limits, signal, attempt);
  }
}

/** How far an attempt got. */
interface Attempt {
  isWhole: boolean;
  /** No byte moved for too long. */
  hasStalled: boolean;
}

async function sendOnce(
  http: NemoHttp,
  request: UploadRequest,
  { files, onProgress }: Upload,
  limits: Pick<NemoLimits, "uploadStallMs"> & BodyLimits,
  signal: AbortSignal,
  attempt: Attempt,
): Promise<{ answer: WireAnswer; text: string }> {
  // undici's own timers know nothing of a slow source, so this one watches both sides.
  const stalled = new AbortController();
  const watch = setTimeout(() => {
    attempt.hasStalled = true;
    stalled.abort(new Error("upload stalled"));
  }, limits.uploadStallMs);
  const either = AbortSignal.any([signal, stalled.signal]);
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const body = createMultipartBody("files", files, (sentBytes) => {
    watch.refresh();
    onProgress?.(sentBytes, totalBytes);
  });
  // The source's error is kept aside: on its way through undici it could come back as a broken socket.
  let sourceError: unknown;
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      yield* body.stream(either);
      attempt.isWhole = true;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  try {
    const answer = await http.send(
      {
        operation: request.operation,
        method: "POST",
        url: request.url,
        headers: {
          ...request.headers,
          "content-type": body.contentType,
          "content-length": String(body.sizeBytes),
        },
        body: stream(),
        silenceMs: 0,
        connection: "once",
      },
      either,
    );
    watch.refresh();
    return { answer, text: await readText(answer, request.operation, limits, either) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (sourceError instanceof AttachmentError) throw sourceError;
    throw connectionError(request.operation, sourceError ?? error, signal);
  } finally {
    clearTimeout(watch);
  }
}
