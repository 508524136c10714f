/**
 * Which conversations belong to which guild and channel: when the bot is thrown out, or a channel is deleted,
 * their work stops at once. What is not known here, after a restart, ends with its next word.
 */
import type { ReplyTarget } from "../../../core/model/message.ts";
import { placeOf } from "../place.ts";

/** Guilds and channels that are remembered, and conversations of each. */
const MAX_PLACES = 10_000;
const MAX_CONVERSATIONS = 1_000;

export class Whereabouts {
  readonly #conversations = new Map<string, Set<string>>();

  note(target: ReplyTarget): void {
    const { guildId, parentId } = placeOf(target);
    for (const place of [guildId, parentId]) {
      if (place) this.#add(place, target.conversationId);
    }
  }

  /** The conversations in a guild, or in the threads of a channel; they are forgotten. */
  take(placeId: string): string[] {
    const known = [...(this.#conversations.get(placeId) ?? [])];
    this.#conversations.delete(placeId);
    return known;
  }

  #add(place: string, conversationId: string): void {
    const known = this.#conversations.get(place) ?? new Set();
    // Newest last: the oldest give way.
    known.delete(conversationId);
    known.add(conversationId);
    dropOldest(known, MAX_CONVERSATIONS);
    this.#conversations.set(place, known);
    dropOldest(this.#conversations, MAX_PLACES);
  }
}

function dropOldest(kept: Set<string> | Map<string, unknown>, max: number): void {
  if (kept.size <= max) return;
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}
