/** One conversation at work: its record, its skill, its voice, and its way to the backend. */
import { randomUUID } from "node:crypto";
import type { BackendError, BackendErrorKind } from "../model/backend-error.ts";
import { type Conversation, newConversation, ownerOf } from "../model/conversation.ts";
import type {
  Action,
  Attachment,
  Button,
  ConversationId,
  ReplyTarget,
  SentMessage,
} from "../model/message.ts";
import type { Skill } from "../model/skill.ts";
import type { Context } from "../ports/context.ts";
import type { BackendAccount, BackendCaller, SessionRef } from "../ports/video-backend.ts";
import { failureMessage, type Payer, payerOf } from "../reply/failure.ts";
import { LivingMessage } from "../reply/living-message.ts";
import { type MessageDraft, Speaker } from "../reply/speaker.ts";

/** Where and for whom a chat is opened. */
interface Place {
  id: ConversationId;
  target: ReplyTarget;
  language: string;
  /** The person whose request is carried out; absent when not known. */
  userId?: string | undefined;
  /** What that person is called; absent when not known. */
  userName?: string | undefined;
  /** Epoch ms of the message that waits for a first word; absent when there is none. */
  askedAt?: number;
  /** Of the living message, where it is not that of a message in the mailbox. */
  living?: { buttons: (speaker: Speaker) => Button[][]; shown: SentMessage | null };
}

/** Names the living message of what follows from an answer. */
export const FOLLOW_UP = "2";

/** Stand below the living message of a message: stop it. */
export function stopButtons(speaker: Speaker, itemId: string): Button[][] {
  return [[speaker.button("button.cancel", { kind: "drop", itemId })]];
}

export class Chat {
  readonly context: Context;
  readonly id: ConversationId;
  readonly speaker: Speaker;
  /** The work item that is carried out. */
  readonly itemId: string;
  readonly userId: string | null;
  readonly userName: string | undefined;
  /** Shows how the work goes, once it is started. */
  readonly living: LivingMessage;
  #record: Conversation;

  private constructor(
    context: Context,
    id: ConversationId,
    speaker: Speaker,
    itemId: string,
    { userId, userName, askedAt, living }: Place,
    record: Conversation,
  ) {
    this.context = context;
    this.id = id;
    this.speaker = speaker;
    this.itemId = itemId;
    this.userId = userId ?? null;
    this.userName = userName;
    this.living = new LivingMessage(context, speaker, {
      itemId,
      askedAt: askedAt ?? context.clock.now(),
      buttons: living ? living.buttons(speaker) : stopButtons(speaker, itemId),
      shown: living?.shown ?? null,
    });
    this.#record = record;
  }

  /** Opens a conversation for one work item, a new conversation too; nothing is written yet. */
  static async open(context: Context, place: Place & { itemId: string }): Promise<Chat> {
    const record = (await context.store.read(place.id)) ?? emptyRecord(context);
    const { metrics, clock } = context;
    const { askedAt } = place;
    const onFirstWord = askedAt === undefined ? undefined : () => metrics.firstReply(clock.now() - askedAt);
    const speaker = new Speaker(context, place.target, place.language, place.itemId, onFirstWord);
    return new Chat(context, place.id, speaker, place.itemId, place, record);
  }

  /** A conversation whose record cannot be read now: enough to say what needs none. */
  static withoutRecord(context: Context, place: Place): Chat {
    const speaker = new Speaker(context, place.target, place.language, null);
    return new Chat(context, place.id, speaker, "", place, emptyRecord(context));
  }

  /** The record as this chat last read or wrote it. */
  get record(): Conversation {
    return this.#record;
  }

  get session(): SessionRef | null {
    return this.#record.session;
  }

  /** The active skill; one that was uninstalled since gives way to the default. */
  get skill(): Skill {
    return this.context.skills.find(this.#record.skill) ?? this.context.skills.defaultSkill;
  }

  get payer(): Payer {
    const { isOperator } = this;
    return payerOf(this.#record.session, this.#account(), { isOperator, isOwner: this.#ownsAccount });
  }

  /** True when the person runs the bot. */
  get isOperator(): boolean {
    return this.userId !== null && this.context.operators.has(this.userId);
  }

  /** Where people share a chat they share its free account: it belongs to the person who began the first project. */
  get #ownsAccount(): boolean {
    if (!this.speaker.platform.isShared(this.speaker.target)) return true;
    const starters = [...(this.#record.projects ?? []).map(({ startedBy }) => startedBy), ownerOf(this)];
    const first = starters.find((starter) => starter !== null);
    // Before a person has worked here it belongs to the first person who does.
    return starters.every((starter) => starter === null) || (first !== undefined && first === this.userId);
  }

  /** What "Try again" would repeat: this item and no later one. */
  get retry(): Action {
    return { kind: "retry", itemId: this.itemId };
  }

  /** The sentence for a failed call; what the operator has to mend goes to the log. */
  failure(error: BackendError, canRetry: boolean): MessageDraft {
    const { payer, skill, context } = this;
    const facts = { err: error, conversation: this.id, item: this.itemId };
    if (error.kind === "no-credits" && context.operatorToken !== null) {
      // Each member hears it, and the operator once in a while.
      const say = context.reminders.isDue(error.kind) ? "warn" : "debug";
      context.log[say](facts, "the account of NEMO_TOKEN has run out of credits: top it up");
    } else context.log.warn(facts, ADVICE[error.kind] ?? "a call to the editor failed");
    const retry = canRetry ? this.retry : null;
    // A free account's token is renewed with the next call: to the person it is a passing trouble.
    const isPassing = error.kind === "bad-token" && context.operatorToken === null;
    const kind = isPassing ? "unavailable" : error.kind;
    return failureMessage(this.speaker, kind, { payer, skill, webUrl: context.webUrl, retry });
  }

  /** Keeps what did not work for the retry button; null: there is nothing to repeat. */
  async keepForRetry(what: { text: string; attachments: Attachment[] } | null): Promise<void> {
    if (!what || (what.text === "" && what.attachments.length === 0)) return;
    const { itemId, userId } = this;
    const by = userId === null ? {} : { startedBy: userId };
    await this.update((current) => ({ ...current, lastFailed: { itemId, ...what, ...by } }));
  }

  /** Changes the stored record; what others have changed stays. */
  async update(change: (current: Conversation) => Conversation): Promise<void> {
    this.#record = await this.context.store.update(this.id, (current) =>
      change(current ?? emptyRecord(this.context)),
    );
  }

  /** Looks at the record again, after others may have changed it. */
  async refresh(): Promise<void> {
    this.#record = (await this.context.store.read(this.id)) ?? this.#record;
  }

  /** Who calls the backend. A new conversation gets its client id here, kept before it is used. */
  async caller(): Promise<BackendCaller> {
    if (!this.context.operatorToken && !this.#record.account) {
      await this.update((current) => ({ ...current, account: current.account ?? freshAccount() }));
    }
    const chat = this;
    const skill = this.skill;
    return {
      get account() {
        return chat.#account();
      },
      skill: { name: skill.name, version: skill.version, platform: skill.platform },
      reloadAccount: () => chat.refresh(),
      async saveAccount(account) {
        await chat.update((current) => ({ ...current, account }));
      },
    };
  }

  #account(): BackendAccount {
    const { operatorToken } = this.context;
    if (operatorToken) {
      return { owner: "operator", clientId: "", token: operatorToken, userId: null, expiresAt: null };
    }
    return this.#record.account ?? freshAccount();
  }
}

/** What the operator can do about it. */
const ADVICE: Partial<Record<BackendErrorKind, string>> = {
  "free-token-limit":
    "the backend gives this address no more free tokens for now: set NEMO_TOKEN to serve all conversations with your own",
  "bad-token": "the backend refuses the token: check NEMO_TOKEN",
};

function emptyRecord(context: Context): Conversation {
  return newConversation(context.skills.defaultSkill.name);
}

function freshAccount(): BackendAccount {
  return { owner: "free", clientId: randomUUID(), token: null, userId: null, expiresAt: null };
}
