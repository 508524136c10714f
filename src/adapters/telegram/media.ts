/** Files in Telegram messages. Source: Bot API, Message and the media types. */
import type { Message } from "grammy/types";
import { formatOf } from "../../core/media.ts";
import type { Attachment } from "../../core/message.ts";

/** The file of a message; null when it has none that could be one. Of a photo the largest size counts. */
export function attachmentOf(message: Message): Attachment | null {
  const { video, animation, document, audio, voice, video_note, photo } = message;
  // An animation also comes as a document, for old clients.
  if (animation) return toAttachment(animation, "animation", animation.mime_type ?? "video/mp4", message);
  if (video) return toAttachment(video, "video", video.mime_type ?? "video/mp4", message);
  if (audio) return toAttachment(audio, "audio", audio.mime_type ?? "audio/mpeg", message);
  if (document) return toAttachment(document, "file", document.mime_type, message);
  if (voice) return toAttachment(voice, "voice", voice.mime_type ?? "audio/ogg", message);
  if (video_note) return toAttachment(video_note, "video-note", "video/mp4", message);
  const largest = photo?.toSorted((a, b) => a.width * a.height - b.width * b.height).at(-1);
  return largest ? toAttachment(largest, "photo", "image/jpeg", message) : null;
}

function toAttachment(
  file: { file_id: string; file_size?: number; file_name?: string },
  kind: string,
  mimeType: string | undefined,
  message: Message,
): Attachment {
  return {
    platform: "telegram",
    fileId: file.file_id,
    name: file.file_name ?? nameFor(kind, mimeType, message.message_id),
    ...(mimeType ? { mimeType } : {}),
    ...(file.file_size === undefined ? {} : { sizeBytes: file.file_size }),
  };
}

/** A name for a file that came without: `video-42.mp4`. */
function nameFor(kind: string, mimeType: string | undefined, messageId: number): string {
  const extension = formatOf({ name: "", mimeType }) ?? mimeType?.split("/")[1] ?? "bin";
  return `${kind}-${messageId}.${extension}`;
}
