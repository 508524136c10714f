/**
 * Delivery by webhook: POSTs in order, each repeated until it is answered with 2xx.
 * Source: core.telegram.org/bots/api#setwebhook, tdlib/telegram-bot-api `WebhookActor`.
 */

import { request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { ApiError, badRequest } from "./errors.ts";
import type { QueuedUpdate, UpdateQueue } from "./updates.ts";
import type { WireUpdate } from "./wire.ts";

/** One POST as it went. */
export interface WebhookAttempt {
  updateId: number;
  /** Null when there was no answer. */
  status: number | null;
  at: number;
}

interface WebhookTarget {
  url: URL;
  secretToken: string;
  maxConnections: number;
}

/** Sets, runs and ends the webhook. */
export class WebhookSender {
  readonly #queue: UpdateQueue;
  readonly #retryMs: number;
  readonly #timeoutMs: number;
  readonly #onDelivered: (update: WireUpdate) => void;
  readonly attempts: WebhookAttempt[] = [];
  #target: WebhookTarget | null = null;
  #lastError: { date: number; message: string } | null = null;
  /** Updates that are being posted or wait for another try, by what keeps its order: a chat, or a person's presses. */
  readonly #busy = new Set<string>();
  #underWay = 0;
  #abort = new AbortController();

  constructor(
    queue: UpdateQueue,
    options: { retryMs: number; timeoutMs: number; onDelivered(update: WireUpdate): void },
  ) {
    this.#onDelivered = options.onDelivered;
    this.#queue = queue;
    this.#retryMs = options.retryMs;
    this.#timeoutMs = options.timeoutMs;
  }

  get isActive(): boolean {
    return this.#target !== null;
  }

  /** Throws for URLs and secrets the server refuses; plain HTTP is taken for loopback alone. */
  set(url: string, secretToken: string, maxConnections: number): void {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || !/^https?:$/.test(parsed.protocol))
      throw badRequest("invalid webhook URL specified");
    if (secretToken.length > 256) throw badRequest("secret token is too long");
    if (!/^[A-Za-z0-9_-]*$/.test(secretToken)) throw badRequest("secret token contains unallowed characters");
    if (parsed.protocol !== "http:" || !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(parsed.hostname)) {
      const reason =
        parsed.protocol === "http:" ? "An HTTPS URL must be provided for webhook" : "Failed to resolve host";
      throw new ApiError(400, `Bad Request: bad webhook: ${reason}`);
    }
    this.remove();
    this.#target = { url: parsed, secretToken, maxConnections };
    this.kick();
  }

  /** Ends delivery; what is under way is cut off. */
  remove(): void {
    this.#target = null;
    this.#lastError = null;
    this.#busy.clear();
    this.#underWay = 0;
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** `getWebhookInfo`. */
  info(): Record<string, unknown> {
    const target = this.#target;
    const allowed = this.#queue.allowed;
    return {
      url: target?.url.href ?? "",
      has_custom_certificate: false,
      pending_update_count: this.#queue.pendingCount,
      ...(this.#lastError === null
        ? {}
        : { last_error_date: this.#lastError.date, last_error_message: this.#lastError.message }),
      ...(target === null ? {} : { max_connections: target.maxConnections, ip_address: target.url.hostname }),
      ...(allowed === null ? {} : { allowed_updates: allowed }),
    };
  }

  /** Looks for work; called whenever an update was queued. Like the real server, one at a time of each chat. */
  kick(): void {
    const target = this.#target;
    if (target === null) return;
    for (const update of this.#queue.queued()) {
      if (this.#underWay >= target.maxConnections) return;
      const line = lineOf(update.wire);
      if (this.#busy.has(line)) continue;
      this.#busy.add(line);
      this.#underWay += 1;
      void this.#deliver(target, update, line, this.#abort.signal);
    }
  }

  async #deliver(
    target: WebhookTarget,
    update: QueuedUpdate,
    line: string,
    signal: AbortSignal,
  ): Promise<void> {
    const status = await this.#post(target, JSON.stringify(update.wire), signal);
    if (signal.aborted) return;
    this.#underWay -= 1;
    const isAnswered = typeof status === "number";
    this.attempts.push({ updateId: update.id, status: isAnswered ? status : null, at: Date.now() });
    if (isAnswered && status >= 200 && status < 300) {
      this.#busy.delete(line);
      this.#onDelivered(update.wire);
      this.#queue.confirm(update);
      return;
    }
    const message = isAnswered ? `Wrong response from the webhook: ${status}` : status;
    this.#lastError = { date: Math.floor(Date.now() / 1000), message };
    await setTimeout(this.#retryMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    this.#busy.delete(line);
    this.kick();
  }

  /** The status, or what went wrong. */
  #post(target: WebhookTarget, body: string, signal: AbortSignal): Promise<number | string> {
    return new Promise((resolve) => {
      const outgoing = request(target.url, {
        method: "POST",
        signal,
        timeout: this.#timeoutMs,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...(target.secretToken === "" ? {} : { "x-telegram-bot-api-secret-token": target.secretToken }),
        },
      });
      outgoing.on("response", (response) => {
        response.resume();
        response.on("close", () =>
          resolve(response.complete ? (response.statusCode ?? 0) : "Connection closed"),
        );
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("Read timeout expired")));
      outgoing.on("error", (error: NodeJS.ErrnoException) =>
        resolve(error.code === "ECONNREFUSED" ? "Connection refused" : error.message),
      );
      outgoing.end(body);
    });
  }
}

/** Updates of one line come one after another. Whatever a faulty server sends has a line too. */
function lineOf(update: unknown): string {
  const { message, edited_message, callback_query, my_chat_member } = Object(update) as Partial<WireUpdate>;
  if (callback_query) return `presses of ${Object(callback_query.from).id}`;
  const chat: unknown = (message ?? edited_message ?? my_chat_member)?.chat;
  return `chat ${Object(chat).id}`;
}
