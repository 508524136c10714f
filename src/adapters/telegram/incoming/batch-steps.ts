/**
 * What of a polled batch belongs together, in which order, and what must wait because its album may still grow.
 * Source: platforms.md, "Albums".
 */
import { groupAlbums } from "./albums.ts";
import { type BatchItem, messagesOf } from "./batch.ts";
import { conversationOf } from "./normalize.ts";
import type { Update } from "./update-schema.ts";

/** Updates that are asked for at once; Telegram gives no more. */
export const BATCH_SIZE = 100;

/** What is taken as one: a message, an album, anything else. */
export interface Step {
  /** The update, or the parts of the album. */
  updates: [Update, ...Update[]];
  conversation: string;
}

/** The steps of taking them, in order. */
export function stepsOf(items: readonly BatchItem[]): Step[] {
  const groups = new Map(groupAlbums(messagesOf(items)).map((group) => [group.updateId, group]));
  const byId = new Map(items.map(({ updateId, update }) => [updateId, update]));
  return items.flatMap(({ updateId, update }): Step[] => {
    const group = groups.get(updateId);
    // A later part of an album goes with its first.
    if (!update || (update.message && !group)) return [];
    const others = group?.updateIds.slice(1).flatMap((id) => byId.get(id) ?? []) ?? [];
    return [{ updates: [update, ...others], conversation: laneOf(update) }];
  });
}

/**
 * Albums that may still grow, with all that follows them in their chats. In a full batch that is only an album at
 * the end of its chat: else a person who sends one after the other would hold up all who come behind them.
 */
export function mayGrow(
  items: readonly BatchItem[],
  isOver: (item: BatchItem) => boolean,
): ReadonlySet<BatchItem> {
  const open = items.filter((item) => !isOver(item));
  const chats = Map.groupBy(open, ({ update }) => update && chatOf(update));
  return new Set(
    [...chats.values()].flatMap((ofChat) => {
      const last = albumOf(ofChat.at(-1));
      const from = ofChat.findIndex((item) =>
        isFull(items) ? last !== undefined && albumOf(item) === last : albumOf(item) !== undefined,
      );
      return from < 0 ? [] : ofChat.slice(from);
    }),
  );
}

/** More may wait behind it. */
export function isFull(items: readonly BatchItem[]): boolean {
  return items.length >= BATCH_SIZE;
}

function albumOf(item: BatchItem | undefined): string | undefined {
  return item?.update?.message?.media_group_id;
}

/** How many parts of albums there are. */
export function partsIn(items: readonly BatchItem[]): number {
  return items.filter((item) => albumOf(item) !== undefined).length;
}

function chatOf(update: Update): number | null {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  const { my_chat_member: membership, stopped_message_generation: stopped } = update;
  return message?.chat.id ?? membership?.chat.id ?? stopped?.chat.id ?? null;
}

/** The conversation within which updates keep their order. */
function laneOf(update: Update): string {
  const message = update.message ?? update.edited_message ?? update.callback_query?.message;
  return message ? conversationOf(message) : `telegram:${chatOf(update)}`;
}
