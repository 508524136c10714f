/** Files in Telegram messages. Source: Bot API, Message and the media types. */
import { formatOf } from "../../../core/model/file-formats.ts";
import type { Attachment } from "../../../core/model/message.ts";
import type { Media } from "./update-schema.ts";

/** The file of a message; null when it has none that could be one. Of a photo the largest size counts. */
export function attachmentOf(message: Media, messageId: number): Attachment | null {
  const { video, animation, document, audio, voice, video_note, photo } = message;
  // An animation also comes as a document, for old clients.
  if (animation) return toAttachment(animation, "animation", animation.mime_type ?? "video/mp4", messageId);
  if (video) return toAttachment(video, "video", video.mime_type ?? "video/mp4", messageId);
  if (audio) return toAttachment(audio, "audio", audio.mime_type ?? "audio/mpeg", messageId);
  if (document) return toAttachment(document, "file", document.mime_type, messageId);
  if (voice) {
    const note = toAttachment(voice, "voice", voice.mime_type ?? "audio/ogg", messageId);
    return { ...note, isVoice: true };
  }
  if (video_note) return toAttachment(video_note, "video-note", "video/mp4", messageId);
  const largest = photo?.toSorted((a, b) => a.width * a.height - b.width * b.height).at(-1);
  return largest ? toAttachment(largest, "photo", "image/jpeg", messageId) : null;
}

function toAttachment(
  file: NonNullable<Media["document"]>,
  kind: string,
  mimeType: string | undefined,
  messageId: number,
): Attachment {
  return {
    platform: "telegram",
    fileId: file.file_id,
    name: file.file_name ?? nameFor(kind, mimeType, messageId),
    ...(mimeType ? { mimeType } : {}),
    ...(file.file_size === undefined ? {} : { sizeBytes: file.file_size }),
  };
}

/** A name for a file that came without: `video-42.mp4`. */
function nameFor(kind: string, mimeType: string | undefined, messageId: number): string {
  const extension = formatOf({ name: "", mimeType }) ?? mimeType?.split("/")[1] ?? "bin";
  return `${kind}-${messageId}.${extension}`;
}
