/**
 * Looks for what was said in the bot's channels while it was down. Discord tells a new connection nothing of it.
 * Source: Discord docs, "Get Channel Messages"; platforms.md, "What users of other bots complain about".
 */
import type { REST } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { Clock, Log, Metrics } from "../../../core/ports/runtime.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import { isApiError } from "../api-errors.ts";
import type { ChannelQueue } from "../channel-queue.ts";
import { byId, idAt, isOfShard, laterId, type Shard } from "../snowflakes.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { describeUnreadable, messageSchema, type SaidMessage } from "./event-schema.ts";
import type { LastSeen, SeenPlace } from "./last-seen.ts";
import type { Messages } from "./messages.ts";

/** Channels that are looked through at once: the answers to people come first. */
const LOOKS_AT_ONCE = 2;
const PAGE = 100;
/** A thousand messages; what was said to the bot among more of them has to be said again. */
const MAX_PAGES = 10;
/**
 * The core knows for two days (`FINISHED_RETENTION_DAYS`) what it has had: what may be forgotten there must not be
 * offered again. An hour less, as clocks differ.
 */
const MAX_AGE_MS = 47 * 3_600_000;

const pageSchema = z.array(z.looseObject({ id: z.string().regex(/^\d+$/) })).max(PAGE);

export interface BackfillOptions {
  rest: REST;
  queue: ChannelQueue;
  lastSeen: LastSeen;
  messages: Messages;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class Backfill {
  readonly #options: BackfillOptions;
  readonly #limit = new ConcurrencyLimit(LOOKS_AT_ONCE);

  constructor(options: BackfillOptions) {
    this.#options = options;
  }

  /**
   * Has each channel of a new connection looked through before anything else of it is taken; returns the looks. Throws
   * when the store does not say which channels those are.
   */
  async start(shard: Shard): Promise<Promise<void>[]> {
    const { lastSeen, queue } = this.#options;
    // Not even a tick may pass before the channels are in the queue: the next event may be a message in one of them.
    if (!lastSeen.isLoaded) await queue.inOrder("the last seen messages", () => lastSeen.load());
    const places = lastSeen.list().filter(({ guildId }) => isOfShard(guildId, shard));
    return places.map(({ id }) => queue.inOrder(id, () => this.#limit.run(id, () => this.#lookThrough(id))));
  }

  /** A message waits for this channel. */
  hurry(channelId: string): void {
    this.#limit.hurry(channelId);
  }

  async #lookThrough(channelId: string): Promise<void> {
    const { lastSeen, messages, queue, log } = this.#options;
    const place = lastSeen.find(channelId);
    if (!place) return;
    try {
      for await (const message of missedMessages(place, this.#options)) {
        queue.signal.throwIfAborted();
        await messages.takeNow(message);
      }
    } catch (error) {
      if (isStoreTrouble(error) || queue.signal.aborted) throw error;
      // Deleted, or closed to the bot.
      if (isApiError(error, 10003, 50001)) await lastSeen.forget(channelId);
      else log.warn({ err: error, channel: channelId }, "a channel could not be looked through");
    }
  }
}

/** The messages after the last one seen, as far as the core still knows what it has had, oldest first. Throws Discord's refusal. */
async function* missedMessages(
  place: SeenPlace,
  context: { rest: REST; clock: Clock; log: Log; metrics: Metrics },
): AsyncGenerator<SaidMessage> {
  const { rest, clock, log, metrics } = context;
  const { id, guildId } = place;
  let after = laterId(place.lastId, idAt(clock.now() - MAX_AGE_MS));
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ after, limit: String(PAGE) });
    // The newest first.
    const messages = pageSchema.parse(await rest.get(Routes.channelMessages(id), { query }));
    for (const raw of messages.sort(byId)) {
      after = raw.id;
      const { data: message, error } = messageSchema.safeParse(raw);
      if (!message) {
        const facts = describeUnreadable({ t: "a message of the history", d: raw }, error);
        log.warn({ ...facts, channel: id }, "a message cannot be read and is set aside");
        metrics.eventSetAside("discord", "unreadable");
        continue;
      }
      // Only the gateway says in which guild a message is.
      yield { ...message, ...(guildId === null ? {} : { guild_id: guildId }) };
    }
    if (messages.length < PAGE) return;
  }
  log.warn({ channel: id }, "too much was said while the bot was down: the rest was not looked at");
}
