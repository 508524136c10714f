/**
 * A backend for benchmarks: sessions for everybody, turns that stay open until the benchmark speaks, renders that
 * are done when it says so, and an upload that counts and discards. Source: nemo-api.md, "Endpoints".
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface NemoStub {
  readonly url: string;
  /** The open turns by the words that were said. */
  readonly turns: Map<string, ServerResponse>;
  /** How often each was sent: the words of a turn, the id of a render. */
  readonly sent: Map<string, number>;
  /** The sessions whose state, and the renders whose status, was asked for. */
  readonly asked: Set<string>;
  /** Of every project; empty at first. */
  draft: unknown;
  /** True: every turn answers and every render is done as soon as it is asked for. */
  isQuick: boolean;
  stop(): void;
}

interface NemoStubOptions {
  onUpload?: (upload: { startedAtMs: number; endedAtMs: number; sizeBytes: number }) => void;
}

export async function startNemoStub({ onUpload }: NemoStubOptions = {}): Promise<NemoStub> {
  let sessions = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const startedAtMs = Date.now();
    const isBulk = path.startsWith("/api/upload-video") || path === "/sink";
    let sizeBytes = 0;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (!isBulk) chunks.push(chunk);
    }
    const body = () => JSON.parse(Buffer.concat(chunks).toString());
    if (path.startsWith("/run_sse")) {
      const { new_message } = body() as { new_message: { parts: { text: string }[] } };
      const words = new_message.parts[0]?.text ?? "";
      count(words);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      if (stub.isQuick) finishTurn(response, `Answer to ${words}.`);
      else stub.turns.set(words, response);
      return;
    }
    if (isBulk) onUpload?.({ startedAtMs, endedAtMs: Date.now(), sizeBytes });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ code: 0, data: answerOf(path, request.method === "POST", body) }));
  }

  function answerOf(path: string, isPost: boolean, body: () => unknown): unknown {
    if (path.startsWith("/api/tasks/")) return { session_id: `s${sessions++}`, task_id: "t", user_id: "u" };
    const [, , kind, , , sessionId = ""] = path.split("/");
    if (kind === "state") {
      stub.asked.add(sessionId);
      return { session_id: sessionId, state: { draft: stub.draft } };
    }
    if (kind !== "render") return {};
    const id = isPost ? (body() as { id: string }).id : (path.split("/").pop() ?? "");
    if (isPost) count(id);
    else stub.asked.add(id);
    return stub.isQuick
      ? { id, status: "completed", progress: 100, outputUrl: `https://cdn.example.com/${id}.mp4` }
      : { id, status: "processing", progress: 40 };
  }

  function count(what: string): void {
    stub.sent.set(what, (stub.sent.get(what) ?? 0) + 1);
  }

  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  const stub: NemoStub = {
    url: `http://127.0.0.1:${port}`,
    turns: new Map(),
    sent: new Map(),
    asked: new Set(),
    draft: {},
    isQuick: false,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  return stub;
}

/** The model says `text`, and the turn is over. */
export function finishTurn(response: ServerResponse, text: string): void {
  const event = { author: "nemo_agent", content: { role: "model", parts: [{ text }] }, finishReason: "STOP" };
  response.end(`data: ${JSON.stringify(event)}\n\n`);
}
