/**
 * Updates by webhook. The secret is compared in constant time; an update is answered with 200 once the core
 * owns it, or, for a part of an album, once it is stored. Source: Bot API, setWebhook.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Message, Update } from "grammy/types";
import { z } from "zod";
import type { AdapterMemory, Log } from "../../core/ports.ts";
import type { HttpHandler } from "../../http-server.ts";
import { ALBUM_SETTLE_MS, groupAlbums } from "./albums.ts";
import type { UpdateHandler } from "./updates.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const OPEN_ALBUMS = "open-albums";

interface StoredPart {
  updateId: number;
  message: Message;
}

export class Webhook {
  readonly #handler: UpdateHandler;
  readonly #memory: AdapterMemory;
  readonly #secret: string;
  readonly #log: Log;
  /** Albums that may still grow, with the timer that closes them. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Parts of albums of which none is meant for the bot so far: a group's own talk is not stored. */
  readonly #overheard = new Map<string, StoredPart[]>();
  /** Changes of stored albums, one after another. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: {
    handler: UpdateHandler;
    memory: AdapterMemory;
    secret: string;
    log: Log;
  }) {
    this.#handler = options.handler;
    this.#memory = options.memory;
    this.#secret = options.secret;
    this.#log = options.log;
  }

  /** Takes up albums that a stopped process left open. */
  async start(): Promise<void> {
    for (const albumId of await this.#openAlbums()) this.#closeLater(albumId);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Serves `POST <webhook path>`. */
  readonly handle: HttpHandler = async (request, response) => {
    if (!this.#isSecret(request.headers["x-telegram-bot-api-secret-token"])) {
      response.writeHead(401).end();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        response.writeHead(413).end();
        return;
      }
      chunks.push(chunk);
    }
    const update = readUpdate(Buffer.concat(chunks).toString("utf8"));
    if (!update) {
      response.writeHead(400).end();
      return;
    }
    try {
      await this.#take(update);
      response.writeHead(200).end();
    } catch (error) {
      // Not owned: Telegram sends it again.
      this.#log.error({ err: error }, "an update could not be taken");
      response.writeHead(503).end();
    }
  };

  #isSecret(given: string | string[] | undefined): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(String(given ?? "")), digest(this.#secret));
  }

  async #take(update: Update): Promise<void> {
    const { message, update_id: updateId } = update;
    if (!message) return this.#handler.other(update);
    if (!message.media_group_id) return this.#handler.message({ updateId, parts: [message], albumId: null });
    const albumId = `${message.chat.id}:${message.media_group_id}`;
    await this.#inTurn(async () => {
      const parts = await this.#partsOf(albumId);
      if (!parts.some((part) => part.updateId === updateId)) parts.push({ updateId, message });
      if (!parts.some((part) => this.#handler.isForBot(part.message))) {
        this.#overheard.set(albumId, parts);
        return;
      }
      this.#overheard.delete(albumId);
      await this.#memory.set(`album:${albumId}`, JSON.stringify(parts));
      const open = await this.#openAlbums();
      if (!open.includes(albumId)) await this.#memory.set(OPEN_ALBUMS, JSON.stringify([...open, albumId]));
    });
    this.#closeLater(albumId);
  }

  #closeLater(albumId: string): void {
    clearTimeout(this.#timers.get(albumId));
    const close = () => {
      this.#timers.delete(albumId);
      this.#inTurn(() => this.#close(albumId)).catch((error: unknown) => {
        this.#log.error({ err: error }, "an album could not be taken; trying again");
        this.#closeLater(albumId);
      });
    };
    this.#timers.set(albumId, setTimeout(close, ALBUM_SETTLE_MS));
  }

  async #close(albumId: string): Promise<void> {
    if (this.#overheard.delete(albumId)) return;
    for (const group of groupAlbums(await this.#partsOf(albumId))) await this.#handler.message(group);
    const open = await this.#openAlbums();
    await this.#memory.set(OPEN_ALBUMS, JSON.stringify(open.filter((one) => one !== albumId)));
    await this.#memory.delete(`album:${albumId}`);
  }

  async #partsOf(albumId: string): Promise<StoredPart[]> {
    const overheard = this.#overheard.get(albumId);
    if (overheard) return overheard;
    // Written by us, from updates that were looked at.
    return JSON.parse((await this.#memory.get(`album:${albumId}`)) ?? "[]") as StoredPart[];
  }

  async #openAlbums(): Promise<string[]> {
    return z.array(z.string()).parse(JSON.parse((await this.#memory.get(OPEN_ALBUMS)) ?? "[]"));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {
      // Told to whoever asked for it.
    });
    return result;
  }
}

function readUpdate(body: string): Update | null {
  try {
    const parsed = z.looseObject({ update_id: z.number() }).safeParse(JSON.parse(body));
    // Telegram is who knows the secret; the fields we use are looked at one by one.
    return parsed.success ? (parsed.data as unknown as Update) : null;
  } catch {
    // Not JSON.
    return null;
  }
}
