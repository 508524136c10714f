/** Builds the messages users send, in the shapes the real server gives them. */

import type { ChatState, StoredMessage, Topic } from "./chat-state.ts";
import { type ByteReader, type MediaKind, patternBytes, type StoredFile } from "./files.ts";
import { mediaFields } from "./media.ts";
import { threadFields } from "./sending.ts";
import { withFoundEntities } from "./text.ts";
import { compact, type WireEntity, type WireMessage, type WirePhotoSize, type WireUser } from "./wire.ts";
import type { World } from "./world.ts";

/** A file a user sends. Give `bytes`, or `sizeBytes` with an optional `generate`. */
export interface UserFile {
  kind: MediaKind;
  bytes?: Uint8Array;
  sizeBytes?: number;
  /** Bytes by position; default `patternBytes`. */
  generate?: ByteReader;
  /** Default `clip.mp4` and the like. */
  name?: string;
  /** Default as for the kind. */
  mimeType?: string;
  /** Seconds; default 5. */
  durationS?: number;
  width?: number;
  height?: number;
  /** Leaves out `file_size`, which is optional on the wire. */
  isSizeUnknown?: boolean;
}

const DEFAULTS: Readonly<Record<MediaKind, { name: string; mimeType: string }>> = {
  video: { name: "clip.mp4", mimeType: "video/mp4" },
  document: { name: "file.bin", mimeType: "application/octet-stream" },
  animation: { name: "animation.mp4", mimeType: "video/mp4" },
  audio: { name: "song.mp3", mimeType: "audio/mpeg" },
  voice: { name: "", mimeType: "audio/ogg" },
  photo: { name: "photo.jpg", mimeType: "image/jpeg" },
  video_note: { name: "", mimeType: "video/mp4" },
};

/** Where and from whom a message comes. */
export interface Origin {
  from: WireUser;
  topic: Topic | null;
  replyTo: StoredMessage | null;
}

/** A message of a user, not yet delivered. */
export function userMessage(
  world: World,
  chat: ChatState,
  origin: Origin,
  content: Partial<WireMessage>,
  file: StoredFile | null = null,
): StoredMessage {
  const wire: WireMessage = {
    message_id: content.message_id ?? chat.nextMessageId(),
    from: origin.from,
    chat: { ...chat.wire },
    date: world.now(),
    ...threadFields(chat, origin.topic, origin.replyTo),
    ...content,
  };
  const at = Date.now();
  const history = [{ text: wire.text ?? wire.caption ?? "", at, keyboard: undefined }];
  return { wire, isFromBot: false, isDeleted: false, history, file, sentAt: at };
}

/** Text with the entities the clients and the server find in it. */
export function textContent(text: string, given: readonly WireEntity[] = []): Partial<WireMessage> {
  const entities = withFoundEntities(text, given);
  return compact({ text, entities: entities.length === 0 ? undefined : entities });
}

/** A caption with its entities; nothing for no caption. */
export function captionContent(caption: string | undefined): Partial<WireMessage> {
  if (caption === undefined || caption === "") return {};
  const entities = withFoundEntities(caption);
  return compact({ caption, caption_entities: entities.length === 0 ? undefined : entities });
}

/** Registers a user's file and gives the fields that carry it. */
export function fileContent(
  world: World,
  file: UserFile,
): { stored: StoredFile; content: Partial<WireMessage> } {
  const { bytes } = file;
  const read: ByteReader =
    bytes === undefined
      ? (file.generate ?? patternBytes)
      : (offset, length) => bytes.subarray(offset, offset + length);
  const stored = world.files.add({
    kind: file.kind,
    sizeBytes: bytes?.length ?? file.sizeBytes ?? 1024,
    name: file.name ?? DEFAULTS[file.kind].name,
    mimeType: file.mimeType ?? DEFAULTS[file.kind].mimeType,
    read,
    sha256: null,
  });
  const isVideo = file.kind === "video" || file.kind === "animation" || file.kind === "video_note";
  const facts = {
    duration: file.durationS ?? 5,
    width: file.width ?? (file.kind === "video_note" ? 384 : 1280),
    height: file.height ?? (file.kind === "video_note" ? 384 : 720),
    title: "",
    performer: "",
  };
  const content = mediaFields(world, file.kind, stored, facts, isVideo ? thumbnail(world) : undefined);
  return { stored, content: file.isSizeUnknown ? withoutSize(content) : content };
}

function withoutSize(content: Partial<WireMessage>): Partial<WireMessage> {
  // `JSON` leaves out what a replacer gives as undefined.
  return JSON.parse(
    JSON.stringify(content, (key, value: unknown) => (key === "file_size" ? undefined : value)),
  ) as Partial<WireMessage>;
}

function thumbnail(world: World): WirePhotoSize {
  const file = world.files.add({
    kind: "thumbnail",
    name: "thumb.jpg",
    mimeType: "image/jpeg",
    sizeBytes: 900,
    read: patternBytes,
    sha256: null,
  });
  return { file_id: file.fileId, file_unique_id: file.uniqueId, file_size: 900, width: 320, height: 180 };
}
