/** The Telegram adapter from start to stop. Source: DESIGN.md, "Settings"; README.md, "Telegram". */
import { Api, GrammyError } from "grammy";
import type { UserFromGetMe } from "grammy/types";
import { Agent } from "undici";
import type { Locales } from "../../core/locales.ts";
import type { AdapterMemory, ChatPlatform, Clock, Log, MessageSink } from "../../core/ports.ts";
import type { HttpServer } from "../../http-server.ts";
import { StartError } from "../../start-error.ts";
import { publishCommands } from "./commands.ts";
import { Migrations } from "./migrations.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import { Polling } from "./polling.ts";
import { TelegramPlatform } from "./telegram-platform.ts";
import { ALLOWED_UPDATES, UpdateHandler } from "./updates.ts";
import { Webhook } from "./webhook.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export interface TelegramOptions {
  token: string;
  apiRoot: string;
  localFilesDir: string | null;
  /** Null: long polling. */
  webhook: { url: string; secret: string } | null;
  /** The pace; Telegram's own limits unless a benchmark says otherwise. */
  outbox?: OutboxOptions;
}

export interface TelegramWorld {
  engine: MessageSink;
  memory: AdapterMemory;
  locales: Locales;
  clock: Clock;
  log: Log;
  /** Serves the webhook; null with long polling. */
  http: HttpServer | null;
}

export class TelegramAdapter {
  readonly platform: ChatPlatform;
  readonly #options: TelegramOptions;
  readonly #world: TelegramWorld;
  readonly #api: Api;
  readonly #dispatcher = new Agent();
  readonly #migrations: Migrations;
  readonly #outbox: Outbox;
  readonly #stopped = new AbortController();
  #polling: Polling | null = null;
  #webhook: Webhook | null = null;

  constructor(options: TelegramOptions, world: TelegramWorld) {
    const { log, clock, memory, engine } = world;
    this.#options = options;
    this.#world = world;
    this.#api = new Api(options.token, { apiRoot: options.apiRoot });
    this.#migrations = new Migrations(memory, log);
    this.#outbox = new Outbox(log, clock, options.outbox);
    this.platform = new TelegramPlatform({
      api: this.#api,
      outbox: this.#outbox,
      memory,
      migrations: this.#migrations,
      files: { ...options, dispatcher: this.#dispatcher, clock, log },
      log,
      onGone: (conversationId) => {
        void engine.abandon(conversationId);
      },
    });
  }

  /** Connects and starts to take messages. Throws `StartError` when Telegram refuses the token. */
  async start(): Promise<void> {
    const { log, clock, memory, locales, engine, http } = this.#world;
    const me = await this.#patiently(() => this.#api.getMe());
    const handler = new UpdateHandler({
      api: this.#api,
      bot: { id: me.id, username: me.username },
      engine,
      memory,
      migrations: this.#migrations,
      locales,
      log,
    });
    const { webhook } = this.#options;
    if (webhook && http) {
      this.#webhook = new Webhook({ handler, memory, secret: webhook.secret, log });
      http.route(`POST ${new URL(webhook.url).pathname}`, this.#webhook.handle);
      await this.#webhook.start();
      await this.#patiently(() =>
        this.#api.setWebhook(webhook.url, { secret_token: webhook.secret, allowed_updates: ALLOWED_UPDATES }),
      );
    } else {
      // A webhook of an earlier set-up would keep every update from us.
      await this.#patiently(() => this.#api.deleteWebhook({ drop_pending_updates: false }));
      this.#polling = new Polling(this.#api, handler, clock, log);
      this.#polling.start();
    }
    log.info({ bot: me.username, by: webhook ? "webhook" : "long polling" }, "Telegram is connected");
    warnAboutPrivacy(me, log);
    // The menu is a convenience: the bot works without it.
    publishCommands(this.#api, locales, memory).catch((error: unknown) =>
      log.warn({ err: error }, "the command menu could not be sent"),
    );
  }

  /** Stops taking messages. What is being sent may finish until `stopSending`. */
  async stopReceiving(): Promise<void> {
    this.#stopped.abort(new Error("the bot stops"));
    await this.#polling?.stop();
    this.#webhook?.stop();
  }

  async stopSending(): Promise<void> {
    this.#outbox.stop(new Error("the bot stops"));
    await this.#dispatcher.destroy();
  }

  /** Waits out a Telegram that cannot be reached; a refused token ends the start. */
  async #patiently<T>(call: () => Promise<T>): Promise<T> {
    const { log, clock } = this.#world;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        return await call();
      } catch (error) {
        if (error instanceof GrammyError && (error.error_code === 401 || error.error_code === 404)) {
          throw new StartError("Telegram cannot be used:", [
            "TELEGRAM_BOT_TOKEN: Telegram does not know this token (BotFather gives a new one)",
          ]);
        }
        if (error instanceof GrammyError && error.error_code === 400) throw error;
        const askedMs = error instanceof GrammyError ? (error.parameters.retry_after ?? 0) * 1_000 : 0;
        log.warn({ err: error }, "Telegram does not answer; trying again");
        await clock.sleep(Math.max(waitMs, askedMs), this.#stopped.signal);
      }
    }
  }
}

function warnAboutPrivacy(me: UserFromGetMe, log: Log): void {
  if (me.can_join_groups && me.can_read_all_group_messages) {
    log.info({}, "privacy mode is off: the bot sees all group messages and leaves alone what is not for it");
  }
}
