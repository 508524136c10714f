/**
 * Albums come as one message a file, held together by `media_group_id`. The parts of one batch are put
 * together here. Source: platforms.md, "Albums".
 */
import type { Message } from "./update-schema.ts";

/** How long after its newest part an album counts as whole. */
export const ALBUM_SETTLE_MS = 1_000;

/** One message, or the parts of one album in their order. */
export interface MessageGroup {
  /** Of the first part: the same however often the parts come again. */
  updateId: number;
  /** Of all parts. */
  updateIds: number[];
  parts: Message[];
  albumId: string | null;
}

/** Puts messages into groups, in the order of their first parts. */
export function groupAlbums(messages: readonly { updateId: number; message: Message }[]): MessageGroup[] {
  const groups: MessageGroup[] = [];
  const albums = new Map<string, MessageGroup>();
  for (const { updateId, message } of messages) {
    const albumId = message.media_group_id ? `${message.chat.id}:${message.media_group_id}` : null;
    const known = albumId ? albums.get(albumId) : undefined;
    if (known) {
      known.parts.push(message);
      known.updateIds.push(updateId);
      continue;
    }
    const group = { updateId, updateIds: [updateId], parts: [message], albumId };
    groups.push(group);
    if (albumId) albums.set(albumId, group);
  }
  for (const group of groups) group.parts.sort((a, b) => a.message_id - b.message_id);
  return groups;
}
