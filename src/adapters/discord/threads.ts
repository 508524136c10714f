/**
 * Threads are projects: an edit started in a guild's text channel opens one and goes on there. Where that is
 * not possible, or not wanted in a guild, the bot answers in place. Source: platforms.md, "Threads".
 */

import { DiscordAPIError } from "@discordjs/rest";
import type { APIChannel, REST } from "discord.js";
import { ChannelType, Routes } from "discord-api-types/v10";
import { StopError } from "../../core/model/stop.ts";
import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { shortenToLimit, UNSHOWN } from "../../lib/shorten.ts";
import { isStoreTrouble } from "../shared/store-trouble.ts";
import { isApiError } from "./api-errors.ts";

const NAME_LENGTH = 90;
/** Minutes until Discord folds a quiet thread away: three days. */
const ARCHIVE_MINUTES = 4320;
const OWN_FOR_MS = 365 * 86_400_000;
/** Channels that are known without asking. */
const MAX_KNOWN = 10_000;

export interface ThreadOptions {
  rest: REST;
  memory: AdapterMemory;
  log: Log;
  /** Told of each thread of the bot's own; never throws. */
  onOpen: (threadId: string, guildId: string) => Promise<void>;
}

export class Threads {
  readonly #rest: REST;
  readonly #memory: AdapterMemory;
  readonly #log: Log;
  readonly #onOpen: ThreadOptions["onOpen"];
  /** Kinds of channels, which never change. */
  readonly #kinds = new BoundedMap<string, ChannelType>(MAX_KNOWN);
  /**
   * Whether the bot has opened a thread; last asked for last. All threads of the guilds whose events come here are
   * opened here, or were before.
   */
  readonly #isOwn = new BoundedMap<string, boolean>(MAX_KNOWN);

  constructor(options: ThreadOptions) {
    this.#rest = options.rest;
    this.#memory = options.memory;
    this.#log = options.log;
    this.#onOpen = options.onOpen;
  }

  /** As `isOwn`, as far as it is known without the store; null: the store has to be asked. */
  isKnownAsOwn(channelId: string): boolean | null {
    const isOwn = this.#isOwn.get(channelId);
    if (isOwn === undefined) return null;
    this.#isOwn.set(channelId, isOwn);
    return isOwn;
  }

  /** True for a thread that the bot has opened. Throws while the store is in trouble. */
  async isOwn(channelId: string): Promise<boolean> {
    const known = this.#isOwn.get(channelId);
    if (known !== undefined) return known;
    const stored = await this.#memory.get(ownerKey(channelId));
    // It may have been opened while the store was asked.
    const isOwn = this.#isOwn.get(channelId) ?? stored !== null;
    this.#isOwn.set(channelId, isOwn);
    return isOwn;
  }

  async setInPlace(guildId: string, isInPlace: boolean): Promise<void> {
    if (isInPlace) await this.#memory.set(`in-place:${guildId}`, "1");
    else await this.#memory.delete(`in-place:${guildId}`);
  }

  /**
   * Opens a thread from a message for the project of `userId`; null where the answer belongs in place: in a
   * thread, a direct message, a guild that prefers it, or without the permission. Throws while the store is in trouble.
   */
  async open(
    place: { guildId: string | undefined; channelId: string; channelType?: ChannelType; messageId: string },
    project: { name: string; userId: string },
  ): Promise<string | null> {
    const { guildId, channelId, messageId } = place;
    if (!guildId || (await this.#memory.get(`in-place:${guildId}`))) return null;
    const kind = place.channelType ?? (await this.#kindOf(channelId));
    if (kind !== ChannelType.GuildText && kind !== ChannelType.GuildAnnouncement) return null;
    try {
      // The answer's shape is Discord's documented channel object.
      const thread = (await this.#rest.post(Routes.threads(channelId, messageId), {
        body: { name: threadName(project.name), auto_archive_duration: ARCHIVE_MINUTES },
      })) as APIChannel;
      return await this.#own(thread.id, guildId, project.userId);
    } catch (error) {
      // A repeated request: the first one opened it, and a message's thread has the id of the message.
      if (isApiError(error, 160004)) return this.#own(messageId, guildId, project.userId);
      if (!(error instanceof DiscordAPIError)) throw error;
      this.#log.info({ err: error, channel: channelId }, "no thread could be opened; answering in place");
      return null;
    }
  }

  async #own(threadId: string, guildId: string, userId: string): Promise<string> {
    this.#isOwn.set(threadId, true);
    try {
      await this.#memory.set(ownerKey(threadId), userId, OWN_FOR_MS);
    } catch (error) {
      if (!isStoreTrouble(error)) throw error;
      // The thread is there, and what is said in it has to be stored too: that comes again, and this with it.
      this.#log.warn({ err: error, channel: threadId }, "a thread could not be written down");
    }
    await this.#onOpen(threadId, guildId);
    return threadId;
  }

  async #kindOf(channelId: string): Promise<ChannelType | null> {
    const known = this.#kinds.get(channelId);
    if (known !== undefined) return known;
    try {
      const channel = (await this.#rest.get(Routes.channel(channelId))) as APIChannel;
      this.#kinds.set(channelId, channel.type);
      return channel.type;
    } catch (error) {
      if (error instanceof StopError) throw error;
      this.#log.info({ err: error, channel: channelId }, "a channel could not be looked at");
      return null;
    }
  }
}

/** Where the person who started the thread's project is kept: `Managers` asks for them too. */
export function ownerKey(threadId: string): string {
  return `thread:${threadId}`;
}

/** The prompt in one line, as Discord takes a name. */
function threadName(prompt: string): string {
  const line = prompt.replace(UNSHOWN, " ").trim();
  return shortenToLimit(line, NAME_LENGTH) || "nemobot";
}
