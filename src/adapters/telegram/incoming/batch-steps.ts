/**
 * What of a polled batch belongs together, in which order, and what must wait because its album may still grow.
 * Source: platforms.md, "Albums".
 */
import { type AlbumProgress, groupAlbums, untilWhole } from "./albums.ts";
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

/** Albums of the batch that may still grow, by the time at which their parts were seen. */
export class GrowingAlbums {
  #albums = new Map<string, AlbumProgress>();

  /** A batch was read at `now`; what is not in it is forgotten. */
  note(items: readonly BatchItem[], now: number): void {
    const before = this.#albums;
    this.#albums = new Map();
    for (const [id, { length: parts }] of Map.groupBy(items, albumOf)) {
      if (id === undefined) continue;
      const known = before.get(id) ?? { parts: 0, firstAt: now, newestAt: now };
      this.#albums.set(id, { ...known, parts, newestAt: parts > known.parts ? now : known.newestAt });
    }
  }

  /**
   * Those of `open`, with all that follows them in their chats. In a full batch that is only an album at the end of
   * its chat: else a person who sends one after the other would hold up all who come behind them.
   */
  among(open: readonly BatchItem[], now: number, isInFullBatch: boolean): ReadonlySet<BatchItem> {
    const chats = Map.groupBy(open, ({ update }) => update && chatOf(update));
    return new Set(
      [...chats.values()].flatMap((ofChat) => {
        const last = albumOf(ofChat.at(-1));
        const from = ofChat.findIndex(
          (item) => (!isInFullBatch || albumOf(item) === last) && this.#waitMs(item, now) > 0,
        );
        return from < 0 ? [] : ofChat.slice(from);
      }),
    );
  }

  /** Ms until the first of these albums is whole. */
  waitMs(items: Iterable<BatchItem>, now: number): number {
    const waits = [...items].map((item) => this.#waitMs(item, now)).filter((ms) => ms > 0);
    return waits.length > 0 ? Math.min(...waits) : 0;
  }

  #waitMs(item: BatchItem, now: number): number {
    const album = this.#albums.get(albumOf(item) ?? "");
    return album ? untilWhole(album, now) : 0;
  }
}

/** More may wait behind it. */
export function isFull(items: readonly BatchItem[]): boolean {
  return items.length >= BATCH_SIZE;
}

function albumOf(item: BatchItem | undefined): string | undefined {
  const message = item?.update?.message;
  return message?.media_group_id && `${message.chat.id}:${message.media_group_id}`;
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
