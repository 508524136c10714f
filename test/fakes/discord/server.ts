/**
 * The HTTP side: finds the route, checks the token, applies limits and faults, and answers.
 * Source: Discord docs, "Reference: Authentication, User Agent, HTTP API".
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Call, Reply, Route } from "./call.ts";
import type { CallRecord } from "./calls.ts";
import type { Core } from "./core.ts";
import { ApiError, refusal } from "./errors.ts";
import { type Faults, plainError } from "./faults.ts";
import type { Interactions } from "./interactions.ts";
import type { RateLimits } from "./rate-limits.ts";
import { readBody } from "./request-body.ts";
import type { JsonObject } from "./wire.ts";

/** What the HTTP side needs. */
export interface RestParts {
  core: Core;
  interactions: Interactions;
  limits: RateLimits;
  faults: Faults;
  routes: readonly Route[];
  calls: CallRecord[];
}

const PREFIX = "/api/v10";

interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Answers one request below `/api`. Never throws. */
export async function serveApi(
  parts: RestParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const method = request.method ?? "GET";
  const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : url.pathname;
  const matches = url.pathname.startsWith(`${PREFIX}/`) ? matchRoutes(parts.routes, path) : [];
  const match = matches.find((one) => one.route.method === method);
  const record: CallRecord = {
    method,
    path,
    route: match === undefined ? null : `${method} ${match.route.template}`,
    params: match?.params ?? {},
    query: Object.fromEntries(url.searchParams),
    body: undefined,
    files: [],
    status: 0,
    answer: undefined,
    at: Date.now(),
  };
  parts.calls.push(record);
  const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
    record.status = status;
    record.answer = body;
    writeJson(response, status, body, headers);
    parts.core.changes.emit("change");
  };
  try {
    const body = await readBody(request, parts.core.settings.maxRequestBytes);
    record.body = body.json;
    record.files = body.files.map((file) => ({
      filename: file.filename,
      contentType: file.contentType,
      sizeBytes: file.bytes.length,
    }));
    checkClient(request, url);
    if (match === undefined) throw refusal(matches.length > 0 ? "methodNotAllowed" : "notFound");
    if (match.route.auth === "bot" && request.headers.authorization !== `Bot ${parts.core.settings.token}`)
      throw refusal("unauthorized");
    const limited = parts.limits.check(record);
    if (limited.status !== null) return answer(limited.status, limited.body, limited.headers);
    const fault = parts.faults.take(record);
    if (fault?.delayMs !== undefined) await delay(fault.delayMs);
    await parts.faults.holdFor(record, "before")?.released;
    let reply: Reply | null = null;
    if (fault === undefined || fault.afterEffect === true) {
      const call: Call = {
        core: parts.core,
        interactions: parts.interactions,
        record,
        param: (name) => match.params[name] ?? "",
        query: url.searchParams,
        json: body.json,
        files: body.files,
      };
      reply = match.route.handle(call);
    }
    const hold = parts.faults.holdFor(record, "after");
    if (hold !== null) await hold.released;
    if (fault?.status === "cut") {
      parts.core.changes.emit("change");
      response.destroy();
      return;
    }
    if (fault !== undefined) return answer(fault.status, fault.body ?? plainError(fault.status));
    answer(reply?.status ?? 500, reply?.body, limited.headers);
  } catch (error) {
    if (response.destroyed) return;
    if (!(error instanceof ApiError)) return answer(500, { message: `fake: ${String(error)}`, code: 0 });
    if (record.route === null && error.status === 404)
      parts.core.violate("unknown-route", `${method} ${url.pathname}`);
    answer(error.status, error.toJSON());
  }
}

function checkClient(request: IncomingMessage, url: URL): void {
  if (!url.pathname.startsWith(`${PREFIX}/`)) throw refusal("apiVersion");
  if (!/^DiscordBot \(\S+, ?\S+\)/.test(request.headers["user-agent"] ?? "")) throw refusal("userAgent");
}

/** Routes whose template fits the path, those with more fixed segments first. */
function matchRoutes(routes: readonly Route[], path: string): Match[] {
  const segments = path.split("/").map((part) => safeDecode(part));
  const matches: (Match & { fixed: number })[] = [];
  for (const route of routes) {
    const parts = route.template.split("/");
    if (parts.length !== segments.length) continue;
    const params: Record<string, string> = {};
    let fixed = 0;
    const isMatch = parts.every((part, index) => {
      const segment = segments[index] ?? "";
      if (!part.startsWith(":")) {
        fixed += 1;
        return part === segment;
      }
      params[part.slice(1)] = segment;
      return segment !== "";
    });
    if (isMatch) matches.push({ route, params, fixed });
  }
  return matches.sort((a, b) => b.fixed - a.fixed);
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function writeJson(response: ServerResponse, status: number, body: unknown, headers: JsonObject): void {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(headers as Record<string, string>),
    ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.length }),
  });
  response.end(bytes);
}
