/** The HTTP side: routes, the order in which trouble and methods apply, answers, records. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { Described, type Method } from "./call.ts";
import { type DownloadRecord, type DownloadTrouble, sendFile } from "./downloads.ts";
import { draftMethods } from "./drafts.ts";
import { ephemeralMethods } from "./ephemeral.ts";
import { ApiError, badRequest } from "./errors.ts";
import { botMethods } from "./methods-bot.ts";
import { messageMethods } from "./methods-messages.ts";
import type { Params } from "./params.ts";
import { type BodyLimits, readParams } from "./request.ts";
import { topicMethods } from "./topics.ts";
import type { RecordedCall, World } from "./world.ts";

const methods: Readonly<Record<string, Method>> = {
  ...messageMethods,
  ...draftMethods,
  ...topicMethods,
  ...ephemeralMethods,
  ...botMethods,
};

/** Serves one world over HTTP. */
export class BotApiServer {
  readonly #world: World;
  readonly #limits: BodyLimits;
  readonly #server: Server;
  readonly downloads: DownloadRecord[] = [];
  readonly trouble: DownloadTrouble = {
    breakAfterBytes: null,
    breakTimes: 0,
    delayPerChunkMs: 0,
    chunkBytes: 64 * 1024,
  };

  constructor(world: World, limits: BodyLimits) {
    this.#world = world;
    this.#limits = limits;
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.requestTimeout = 0;
  }

  /** Listens on a free port of loopback; resolves with the root URL, without a slash at its end. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // `address()` is an object for every TCP server that listens.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Cuts all connections and closes. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.on("error", () => gone.abort());
    try {
      const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(url.pathname);
      if (file !== null) return await this.#download(file[1] ?? "", file[2] ?? "", request, response);
      const call = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname);
      if (call === null) throw new ApiError(404, "Not Found");
      await this.#call(call[1] ?? "", call[2] ?? "", url.searchParams, request, response, gone.signal);
    } catch (error) {
      answerError(request, response, error);
    }
  }

  async #download(
    token: string,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const file = isToken(token, this.#world) ? this.#world.files.byPath(decodeURIComponent(path)) : undefined;
    if (file === undefined) throw new ApiError(404, "Not Found");
    const record: DownloadRecord = {
      path,
      range: request.headers.range ?? null,
      sentBytes: 0,
      isComplete: false,
    };
    this.downloads.push(record);
    await sendFile(file, request, response, this.trouble, record);
    this.#world.signal.notify();
  }

  async #call(
    token: string,
    methodName: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const world = this.#world;
    checkToken(token, world);
    const name = methodName.toLowerCase();
    const record: RecordedCall = {
      method: methodName,
      params: {},
      files: {},
      at: Date.now(),
      status: null,
      result: undefined,
      error: null,
    };
    world.calls.push(record);
    world.signal.notify();
    try {
      const params = await readParams(request, query, this.#limits);
      record.params = params.forRecord();
      record.files = Object.fromEntries(params.files);
      this.#watchForToken(name, params);
      if (params.allTexts().some((text) => !text.isWellFormed())) {
        throw new ApiError(400, "Bad Request: strings must be encoded in UTF-8");
      }
      const failure = world.faults.takeFailure(name);
      if (failure !== null && !failure.isAfterEffect) {
        if (failure.status === "disconnect") {
          response.destroy();
          return;
        }
        if (failure.refusal !== null) throw badRequest(failure.refusal);
        throw new ApiError(failure.status, failure.status === 500 ? "Internal Server Error" : "Bad Gateway");
      }
      const result = await this.#run(name, params, gone);
      record.result = result instanceof Described ? result.result : structuredClone(result);
      if (failure !== null) {
        response.destroy();
        return;
      }
      world.signal.notify();
      const hold = world.faults.takeHold(name);
      if (hold !== null) await Promise.race([hold, aborted(gone)]);
      const delayMs = world.faults.delayMs(name);
      if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: gone }).catch(() => {});
      if (gone.aborted) return;
      record.status = 200;
      answer(response, 200, {
        ok: true,
        result: record.result,
        ...(result instanceof Described ? { description: result.description } : {}),
      });
    } catch (error) {
      record.status = error instanceof ApiError ? error.code : 500;
      record.error = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      world.signal.notify();
    }
  }

  async #run(name: string, params: Params, gone: AbortSignal): Promise<unknown> {
    const world = this.#world;
    if (world.isLoggedOut) throw new ApiError(400, "Logged out");
    const isTooNew = world.options.version === "10.1" && Object.hasOwn(ephemeralMethods, name);
    const isUnknown = name === "sendmessagedraft" && !world.options.hasDrafts;
    const method = Object.hasOwn(methods, name) && !isTooNew && !isUnknown ? methods[name] : undefined;
    if (method === undefined) throw new ApiError(404, "Not Found: method not found");
    const chatId = params.has("chat_id") ? params.id("chat_id") : null;
    const tooFast = world.faults.checkPace(name, chatId);
    if (tooFast !== null) throw tooFast;
    return await method({ world, params, gone });
  }

  #watchForToken(name: string, params: Params): void {
    const secret = this.#world.options.token;
    // A webhook's own URL may hold the token: that was the advice before secret tokens existed.
    if (name !== "setwebhook" && params.allTexts().some((text) => text.includes(secret))) {
      this.#world.faults.note("token-handed-out", name, null, "a parameter holds the bot's token");
    }
  }
}

/** Resolves when the caller went away. */
function aborted(gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => gone.addEventListener("abort", () => resolve(), { once: true }));
}

function isToken(token: string, world: World): boolean {
  return decodeURIComponent(token) === world.options.token;
}

function checkToken(token: string, world: World): void {
  if (isToken(token, world)) return;
  const isWellFormed = /^[1-9]\d*:[^/]+$/.test(decodeURIComponent(token)) && token.length <= 80;
  throw new ApiError(401, isWellFormed ? "Unauthorized" : "Unauthorized: invalid token specified");
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (error instanceof ApiError) {
    const retryAfter = error.parameters?.retry_after;
    const headers: Record<string, string> =
      retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    if (!request.complete) {
      // A lingering close: the rest of the body is read and dropped, so that the sender sees the answer.
      headers.connection = "close";
      request.resume();
    }
    answer(response, error.code, error, headers);
    return;
  }
  if (request.destroyed && !request.complete) return;
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  answer(response, 500, {
    ok: false,
    error_code: 500,
    description: `Internal Server Error: fake: ${reason}`,
  });
}
