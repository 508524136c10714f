/** The bot's own HTTP server: health, metrics, webhooks. Source: DESIGN.md, "Settings". */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Log } from "../../core/ports/runtime.ts";
import { answerAndHangUp, hasBodyLeft } from "../../lib/hang-up.ts";

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServer {
  port: number;
  /** Adds a handler for `METHOD /path`. One for GET answers HEAD as well. */
  route(route: string, handler: HttpHandler): void;
  /** From now on takes nothing in: what is not a GET is answered with 503, so that it comes again elsewhere. */
  stopTaking(): void;
  stop(): Promise<void>;
}

/** Longer than the proxies in front of us keep a connection: else they send into one that we just closed. */
const KEEP_ALIVE_MS = 75_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** Listens on `host:port`; throws when the port cannot be had. */
export async function startHttpServer(options: {
  host: string;
  port: number;
  log: Log;
}): Promise<HttpServer> {
  /** By path, then by method. */
  const routes = new Map<string, Map<string, HttpHandler>>();
  let isTaking = true;
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    // The body of a request that is refused by its head stays unread.
    const refuse = (status: number, headers: Record<string, string> = {}) => {
      if (!hasBodyLeft(request)) response.writeHead(status, headers).end();
      else void answerAndHangUp(request, response, { status, headers });
    };
    const methods = routes.get(path);
    if (!methods) return refuse(404);
    // Node leaves the body out where HEAD asks.
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const handler = methods.get(method);
    if (!handler) return refuse(405, { allow: allowed(methods) });
    if (!isTaking && method !== "GET") return refuse(503, { "retry-after": "1" });
    handler(request, response).catch((error: unknown) => {
      // A caller who has hung up reads no answer, and could fill the log by it.
      if (request.destroyed && !request.complete) return;
      options.log.error({ err: error, path }, "a request could not be answered");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    route(route, handler) {
      const [method = "", path = ""] = route.split(" ");
      routes.set(path, (routes.get(path) ?? new Map<string, HttpHandler>()).set(method, handler));
    },
    stopTaking() {
      isTaking = false;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function allowed(methods: ReadonlyMap<string, HttpHandler>): string {
  return [...methods.keys()].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
