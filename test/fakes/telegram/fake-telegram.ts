/**
 * A strict stand-in for the Bot API server: real HTTP on loopback, the refusals of the real one, and players
 * for the people in the chats. A bot under test reaches it through `TELEGRAM_API_ROOT`.
 */

import type { DownloadRecord } from "./downloads.ts";
import {
  type FailOptions,
  type FloodOptions,
  isPaced,
  type RateOptions,
  REAL_RATES,
  type Violation,
} from "./faults.ts";
import { ChatPlayer } from "./players.ts";
import { BotApiServer } from "./server.ts";
import type { WaitOptions } from "./signal.ts";
import type { WebhookAttempt } from "./webhook.ts";
import type { WireUpdate, WireUser } from "./wire.ts";
import { type RecordedCall, World } from "./world.ts";

/** Options of the fake; everything has a default. */
export interface FakeTelegramOptions {
  /** Default: a made-up token. */
  token?: string;
  /** `local` lifts the download limit and gives absolute paths; needs `filesDir`. Default `cloud`. */
  mode?: "cloud" | "local";
  /** Where a local server keeps its files. */
  filesDir?: string;
  /** Default `nemobot`. */
  botUsername?: string;
  /** Caps the wait of long polls; default none. */
  pollTimeoutCapMs?: number;
  /** Wait before further 409 answers; default 3000, as in reality. */
  conflictDelayMs?: number;
  /** Default 500000. */
  firstUpdateId?: number;
  /** What a chat takes: other numbers than the real ones, or `false` for no limit. Default the real ones. */
  rates?: boolean | Partial<RateOptions>;
  /** How long a second of `retry_after` lasts for the fake, 1 being real time. Default 1. */
  retryAfterScale?: number;
  /** Age at which a callback query can no longer be answered; default 15000. */
  callbackLifetimeMs?: number;
  /** Time after delivery in which a well-behaved bot answers a callback query; default 3000. */
  callbackAnswerWithinMs?: number;
  /** Wait before a webhook is tried again; default 50. */
  webhookRetryMs?: number;
  /** Default 10000. */
  webhookTimeoutMs?: number;
  /** `sendVideo` answers with `message_id` 0, as happens in big chats. Default false. */
  videoMessageIdZero?: boolean;
  /** Of the Bot API: ephemeral messages came with 10.2, and their parameters moved into an object with 10.3. Default 10.3. */
  version?: "10.1" | "10.2" | "10.3";
  /** Whether the server knows `sendMessageDraft`. Default true. */
  hasDrafts?: boolean;
  /** Whether the bot has topics in private chats: BotFather's Threaded Mode. `refused`: it says so and opens none. Default false. */
  hasPrivateTopics?: boolean | "refused";
  /** Uploads up to this size are kept with their bytes; default 64 MiB. */
  keepUploadBytes?: number;
}

/** A person; what is left out is made up. */
export type UserInput = Partial<Omit<WireUser, "is_bot">>;

/** Options of a group. */
export interface GroupInput {
  title?: string;
  /** Public name without `@`; supergroups alone. */
  username?: string;
  /** Default: one made-up member. The first of `admins`, or else the first member, is the owner. */
  members?: readonly UserInput[];
  admins?: readonly UserInput[];
  /** Default on, as for every new bot. */
  privacyMode?: boolean;
  /** Default `group`; forums are supergroups. */
  type?: "group" | "supergroup";
}

const CLOUD_UPLOAD_BYTES = 50 * 1024 * 1024;
const LOCAL_UPLOAD_BYTES = 2000 * 1024 * 1024;

/** A made-up token, built so that no text search takes it for a real one. */
function fakeToken(botId = 123_456): string {
  return `${botId}:${"A".repeat(35)}`;
}

/** Starts a fake server on a free port. Stop it in teardown. */
export async function startFakeTelegram(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const token = options.token ?? fakeToken();
  const mode = options.mode ?? "cloud";
  if (mode === "local" && options.filesDir === undefined)
    throw new Error("fake Telegram: local mode needs filesDir");
  const { rates = true } = options;
  const world = new World({
    token,
    mode,
    filesDir: options.filesDir ?? null,
    bot: {
      id: Number(token.split(":")[0]),
      is_bot: true,
      first_name: "Nemobot",
      username: options.botUsername ?? "nemobot",
    },
    pollTimeoutCapMs: options.pollTimeoutCapMs ?? null,
    conflictDelayMs: options.conflictDelayMs ?? 3000,
    firstUpdateId: options.firstUpdateId ?? 500_000,
    webhookRetryMs: options.webhookRetryMs ?? 50,
    webhookTimeoutMs: options.webhookTimeoutMs ?? 10_000,
    rates: rates === false ? null : { ...REAL_RATES, ...(rates === true ? {} : rates) },
    retryAfterScale: options.retryAfterScale ?? 1,
    callbackLifetimeMs: options.callbackLifetimeMs ?? 15_000,
    callbackAnswerWithinMs: options.callbackAnswerWithinMs ?? 3000,
    isVideoMessageIdZero: options.videoMessageIdZero ?? false,
    hasDrafts: options.hasDrafts ?? true,
    hasPrivateTopics: options.hasPrivateTopics ?? false,
    version: options.version ?? "10.3",
  });
  const server = new BotApiServer(world, {
    maxFileBytes: mode === "cloud" ? CLOUD_UPLOAD_BYTES : LOCAL_UPLOAD_BYTES,
    keepFileBytes: options.keepUploadBytes ?? 64 * 1024 * 1024,
  });
  return new FakeTelegram(world, server, await server.start());
}

/** A running fake server. */
export class FakeTelegram {
  readonly #world: World;
  readonly #server: BotApiServer;
  /** For `TELEGRAM_API_ROOT`; no slash at its end. */
  readonly apiRoot: string;

  constructor(world: World, server: BotApiServer, apiRoot: string) {
    this.#world = world;
    this.#server = server;
    this.apiRoot = apiRoot;
  }

  get token(): string {
    return this.#world.options.token;
  }

  /** The bot as `getMe` shows it. */
  get bot(): WireUser {
    return this.#world.bot;
  }

  /** Cuts all connections and frees the port. */
  async stop(): Promise<void> {
    this.#world.webhook.remove();
    await this.#server.stop();
  }

  /** A person. The same `id` is the same person. */
  user(input: UserInput = {}): WireUser {
    const id = input.id ?? 70_000_000 + this.#world.nextId();
    const user: WireUser = { id, is_bot: false, first_name: "Ada", language_code: "en", ...input };
    this.#world.users.set(id, user);
    return user;
  }

  /** A private chat. `isOpened: false`: the bot cannot write before the user did. */
  privateChat(input: UserInput & { isOpened?: boolean; topics?: readonly string[] } = {}): ChatPlayer {
    const { isOpened = true, topics = [], ...rest } = input;
    const user = this.user(rest);
    const { is_bot: _bot, language_code: _language, ...names } = user;
    const chat = this.#world.addChat({ ...names, type: "private" });
    chat.members.set(user.id, { user, status: "member" });
    chat.isOpened = isOpened;
    return this.#withTopics(new ChatPlayer(this.#world, chat), topics);
  }

  /** A group with the bot in it. */
  group(input: GroupInput = {}): ChatPlayer {
    return this.#addGroup(input, false);
  }

  /** A supergroup with topics; General is always there, without an id on its messages. */
  forum(input: GroupInput & { topics?: readonly string[] } = {}): ChatPlayer {
    return this.#withTopics(this.#addGroup({ ...input, type: "supergroup" }, true), input.topics ?? []);
  }

  /** Calls of the bot in order, optionally of one method. */
  calls(method?: string): RecordedCall[] {
    const wanted = method?.toLowerCase();
    return this.#world.calls.filter((call) => wanted === undefined || call.method.toLowerCase() === wanted);
  }

  /** Waits until `probe` gives something; it is asked again whenever anything happened. */
  waitFor<T>(probe: () => T | null | undefined | false, options: WaitOptions = {}): Promise<T> {
    return this.#world.signal.waitFor(probe, options);
  }

  /** Waits for a call of a method that fits. */
  waitForCall(
    method: string,
    predicate: (call: RecordedCall) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<RecordedCall> {
    return this.waitFor(() => this.calls(method).find(predicate), {
      what: `a call of ${method}`,
      ...options,
    });
  }

  /** Resolves when the bot has confirmed every update. */
  async allConfirmed(options: WaitOptions = {}): Promise<void> {
    await this.waitFor(() => this.#world.updates.pendingCount === 0, {
      what: "all confirmations",
      ...options,
    });
  }

  /** Whether a bot is waiting in a long poll right now. */
  get isPolled(): boolean {
    return this.#world.updates.hasWaitingPoll;
  }

  /** Updates that the bot has not confirmed. */
  pendingUpdateIds(): number[] {
    return this.#world.updates.pendingIds();
  }

  /** Every update there ever was. */
  updates(): WireUpdate[] {
    return this.#world.updates.all();
  }

  /** Hands an update over once more, as the real server does now and then. */
  redeliver(updateId: number): void {
    this.#world.updates.redeliver(updateId);
  }

  /** Queues whatever `make` gives for an update's id, as a faulty server or a later Bot API would; returns the id. */
  sendAny(make: (updateId: number) => unknown): number {
    return this.#world.updates.pushAny(make);
  }

  /** The next answers of getUpdates hold this in place of updates, one each; resolves once they are given. */
  async answerPolls(...results: unknown[]): Promise<void> {
    const { pollAnswers } = this.#world;
    pollAnswers.push(...results);
    await this.waitFor(() => pollAnswers.length === 0, { what: "a poll" });
  }

  /** Delays every answer of a method from now on, after its effect; 0 ends it. */
  slow(method: string, ms: number): void {
    this.#world.faults.slow(method, ms);
  }

  /** POSTs to the webhook. */
  webhookAttempts(): readonly WebhookAttempt[] {
    return this.#world.webhook.attempts;
  }

  /** Command lists by scope and language, such as `default de`. */
  commandLists(): ReadonlyMap<string, ReadonlyArray<{ command: string; description: string }>> {
    return this.#world.commands;
  }

  /** Answers with 429 for a while. */
  flood(options: FloodOptions = {}): void {
    this.#world.faults.flood(options);
  }

  /** Makes calls fail, or loses their answers. */
  fail(options: FailOptions = {}): void {
    this.#world.faults.fail(options);
  }

  /** Calls of a method take effect, and their answers come only when the returned function is called. Default once. */
  holdAnswers(method: string, times = 1): () => void {
    return this.#world.faults.hold(method, times);
  }

  /** Ends floods and failures that were ordered. */
  calm(): void {
    this.#world.faults.calm();
  }

  /** Cuts the next downloads after so many bytes; default once. */
  breakDownloads(options: { afterBytes: number; times?: number }): void {
    this.#server.trouble.breakAfterBytes = options.afterBytes;
    this.#server.trouble.breakTimes = options.times ?? 1;
  }

  /** Slows all downloads; `delayPerChunkMs: 0` ends it. */
  slowDownloads(options: { delayPerChunkMs: number; chunkBytes?: number }): void {
    this.#server.trouble.delayPerChunkMs = options.delayPerChunkMs;
    if (options.chunkBytes !== undefined) this.#server.trouble.chunkBytes = options.chunkBytes;
  }

  /** Downloads as they went. */
  downloads(): readonly DownloadRecord[] {
    return this.#server.downloads;
  }

  /** All download links die; `getFile` makes new ones. */
  expireFileLinks(): void {
    this.#world.files.expireLinks();
  }

  /** What the bot did that it must not do; empty for a well-behaved one. */
  violations(): Violation[] {
    const { callbackAnswerWithinMs } = this.#world.options;
    const now = Date.now();
    const unanswered = [...this.#world.callbacks.values()].filter(
      ({ answeredAt, deliveredAt }) =>
        answeredAt === null && deliveredAt !== null && now - deliveredAt > callbackAnswerWithinMs,
    );
    return [
      ...this.#world.faults.violations,
      ...unanswered.map(
        ({ id, pressedAt }): Violation => ({
          kind: "callback-unanswered",
          method: "answercallbackquery",
          chatId: null,
          at: pressedAt,
          detail: `callback query ${id} was delivered and never answered`,
        }),
      ),
    ];
  }

  /** Times of messages and edits in a chat, for tests of pacing. */
  pacedCallTimes(chatId: number): number[] {
    return this.calls()
      .filter((call) => isPaced(call.method) && call.params.chat_id === chatId)
      .map((call) => call.at);
  }

  #addGroup(input: GroupInput, isForum: boolean): ChatPlayer {
    const type = input.type ?? "group";
    const number = this.#world.nextId();
    const id = type === "group" ? -4_000_000 - number : -1_000_000_000_000 - number;
    const chat = this.#world.addChat({
      id,
      type,
      title: input.title ?? "Editors",
      ...(input.username === undefined ? {} : { username: input.username }),
      ...(isForum ? { is_forum: true as const } : {}),
    });
    const members = (input.members ?? (input.admins === undefined ? [{}] : [])).map((one) => this.user(one));
    const admins = (input.admins ?? []).map((one) => this.user(one));
    const owner = admins[0] ?? members[0];
    for (const user of [...members, ...admins]) chat.members.set(user.id, { user, status: "member" });
    for (const user of admins) chat.members.set(user.id, { user, status: "administrator" });
    if (owner !== undefined) chat.members.set(owner.id, { user: owner, status: "creator" });
    chat.isPrivacyModeOn = input.privacyMode ?? true;
    return new ChatPlayer(this.#world, chat);
  }

  #withTopics(player: ChatPlayer, topics: readonly string[]): ChatPlayer {
    for (const topic of topics) player.addTopic(topic, { isOld: true });
    return player;
  }
}
