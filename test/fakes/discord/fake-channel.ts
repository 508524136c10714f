/** A channel, thread or DM as a test sees it. */

import { DEFAULT_WAIT_MS, waitFor } from "./core.ts";
import type { FakeMessage } from "./fake-message.ts";
import { permissionBits } from "./permissions.ts";
import type { Stage } from "./stage.ts";
import { createThread, joinThread, removeChannel, tellAboutChannel } from "./threads.ts";
import { ChannelType, MessageFlag, type PermissionName } from "./wire.ts";
import type { ChannelState, MessageState, OverwriteState, UserState } from "./world.ts";

/** Whom an overwrite is for: the bot without one. */
type Target = { id: string; kind: "role" | "member" };

/** A handle of a channel; it always tells the current state. */
export class FakeChannel {
  readonly state: ChannelState;
  readonly #stage: Stage;

  constructor(stage: Stage, state: ChannelState) {
    this.#stage = stage;
    this.state = state;
  }

  get id(): string {
    return this.state.id;
  }

  get name(): string {
    return this.state.name;
  }

  get isThread(): boolean {
    return this.state.thread !== null;
  }

  get isArchived(): boolean {
    return this.state.thread?.isArchived ?? false;
  }

  /** The channel a thread is in. */
  get parent(): FakeChannel | null {
    return this.state.parent === null ? null : this.#stage.channel(this.state.parent);
  }

  /** Everything that was not deleted, oldest first, ephemeral messages included. */
  messages(): FakeMessage[] {
    return [...this.state.messages.values()].map((one) => this.#stage.message(one));
  }

  /** What the bot wrote and did not delete, oldest first. */
  botMessages(): FakeMessage[] {
    return this.messages().filter((one) => one.isFromBot);
  }

  /** Threads of the channel, oldest first. */
  threads(): FakeChannel[] {
    const all = [...(this.state.guild?.channels.values() ?? [])];
    return all.filter((one) => one.parent === this.state).map((one) => this.#stage.channel(one));
  }

  /** How often the bot showed that it types. */
  typings(): number {
    return this.#stage.typings.filter((one) => one.channelId === this.id).length;
  }

  /**
   * The first message of the bot that fits and was not given before; it waits for one. A message that still
   * loads is passed over, one that is edited later may fit then. Rejects after `timeoutMs` (default 5 s).
   */
  nextBotMessage(
    predicate: (message: FakeMessage) => boolean = () => true,
    timeoutMs: number = DEFAULT_WAIT_MS,
  ): Promise<FakeMessage> {
    return nextBotMessage(this.#stage, () => [this.state], predicate, timeoutMs);
  }

  /** The first thread of the channel, waited for. */
  nextThread(
    predicate: (thread: FakeChannel) => boolean = () => true,
    timeoutMs: number = DEFAULT_WAIT_MS,
  ): Promise<FakeChannel> {
    return waitFor(
      this.#stage.core,
      () => this.threads().find(predicate),
      `a thread in #${this.name}`,
      timeoutMs,
    );
  }

  /** Takes permissions away, from the bot without a target. A thread's permissions are its parent's. */
  forbid(names: readonly PermissionName[], target?: Target): void {
    const overwrite = this.#overwrite(target);
    overwrite.deny |= permissionBits(names);
    overwrite.allow &= ~permissionBits(names);
    tellAboutChannel(this.#stage.core, "CHANNEL_UPDATE", this.state.parent ?? this.state);
  }

  /** Gives permissions, to the bot without a target. */
  allow(names: readonly PermissionName[], target?: Target): void {
    const overwrite = this.#overwrite(target);
    overwrite.allow |= permissionBits(names);
    overwrite.deny &= ~permissionBits(names);
    tellAboutChannel(this.#stage.core, "CHANNEL_UPDATE", this.state.parent ?? this.state);
  }

  /** A member starts a thread, from a message or without one. The bot is no member of it. */
  startThread(
    name: string,
    owner: UserState,
    options: { from?: FakeMessage; isPrivate?: boolean } = {},
  ): FakeChannel {
    const { from } = options;
    const thread = createThread(this.#stage.core, {
      parent: this.state,
      name,
      owner,
      isPrivate: options.isPrivate ?? false,
      ...(from === undefined ? {} : { from: from.state }),
    });
    return this.#stage.channel(thread);
  }

  /** Adds a user to a thread; the bot without an argument. */
  addMember(user: UserState = this.#stage.core.world.bot): void {
    joinThread(this.#stage.core, this.state, user);
  }

  /** Archives a thread, as time or a member does. */
  archive(): void {
    this.#changeThread((thread) => {
      thread.isArchived = true;
    });
  }

  /** Locks a thread: only moderators may write or open it again. */
  lock(): void {
    this.#changeThread((thread) => {
      thread.isLocked = true;
    });
  }

  /** A moderator deletes the channel or thread. */
  delete(): void {
    removeChannel(this.#stage.core, this.state);
  }

  #changeThread(change: (thread: NonNullable<ChannelState["thread"]>) => void): void {
    const { thread } = this.state;
    if (thread === null) throw new Error("not a thread");
    change(thread);
    thread.archiveChangedAt = Date.now();
    tellAboutChannel(this.#stage.core, "THREAD_UPDATE", this.state);
  }

  #overwrite(target: Target | undefined): OverwriteState {
    const { overwrites, type } = this.state.parent ?? this.state;
    if (type === ChannelType.dm || type === ChannelType.groupDm) throw new Error("a DM has no permissions");
    const { id, kind } = target ?? { id: this.#stage.core.world.bot.id, kind: "member" as const };
    const overwrite = overwrites.get(id) ?? { id, kind, allow: 0n, deny: 0n };
    overwrites.set(id, overwrite);
    return overwrite;
  }
}

/** Waits for a message of the bot in some channels. */
export function nextBotMessage(
  stage: Stage,
  channels: () => Iterable<ChannelState>,
  predicate: (message: FakeMessage) => boolean,
  timeoutMs: number,
): Promise<FakeMessage> {
  const isNew = (one: MessageState) =>
    one.author.id === stage.core.world.bot.id &&
    !stage.taken.has(one.id) &&
    (one.flags & MessageFlag.loading) === 0;
  const read = () => {
    for (const channel of channels()) {
      for (const one of channel.messages.values()) {
        if (!isNew(one) || !predicate(stage.message(one))) continue;
        stage.taken.add(one.id);
        return stage.message(one);
      }
    }
    return undefined;
  };
  return waitFor(stage.core, read, "a message of the bot", timeoutMs);
}
