/** A person: says things, uses commands, presses buttons, fills modals. */

import { CommandType } from "./command-form.ts";
import { autocompleteData, type CommandInput, commandData } from "./command-input.ts";
import type { Command } from "./commands.ts";
import { restView, waitFor } from "./core.ts";
import type { FakeChannel } from "./fake-channel.ts";
import { FakeInteraction } from "./fake-interaction.ts";
import type { FakeMessage } from "./fake-message.ts";
import { attach, type FileSpec } from "./files.ts";
import { contextOf, ownersFor } from "./interactions.ts";
import { allComponents, createMessage, mentionsIn } from "./messages.ts";
import { type ModalValue, modalData } from "./modal-input.ts";
import { canView, channelPermissions, guildPermissions, mayUseCommands } from "./permissions.ts";
import { messageWire } from "./serialize-message.ts";
import type { Stage } from "./stage.ts";
import { ComponentType, InteractionType, type JsonObject, MessageType, Permission } from "./wire.ts";
import type { MessageState, UserState } from "./world.ts";

/** How long a player waits until the bot has registered a command. */
const COMMAND_WAIT_MS = 5000;

/** What goes with a message. */
export interface SayOptions {
  /** Users to mention; their mention is put before the text. */
  mentions?: readonly { id: string }[];
  replyTo?: FakeMessage;
  /** Whether a reply pings the author; default true. */
  ping?: boolean;
  attachments?: readonly FileSpec[];
  /** The answers of a poll; its question is the text, which the message itself then does not have. */
  poll?: readonly string[];
}

/** A handle of a user. */
export class FakeUser {
  readonly state: UserState;
  readonly #stage: Stage;

  constructor(stage: Stage, state: UserState) {
    this.#stage = stage;
    this.state = state;
  }

  get id(): string {
    return this.state.id;
  }

  /** What mentions the user in a text. */
  get mention(): string {
    return `<@${this.id}>`;
  }

  /** Installs the app for this user, or removes it. */
  installApp(isInstalled: boolean = true): void {
    this.state.hasInstalledApp = isInstalled;
  }

  /** Opens or closes the user's DMs. */
  acceptDms(isOpen: boolean): void {
    this.state.acceptsDms = isOpen;
  }

  /** Sends a message. Throws where the user may not. */
  says(channel: FakeChannel, text: string, options: SayOptions = {}): FakeMessage {
    const { core } = this.#stage;
    this.#checkMaySend(channel);
    const { poll } = options;
    const words = poll === undefined ? text : "";
    const content = [...(options.mentions ?? []).map((one) => `<@${one.id}>`), words].join(" ").trim();
    const replied = options.replyTo?.state;
    const mentions = mentionsIn(core, content, undefined, "all");
    if (replied !== undefined && options.ping !== false && !mentions.includes(replied.author))
      mentions.push(replied.author);
    const message = createMessage(core, {
      channel: channel.state,
      author: this.state,
      content,
      type: replied === undefined ? MessageType.default : MessageType.reply,
      attachments: (options.attachments ?? []).map((spec) => attach(core, spec, { channelId: channel.id })),
      mentions,
      poll: poll === undefined ? null : pollWire(text, poll),
      reference: replied === undefined ? null : { messageId: replied.id, channelId: replied.channel.id },
    });
    return this.#stage.message(message);
  }

  /** Uses a slash command; waits until it is registered. Throws where the client would not offer it. */
  async slash(channel: FakeChannel, name: string, input: CommandInput = {}): Promise<FakeInteraction> {
    const { core } = this.#stage;
    const { command, owners } = await this.#command(channel, name, CommandType.chatInput);
    const data = commandData(core, command, input);
    return this.#start(channel, InteractionType.command, data, { owners });
  }

  /** Types into an option with autocomplete. */
  async autocomplete(
    channel: FakeChannel,
    name: string,
    focused: string,
    text: string,
    others: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<FakeInteraction> {
    const { command, owners } = await this.#command(channel, name, CommandType.chatInput);
    const data = autocompleteData(command, focused, text, others);
    return this.#start(channel, InteractionType.autocomplete, data, { owners });
  }

  /** Uses a message command on a message. The bot gets all of that message. */
  async contextMenu(message: FakeMessage, name: string): Promise<FakeInteraction> {
    const { core } = this.#stage;
    const { channel } = message;
    const { command, owners } = await this.#command(channel, name, CommandType.message);
    this.#checkCanSee(message.state);
    const target = messageWire(message.state, restView(core), { isFull: true });
    const data = {
      id: command.id,
      name: command.name,
      type: command.type,
      target_id: message.id,
      resolved: { messages: { [message.id]: target } },
    };
    return this.#start(channel, InteractionType.command, data, {
      owners,
      source: message.state,
      metadata: { target_message_id: message.id },
    });
  }

  /** Presses a button by its label or `custom_id`. */
  press(message: FakeMessage, labelOrId: string): FakeInteraction {
    this.#checkCanSee(message.state);
    const button = allComponents(message.state.components).find(
      (one) => one.type === ComponentType.button && (one.label === labelOrId || one.custom_id === labelOrId),
    );
    if (button === undefined) throw new Error(`the message has no button ${labelOrId}`);
    if (button.disabled === true) throw new Error(`the button ${labelOrId} is disabled`);
    if (button.custom_id === undefined) throw new Error(`the button ${labelOrId} is a link`);
    return this.#use(message, button, {});
  }

  /** Chooses from a string menu by its `custom_id` or placeholder. Values may be given as labels. */
  select(message: FakeMessage, menu: string, values: readonly string[]): FakeInteraction {
    this.#checkCanSee(message.state);
    const select = allComponents(message.state.components).find(
      (one) =>
        one.type === ComponentType.stringSelect && (one.custom_id === menu || one.placeholder === menu),
    );
    if (select === undefined) throw new Error(`the message has no menu ${menu}`);
    if (select.disabled === true) throw new Error(`the menu ${menu} is disabled`);
    const options = (select.options ?? []) as JsonObject[];
    const chosen = values.map((value) => {
      const option = options.find((one) => one.value === value || one.label === value);
      if (option === undefined) throw new Error(`${value} is no option of the menu`);
      return option.value;
    });
    const min = Number(select.min_values ?? 1);
    if (chosen.length < min || chosen.length > Number(select.max_values ?? 1))
      throw new Error(`the menu does not take ${chosen.length} values`);
    return this.#use(message, select, { values: chosen });
  }

  /** Fills and sends the modal an interaction opened; waits until it is open. */
  async submitModal(
    opened: FakeInteraction,
    values: Readonly<Record<string, ModalValue>>,
  ): Promise<FakeInteraction> {
    if (opened.state.user !== this.state) throw new Error("the modal is somebody else's");
    const data = modalData(this.#stage.core, await opened.modal(), values);
    const channel = this.#stage.channel(opened.state.channel);
    return this.#start(channel, InteractionType.modalSubmit, data, {
      owners: opened.state.owners,
      componentMessage: opened.state.componentMessage,
      source: opened.state.componentMessage,
      metadata: { triggering_interaction_metadata: opened.state.metadata },
    });
  }

  #use(message: FakeMessage, component: JsonObject, extra: JsonObject): FakeInteraction {
    const { core } = this.#stage;
    const earlier = message.state.interaction?.authorizing_integration_owners;
    const { "0": byGuild, ...others } = ownersFor(core, message.state.channel, this.state);
    const plain: Record<string, string> = byGuild === undefined ? others : { "0": byGuild };
    const data = {
      custom_id: component.custom_id,
      component_type: component.type,
      id: component.id,
      ...extra,
    };
    return this.#start(message.channel, InteractionType.component, data, {
      owners: earlier === undefined ? plain : (earlier as Record<string, string>),
      source: message.state,
      componentMessage: message.state,
      metadata: { interacted_message_id: message.id },
    });
  }

  #start(
    channel: FakeChannel,
    type: number,
    data: JsonObject,
    more: {
      owners: Readonly<Record<string, string>>;
      source?: MessageState | null;
      componentMessage?: MessageState | null;
      metadata?: JsonObject;
    },
  ): FakeInteraction {
    if (channel.state.isDeleted) throw new Error("the channel is gone");
    const state = this.#stage.interactions.start({
      type,
      user: this.state,
      channel: channel.state,
      data,
      ...more,
    });
    return new FakeInteraction(this.#stage, state);
  }

  /** A command this user may use here, and by whose install. */
  async #command(
    channel: FakeChannel,
    name: string,
    type: number,
  ): Promise<{ command: Command; owners: Record<string, string> }> {
    const { core } = this.#stage;
    const command = await waitFor(
      core,
      () => core.commands.find(name, type),
      `the command ${name}`,
      COMMAND_WAIT_MS,
    );
    if (!mayUseCommands(channel.state, this.state)) throw new Error("the user may not use commands here");
    const { contexts, integration_types: installs, default_member_permissions: needed } = command;
    const context = contextOf(core, channel.state);
    if (Array.isArray(contexts) && !contexts.includes(context))
      throw new Error(`the command ${name} is not offered in context ${context}`);
    const { guild } = channel.state;
    if (guild !== null && needed !== null && needed !== undefined) {
      const bits = guildPermissions(guild, this.id);
      if ((bits & BigInt(String(needed))) !== BigInt(String(needed)))
        throw new Error(`the command ${name} is not offered to this member`);
    }
    const all = ownersFor(core, channel.state, this.state);
    const allowed = Array.isArray(installs) ? installs.map(String) : ["0"];
    const owners = Object.fromEntries(Object.entries(all).filter(([key]) => allowed.includes(key)));
    if (Object.keys(owners).length === 0)
      throw new Error(`the app is not installed here for the command ${name}`);
    return { command, owners };
  }

  #checkMaySend(channel: FakeChannel): void {
    const { state } = channel;
    if (state.isDeleted) throw new Error("the channel is gone");
    if (!canView(state, this.id)) throw new Error("the user cannot see the channel");
    if (state.guild === null) return;
    const needed = state.thread === null ? Permission.SEND_MESSAGES : Permission.SEND_MESSAGES_IN_THREADS;
    if ((channelPermissions(state, this.id) & needed) === 0n) throw new Error("the user may not write here");
  }

  #checkCanSee(message: MessageState): void {
    if (message.isDeleted) throw new Error("the message is gone");
    if (message.visibleTo !== null && message.visibleTo !== this.state)
      throw new Error("the message is not for this user");
    if (!canView(message.channel, this.id)) throw new Error("the user cannot see the channel");
  }
}

/** An open poll as messages carry it. Source: Discord docs, "Poll Object". */
function pollWire(question: string, answers: readonly string[]): JsonObject {
  return {
    question: { text: question },
    answers: answers.map((text, index) => ({ answer_id: index + 1, poll_media: { text } })),
    expiry: new Date(Date.now() + 86_400_000).toISOString(),
    allow_multiselect: false,
    layout_type: 1,
    results: { is_finalized: false, answer_counts: [] },
  };
}
