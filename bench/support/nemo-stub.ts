/**
 * A backend for benchmarks: sessions for everybody, turns that stay open until the benchmark speaks, and an
 * upload that counts and discards. Source: nemo-api.md, "Endpoints".
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface NemoStub {
  url: string;
  /** The open turns by the words that were said. */
  turns: Map<string, ServerResponse>;
  stop(): void;
}

export interface NemoStubOptions {
  onUpload?: (upload: { startedAtMs: number; endedAtMs: number; sizeBytes: number }) => void;
  /** Of every project; empty when absent. */
  draft?: unknown;
}

export async function startNemoStub({ onUpload, draft = {} }: NemoStubOptions = {}): Promise<NemoStub> {
  const turns = new Map<string, ServerResponse>();
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
    if (path.startsWith("/run_sse")) {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as {
        new_message: { parts: { text: string }[] };
      };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      turns.set(body.new_message.parts[0]?.text ?? "", response);
      return;
    }
    if (isBulk) onUpload?.({ startedAtMs, endedAtMs: Date.now(), sizeBytes });
    const data = path.startsWith("/api/tasks/")
      ? { session_id: `s${sessions++}`, task_id: "t", user_id: "u" }
      : { session_id: "s", state: { draft } };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ code: 0, data }));
  }

  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    turns,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The model says `text`, and the turn is over. */
export function finishTurn(response: ServerResponse, text: string): void {
  const event = { author: "nemo_agent", content: { role: "model", parts: [{ text }] }, finishReason: "STOP" };
  response.end(`data: ${JSON.stringify(event)}\n\n`);
}
