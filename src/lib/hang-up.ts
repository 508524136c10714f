/**
 * Answers that do not wait for the rest of a request. Source: RFC 9112, 9.6 ("Tear-down"): the answer would be lost
 * if the connection was closed at once while the other side still sends.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { endsWithin } from "./timeout.ts";

/** How long what is still sent is read and thrown away. */
const LINGER_MS = 1_000;

/** True when a part of the request's body has not come yet, or was not read. */
export function hasBodyLeft(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return !request.complete && (encoding !== undefined || Number(length ?? 0) > 0);
}

/** Answers, and closes the connection once the other side has had a moment to read the answer. */
export async function answerAndHangUp(
  request: IncomingMessage,
  response: ServerResponse,
  answer: { status: number; headers?: Record<string, string>; body?: string | Uint8Array },
): Promise<void> {
  const body = Buffer.from(answer.body ?? "");
  const gone = new Promise<void>((resolve) => {
    if (request.readableEnded) resolve();
    request.once("end", resolve);
    request.once("close", resolve);
    response.once("close", resolve);
  });
  response.writeHead(answer.status, {
    ...answer.headers,
    connection: "close",
    "content-length": String(body.byteLength),
  });
  // Whole for the reader; ending it here would close the connection.
  response.flushHeaders();
  if (body.byteLength > 0 && request.method !== "HEAD") response.write(body);
  request.resume();
  await endsWithin(LINGER_MS, gone);
  response.end();
  request.socket.destroySoon();
}
