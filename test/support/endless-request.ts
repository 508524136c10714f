/** A client that goes on sending, whatever it is answered. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";

const CHUNK = Buffer.alloc(64 * 1024, "x");

/**
 * Sends a body of up to `maxBytes` on a connection it would like to keep; resolves when the other side has closed
 * it. The status is null when the answer was lost.
 */
export async function sendEndlessly(
  url: string,
  options: { headers?: Record<string, string>; maxBytes: number },
): Promise<{ status: number | null; connection: string | undefined; sentBytes: number }> {
  const agent = new Agent({ keepAlive: true });
  const sending = request(url, { method: "POST", agent, headers: options.headers ?? {} });
  let answer: IncomingMessage | null = null;
  sending.on("response", (response) => {
    answer = response;
    response.resume();
    response.on("error", () => {});
  });
  sending.on("error", () => {});
  const closed = new AbortController();
  sending.on("socket", (socket) => socket.on("close", () => closed.abort()));
  let sentBytes = 0;
  while (!closed.signal.aborted && sentBytes < options.maxBytes) {
    sentBytes += CHUNK.length;
    const isRoom = sending.write(CHUNK);
    if (!isRoom) await once(sending, "drain", { signal: closed.signal }).catch(() => {});
    else await new Promise((resolve) => setImmediate(resolve));
  }
  sending.end();
  if (!closed.signal.aborted) await once(closed.signal, "abort");
  agent.destroy();
  // Assigned in a callback, which the compiler does not see.
  const { statusCode = null, headers } = (answer ?? { headers: {} }) as Partial<IncomingMessage>;
  return { status: statusCode, connection: headers?.connection, sentBytes };
}
