/**
 * Albums come as one message a file, held together by `media_group_id`. The parts of one batch are put
 * together here. Source: platforms.md, "Albums".
 */
import type { Message } from "./update-schema.ts";

/** How long after its newest part an album counts as whole. */
const ALBUM_SETTLE_MS = 1_000;
/** How long after its first part it counts as whole, whatever still comes. */
const MAX_ALBUM_MS = 1_200;
/** Parts of an album at the most. Source: Bot API, sendMediaGroup. */
export const MAX_ALBUM_PARTS = 10;

/** What is known of an album on its way; times in epoch ms. */
export interface AlbumProgress {
  parts: number;
  firstAt: number;
  newestAt: number;
}

/** Ms until an album counts as whole; 0 when it does. */
export function untilWhole({ parts, firstAt, newestAt }: AlbumProgress, now: number): number {
  if (parts >= MAX_ALBUM_PARTS) return 0;
  const wholeAt = Math.min(newestAt + ALBUM_SETTLE_MS, firstAt + MAX_ALBUM_MS);
  // The clock of the process that noted them may be ahead of ours.
  return Math.min(Math.max(0, wholeAt - now), ALBUM_SETTLE_MS);
}

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
