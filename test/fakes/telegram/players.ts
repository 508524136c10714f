/** What a test holds to play the people in a chat and to see what they see. */

import type { ChatState, DraftFrame, PastText, ShownAction, StoredMessage, Topic } from "./chat-state.ts";
import {
  captionContent,
  fileContent,
  type Origin,
  textContent,
  type UserFile,
  userMessage,
} from "./incoming.ts";
import type { WaitOptions } from "./signal.ts";
import { withFoundEntities } from "./text.ts";
import type { WireButton, WireChatMember, WireEntity, WireMessage, WireUser } from "./wire.ts";
import { type CallbackState, chatMember, type World } from "./world.ts";

/** A message as people see it now. */
export interface SeenMessage {
  id: number;
  isFromBot: boolean;
  from: WireUser | undefined;
  /** Text or caption; "" without. */
  text: string;
  entities: readonly WireEntity[];
  /** Rows of buttons. */
  buttons: readonly (readonly WireButton[])[];
  /** The topic; null outside topics and in General. */
  topicId: number | null;
  /** The message it answers; null without. */
  replyToId: number | null;
  isDeleted: boolean;
  /** All texts it had, the current one last. */
  history: readonly PastText[];
  /** The file it carries. */
  file: { fileId: string; kind: string; sizeBytes: number; name: string; sha256: string | null } | null;
  wire: WireMessage;
  /** Epoch ms. */
  sentAt: number;
}

/** Who speaks, where, in answer to what. */
export interface SayOptions {
  /** Default: the first member. */
  from?: WireUser;
  /** Id of the message that is answered. */
  replyTo?: number;
  /** Topic by id or name. */
  topic?: number | string;
  /** An admin who stays anonymous: the message is the group's own. */
  isAnonymous?: boolean;
  /** Added to the entities that are found in the text. */
  entities?: readonly WireEntity[];
}

/** A user's file with what is said about it. */
export type SendFileOptions = UserFile & SayOptions & { caption?: string; mediaGroupId?: string };

/** A button that was pressed. */
export interface Press {
  queryId: string;
  /** Null when the bot does not get callback queries. */
  updateId: number | null;
  /** Resolves once the bot answered. */
  answered(options?: WaitOptions): Promise<{ text: string; showAlert: boolean; tookMs: number }>;
  /** True once the bot answered. */
  readonly isAnswered: boolean;
}

/** One chat, played by a test. */
export class ChatPlayer {
  readonly #world: World;
  #chat: ChatState;
  readonly #returned = new Set<StoredMessage>();

  constructor(world: World, chat: ChatState) {
    this.#world = world;
    this.#chat = chat;
  }

  /** The chat's id; a new one after `migrateToSupergroup`. */
  get id(): number {
    return this.#chat.id;
  }

  /** Topics by id and name. */
  get topics(): readonly Topic[] {
    return [...this.#chat.topics.values()];
  }

  /** People of the chat, in the order they came. */
  get members(): readonly WireUser[] {
    return [...this.#chat.members.values()].map(({ user }) => user);
  }

  /** Chat actions the bot showed. */
  actions(): readonly ShownAction[] {
    return this.#chat.actions;
  }

  /** The draft that grows in the chat now; null for none. */
  get draft(): DraftFrame | null {
    return this.#chat.draft;
  }

  /** Every draft the bot has sent here. */
  draftFrames(): readonly DraftFrame[] {
    return this.#chat.draftFrames;
  }

  /** The person stops the draft that grows. Throws when it has no button for that; returns the update's id. */
  stopDraft(): number | null {
    const { draft } = this.#chat;
    if (draft?.canStop !== true) throw new Error("fake Telegram: there is no draft that can be stopped");
    const thread = draft.threadId === null ? {} : { message_thread_id: draft.threadId };
    return this.#world.push({
      stopped_message_generation: { chat: { ...this.#chat.wire }, ...thread, draft_id: draft.id },
    });
  }

  /** What the bot has put on a message; undefined for nothing. */
  reactionOn(message: SeenMessage): string | undefined {
    return this.#chat.reactions.get(message.id);
  }

  /** The group forbids reactions from now on. */
  forbidReactions(): void {
    this.#chat.hasReactions = false;
  }

  /** A user says something. */
  say(text: string, options: SayOptions = {}): SeenMessage {
    this.#open();
    const said = textContent(text, options.entities);
    const content = options.isAnonymous ? { ...said, ...anonymously(this.#chat) } : said;
    return this.#deliver(userMessage(this.#world, this.#chat, this.#origin(options), content));
  }

  /** A user sends a file. */
  sendFile(options: SendFileOptions): SeenMessage {
    this.#open();
    const { stored, content } = fileContent(this.#world, options);
    const group = options.mediaGroupId === undefined ? {} : { media_group_id: options.mediaGroupId };
    const all = { ...content, ...captionContent(options.caption), ...group };
    return this.#deliver(userMessage(this.#world, this.#chat, this.#origin(options), all, stored));
  }

  /** A user sends several files as one album: separate messages with one `media_group_id`. */
  sendAlbum(files: readonly UserFile[], options: SayOptions & { caption?: string } = {}): SeenMessage[] {
    const { caption, ...rest } = options;
    const mediaGroupId = String(14_000_000_000_000_000n + BigInt(this.#world.nextId()));
    return files.map((file, index) =>
      this.sendFile({
        ...file,
        ...rest,
        mediaGroupId,
        ...(index === 0 && caption !== undefined ? { caption } : {}),
      }),
    );
  }

  /** A user sends something else, given by its fields: a sticker, a place, a contact. */
  sendOther(content: Record<string, unknown>, options: SayOptions = {}): SeenMessage {
    this.#open();
    // The fields of `WireMessage` are those the fake itself looks at.
    return this.#deliver(
      userMessage(this.#world, this.#chat, this.#origin(options), content as Partial<WireMessage>),
    );
  }

  /** A user forwards a message, from here or elsewhere. */
  forward(message: SeenMessage, options: SayOptions = {}): SeenMessage {
    this.#open();
    const { wire } = message;
    const { message_id, chat, from, date, reply_to_message, reply_markup, message_thread_id, ...rest } = wire;
    const { is_topic_message: _topic, edit_date: _edited, ...content } = rest;
    const sender = wire.forward_origin?.sender_user ?? from ?? this.#origin(options).from;
    const origin = wire.forward_origin ?? { type: "user" as const, date, sender_user: sender };
    const all = { ...content, forward_origin: origin };
    return this.#deliver(userMessage(this.#world, this.#chat, this.#origin(options), all));
  }

  /** The author edits text or caption; the bot gets `edited_message`. */
  edit(messageId: number, text: string): SeenMessage {
    const message = this.#find(messageId);
    const { wire } = message;
    const entities = withFoundEntities(text);
    const { entities: _e, caption_entities: _c, ...rest } = wire;
    const field = wire.text === undefined ? "caption" : "text";
    const entityField = wire.text === undefined ? "caption_entities" : "entities";
    message.wire = {
      ...rest,
      [field]: text,
      ...(entities.length === 0 ? {} : { [entityField]: entities }),
      edit_date: this.#world.now(),
    };
    message.history.push({ text, at: Date.now(), keyboard: undefined });
    this.#world.deliver(this.#chat, message, "edited_message");
    return seen(message);
  }

  /**
   * A person presses an inline button, named by its label or its data. Throws when there is no such button,
   * unless it is forged: clients of their own making can send any data for any message.
   */
  press(
    message: SeenMessage | number,
    labelOrData: string,
    options: { from?: WireUser; isForged?: boolean } = {},
  ): Press {
    const { wire } = this.#find(typeof message === "number" ? message : message.id);
    const buttons = (wire.reply_markup?.inline_keyboard ?? []).flat();
    const button = options.isForged
      ? { text: "", callback_data: labelOrData }
      : (buttons.find(({ text }) => text === labelOrData) ??
        buttons.find(({ callback_data }) => callback_data === labelOrData));
    if (button?.callback_data === undefined) {
      const there = buttons.map(({ text }) => text).join(", ");
      throw new Error(`fake Telegram: no callback button "${labelOrData}"; there are: ${there}`);
    }
    const world = this.#world;
    const id = String(4_000_000_000_000n + BigInt(world.nextId()));
    const callback: CallbackState = {
      id,
      pressedAt: Date.now(),
      chatId: this.#chat.id,
      from: options.from ?? this.#origin({}).from,
      deliveredAt: null,
      answeredAt: null,
      answer: null,
      updateId: null,
    };
    world.callbacks.set(id, callback);
    const { from } = callback;
    const data = button.callback_data;
    const query = { id, from, message: wire, chat_instance: this.#chat.chatInstance, data };
    callback.updateId = world.push({ callback_query: query });
    return {
      queryId: id,
      updateId: callback.updateId,
      get isAnswered() {
        return callback.answeredAt !== null;
      },
      answered: (wait) =>
        world.signal.waitFor(
          () =>
            callback.answer !== null && callback.answeredAt !== null
              ? { ...callback.answer, tookMs: callback.answeredAt - callback.pressedAt }
              : null,
          { what: `an answer to the button "${labelOrData}"`, ...wait },
        ),
    };
  }

  /** In a private chat the user blocks the bot; in a group a member removes it. Returns the update's id. */
  kick(by?: WireUser): number | null {
    return this.#changeBot("kicked", by);
  }

  /** The bot leaves or is removed without a ban; in a private chat the same as `kick`. */
  leave(by?: WireUser): number | null {
    return this.#changeBot(this.#chat.wire.type === "private" ? "kicked" : "left", by);
  }

  /** The bot is added again, or unblocked. */
  addBot(by?: WireUser): number | null {
    return this.#changeBot("member", by);
  }

  /** The bot becomes an administrator, which ends privacy mode for it. */
  promote(by?: WireUser): number | null {
    return this.#changeBot("administrator", by);
  }

  /** The bot is an administrator no more. */
  demote(by?: WireUser): number | null {
    return this.#changeBot("member", by);
  }

  /** Another bot speaks: general commands go to that one until ours speaks again. */
  otherBotSpeaks(): void {
    this.#chat.lastBotToSpeak = "other";
  }

  /**
   * The group becomes a supergroup with a new id, which is returned; the old id refuses from now on.
   * `isAnnounced: false`: no service messages come, as when they get lost between two servers.
   */
  migrateToSupergroup({ isAnnounced = true } = {}): number {
    const old = this.#chat;
    if (old.wire.type !== "group") throw new Error("fake Telegram: only groups can be upgraded");
    const world = this.#world;
    const id = -1_000_000_000_000 - world.nextId();
    const chat = world.addChat({ ...old.wire, id, type: "supergroup" });
    for (const [userId, member] of old.members) chat.members.set(userId, member);
    chat.botStatus = old.botStatus;
    chat.isPrivacyModeOn = old.isPrivacyModeOn;
    chat.lastBotToSpeak = old.lastBotToSpeak;
    const { from } = this.#origin({});
    if (isAnnounced) world.deliverService(old, from, { migrate_to_chat_id: id });
    old.migratedTo = id;
    if (isAnnounced) world.deliverService(chat, from, { migrate_from_chat_id: old.id });
    this.#chat = chat;
    return id;
  }

  /** Adds a topic to a forum or to a private chat; returns its id. `isOld`: the bot was not there and gets no update. */
  addTopic(name: string, options: { isOld?: boolean; isNameImplicit?: true } = {}): number {
    const { from } = this.#origin({});
    const id = this.#chat.nextMessageId();
    const content = {
      message_id: id,
      message_thread_id: id,
      is_topic_message: true as const,
      forum_topic_created: {
        name,
        icon_color: 7322096,
        ...(options.isNameImplicit ? { is_name_implicit: true as const } : {}),
      },
    };
    const service = userMessage(this.#world, this.#chat, { from, topic: null, replyTo: null }, content);
    this.#chat.add(service);
    this.#chat.topics.set(id, { id, name, isClosed: false });
    if (options.isOld !== true) this.#world.push({ message: service.wire });
    return id;
  }

  /** Closes a topic: only administrators write there. */
  closeTopic(id: number): void {
    const topic = this.#chat.topics.get(id);
    if (topic === undefined) throw new Error(`fake Telegram: no topic ${id}`);
    topic.isClosed = true;
  }

  /** Deletes a topic with all that was said in it; bots are not told. */
  deleteTopic(id: number): void {
    if (!this.#chat.topics.delete(id)) throw new Error(`fake Telegram: no topic ${id}`);
    for (const message of this.#chat.messages.values()) {
      if (message.wire.message_thread_id === id) message.isDeleted = true;
    }
    this.#world.signal.notify();
  }

  /** A user deletes a message; bots are not told. */
  delete(messageId: number): void {
    this.#find(messageId).isDeleted = true;
    this.#world.signal.notify();
  }

  /** Everything in the chat but what was deleted. */
  messages(): SeenMessage[] {
    return [...this.#chat.messages.values()].filter((message) => !message.isDeleted).map(seen);
  }

  /** Messages of the bot that everybody sees, deleted ones left out. */
  botMessages(): SeenMessage[] {
    return this.messages().filter((message) => message.isFromBot);
  }

  /** Ephemeral messages of the bot that this person alone sees. */
  ephemeralMessages(person: WireUser): SeenMessage[] {
    return this.#chat.ephemeral.filter((message) => message.onlyFor === person.id).map(seen);
  }

  /** One message as it is now, deleted or not. */
  message(id: number): SeenMessage {
    return seen(this.#find(id));
  }

  /** The next message of the bot that fits and was not returned before; earlier ones are passed over. */
  async nextBotMessage(
    predicate: (message: SeenMessage) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<SeenMessage> {
    const found = await this.#world.signal.waitFor(
      () => {
        const fresh = [...this.#chat.messages.values()].filter(
          (message) => message.isFromBot && !message.isDeleted && !this.#returned.has(message),
        );
        const index = fresh.findIndex((message) => predicate(seen(message)));
        if (index < 0) return null;
        for (const message of fresh.slice(0, index + 1)) this.#returned.add(message);
        return fresh[index];
      },
      { what: "a message of the bot", ...options },
    );
    return seen(found);
  }

  /** Waits until `probe` gives something; it is asked again whenever anything happened on the server. */
  waitFor<T>(probe: () => T | null | undefined | false, options: WaitOptions = {}): Promise<T> {
    return this.#world.signal.waitFor(probe, options);
  }

  #open(): void {
    this.#chat.isOpened = true;
  }

  #find(messageId: number): StoredMessage {
    const message = this.#chat.messages.get(messageId);
    if (message === undefined) throw new Error(`fake Telegram: no message ${messageId} in chat ${this.id}`);
    return message;
  }

  #origin(options: SayOptions): Origin {
    const from = options.from ?? this.members[0];
    if (from === undefined) throw new Error("fake Telegram: the chat has no members");
    const replyTo = options.replyTo === undefined ? null : this.#find(options.replyTo);
    const { topic } = options;
    if (topic === undefined) return { from, topic: null, replyTo };
    const found = this.topics.find(({ id, name }) => id === topic || name === topic);
    if (found === undefined) throw new Error(`fake Telegram: no topic ${topic}`);
    return { from, topic: found, replyTo };
  }

  #deliver(message: StoredMessage): SeenMessage {
    this.#world.deliver(this.#chat, message);
    return seen(message);
  }

  #changeBot(status: "member" | "administrator" | "left" | "kicked", by?: WireUser): number | null {
    const world = this.#world;
    const chat = this.#chat;
    const from = by ?? this.#origin({}).from;
    const old: WireChatMember = chatMember(world.bot, chat.botStatus);
    chat.botStatus = status;
    return world.push({
      my_chat_member: {
        chat: { ...chat.wire },
        from,
        date: world.now(),
        old_chat_member: old,
        new_chat_member: chatMember(world.bot, status),
      },
    });
  }
}

/** Who an anonymous admin is on the wire. Source: Bot API, Message, `from` and `sender_chat`. */
function anonymously(chat: ChatState): Partial<WireMessage> {
  const from: WireUser = {
    id: 1_087_968_824,
    is_bot: true,
    first_name: "Group",
    username: "GroupAnonymousBot",
  };
  return { from, sender_chat: { ...chat.wire } };
}

function seen(message: StoredMessage): SeenMessage {
  const { wire, file } = message;
  return {
    id: wire.message_id,
    isFromBot: message.isFromBot,
    from: wire.from,
    text: wire.text ?? wire.caption ?? "",
    entities: wire.entities ?? wire.caption_entities ?? [],
    buttons: wire.reply_markup?.inline_keyboard ?? [],
    topicId: wire.is_topic_message === true ? (wire.message_thread_id ?? null) : null,
    replyToId: wire.reply_to_message?.message_id ?? null,
    isDeleted: message.isDeleted,
    history: [...message.history],
    file:
      file === null
        ? null
        : {
            fileId: file.fileId,
            kind: file.kind,
            sizeBytes: file.sizeBytes,
            name: file.name,
            sha256: file.sha256,
          },
    wire,
    sentAt: message.sentAt,
  };
}
