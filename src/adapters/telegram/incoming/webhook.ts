/**
 * Updates by webhook, which may land on any process. The secret is compared in constant time; an update is answered
 * with 200 once the core owns it, or, for a part of an album, once it is stored. Source: Bot API, setWebhook.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { answerAndHangUp } from "../../../lib/hang-up.ts";
import type { Beside } from "../../shared/background.ts";
import type { HttpHandler } from "../../shared/http-server.ts";
import { type AlbumPart, AlbumStore } from "./album-store.ts";
import { groupAlbums } from "./albums.ts";
import type { SetAside } from "./set-aside.ts";
import { StoreOutage } from "./store-outage.ts";
import { UnaddressedAlbums } from "./unaddressed-albums.ts";
import type { UpdateHandler } from "./update-handler.ts";
import { type Message, readUpdate, type Update } from "./update-schema.ts";

/** More than any update has. What is beyond it is read and dropped, so that Telegram sees the answer. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DROPPED_BYTES = 32 * 1024 * 1024;
/** How often albums are looked for whose process has died. */
const LOOK_EVERY_MS = 3_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** While the store is away. */
const STORE_RETRY_MS = 1_000;
/** Tries of one album. A store that is away does not count, a fault of ours does. */
const MAX_FAILURES = 20;

export interface WebhookOptions {
  handler: UpdateHandler;
  setAside: SetAside;
  memory: AdapterMemory;
  secret: string;
  clock: Clock;
  log: Log;
  beside: Beside;
}

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #albums: AlbumStore;
  readonly #unaddressed: UnaddressedAlbums;
  readonly #outage: StoreOutage;
  readonly #stopped = new AbortController();
  /** Albums that this process waits for. */
  readonly #watched = new Set<string>();

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#albums = new AlbumStore(options.memory);
    this.#unaddressed = new UnaddressedAlbums(options.clock, this.#stopped.signal);
    this.#outage = new StoreOutage(options.log);
  }

  /** Takes up albums whose process has died, now and from time to time. */
  start(): void {
    const { clock, beside } = this.#options;
    const { signal } = this.#stopped;
    const look = async () => {
      for (;;) {
        try {
          for (const albumId of await this.#albums.list()) this.#watch(albumId);
        } catch (error) {
          if (!this.#outage.isMet(error)) throw error;
        }
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    };
    const what = "albums of other processes are not looked for, for a moment";
    beside.run(what, () => beside.loop(what, look, signal), signal);
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
    const { setAside, beside } = this.#options;
    const read = readUpdate(body);
    if (read.kind === "unreadable") {
      // Telegram is who knows the secret: it would send the same again for a day.
      setAside.unreadable(read);
      return true;
    }
    try {
      if (await this.#take(read.update)) this.#outage.end();
      return true;
    } catch (error) {
      if (this.#outage.isMet(error)) return false;
      try {
        await setAside.failed([read.update], error);
      } catch (trouble) {
        if (this.#outage.isMet(trouble)) return false;
        beside.unexpected(trouble, "an update could not be set aside and is left out");
      }
      return true;
    }
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
    if (group) return this.#takePart(`${message.chat.id}:${group}`, updateId, message);
    return handler.message({ updateId, updateIds: [updateId], parts: [message], albumId: null });
  }

  async #takePart(albumId: string, updateId: number, message: Message): Promise<boolean> {
    const { handler, clock } = this.#options;
    const part = { updateId, message };
    if (!handler.isForBot(message)) {
      if (!(await this.#join(albumId, [part]))) this.#listen(albumId, part);
      return false;
    }
    const held = this.#unaddressed.take(albumId);
    try {
      await this.#albums.add(albumId, [part, ...held], clock.now());
    } catch (error) {
      for (const one of held) this.#listen(albumId, one);
      throw error;
    }
    this.#watch(albumId);
    return true;
  }

  /** Adds parts to an album that is kept; false when there is none. */
  async #join(albumId: string, parts: AlbumPart[]): Promise<boolean> {
    if (!(await this.#albums.has(albumId))) return false;
    if (!(await this.#albums.add(albumId, parts, this.#options.clock.now(), true))) return false;
    this.#watch(albumId);
    return true;
  }

  /** A group's own talk is not stored; but the words for the bot may be on a part that another process has. */
  #listen(albumId: string, part: AlbumPart): void {
    this.#run(() => this.#unaddressed.hold(albumId, part, (parts) => this.#join(albumId, parts)));
  }

  /** Waits until the album has settled, and hands it over unless another process does. */
  #watch(albumId: string): void {
    if (this.#watched.has(albumId) || this.#stopped.signal.aborted) return;
    this.#watched.add(albumId);
    this.#run(async () => {
      try {
        await this.#closeWhenSettled(albumId);
      } finally {
        this.#watched.delete(albumId);
      }
    });
  }

  async #closeWhenSettled(albumId: string): Promise<void> {
    const { clock, beside } = this.#options;
    const { signal } = this.#stopped;
    let failures = 0;
    for (;;) {
      try {
        const claim = await this.#albums.claim(albumId, clock.now());
        if (claim.kind === "gone") return;
        if (claim.kind === "wait") {
          await clock.sleep(claim.waitMs, signal);
          continue;
        }
        // Out of patience: to leave it out is the last thing that can be done.
        if (failures < MAX_FAILURES) {
          for (const group of groupAlbums(claim.parts)) await this.#options.handler.message(group);
        }
        await this.#albums.close(albumId, claim.parts);
        this.#outage.end();
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#outage.isMet(error)) {
          await clock.sleep(STORE_RETRY_MS, signal);
          continue;
        }
        failures++;
        const isLast = failures >= MAX_FAILURES;
        beside.unexpected(
          error,
          `an album could not be taken${isLast ? " and is left out" : "; trying again"}`,
          {
            failures,
          },
        );
        await clock.sleep(Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS), signal);
      }
    }
  }

  /** Something that goes on beside the requests, until the stop. */
  #run(task: () => Promise<void>): void {
    this.#options.beside.run("a wait for an album ended", task, this.#stopped.signal);
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
