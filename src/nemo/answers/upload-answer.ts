/**
 * What became of an upload: an answer of status 200 may still say that nothing was taken.
 * Source: nemo-api.md, "Upload file" and "Errors" 4001 and 4002.
 */
import { z } from "zod";
import type { UploadedMedia } from "../../core/ports/video-backend.ts";
import { isJsonObject, type JsonObject, readFields, wordsOf } from "../transport/envelope.ts";
import { readCode, refusalError } from "../transport/errors.ts";
import { uploadedFile } from "./answers.ts";

const MAX_FILES = 1000;

const uploadAnswer = z.object({ files: z.array(z.unknown()).max(MAX_FILES).nullish() });

/**
 * The files that came in; empty when the answer does not list them. An explicitly empty list, and a file that
 * says that it failed, are refusals: throws `too-large`, `unsupported-file` or `refused`.
 */
export function readUpload(fields: JsonObject, operation: string): UploadedMedia[] {
  const { files } = readFields(uploadAnswer, fields, operation);
  if (!files) return [];
  const failed = files.length === 0 ? fields : files.find(hasFailed);
  if (failed !== undefined) throw refused(failed, operation);
  return files.map((file) => uploadedFile.parse(file));
}

function hasFailed(file: unknown): file is JsonObject {
  if (!isJsonObject(file)) return false;
  if (file.error || file.success === false) return true;
  return typeof file.status === "string" && /^(?:failed|failure|error|rejected)$/i.test(file.status);
}

function refused(file: JsonObject, operation: string) {
  const nested = isJsonObject(file.error) ? file.error.code : file.error;
  return refusalError({
    operation,
    subject: "upload",
    status: 200,
    // A code of 0 beside a failed file is the envelope's.
    code: readCode(file.code) || readCode(nested) || undefined,
    message: wordsOf(file).slice(0, 500),
  });
}
