/**
 * A strict backend on loopback: it answers each route with its script, in order, and remembers every request
 * whole. A request without a script left is answered 599 and makes the end of the test fail.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { collect } from "./collect.ts";

export interface SeenRequest {
  /** Method and path, such as `POST /run_sse`. */
  route: string;
  headers: IncomingMessage["headers"];
  /** Empty until the body was read; a script with `reads: false` never reads it. */
  body: Buffer;
  socket: Socket;
}

export interface Script {
  /** False to answer before the body is read. */
  reads?: boolean;
  answer(response: ServerResponse, request: SeenRequest): unknown;
}

export class ScriptedServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly sockets = new Set<Socket>();
  readonly #scripts = new Map<string, Script[]>();
  readonly #unexpected: string[] = [];
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  async start(): Promise<this> {
    this.#server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds scripts to a route's line. */
  on(route: string, ...scripts: Script[]): this {
    this.#scripts.set(route, [...(this.#scripts.get(route) ?? []), ...scripts]);
    return this;
  }

  requests(route: string): SeenRequest[] {
    return this.seen.filter((request) => request.route === route);
  }

  /** Resolves when all connections are gone. */
  async quiet(): Promise<void> {
    await Promise.all(
      [...this.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#unexpected.length > 0)
      throw new Error(`requests without a script: ${this.#unexpected.join(", ")}`);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    const seen = { route, headers: request.headers, body: Buffer.alloc(0), socket: request.socket };
    this.seen.push(seen);
    const script = this.#scripts.get(route)?.shift();
    if (script === undefined) {
      this.#unexpected.push(route);
      response.writeHead(599).end();
      return;
    }
    try {
      if (script.reads !== false) seen.body = Buffer.concat(await collect(request));
      await script.answer(response, seen);
    } catch {
      // The client went away in the middle of its request; the test looks at what was seen.
    }
  }
}

export function startServer(): Promise<ScriptedServer> {
  return new ScriptedServer().start();
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return {
    answer: (response) =>
      response
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(JSON.stringify(body)),
  };
}

/** A plain status with words instead of JSON. */
export function plain(status: number, text = "", headers: Record<string, string> = {}): Script {
  return { answer: (response) => response.writeHead(status, headers).end(text) };
}

/** A whole stream that ends cleanly. */
export function sse(...frames: (object | string)[]): Script {
  return {
    answer: (response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(sseText(...frames)),
  };
}

export function sseText(...frames: (object | string)[]): string {
  return frames
    .map((frame) => (typeof frame === "string" ? frame : `data: ${JSON.stringify(frame)}\n\n`))
    .join("");
}

/** Takes the request and breaks the connection without a word. */
export const drop: Script = { answer: (_, request) => request.socket.destroy() };

/** Starts a stream and breaks it. */
export function dropAfter(...frames: (object | string)[]): Script {
  return {
    answer: (response, request) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(sseText(...frames), () => request.socket.destroy());
    },
  };
}

/** Takes the request and says nothing, ever. */
export const silence: Script = { answer: () => {} };
