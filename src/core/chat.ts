/** One conversation at work: its record, its skill, its voice, and its way to the backend. */
import { randomUUID } from "node:crypto";
import { type Conversation, newConversation } from "./conversation.ts";
import { type Payer, payerOf } from "./failure.ts";
import type { ConversationId, ReplyTarget } from "./message.ts";
import type { BackendAccount, BackendCaller, SessionRef } from "./ports.ts";
import type { Skill } from "./skill.ts";
import { Speaker } from "./speaker.ts";
import { EMPTY_TIMELINE } from "./timeline.ts";
import type { World } from "./world.ts";

export class Chat {
  readonly world: World;
  readonly id: ConversationId;
  readonly speaker: Speaker;
  #record: Conversation;

  private constructor(world: World, id: ConversationId, speaker: Speaker, record: Conversation) {
    this.world = world;
    this.id = id;
    this.speaker = speaker;
    this.#record = record;
  }

  /** Opens a conversation, a new one too; nothing is written yet. */
  static async open(world: World, id: ConversationId, target: ReplyTarget, language: string): Promise<Chat> {
    const record = (await world.store.read(id)) ?? emptyRecord(world);
    return new Chat(world, id, new Speaker(world, target, language), record);
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
    return this.world.skills.find(this.#record.skill) ?? this.world.skills.defaultSkill;
  }

  get payer(): Payer {
    return payerOf(this.#record.session, this.#account());
  }

  /** Changes the stored record; what others changed meanwhile stays. */
  async update(change: (current: Conversation) => Conversation): Promise<void> {
    this.#record = await this.world.store.update(this.id, (current) =>
      change(current ?? emptyRecord(this.world)),
    );
  }

  /** Looks at the record again, after others may have changed it. */
  async refresh(): Promise<void> {
    this.#record = (await this.world.store.read(this.id)) ?? this.#record;
  }

  /** Who calls the backend. A new conversation gets its client id here, kept before it is used. */
  async caller(): Promise<BackendCaller> {
    if (!this.world.operatorToken && !this.#record.account) {
      await this.update((current) => ({ ...current, account: current.account ?? freshAccount() }));
    }
    const chat = this;
    const skill = this.skill;
    return {
      get account() {
        return chat.#account();
      },
      skill: { name: skill.name, version: skill.version, platform: skill.platform },
      async saveAccount(account) {
        await chat.update((current) => ({ ...current, account }));
      },
    };
  }

  #account(): BackendAccount {
    const { operatorToken } = this.world;
    if (operatorToken) {
      return { owner: "operator", clientId: "", token: operatorToken, userId: null, expiresAt: null };
    }
    return this.#record.account ?? freshAccount();
  }
}

function emptyRecord(world: World): Conversation {
  return newConversation(world.skills.defaultSkill.name, EMPTY_TIMELINE);
}

function freshAccount(): BackendAccount {
  return { owner: "free", clientId: randomUUID(), token: null, userId: null, expiresAt: null };
}
