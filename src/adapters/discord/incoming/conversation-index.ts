/**
 * Which conversations belong to which guild and channel: when the bot is thrown out, or a channel is deleted,
 * their work stops at once. What is not known here, after a restart, ends with its next word.
 */
import type { ReplyTarget } from "../../../core/model/message.ts";
import { BoundedMap, BoundedSet } from "../../../lib/bounded-map.ts";
import { placeOf } from "../place.ts";

/** Guilds and channels that are remembered, and conversations of each. */
const MAX_PLACES = 10_000;
const MAX_CONVERSATIONS = 1_000;

export class ConversationIndex {
  readonly #conversations = new BoundedMap<string, BoundedSet<string>>(MAX_PLACES);

  note(target: ReplyTarget): void {
    const { guildId, parentId } = placeOf(target);
    for (const place of [guildId, parentId]) {
      if (!place) continue;
      const known = this.#conversations.get(place) ?? new BoundedSet<string>(MAX_CONVERSATIONS);
      this.#conversations.set(place, known.add(target.conversationId));
    }
  }

  /** The conversations in a guild, or in the threads of a channel; they are forgotten. */
  take(placeId: string): string[] {
    const known = [...(this.#conversations.get(placeId) ?? [])];
    this.#conversations.delete(placeId);
    return known;
  }
}
