/**
 * Delivery by webhook: POSTs in order, each repeated until it is answered with 2xx.
 * Source: core.telegram.org/bots/api#setwebhook, tdlib/telegram-bot-api `WebhookActor`.
 */

import { request } from "node:http";
import { ApiError, badRequest } from "./errors.ts";
import type { UpdateQueue } from "./updates.ts";
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
  #isRunning = false;
  #retryTimer: NodeJS.Timeout | null = null;
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
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.#isRunning = false;
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

  /** Looks for work; called whenever an update was queued. */
  kick(): void {
    const target = this.#target;
    if (target === null || this.#isRunning || this.#retryTimer !== null) return;
    const update = this.#queue.peek();
    if (update === null) return;
    this.#isRunning = true;
    const signal = this.#abort.signal;
    void this.#post(target, JSON.stringify(update), signal).then((status) => {
      if (signal.aborted) return;
      this.#isRunning = false;
      this.attempts.push({
        updateId: update.update_id,
        status: typeof status === "number" ? status : null,
        at: Date.now(),
      });
      if (typeof status === "number" && status >= 200 && status < 300) {
        this.#onDelivered(update);
        this.#queue.confirm(update.update_id);
        this.kick();
        return;
      }
      const message = typeof status === "number" ? `Wrong response from the webhook: ${status}` : status;
      this.#lastError = { date: Math.floor(Date.now() / 1000), message };
      this.#retryTimer = setTimeout(() => {
        this.#retryTimer = null;
        this.kick();
      }, this.#retryMs);
    });
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
