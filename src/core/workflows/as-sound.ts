/** Sound that the backend does not take, as a WAV file that it does. Source: nemo-api.md, "Formats". */
import { limitBytes } from "../../lib/byte-stream.ts";
import { readOggOpus } from "../../lib/ogg-opus.ts";
import { toWav, wavSize } from "../../lib/opus-to-wav.ts";
import { BackendError } from "../model/backend-error.ts";
import { isConverted } from "../model/file-formats.ts";
import type { Attachment } from "../model/message.ts";
import { AttachmentError, type OpenedAttachment } from "../ports/chat-platform.ts";

/** What is read into memory: hours of speech. The size of the WAV file follows from its end. */
const MAX_OGG_BYTES = 32 * 1024 * 1024;

/**
 * The file as it can be sent: itself, or what it sounds like. Throws `AttachmentError` as opening does, and
 * `unsupported-file` for an Ogg file that does not hold Opus.
 */
export async function asSound(
  opened: OpenedAttachment,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<OpenedAttachment> {
  if (!isConverted(attachment)) return opened;
  if (opened.kind === "url") {
    return opened.fallback ? asSound(await opened.fallback(signal), attachment, signal) : opened;
  }
  const opus = readOggOpus(await readAll(await opened.open(signal)));
  if (!opus) throw new BackendError({ kind: "unsupported-file", operation: "convert sound" });
  return {
    kind: "stream",
    name: `${attachment.name.replace(/\.\w+$/, "")}.wav`,
    mimeType: "audio/wav",
    sizeBytes: wavSize(opus),
    open: async () => toWav(opus),
  };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const tooMany = () => new AttachmentError("too-large-for-platform", { limitBytes: MAX_OGG_BYTES });
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitBytes(stream, MAX_OGG_BYTES, tooMany)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
