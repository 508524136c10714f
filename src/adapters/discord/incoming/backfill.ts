/**
 * Looks for what was said in a channel while the bot was down. Discord tells a new connection nothing of it.
 * Source: Discord docs, "Get Channel Messages"; platforms.md, "What users of other bots complain about".
 */
import type { REST } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { Clock, Log, Metrics } from "../../../core/ports/runtime.ts";
import { byId, idAt, laterId } from "../snowflakes.ts";
import { describeUnreadable, messageSchema, type SaidMessage } from "./event-schema.ts";
import type { Place } from "./last-seen.ts";

const PAGE = 100;
/** A thousand messages; whoever spoke to the bot among more of them has to do it again. */
const MAX_PAGES = 10;
/**
 * The core knows for two days (`FINISHED_RETENTION_DAYS`) what it has had: what may be forgotten there must not be
 * offered again. An hour less, as clocks differ.
 */
const MAX_AGE_MS = 47 * 3_600_000;

const pageSchema = z.array(z.looseObject({ id: z.string().regex(/^\d+$/) })).max(PAGE);

/** The messages after the last one seen, as far as the core still knows what it has had, oldest first. Throws Discord's refusal. */
export async function* missedIn(
  place: Place,
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

/** A few at once, as the rate limits like it; who is waited for comes next. */
export class Pace {
  readonly #atOnce: number;
  #running = 0;
  #waiting: { key: string; go: () => void }[] = [];

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  async run(key: string, task: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#atOnce) {
      await new Promise<void>((resolve) => this.#waiting.push({ key, go: resolve }));
    } else this.#running += 1;
    try {
      await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.go();
      else this.#running -= 1;
    }
  }

  /** Somebody waits for this one. */
  hurry(key: string): void {
    const place = this.#waiting.findIndex((one) => one.key === key);
    if (place > 0) this.#waiting.unshift(...this.#waiting.splice(place, 1));
  }
}
