/** The Telegram adapter from start to stop. Source: DESIGN.md, "Settings"; docs/usage.md, "On Telegram". */
import { type Api, GrammyError } from "grammy";
import type { UserFromGetMe } from "grammy/types";
import { Agent } from "undici";
import type { Locales } from "../../core/model/locales.ts";
import { StopError } from "../../core/model/stop.ts";
import type { ChatPlatform, MessageSink } from "../../core/ports/chat-platform.ts";
import type { Clock, Log, Metrics } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { retried } from "../../lib/backoff.ts";
import { OutageLog } from "../../lib/log-limit.ts";
import { StartError } from "../../lib/start-error.ts";
import { Background } from "../shared/background.ts";
import type { HttpServer } from "../shared/http-server.ts";
import { nativeSignal } from "./abort-signals.ts";
import { createApi } from "./api.ts";
import { Polling } from "./incoming/polling.ts";
import { SetAside } from "./incoming/set-aside.ts";
import { ALLOWED_UPDATES, UpdateHandler } from "./incoming/update-handler.ts";
import { Webhook } from "./incoming/webhook.ts";
import { Managers } from "./managers.ts";
import { Migrations } from "./migrations.ts";
import { LocalAllowance } from "./outgoing/allowance.ts";
import { type Call, makeCall } from "./outgoing/call.ts";
import { CallbackAnswers } from "./outgoing/callback-answers.ts";
import { publishCommands } from "./outgoing/command-menu.ts";
import { Decoration } from "./outgoing/decoration.ts";
import { Delivery } from "./outgoing/delivery.ts";
import { Drafts } from "./outgoing/drafts.ts";
import { KeptMessages } from "./outgoing/kept-messages.ts";
import { TelegramPlatform } from "./outgoing/platform.ts";
import { PrivateMessages } from "./outgoing/private-messages.ts";
import { DEFAULT_SEND_LIMITS, type SendLimits, SendQueue } from "./outgoing/send-queue.ts";
import { createSentMarks, type Posted } from "./outgoing/sent-marks.ts";
import { SharedAllowance } from "./outgoing/shared-allowance.ts";
import { askedWaitMs } from "./retry-after.ts";
import { Topics } from "./topics.ts";
import { WriteBehindMemory } from "./write-behind-memory.ts";

const RETRIES = { firstMs: 500, longestMs: 30_000 };

export interface TelegramOptions {
  token: string;
  apiRoot: string;
  localFilesDir: string | null;
  /** Null: long polling. */
  webhook: { url: string; secret: string } | null;
  /** Other processes send for the same bot, and share the memory: one allowance holds for all of them together. */
  isShared: boolean;
  /** Rates and retries; absent: as Telegram allows them. */
  limits?: SendLimits;
}

export interface TelegramContext {
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Serves the webhook; null with long polling. */
  http: HttpServer | null;
}

export class TelegramAdapter {
  readonly platform: ChatPlatform;
  readonly #options: TelegramOptions;
  readonly #context: TelegramContext;
  readonly #api: Api;
  readonly #dispatcher = new Agent();
  readonly #memory: WriteBehindMemory;
  readonly #migrations: Migrations;
  readonly #topics: Topics;
  readonly #queue: SendQueue<Call, Posted>;
  readonly #background: Background;
  readonly #stopped = new AbortController();
  readonly #sendingStopped = new AbortController();
  #polling: Polling | null = null;
  #webhook: Webhook | null = null;
  #setAside: SetAside | null = null;
  #isConnected = false;
  /** The bot, from the first time that it was asked for. */
  #me: Promise<UserFromGetMe> | null = null;

  constructor(options: TelegramOptions, context: TelegramContext) {
    const { log, clock, memory, metrics, locales } = context;
    this.#options = options;
    this.#context = context;
    this.#api = createApi(options, metrics);
    this.#background = new Background({ platform: "telegram", clock, log, metrics });
    this.#memory = new WriteBehindMemory(memory, clock, log);
    this.#migrations = new Migrations(memory, this.#memory, log);
    const limits = options.limits ?? DEFAULT_SEND_LIMITS;
    const stopped = this.#sendingStopped.signal;
    const local = new LocalAllowance(clock, limits);
    const allowance = options.isShared
      ? new SharedAllowance(this.#memory, local, clock, log, stopped, limits)
      : local;
    const marks = createSentMarks(this.#memory, log);
    const make = (chatId: string, call: Call, signal: AbortSignal) =>
      makeCall(this.#api, marks, chatId, call, signal);
    this.#queue = new SendQueue({ make, allowance, limits, clock, log });
    const onGone = (conversationId: string) => this.#abandon(conversationId);
    const sending = { migrations: this.#migrations, marks, log, onGone, stopped };
    const delivery = new Delivery({ ...sending, queue: this.#queue, clock });
    this.#topics = new Topics({
      api: this.#api,
      memory,
      locales,
      log,
      stopped,
      areOn: async () => (await this.#whoAmI()).has_topics_enabled === true,
    });
    const kept = new KeptMessages(this.#memory, log);
    this.platform = new TelegramPlatform({
      ...sending,
      api: this.#api,
      delivery,
      decoration: new Decoration({ delivery, marks, memory: this.#memory }),
      allowance,
      clock,
      managers: new Managers(this.#api, this.#migrations, clock),
      kept,
      places: this.#topics,
      drafts: new Drafts({ api: this.#api, memory: this.#memory, clock, log, stopped }),
      privately: new PrivateMessages({
        kept,
        api: this.#api,
        delivery,
        memory: this.#memory,
        locales,
        clock,
        log,
        botName: async () => (await this.#whoAmI()).username,
        stopped,
      }),
      memory: this.#memory,
      files: { ...options, dispatcher: this.#dispatcher, clock, log },
    });
  }

  /** Whether messages come in, or, where the adapter only sends, whether Telegram knows the bot. */
  get isConnected(): boolean {
    return this.#polling ? this.#polling.isConnected : this.#isConnected;
  }

  /** Connects and starts to take messages. Throws `StartError` when Telegram refuses the token. */
  async start(): Promise<void> {
    const { log, clock, memory, locales, engine, http, metrics } = this.#context;
    const [api, background] = [this.#api, this.#background];
    const me = await this.#whoAmI();
    const handler = new UpdateHandler({
      bot: { id: me.id, username: me.username },
      engine,
      memory,
      buttons: this.#memory,
      migrations: this.#migrations,
      topics: this.#topics,
      answers: new CallbackAnswers({ api, locales, log, background }),
      log,
    });
    const take = handler.take.bind(handler);
    const setAside = new SetAside({ memory, take, clock, log, metrics, background });
    this.#setAside = setAside;
    setAside.start();
    const { webhook } = this.#options;
    if (webhook && http) {
      const { url, secret } = webhook;
      this.#webhook = new Webhook({ handler, setAside, memory, secret, clock, log, background });
      http.route(`POST ${new URL(url).pathname}`, this.#webhook.handle);
      this.#webhook.start();
      const settings = { secret_token: secret, allowed_updates: ALLOWED_UPDATES };
      await this.#untilAnswered((signal) => this.#api.setWebhook(url, settings, nativeSignal(signal)));
      this.#isConnected = true;
    } else {
      // A webhook of an earlier set-up would keep every update from us.
      await this.#untilAnswered((signal) =>
        this.#api.deleteWebhook({ drop_pending_updates: false }, nativeSignal(signal)),
      );
      this.#polling = new Polling({ api, handler, setAside, clock, log, background });
      this.#polling.start();
    }
    log.info(
      { chat: `https://t.me/${me.username}`, by: webhook ? "webhook" : "long polling" },
      "Telegram is connected; talk to the bot at this link",
    );
    warnAboutPrivacy(me, log);
    // The menu is a convenience: the bot works without it.
    publishCommands(this.#api, locales, memory).catch((error: unknown) =>
      log.warn({ err: error }, "the command menu could not be sent"),
    );
  }

  /** For a process that only sends: makes sure of the token. Throws `StartError` when Telegram refuses it. */
  async startSending(): Promise<void> {
    const me = await this.#whoAmI();
    this.#isConnected = true;
    this.#context.log.info(
      { chat: `https://t.me/${me.username}`, by: "sending only" },
      "Telegram is connected",
    );
  }

  /** Stops taking messages, within two seconds. What is being sent may finish until `stopSending`. */
  async stopReceiving(): Promise<void> {
    this.#stopped.abort(new StopError("shutdown"));
    this.#isConnected = false;
    this.#webhook?.stop();
    this.#setAside?.stop();
    await this.#polling?.stop();
  }

  /**
   * What waits to be sent rejects with a `StopError`, at once; a request that is under way does so if its answer
   * takes longer than a moment.
   */
  async stopSending(): Promise<void> {
    // A process that only sends may still be at its start.
    this.#stopped.abort(new StopError("shutdown"));
    this.#isConnected = false;
    this.#queue.stop(new StopError("shutdown"));
    this.#sendingStopped.abort(new StopError("shutdown"));
    this.#memory.stop();
    await this.#dispatcher.destroy();
  }

  #abandon(conversationId: string): void {
    const { engine, log } = this.#context;
    engine.abandon(conversationId).catch((error: unknown) => {
      // Its next message will be refused again, and then it is abandoned again.
      log.warn(
        { err: error, conversation: conversationId },
        "the work of a chat that is gone goes on for now",
      );
    });
  }

  #whoAmI(): Promise<UserFromGetMe> {
    this.#me ??= this.#untilAnswered((signal) => this.#api.getMe(nativeSignal(signal))).catch(
      (error: unknown) => {
        // Asked again the next time.
        this.#me = null;
        throw error;
      },
    );
    return this.#me;
  }

  /** Waits out a Telegram that cannot be reached; a refused token ends the start. */
  #untilAnswered<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { log, clock } = this.#context;
    const { signal } = this.#stopped;
    const outage = new OutageLog(log);
    const ask = async () => {
      const result = await call(signal);
      // Nothing begins any more once the end was announced.
      signal.throwIfAborted();
      outage.over("Telegram answers");
      return result;
    };
    const onFailure = (error: unknown) => {
      signal.throwIfAborted();
      const code = error instanceof GrammyError ? error.error_code : null;
      if (code === 401 || code === 404) {
        throw new StartError("Telegram cannot be used:", [
          "TELEGRAM_BOT_TOKEN: Telegram does not know this token (BotFather gives a new one)",
        ]);
      }
      if (code === 400) throw error;
      outage.tell(error, "Telegram does not answer; trying again");
      return askedWaitMs(error);
    };
    return retried(ask, { ...RETRIES, clock, signal, onFailure });
  }
}

function warnAboutPrivacy(me: UserFromGetMe, log: Log): void {
  if (me.can_join_groups && me.can_read_all_group_messages) {
    log.info({}, "privacy mode is off: the bot sees all group messages and leaves alone what is not for it");
  }
}
