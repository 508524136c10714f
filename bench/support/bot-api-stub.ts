/**
 * A Bot API server for benchmarks: it says yes to everything, as cheaply as can be. The strict one of the tests
 * checks and keeps every call, which would be measured along. Source: Bot API, getUpdates, getFile.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface StubCall {
  method: string;
  params: Record<string, unknown>;
  /** `performance.now()` when its body had arrived. */
  at: number;
}

export interface BotApiStubOptions {
  onCall?: (call: StubCall) => void;
  /** The path of `getFile`, and the size of what `/file/` gives out. */
  file?: { path: string; sizeBytes: number };
}

export interface BotApiStub {
  apiRoot: string;
  token: string;
  /** Queues messages of people; an update id is given to each. */
  push(messages: readonly Record<string, unknown>[]): void;
  stop(): void;
}

const BATCH = 100;
const BLOCK = Buffer.alloc(256 * 1024, "v");

export async function startBotApiStub(options: BotApiStubOptions = {}): Promise<BotApiStub> {
  const token = `1234567:${"A".repeat(35)}`;
  let updates: { update_id: number; message: Record<string, unknown> }[] = [];
  let nextUpdateId = 1;
  let nextMessageId = 1_000_000;
  let waiting: (() => void) | null = null;

  function poll(params: Record<string, unknown>, response: ServerResponse): void {
    updates = updates.filter((update) => update.update_id >= Number(params.offset ?? 0));
    const give = () => {
      waiting = null;
      answer(response, updates.slice(0, BATCH));
    };
    if (updates.length > 0 || Number(params.timeout ?? 0) === 0) {
      give();
      return;
    }
    waiting = give;
    response.on("close", () => {
      if (waiting === give) waiting = null;
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://stub");
    if (pathname.startsWith("/file/")) return sendBlocks(response, options.file?.sizeBytes ?? 0);
    const method = pathname.split("/").pop() ?? "";
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const params = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, unknown>;
    options.onCall?.({ method, params, at: performance.now() });
    switch (method) {
      case "getUpdates":
        return poll(params, response);
      case "getMe":
        return answer(response, { id: 1_234_567, is_bot: true, first_name: "Bench", username: "bench_bot" });
      case "getFile":
        return answer(response, {
          file_id: "f",
          file_unique_id: "f",
          file_size: options.file?.sizeBytes,
          file_path: options.file?.path,
        });
      case "sendMessage":
      case "editMessageText":
        return answer(response, { message_id: params.message_id ?? nextMessageId++, date: 0 });
      default:
        return answer(response, true);
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // A connection that closes just as it is used again would be measured as a failed call.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  return {
    apiRoot: `http://127.0.0.1:${port}`,
    token,
    push(messages) {
      for (const message of messages) updates.push({ update_id: nextUpdateId++, message });
      waiting?.();
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A message of the person with this number in their private chat. */
export function privateMessage(person: number, content: Record<string, unknown>): Record<string, unknown> {
  const id = 5_000_000 + person;
  return {
    message_id: person + 1,
    date: 0,
    chat: { id, type: "private", first_name: "Bench" },
    from: { id, is_bot: false, first_name: "Bench", language_code: "en" },
    ...content,
  };
}

function answer(response: ServerResponse, result: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ok: true, result }));
}

async function sendBlocks(response: ServerResponse, sizeBytes: number): Promise<void> {
  response.writeHead(200, { "content-length": sizeBytes });
  for (let left = sizeBytes; left > 0; left -= BLOCK.length) {
    if (response.write(left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left))) continue;
    await new Promise((resolve) => response.once("drain", resolve));
  }
  response.end();
}
