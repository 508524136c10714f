/**
 * What Discord tells on its way to the core: messages in the order of their channel, interactions at once, and
 * after an absence what was said meanwhile. Source: DESIGN.md, "How a message travels" and rule 3.
 */

import type { REST } from "@discordjs/rest";
import type { Locales } from "../../core/model/locales.ts";
import type { SkillCatalog } from "../../core/model/skill.ts";
import type { Understanding } from "../../core/model/understanding.ts";
import type { MessageSink } from "../../core/ports/chat-platform.ts";
import type { Clock, Log, Metrics } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { within } from "../../lib/timeout.ts";
import { isStoreTrouble, orInTrouble } from "../shared/store-trouble.ts";
import { Allowance } from "./allowance.ts";
import { isApiError } from "./api-errors.ts";
import { Line, type Standing } from "./channel-queue.ts";
import { missedIn, Pace } from "./incoming/backfill.ts";
import { Whereabouts } from "./incoming/conversation-index.ts";
import {
  describeUnreadable,
  type GatewayEvent,
  type Interaction,
  readEvent,
  type SaidMessage,
} from "./incoming/event-schema.ts";
import type { RawEvent } from "./incoming/gateway.ts";
import { ServedPlaces } from "./incoming/last-seen.ts";
import { isAddressed, readMessage, userOf, wordsOf } from "./incoming/normalize.ts";
import { isAppOnly } from "./interactions/facts.ts";
import { Interactions } from "./interactions/router.ts";
import { conversationOf } from "./place.ts";
import { isOfShard, type Shard } from "./snowflakes.ts";
import { Threads } from "./threads.ts";

/** How long a person's language is remembered. */
const LOCALE_LIVES_MS = 90 * 86_400_000;
/** Channels that are looked through at once: the answers to people come first. */
const LOOKS_AT_ONCE = 2;
/** Messages that are known to be owned without asking the core. */
const MAX_OWNED = 5_000;
/** How often it is looked for interactions that another process left. */
const SWEEP_MS = 60_000;
/** What is under way may end; nobody waits longer for a platform that does not answer. */
const STOP_PATIENCE_MS = 1_000;

export interface IntakeOptions {
  rest: REST;
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  skills: SkillCatalog;
  understanding: Understanding;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Plain messages in the bot's own threads are edits. */
  hasMessageContent: boolean;
  /** The bot's own id. */
  botId: () => string;
  /** The shards whose events come to this process; null: all of them. */
  shards: readonly Shard[] | null;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #line: Line;
  readonly #threads: Threads;
  readonly #served: ServedPlaces;
  readonly #interactions: Interactions;
  readonly #whereabouts = new Whereabouts();
  readonly #pace = new Pace(LOOKS_AT_ONCE);
  readonly #allowance = new Allowance();
  /** Messages that the core owns; a look back and the gateway may both tell of one. */
  readonly #owned = new Set<string>();
  /** What is under way: a stop waits for it. */
  readonly #taking = new Set<Promise<void>>();
  #sweepTimer: NodeJS.Timeout | null = null;

  constructor(options: IntakeOptions) {
    const { engine } = options;
    const sink: MessageSink = {
      receive: (message) => {
        // The answers may be sent by another process: this one hears when the place is gone.
        this.#whereabouts.note(message.replyTo);
        return engine.receive(message);
      },
      putOff: (message) => engine.putOff(message),
      revise: (message) => engine.revise(message),
      abandon: (conversationId) => engine.abandon(conversationId),
    };
    this.#options = { ...options, engine: sink };
    this.#line = new Line(options.clock);
    this.#served = new ServedPlaces(options);
    this.#threads = new Threads({
      ...options,
      onOpen: (threadId, guildId) => this.#served.meet(threadId, guildId, threadId),
    });
    this.#interactions = new Interactions({ ...this.#options, threads: this.#threads, line: this.#line });
  }

  /** Takes up what earlier processes left; the gateway may be connected afterwards. Never throws. */
  async start(): Promise<void> {
    await orInTrouble(this.#served.load(), undefined);
    this.#track("interactions of an earlier process", this.#takeUp(true));
    this.#sweepTimer = setInterval(
      () => this.#track("interactions of another process", this.#takeUp(false)),
      SWEEP_MS,
    ).unref();
  }

  /** Resolves when what came in is owned, or after about a second. */
  async stop(): Promise<void> {
    const { log } = this.#options;
    if (this.#sweepTimer) clearInterval(this.#sweepTimer);
    if (this.#line.heldCount > 0) {
      log.error({ count: this.#line.heldCount }, "the store took some messages not: they are lost");
    }
    this.#line.stop();
    await within(STOP_PATIENCE_MS, Promise.allSettled(this.#taking), undefined);
    await within(STOP_PATIENCE_MS / 2, this.#served.flush(), undefined);
  }

  /** An event of the gateway. Never throws: whatever is wrong with it ends here. */
  event(raw: RawEvent): void {
    const { log, metrics } = this.#options;
    let event: GatewayEvent | null;
    try {
      event = readEvent(raw);
    } catch (error) {
      log.warn(describeUnreadable(raw, error), "an event of Discord cannot be read and is set aside");
      metrics.eventSetAside("discord", "unreadable");
      return;
    }
    if (event) this.#track(event.type, this.#take(event));
  }

  /** What has to wait in line is there when this returns. */
  async #take(event: GatewayEvent): Promise<void> {
    switch (event.type) {
      case "ready":
        return this.#lookBack(event.shard);
      case "interaction":
        return this.#interaction(event.interaction);
      case "message": {
        const { message } = event;
        this.#pace.hurry(message.channel_id);
        return this.#line.inOrder(
          message.channel_id,
          () => this.#message(message),
          this.#standingOf(message),
        );
      }
      case "channel-gone":
        return this.#channelGone(event.id);
      case "guild-gone":
        return this.#guildGone(event.id);
    }
  }

  #track(event: string, work: Promise<void>): void {
    const taking = work.catch((error: unknown) => {
      // What was not owned when the bot stopped is found by the next look back.
      if (this.#line.signal.aborted)
        this.#options.log.info({ err: error, event }, "an event was left for later");
      else {
        this.#options.log.error({ err: error, event }, "an event could not be taken");
        this.#options.metrics.eventSetAside("discord", "failed");
      }
    });
    this.#taking.add(taking);
    void taking.finally(() => this.#taking.delete(taking));
  }

  async #takeUp(isFirst: boolean): Promise<void> {
    const { shards, log } = this.#options;
    // Whoever served these guilds before has ended, or is about to.
    const isOurs = (guildId: string | null) =>
      isFirst && (shards === null || shards.some((shard) => isOfShard(guildId, shard)));
    const taken = await orInTrouble(this.#interactions.takeUp(isOurs), []);
    if (taken.length > 0)
      log.info({ count: taken.length }, "interactions of an earlier process are taken up");
    for (const one of taken) this.#track("an interaction of an earlier process", one);
  }

  /** A new connection: what was said before it is looked for, and what comes now waits for it, channel by channel. */
  async #lookBack(shard: Shard): Promise<void> {
    // Not even a tick may pass before the channels are in line: the next event may be a message in one of them.
    if (!this.#served.isLoaded) await this.#line.inOrder("the served channels", () => this.#served.load());
    for (const { id, guildId } of this.#served.list()) {
      if (!isOfShard(guildId, shard)) continue;
      const look = () => this.#pace.run(id, () => this.#lookThrough(id));
      this.#track("what was said meanwhile", this.#line.inOrder(id, look));
    }
  }

  async #lookThrough(channelId: string): Promise<void> {
    const { log } = this.#options;
    const place = this.#served.find(channelId);
    if (!place) return;
    try {
      for await (const message of missedIn(place, this.#options)) {
        this.#line.signal.throwIfAborted();
        await this.#message(message);
      }
    } catch (error) {
      if (isStoreTrouble(error) || this.#line.signal.aborted) throw error;
      // Deleted, or closed to the bot.
      if (isApiError(error, 10003, 50001)) await this.#served.forget(channelId);
      else log.warn({ err: error, channel: channelId }, "a channel could not be looked through");
    }
  }

  async #channelGone(id: string): Promise<void> {
    await this.#served.forget(id);
    await this.#abandon([conversationOf(id), ...this.#whereabouts.take(id)]);
  }

  async #guildGone(id: string): Promise<void> {
    const places = this.#served.list().filter((place) => place.guildId === id);
    for (const place of places) await this.#served.forget(place.id);
    const conversations = places.map((place) => conversationOf(place.id));
    await this.#abandon([...new Set([...conversations, ...this.#whereabouts.take(id)])]);
  }

  async #abandon(conversations: string[]): Promise<void> {
    await Promise.all(conversations.map((one) => this.#options.engine.abandon(one)));
  }

  #interaction(interaction: Interaction): Promise<void> {
    return this.#allowance.run(
      userOf(interaction).id,
      () => this.#takeInteraction(interaction),
      () => this.#interactions.refuse(interaction, this.#allowance.limit),
    );
  }

  async #takeInteraction(interaction: Interaction): Promise<void> {
    const channelId = interaction.channel?.id;
    const place =
      channelId && !isAppOnly(interaction)
        ? this.#served.meetBy(interaction.id, channelId, interaction.guild_id ?? null)
        : Promise.resolve();
    await Promise.all([this.#interactions.handle(interaction), this.#keepLocale(interaction), place]);
  }

  /** Messages do not tell a person's language; an interaction does, for both. */
  async #keepLocale(interaction: Interaction): Promise<void> {
    const { locale } = interaction;
    if (!locale) return;
    const { memory } = this.#options;
    const key = `locale:${userOf(interaction).id}`;
    const keep = async () => {
      if ((await memory.get(key)) === locale) return;
      await memory.set(key, locale, LOCALE_LIVES_MS);
    };
    await orInTrouble(keep(), undefined);
  }

  /** Throws the trouble of the store while it cannot be owned. */
  async #message(message: SaidMessage): Promise<void> {
    const { id, channel_id: channelId, guild_id: guildId = null } = message;
    if (this.#owned.has(id)) return;
    if (!(await this.#isForUs(message))) return this.#served.passed(channelId, id);
    // Whatever happens from here on, the next process looks for this message.
    if (!this.#served.find(channelId)) await this.#served.meet(channelId, guildId, String(BigInt(id) - 1n));
    await this.#receive(message);
    this.#owned.add(id);
    const [oldest] = this.#owned;
    if (this.#owned.size > MAX_OWNED && oldest !== undefined) this.#owned.delete(oldest);
    await this.#served.took(channelId, guildId, id);
  }

  async #isForUs(message: SaidMessage): Promise<boolean> {
    const standing = this.#standingOf(message);
    return standing === "unsure" ? this.#threads.isOwn(message.channel_id) : standing === "sure";
  }

  /** Whether a message is for the bot, as far as that can be said without the store. */
  #standingOf(message: SaidMessage): Standing {
    const botId = this.#options.botId();
    if (isAddressed(message, botId, false)) return "sure";
    if (!this.#options.hasMessageContent || !isAddressed(message, botId, true)) return "aside";
    const isOwn = this.#threads.isKnownAsOwn(message.channel_id);
    return isOwn === null ? "unsure" : isOwn ? "sure" : "aside";
  }

  async #receive(message: SaidMessage): Promise<void> {
    const { engine, memory } = this.#options;
    const threadId = await this.#threadFor(message);
    const language = await orInTrouble(memory.get(`locale:${message.author.id}`), null);
    const channelId = threadId ?? message.channel_id;
    await engine.receive(readMessage(message, this.#options.botId(), channelId, language));
  }

  /** The thread of a new edit; null where the answer belongs in place. */
  async #threadFor(message: SaidMessage): Promise<string | null> {
    const text = wordsOf(message, this.#options.botId());
    const hasFiles = message.attachments.length > 0;
    const isEdit =
      hasFiles || (text !== "" && this.#options.understanding.readIntent(text).kind !== "action");
    if (!isEdit) return null;
    const opened = this.#threads.open(
      { guildId: message.guild_id, channelId: message.channel_id, messageId: message.id },
      { name: text || (message.attachments[0]?.filename ?? ""), userId: message.author.id },
    );
    // Nobody knows whether a thread is wanted: the core says that the store is in trouble, and this comes again.
    return orInTrouble(opened, null);
  }
}
