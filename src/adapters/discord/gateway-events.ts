/**
 * Where the gateway's events come in: each is read through its schema and goes to what takes its kind, messages and
 * interactions to the core. Source: DESIGN.md, "How a message travels" and rule 3.
 */
import type { REST } from "@discordjs/rest";
import type { Locales } from "../../core/model/locales.ts";
import type { SkillCatalog } from "../../core/model/skill.ts";
import type { MessageSink } from "../../core/ports/chat-platform.ts";
import type { Clock, Log, Metrics } from "../../core/ports/runtime.ts";
import type { AdapterMemory, ConversationStore } from "../../core/ports/store.ts";
import { within } from "../../lib/timeout.ts";
import { orInTrouble } from "../shared/store-trouble.ts";
import { ChannelQueue } from "./channel-queue.ts";
import { Backfill } from "./incoming/backfill.ts";
import { ConversationIndex } from "./incoming/conversation-index.ts";
import { describeUnreadable, type GatewayEvent, type Guild, readEvent } from "./incoming/event-schema.ts";
import type { RawEvent } from "./incoming/gateway.ts";
import { JoinedGuilds } from "./incoming/joined-guilds.ts";
import { LastSeen } from "./incoming/last-seen.ts";
import { Messages } from "./incoming/messages.ts";
import { PersonLanguages } from "./incoming/person-languages.ts";
import { Receiver } from "./incoming/receiver.ts";
import { InteractionJournal } from "./interactions/journal.ts";
import { InteractionResponder } from "./interactions/responder.ts";
import { Interactions } from "./interactions/router.ts";
import { conversationOf, placeOf } from "./place.ts";
import { isOfShard, type Shard } from "./snowflakes.ts";
import { Threads } from "./threads.ts";

/** How often it is looked for interactions that another process left. */
const SWEEP_MS = 60_000;
/** What is under way may end; a platform that does not answer is waited for no longer. */
const STOP_WAIT_MS = 1_000;

export interface GatewayEventsOptions {
  rest: REST;
  engine: MessageSink;
  memory: AdapterMemory;
  /** Tells what a conversation works on. */
  conversations: Pick<ConversationStore, "read">;
  locales: Locales;
  skills: SkillCatalog;
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

export class GatewayEvents {
  readonly #options: GatewayEventsOptions;
  readonly #queue: ChannelQueue;
  readonly #lastSeen: LastSeen;
  readonly #conversations = new ConversationIndex();
  readonly #guilds = new JoinedGuilds();
  readonly #receiver: Receiver;
  readonly #messages: Messages;
  readonly #interactions: Interactions;
  readonly #backfill: Backfill;
  /** What is under way: a stop waits for it. */
  readonly #running = new Set<Promise<void>>();
  #sweepTimer: NodeJS.Timeout | null = null;

  constructor(options: GatewayEventsOptions) {
    this.#options = options;
    const queue = new ChannelQueue(options.clock);
    const lastSeen = new LastSeen(options);
    const threads = new Threads({
      ...options,
      onOpen: (threadId, guildId) => lastSeen.meet(threadId, guildId, threadId),
    });
    const journal = new InteractionJournal(options);
    const languages = new PersonLanguages(options.memory);
    const responder = new InteractionResponder({ ...options, queue, journal });
    const receiver = new Receiver({ engine: options.engine, threads, conversations: this.#conversations });
    const parts = { ...options, queue, lastSeen, threads, journal, languages, responder, receiver };
    this.#queue = queue;
    this.#lastSeen = lastSeen;
    this.#receiver = receiver;
    this.#messages = new Messages(parts);
    this.#interactions = new Interactions(parts);
    this.#backfill = new Backfill({ ...parts, messages: this.#messages });
  }

  /** Takes up what earlier processes left; the gateway may be connected afterwards. Never throws. */
  async start(): Promise<void> {
    await orInTrouble(this.#lastSeen.load(), undefined);
    this.#track("interactions of an earlier process", this.#takeUp(true));
    this.#sweepTimer = setInterval(
      () => this.#track("interactions of another process", this.#takeUp(false)),
      SWEEP_MS,
    ).unref();
  }

  /** Resolves when all that is under way is owned, or after about a second. */
  async stop(): Promise<void> {
    if (this.#sweepTimer) clearInterval(this.#sweepTimer);
    const count = this.#queue.heldCount;
    if (count > 0) this.#options.log.error({ count }, "the store took some messages not: they are lost");
    this.#queue.stop();
    await within(STOP_WAIT_MS, Promise.allSettled(this.#running), undefined);
    await within(STOP_WAIT_MS / 2, this.#lastSeen.flush(), undefined);
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

  /** An event that has to wait for others of its channel is in the queue when this returns. */
  async #take(event: GatewayEvent): Promise<void> {
    switch (event.type) {
      case "ready":
        this.#guilds.ready(event.shard, event.guildIds);
        for (const look of await this.#backfill.start(event.shard)) this.#track("a look back", look);
        return;
      case "interaction":
        return this.#interactions.take(event.interaction);
      case "message":
        this.#backfill.hurry(event.message.channel_id);
        return this.#messages.take(event.message);
      case "channel-gone":
        await this.#lastSeen.forget(event.id);
        return this.#abandon([conversationOf(event.id), ...this.#conversations.take(event.id)]);
      case "guild":
        return this.#introduce(event.guild);
      case "guild-gone":
        this.#guilds.gone(event.id);
        return this.#guildGone(event.id);
    }
  }

  async #introduce(guild: Guild): Promise<void> {
    const joining = this.#guilds.take(guild, this.#options.botId());
    if (!joining) return;
    const { channelId } = placeOf(joining.replyTo);
    await this.#queue.inOrder(channelId, () => this.#receiver.receive(joining));
  }

  #track(event: string, work: Promise<void>): void {
    const { log, metrics } = this.#options;
    const running = work.catch((error: unknown) => {
      // What was not owned when the bot stopped is found by the next look back.
      if (this.#queue.signal.aborted) {
        log.info({ err: error, event }, "an event was left for later");
        return;
      }
      log.error({ err: error, event }, "an event could not be taken");
      metrics.eventSetAside("discord", "failed");
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async #takeUp(isFirst: boolean): Promise<void> {
    const { shards, log } = this.#options;
    // The process that served these guilds before has ended, or is about to.
    const isOurs = (guildId: string | null) =>
      isFirst && (shards === null || shards.some((shard) => isOfShard(guildId, shard)));
    const taken = await orInTrouble(this.#interactions.takeUp(isOurs), []);
    if (taken.length > 0)
      log.info({ count: taken.length }, "interactions of an earlier process are taken up");
    for (const one of taken) this.#track("an interaction of an earlier process", one);
  }

  async #guildGone(id: string): Promise<void> {
    const places = this.#lastSeen.list().filter((place) => place.guildId === id);
    for (const place of places) await this.#lastSeen.forget(place.id);
    const conversations = places.map((place) => conversationOf(place.id));
    await this.#abandon([...new Set([...conversations, ...this.#conversations.take(id)])]);
  }

  async #abandon(conversations: string[]): Promise<void> {
    await Promise.all(conversations.map((one) => this.#options.engine.abandon(one)));
  }
}
