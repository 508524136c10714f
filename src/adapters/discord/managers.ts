/**
 * Who may manage a conversation: by what Discord says with an event, else by roles and overwrites.
 * Source: Discord docs, "Permissions: Permission Hierarchy"; the `ChatPlatform` port.
 */

import type { REST } from "@discordjs/rest";
import type { APIChannel, APIGuild, APIGuildMember } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { IncomingMessage, ReplyTarget } from "../../core/model/message.ts";
import type { Clock } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { KnownManagers } from "../shared/managers.ts";
import { orInTrouble } from "../shared/store-trouble.ts";
import { isThread, mayManageBy, permissionsOf } from "./permissions.ts";
import { placeOf } from "./place.ts";
import { ownerKey } from "./threads.ts";

export class Managers {
  readonly #rest: REST;
  readonly #memory: AdapterMemory;
  readonly #known: KnownManagers;

  constructor(rest: REST, memory: AdapterMemory, clock: Clock) {
    this.#rest = rest;
    this.#memory = memory;
    this.#known = new KnownManagers(clock);
  }

  /** Throws when Discord does not say. */
  async has(target: ReplyTarget, user: IncomingMessage["user"], signal: AbortSignal): Promise<boolean> {
    const { channelId, guildId, isAppOnly } = placeOf(target);
    // Alone with the bot, but for group messages that only a person's own app hears.
    if (!guildId) return isAppOnly !== true;
    if (user.canManage === true) return true;
    const id = user.id.slice("discord:".length);
    if ((await orInTrouble(this.#memory.get(ownerKey(channelId)), null)) === id) return true;
    if (user.canManage === false) return false;
    return this.#known.has(channelId, id, () => this.#ask(guildId, channelId, id, signal));
  }

  async #ask(guildId: string, channelId: string, userId: string, signal: AbortSignal): Promise<boolean> {
    // The answers' shapes are Discord's documented objects.
    const get = async <T>(route: `/${string}`) => (await this.#rest.get(route, { signal })) as T;
    const [guild, member, place] = await Promise.all([
      get<APIGuild>(Routes.guild(guildId)),
      get<APIGuildMember>(Routes.guildMember(guildId, userId)),
      get<APIChannel>(Routes.channel(channelId)),
    ]);
    if (guild.owner_id === userId) return true;
    // A thread has the rights of its channel.
    const parentId = isThread(place.type) && "parent_id" in place ? place.parent_id : null;
    const channel = parentId ? await get<APIChannel>(Routes.channel(parentId)) : place;
    const overwrites = "permission_overwrites" in channel ? (channel.permission_overwrites ?? []) : [];
    return mayManageBy(permissionsOf({ guild, member, userId, overwrites }));
  }
}
