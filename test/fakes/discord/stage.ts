/** What the players share: the core, and one handle per user, channel and message. */

import type { Core } from "./core.ts";
import { FakeChannel } from "./fake-channel.ts";
import { FakeMessage } from "./fake-message.ts";
import type { Interactions } from "./interactions.ts";
import type { TypingRecord } from "./routes-messages.ts";
import type { ChannelState, MessageState } from "./world.ts";

/** The stage. */
export class Stage {
  readonly core: Core;
  readonly interactions: Interactions;
  readonly typings: TypingRecord[];
  /** Ids of messages `nextBotMessage` gave already. */
  readonly taken = new Set<string>();

  constructor(core: Core, interactions: Interactions, typings: TypingRecord[]) {
    this.core = core;
    this.interactions = interactions;
    this.typings = typings;
  }

  /** A handle of a channel. */
  channel(state: ChannelState): FakeChannel {
    return new FakeChannel(this, state);
  }

  /** A handle of a message. */
  message(state: MessageState): FakeMessage {
    return new FakeMessage(this, state);
  }
}
