/**
 * Messages on their way to the core, in the order of their channel: which are for the bot, and which it has had.
 * Source: DESIGN.md, "How a message travels" and rule 3.
 */
import { BoundedSet } from "../../../lib/bounded-map.ts";
import type { ChannelQueue, Standing } from "../channel-queue.ts";
import type { Threads } from "../threads.ts";
import type { SaidMessage } from "./event-schema.ts";
import type { LastSeen } from "./last-seen.ts";
import { readMessage, readSaid, type Said } from "./normalize.ts";
import type { PersonLanguages } from "./person-languages.ts";
import type { Receiver } from "./receiver.ts";

/** Messages that are known to be owned without asking the core. */
const MAX_OWNED = 5_000;

export interface MessageOptions {
  queue: ChannelQueue;
  threads: Threads;
  lastSeen: LastSeen;
  languages: PersonLanguages;
  receiver: Receiver;
  /** Plain messages in the bot's own threads are edits. */
  hasMessageContent: boolean;
  /** The bot's own id. */
  botId: () => string;
}

export class Messages {
  readonly #options: MessageOptions;
  /** Messages that the core owns; a look back and the gateway may both tell of one. */
  readonly #owned = new BoundedSet<string>(MAX_OWNED);

  constructor(options: MessageOptions) {
    this.#options = options;
  }

  /** Takes a message behind everything of its channel that came before; it is in the queue when this returns. */
  take(message: SaidMessage): Promise<void> {
    const said = readSaid(message, this.#options.botId());
    const take = () => this.#take(message, said);
    return this.#options.queue.inOrder(message.channel_id, take, this.#standingOf(said));
  }

  /** Takes a message that is not in the queue, but has its channel to itself. Throws while the store is in trouble: it must come again. */
  takeNow(message: SaidMessage): Promise<void> {
    return this.#take(message, readSaid(message, this.#options.botId()));
  }

  async #take(message: SaidMessage, said: Said | null): Promise<void> {
    const { lastSeen, languages, receiver, botId } = this.#options;
    const { id, channel_id: channelId, guild_id: guildId = null, author } = message;
    if (this.#owned.has(id)) return;
    if (said === null || !(await this.#isForUs(said))) return lastSeen.passed(channelId, id);
    // Whatever happens from here on, the next process looks for this message.
    if (!lastSeen.find(channelId)) await lastSeen.meet(channelId, guildId, String(BigInt(id) - 1n));
    await receiver.receiveSaid(readMessage(said, botId(), await languages.of(author.id)), id);
    this.#owned.add(id);
    await lastSeen.took(channelId, guildId, id);
  }

  async #isForUs(said: Said): Promise<boolean> {
    const standing = this.#standingOf(said);
    return standing === "unsure" ? this.#options.threads.isOwn(said.message.channel_id) : standing === "sure";
  }

  /** Whether a message is for the bot, as far as that can be said without the store. */
  #standingOf(said: Said | null): Standing {
    if (said?.isAddressed) return "sure";
    if (said === null || !this.#options.hasMessageContent) return "aside";
    const isOwn = this.#options.threads.isKnownAsOwn(said.message.channel_id);
    return isOwn === null ? "unsure" : isOwn ? "sure" : "aside";
  }
}
