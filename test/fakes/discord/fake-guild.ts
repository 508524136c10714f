/** A server: channels, roles, members, and whether the bot is there. */

import type { FakeChannel } from "./fake-channel.ts";
import type { FakeUser } from "./fake-user.ts";
import { permissionBits } from "./permissions.ts";
import { guildCreateWire, guildWire, memberWire, roleWire } from "./serialize.ts";
import type { Stage } from "./stage.ts";
import { tellAboutChannel } from "./threads.ts";
import { ChannelType, Intent, type PermissionName } from "./wire.ts";
import type { ChannelState, GuildState, MemberState, RoleState } from "./world.ts";
import { hasBot } from "./world.ts";

/** A handle of a guild. */
export class FakeGuild {
  readonly state: GuildState;
  readonly #stage: Stage;

  constructor(stage: Stage, state: GuildState) {
    this.#stage = stage;
    this.state = state;
  }

  get id(): string {
    return this.state.id;
  }

  /** True while the bot is a member. */
  get hasBot(): boolean {
    return hasBot(this.#stage.core.world, this.state);
  }

  /** Makes a text channel. */
  textChannel(name: string = "general"): FakeChannel {
    return this.#addChannel(name, ChannelType.text);
  }

  /** Makes an announcement channel. */
  announcementChannel(name: string = "news"): FakeChannel {
    return this.#addChannel(name, ChannelType.announcement);
  }

  /** Makes a forum. */
  forum(name: string = "forum"): FakeChannel {
    return this.#addChannel(name, ChannelType.forum);
  }

  /** Adds users as members. */
  join(...users: readonly FakeUser[]): void {
    for (const user of users)
      this.state.members.set(user.id, { user: user.state, roleIds: [], joinedAt: Date.now() });
  }

  /** Makes a role and gives it to members; `bot` means the bot. */
  role(name: string, permissions: readonly PermissionName[], ...to: readonly (FakeUser | "bot")[]): string {
    const { core } = this.#stage;
    const role: RoleState = {
      id: core.ids.next(),
      name,
      permissions: permissionBits(permissions),
      isManaged: false,
    };
    this.state.roles.set(role.id, role);
    this.#tellRole("GUILD_ROLE_CREATE", role);
    for (const one of to) {
      const member = this.state.members.get(one === "bot" ? core.world.bot.id : one.id);
      member?.roleIds.push(role.id);
      if (one === "bot" && member !== undefined) this.#tellOwnMember(member);
    }
    return role.id;
  }

  /** Takes permissions away from all members, the bot included. */
  forbid(names: readonly PermissionName[]): void {
    const everyone = this.state.roles.get(this.id);
    if (everyone === undefined) return;
    everyone.permissions &= ~permissionBits(names);
    this.#tellRole("GUILD_ROLE_UPDATE", everyone);
  }

  /** Boosts or unboosts: 0–3. */
  setPremiumTier(tier: number): void {
    this.state.premiumTier = tier;
    this.#tell("GUILD_UPDATE", () => guildWire(this.state));
  }

  /** Removes the bot; from then on it has no access. */
  kickBot(): void {
    removeBot(this.#stage, this.state);
  }

  /** Adds the bot. */
  addBot(): void {
    const { core } = this.#stage;
    this.state.members.set(core.world.bot.id, { user: core.world.bot, roleIds: [], joinedAt: Date.now() });
    this.#tellCreate();
  }

  /** Where Discord itself writes. */
  setSystemChannel(channel: FakeChannel): void {
    this.state.systemChannel = channel.state;
    this.#tell("GUILD_UPDATE", () => guildWire(this.state));
  }

  /** The end of an outage. */
  becomeAvailable(): void {
    this.#tellCreate();
  }

  /** An outage: the guild is there but cannot be reached by events. */
  becomeUnavailable(): void {
    this.#tell("GUILD_DELETE", () => ({ id: this.id, unavailable: true }));
  }

  #addChannel(name: string, type: number): FakeChannel {
    const { core } = this.#stage;
    const channel: ChannelState = {
      id: core.ids.next(),
      type,
      name,
      guild: this.state,
      parent: null,
      overwrites: new Map(),
      thread: null,
      recipients: [],
      messages: new Map(),
      isDeleted: false,
    };
    this.state.channels.set(channel.id, channel);
    core.world.channels.set(channel.id, channel);
    tellAboutChannel(core, "CHANNEL_CREATE", channel);
    return this.#stage.channel(channel);
  }

  #tellCreate(): void {
    this.#tell("GUILD_CREATE", () => guildCreateWire(this.state, this.#stage.core.world));
  }

  #tellRole(name: string, role: RoleState): void {
    this.#tell(name, () => ({ guild_id: this.id, role: roleWire(role) }));
  }

  #tellOwnMember(member: MemberState): void {
    this.#tell("GUILD_MEMBER_UPDATE", () => ({ guild_id: this.id, ...memberWire(member, true) }));
  }

  #tell(name: string, data: () => ReturnType<typeof guildWire>): void {
    if (!this.hasBot) return;
    this.#stage.core.dispatch({ name, guildId: this.id, intents: Intent.GUILDS, data });
  }
}

/** Takes the bot out of a guild and dispatches GUILD_DELETE. */
export function removeBot(stage: Stage, guild: GuildState): void {
  const { core } = stage;
  if (!hasBot(core.world, guild)) return;
  guild.members.delete(core.world.bot.id);
  for (const channel of guild.channels.values()) channel.thread?.members.delete(core.world.bot.id);
  core.dispatch({
    name: "GUILD_DELETE",
    guildId: guild.id,
    intents: Intent.GUILDS,
    data: () => ({ id: guild.id }),
  });
  core.changes.emit("change");
}
