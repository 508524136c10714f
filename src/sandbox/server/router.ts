/**
 * Leads a request to its endpoint and lets a scenario have its way with it. What the backend refuses anyway
 * uses no scenario up.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type DropPoint, failure, Refusal, send } from "../answers.ts";
import { chooseDialects, type Dialects, type ScenarioAction } from "../scenario.ts";
import { type Backend, type Call, ENDPOINTS, type Endpoint, type Perform } from "./endpoints.ts";
import type { RecordedRequest } from "./recorded-requests.ts";

/** Answers one request to the backend; throws a `Refusal` for what it would not take. */
export async function serve(
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  record: RecordedRequest,
): Promise<void> {
  const { endpoint, params } = route(request.method ?? "GET", url.pathname);
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort(new Error("the client hung up"));
  });
  const signal = AbortSignal.any([gone.signal, backend.stopped]);
  const call: Call = { request, response, url, params, record, signal };
  const perform = await endpoint.check(backend, call);
  const action = backend.scenarios.take(endpoint.on);
  await act(backend, call, endpoint, action, perform);
}

function route(method: string, path: string): { endpoint: Endpoint; params: string[] } {
  let isKnownPath = false;
  for (const endpoint of ENDPOINTS) {
    const match = endpoint.pattern.exec(path);
    if (match === null) continue;
    isKnownPath = true;
    if (endpoint.method === method || (endpoint.on === "file" && method === "HEAD")) {
      return { endpoint, params: match.slice(1).map(decoded) };
    }
  }
  throw isKnownPath ? new Refusal(405, "Method not allowed") : new Refusal(404, "Not found");
}

function decoded(param: string): string {
  try {
    return decodeURIComponent(param);
  } catch {
    // Not valid percent-encoding: it names nothing, and the endpoint says so.
    return param;
  }
}

/** Lets a scenario have its way with a sound request, then answers it. */
async function act(
  backend: Backend,
  call: Call,
  endpoint: Endpoint,
  action: ScenarioAction | null,
  perform: Perform,
): Promise<void> {
  const { request, response, signal } = call;
  const standing = backend.scenarios.dialects;
  const answer = async (dialects: Dialects, dropAt: DropPoint | null = null) =>
    send(request, response, await perform(action, dialects), dropAt);

  switch (action?.kind) {
    case "error":
      return replyInstead(
        call,
        failure(action.code, action.message, action.envelope ?? standing.envelope, true),
      );
    case "http":
      return replyInstead(call, plainAnswer(action));
    case "drop": {
      // Turns die by their plan, and the run may go on without its stream.
      if (endpoint.on === "turn") return answer(standing);
      if (action.applied !== false) return answer(standing, action.when);
      const nothing: Answer = { kind: "body", status: 200, headers: {}, body: "{}" };
      return send(request, response, nothing, action.when);
    }
    case "delay":
      await sleep(action.ms, undefined, { signal });
      return answer(standing);
    case "hold":
      if (endpoint.on !== "turn") await backend.scenarios.pass(action.name, signal);
      return answer(standing);
    case "dialect":
      return answer(chooseDialects(standing, action.dialects));
    default:
      return answer(standing);
  }
}

async function replyInstead(call: Call, answer: Answer): Promise<void> {
  call.request.resume();
  await send(call.request, call.response, answer);
}

function plainAnswer(action: Extract<ScenarioAction, { kind: "http" }>): Answer {
  const { status, body, headers = {} } = action;
  if (body === undefined) return { kind: "body", status, headers, body: "" };
  if (typeof body === "string") return { kind: "body", status, headers, body };
  return {
    kind: "body",
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}
