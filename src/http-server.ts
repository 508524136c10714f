/** The bot's own HTTP server: webhooks now, health and metrics beside them. Source: DESIGN.md, "Settings". */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Log } from "./core/ports.ts";

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServer {
  port: number;
  /** Adds a handler for `METHOD /path`. */
  route(route: string, handler: HttpHandler): void;
  stop(): Promise<void>;
}

/** Listens on `host:port`; throws when the port cannot be had. */
export async function startHttpServer(options: {
  host: string;
  port: number;
  log: Log;
}): Promise<HttpServer> {
  const routes = new Map<string, HttpHandler>();
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const handler = routes.get(`${request.method} ${path}`);
    if (!handler) {
      response.writeHead(404).end();
      return;
    }
    handler(request, response).catch((error: unknown) => {
      options.log.error({ err: error, path }, "a request could not be answered");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    route: (route, handler) => routes.set(route, handler),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
