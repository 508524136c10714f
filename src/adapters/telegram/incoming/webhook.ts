/**
 * Updates by webhook, which may land on any process. The secret is compared in constant time; an update is answered
 * with 200 once the core owns it, or, for a part of an album, once it is stored. Source: Bot API, setWebhook.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { answerAndHangUp } from "../../../lib/hang-up.ts";
import type { Background } from "../../shared/background.ts";
import type { HttpHandler } from "../../shared/http-server.ts";
import type { SetAside } from "./set-aside.ts";
import type { UpdateHandler } from "./update-handler.ts";
import { UpdateIntake } from "./update-intake.ts";
import { readUpdate, type Update } from "./update-schema.ts";
import { WebhookAlbums } from "./webhook-albums.ts";

/** More than any update has. What is beyond it is read and dropped, so that Telegram sees the answer. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DROPPED_BYTES = 32 * 1024 * 1024;

export interface WebhookOptions {
  handler: UpdateHandler;
  setAside: SetAside;
  memory: AdapterMemory;
  secret: string;
  clock: Clock;
  log: Log;
  background: Background;
}

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #albums: WebhookAlbums;
  readonly #intake: UpdateIntake;
  readonly #stopped = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#intake = new UpdateIntake(options);
    this.#albums = new WebhookAlbums({ ...options, intake: this.#intake, stopped: this.#stopped.signal });
  }

  /** Takes up albums of processes that have died. */
  start(): void {
    this.#albums.start();
  }

  stop(): void {
    this.#stopped.abort(new Error("the webhook stops"));
  }

  /** Serves `POST <webhook path>`. */
  readonly handle: HttpHandler = async (request, response) => {
    if (!this.#isSecret(request.headers["x-telegram-bot-api-secret-token"])) {
      await answerAndHangUp(request, response, { status: 401 });
      return;
    }
    const body = await readBody(request);
    if (body === TOO_MUCH) {
      await answerAndHangUp(request, response, { status: 413 });
      return;
    }
    const isTaken = await this.#isTaken(body);
    response.writeHead(isTaken ? 200 : 503).end();
  };

  /** False when the update is not owned: Telegram sends it again, perhaps to another process. */
  async #isTaken(body: unknown): Promise<boolean> {
    if (this.#stopped.signal.aborted) return false;
    const { setAside } = this.#options;
    const read = readUpdate(body);
    if (read.kind === "unreadable") {
      // Telegram is who knows the secret: it would send the same again for a day.
      setAside.unreadable(read);
      return true;
    }
    return this.#intake.owns([read.update], () => this.#take(read.update));
  }

  #isSecret(given: string | string[] | undefined): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(String(given ?? "")), digest(this.#options.secret));
  }

  /** True when something was stored. */
  async #take(update: Update): Promise<boolean> {
    const { handler } = this.#options;
    const { message, update_id: updateId } = update;
    if (!message) return handler.other(update);
    const { media_group_id: group } = message;
    if (group) return this.#albums.take(`${message.chat.id}:${group}`, { updateId, message });
    return handler.message({ updateId, updateIds: [updateId], parts: [message], albumId: null });
  }
}

/** More than anyone sends by mistake. */
const TOO_MUCH = Symbol("too much");

/** The body as JSON; undefined for what is none, or is too long to be an update. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left early, the iteration must not close the connection before the answer. Without an encoding chunks are Buffers.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (size > MAX_DROPPED_BYTES) return TOO_MUCH;
  }
  if (size > MAX_BODY_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // Not JSON.
    return undefined;
  }
}
