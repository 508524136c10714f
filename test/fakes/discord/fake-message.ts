/** A message as a test sees it. */

import type { FakeChannel } from "./fake-channel.ts";
import { allComponents, deleteMessage, dispatchMessage, mentionsIn } from "./messages.ts";
import { attachmentWire } from "./serialize-message.ts";
import type { Stage } from "./stage.ts";
import { ComponentType, type JsonObject, MessageFlag } from "./wire.ts";
import type { MessageState } from "./world.ts";

/** A button of a message. */
export interface SeenButton {
  label: string;
  customId: string | null;
  url: string | null;
  isDisabled: boolean;
}

/** A file of a message. */
export interface SeenFile {
  id: string;
  name: string;
  sizeBytes: number;
  contentType: string;
  /** A URL signed now. */
  url: string;
  bytes(): Buffer;
}

/** A handle of a message; it always tells the current state. */
export class FakeMessage {
  readonly state: MessageState;
  readonly #stage: Stage;

  constructor(stage: Stage, state: MessageState) {
    this.#stage = stage;
    this.state = state;
  }

  get id(): string {
    return this.state.id;
  }

  get channel(): FakeChannel {
    return this.#stage.channel(this.state.channel);
  }

  /** The thread started from it. */
  get thread(): FakeChannel | null {
    return this.state.thread === null ? null : this.#stage.channel(this.state.thread);
  }

  get content(): string {
    return this.state.content;
  }

  /** All a reader sees as text: content, embeds, text displays. */
  get text(): string {
    const { state } = this;
    const embeds = state.embeds.flatMap((embed) => [embed.title, embed.description]);
    const displays = allComponents(state.components)
      .filter((one) => one.type === ComponentType.textDisplay)
      .map((one) => one.content);
    return [state.content, ...embeds, ...displays]
      .filter((one) => typeof one === "string" && one !== "")
      .join("\n");
  }

  get isFromBot(): boolean {
    return this.state.author.isBot;
  }

  get isEphemeral(): boolean {
    return (this.state.flags & MessageFlag.ephemeral) !== 0;
  }

  /** True while only "thinking…" is shown. */
  get isLoading(): boolean {
    return (this.state.flags & MessageFlag.loading) !== 0;
  }

  get isDeleted(): boolean {
    return this.state.isDeleted;
  }

  /** Every content it had, the first one first. */
  get history(): readonly string[] {
    return this.state.history;
  }

  /** Id of the message it answers. */
  get replyTo(): string | null {
    return this.state.reference?.messageId ?? null;
  }

  /** Ids of the users it pinged. */
  get pinged(): readonly string[] {
    return this.state.mentions.map((user) => user.id);
  }

  /** Components as the bot sent them, with ids. */
  get components(): readonly JsonObject[] {
    return this.state.components;
  }

  get buttons(): SeenButton[] {
    return allComponents(this.state.components)
      .filter((one) => one.type === ComponentType.button)
      .map((one) => ({
        label: typeof one.label === "string" ? one.label : "",
        customId: typeof one.custom_id === "string" ? one.custom_id : null,
        url: typeof one.url === "string" ? one.url : null,
        isDisabled: one.disabled === true,
      }));
  }

  get files(): SeenFile[] {
    return this.state.attachments.map((one) => ({
      id: one.id,
      name: one.filename,
      sizeBytes: one.file.sizeBytes,
      contentType: one.contentType,
      url: String(attachmentWire(one, this.#stage.core.cdn).url),
      bytes: () => one.file.read(0, one.file.sizeBytes),
    }));
  }

  /** Emoji that somebody has put on it. */
  get reactions(): string[] {
    return [...this.state.reactions.keys()];
  }

  /** Lets time pass for it. */
  age(ms: number): void {
    this.state.createdAt -= ms;
  }

  /** Its author changes the text. */
  edit(text: string): void {
    this.state.content = text;
    this.state.history.push(text);
    this.state.mentions = mentionsIn(this.#stage.core, text, undefined, "all");
    this.state.editedAt = Date.now();
    dispatchMessage(this.#stage.core, "MESSAGE_UPDATE", this.state);
  }

  /** Its author or a moderator removes it. */
  delete(): void {
    deleteMessage(this.#stage.core, this.state);
  }
}
