/**
 * Interactions: three seconds for the first answer, fifteen minutes for the rest.
 * Source: Discord docs, "Receiving and Responding to Interactions".
 */

import { randomBytes } from "node:crypto";
import type { Core } from "./core.ts";
import { refusal } from "./errors.ts";
import { attachmentSizeLimit } from "./limits.ts";
import { channelPermissions, DM_PERMISSIONS } from "./permissions.ts";
import { channelWire, interactionMemberWire, userWire } from "./serialize.ts";
import { messageWire } from "./serialize-message.ts";
import { Context, type JsonObject, Permission } from "./wire.ts";
import type { ChannelState, MessageState, UserState } from "./world.ts";
import { hasBot, isBotDm } from "./world.ts";

/** An interaction and its answers. */
export interface InteractionState {
  id: string;
  token: string;
  type: number;
  user: UserState;
  channel: ChannelState;
  /** What was chosen, typed or pressed, as the gateway tells it. */
  data: JsonObject;
  /** 0 → guild id or "0", 1 → user id. */
  owners: Readonly<Record<string, string>>;
  context: number;
  /** What its answers carry as `interaction_metadata`. */
  metadata: JsonObject;
  createdAt: number;
  /** The message a component is on, or a context-menu command was used on. */
  source: MessageState | null;
  /** The message whose component was used, also behind a modal. */
  componentMessage: MessageState | null;
  state: "waiting" | "answered" | "expired";
  /** The first answer as it was sent. */
  callback: { type: number; data: JsonObject; at: number } | null;
  /** What `@original` means. */
  original: MessageState | null;
  followUps: MessageState[];
  /** How many follow-ups were sent; deleting one gives none back. */
  followUpCount: number;
  timer: NodeJS.Timeout | undefined;
}

/** What starts an interaction. */
export interface NewInteraction {
  type: number;
  user: UserState;
  channel: ChannelState;
  data: JsonObject;
  source?: MessageState | null;
  componentMessage?: MessageState | null;
  owners?: Readonly<Record<string, string>>;
  metadata?: JsonObject;
}

/** All interactions of the fake. */
export class Interactions {
  readonly #core: Core;
  readonly #byToken = new Map<string, InteractionState>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Everything that was started, oldest first. */
  list(): InteractionState[] {
    return [...this.#byToken.values()];
  }

  /** Starts an interaction, tells the gateway, and watches the deadline. */
  start(input: NewInteraction): InteractionState {
    const core = this.#core;
    const { channel, user } = input;
    const owners = input.owners ?? ownersFor(core, channel, user);
    const id = core.ids.next();
    const interaction: InteractionState = {
      id,
      token: randomBytes(60).toString("base64url"),
      type: input.type,
      user,
      channel,
      data: input.data,
      owners,
      context: contextOf(core, channel),
      metadata: {
        id,
        type: input.type,
        user: userWire(user),
        authorizing_integration_owners: owners,
        ...input.metadata,
      },
      createdAt: Date.now(),
      source: input.source ?? null,
      componentMessage: input.componentMessage ?? null,
      state: "waiting",
      callback: null,
      original: null,
      followUps: [],
      followUpCount: 0,
      timer: undefined,
    };
    this.#byToken.set(interaction.token, interaction);
    const isDelivered = this.tell(interaction);
    interaction.timer = setTimeout(
      () => this.#expire(interaction, isDelivered),
      core.settings.interactionDeadlineMs,
    );
    core.changes.emit("change");
    return interaction;
  }

  /** Tells the gateway of an interaction, also once more. True when a live connection took it. */
  tell(interaction: InteractionState): boolean {
    return this.#core.dispatch({
      name: "INTERACTION_CREATE",
      guildId: interaction.channel.guild?.id ?? null,
      intents: 0,
      data: (view) => ({
        ...this.#wire(interaction),
        ...(interaction.componentMessage === null
          ? {}
          : { message: messageWire(interaction.componentMessage, view, { isFull: true }) }),
      }),
    });
  }

  /** Makes the fifteen minutes of every interaction so far pass. */
  expireTokens(): void {
    for (const interaction of this.#byToken.values())
      interaction.createdAt -= this.#core.settings.interactionTokenMs;
  }

  /** The interaction a callback is for. Throws 10062 or 40060 where no answer may come any more. */
  forCallback(id: string, token: string): InteractionState {
    const interaction = this.#byToken.get(token);
    if (interaction === undefined || interaction.id !== id) throw refusal("unknownInteraction");
    if (interaction.state === "expired") {
      this.#core.violate("answered-late", `interaction ${id} was answered after its deadline`);
      throw refusal("unknownInteraction");
    }
    if (interaction.state === "answered") {
      this.#core.violate("answered-twice", `interaction ${id} was answered twice`);
      throw refusal("alreadyAcknowledged");
    }
    return interaction;
  }

  /** The interaction behind a webhook token. Throws 10015 before the first answer and 50027 after its time. */
  forWebhook(applicationId: string, token: string): InteractionState {
    const interaction = this.#byToken.get(token);
    if (applicationId !== this.#core.world.applicationId || interaction === undefined)
      throw refusal("unknownWebhook");
    if (interaction.state !== "answered") throw refusal("unknownWebhook");
    if (Date.now() - interaction.createdAt >= this.#core.settings.interactionTokenMs)
      throw refusal("invalidWebhookToken");
    return interaction;
  }

  /** Notes the first answer. */
  answer(interaction: InteractionState, type: number, data: JsonObject): void {
    clearTimeout(interaction.timer);
    interaction.state = "answered";
    interaction.callback = { type, data, at: Date.now() };
  }

  /** Stops all clocks. */
  stop(): void {
    for (const interaction of this.#byToken.values()) clearTimeout(interaction.timer);
  }

  #expire(interaction: InteractionState, wasDelivered: boolean): void {
    interaction.state = "expired";
    // A bot that was not connected cannot be blamed.
    if (wasDelivered)
      this.#core.violate(
        "not-acknowledged",
        `interaction ${interaction.id} (type ${interaction.type}) had no answer in time`,
      );
    this.#core.changes.emit("change");
  }

  #wire(interaction: InteractionState): JsonObject {
    const core = this.#core;
    const { channel, user } = interaction;
    const { guild } = channel;
    const member = guild?.members.get(user.id);
    return {
      id: interaction.id,
      application_id: core.world.applicationId,
      type: interaction.type,
      token: interaction.token,
      version: 1,
      data: interaction.data,
      channel_id: channel.id,
      channel: partialChannelWire(core, channel, user),
      ...(guild === null
        ? { user: userWire(user) }
        : {
            guild_id: guild.id,
            guild: { id: guild.id, locale: guild.locale, features: [...guild.features] },
            guild_locale: guild.locale,
            ...(member === undefined ? {} : { member: interactionMemberWire(member, channel) }),
          }),
      locale: user.locale,
      app_permissions: appPermissions(core, channel).toString(),
      entitlements: [],
      authorizing_integration_owners: interaction.owners,
      context: interaction.context,
      attachment_size_limit: attachmentSizeLimit(core, interaction),
    };
  }
}

/** Where an interaction in this channel happens. */
export function contextOf(core: Core, channel: ChannelState): number {
  if (channel.guild !== null) return Context.guild;
  return isBotDm(core.world, channel) ? Context.botDm : Context.privateChannel;
}

/** True when only the user's own install brought the app here: five follow-ups, no bot messages. */
export function isOnlyUserInstalled(interaction: InteractionState): boolean {
  return interaction.owners["0"] === undefined;
}

/** True when the guild forces answers of user-installed apps to be ephemeral. */
export function mustBeEphemeral(core: Core, interaction: InteractionState): boolean {
  const { guild } = interaction.channel;
  if (guild === null || hasBot(core.world, guild)) return false;
  const bits = channelPermissions(interaction.channel, interaction.user.id);
  return (bits & Permission.USE_EXTERNAL_APPS) === 0n;
}

/** Which installs allow this user to use the app here. */
export function ownersFor(core: Core, channel: ChannelState, user: UserState): Record<string, string> {
  const { guild } = channel;
  const owners: Record<string, string> = {};
  if (guild !== null && hasBot(core.world, guild)) owners["0"] = guild.id;
  if (guild === null && isBotDm(core.world, channel) && sharesGuild(core, user)) owners["0"] = "0";
  if (user.hasInstalledApp) owners["1"] = user.id;
  return owners;
}

/** True when the user and the bot are members of the same guild. */
export function sharesGuild(core: Core, user: UserState): boolean {
  return [...core.world.guilds.values()].some(
    (guild) => hasBot(core.world, guild) && guild.members.has(user.id),
  );
}

function appPermissions(core: Core, channel: ChannelState): bigint {
  const { guild } = channel;
  if (guild !== null && hasBot(core.world, guild)) return channelPermissions(channel, core.world.bot.id);
  return isBotDm(core.world, channel) ? DM_PERMISSIONS : DM_PERMISSIONS & ~Permission.USE_EXTERNAL_EMOJIS;
}

/** A partial channel: enough of it, and the permissions of user and app. */
function partialChannelWire(core: Core, channel: ChannelState, user: UserState): JsonObject {
  const full = channelWire(channel, core.world);
  const { permission_overwrites: _, ...partial } = full;
  if (channel.guild === null) return partial;
  return { ...partial, permissions: channelPermissions(channel, user.id).toString() };
}
