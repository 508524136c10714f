/**
 * The answer of `/run_sse` as events, read at the pace of their consumer.
 * Source: nemo-api.md, "The SSE stream": the connection closing is the end, a broken one is not.
 */
import { BackendError } from "../../core/model/backend-error.ts";
import type { Log } from "../../core/ports/runtime.ts";
import type { TurnEvent } from "../../core/ports/video-backend.ts";
import { openEnvelope } from "../transport/envelope.ts";
import { connectionError, header, isSuccess, readWords, type WireAnswer } from "../transport/http.ts";
import type { NemoLimits } from "../transport/limits.ts";
import { TurnDecoder } from "./decoder.ts";

export interface TurnStreamOptions {
  operation: string;
  limits: Pick<NemoLimits, "maxEventBytes" | "maxRefusalBytes" | "refusalBodyMs">;
  log: Pick<Log, "warn">;
  signal: AbortSignal;
}

/**
 * Sends the turn and yields its events as they come. Throws the refusal, in whichever form it came: a status, an envelope, or a first
 * frame that refuses the request (then only keep-alives were told, and the caller may send again).
 */
export async function* readTurn(
  send: () => Promise<WireAnswer>,
  options: TurnStreamOptions,
): AsyncGenerator<TurnEvent, void, undefined> {
  const { operation, limits, log, signal } = options;
  const answer = await send();
  // A status that refuses is not kept waiting for its body.
  const body = isSuccess(answer) ? await peek(answer, operation, signal) : null;
  if (body === null || !isEventStream(answer, body.first)) {
    const chunks = body === null ? answer.body : joined(body.seen, body.rest);
    const text = await readWords(answer, limits, signal, chunks);
    openEnvelope({ operation, subject: "session", answer, text });
    throw new BackendError({ kind: "bad-answer", operation, status: answer.statusCode });
  }
  const decoder = new TurnDecoder(limits);
  const told = (events: TurnEvent[]) => {
    if (decoder.refusal !== null) throw decoder.refusal;
    return events;
  };
  // In one function, its loops written out: each generator below another would cost an open turn as much again.
  try {
    for (const chunk of body.seen.splice(0)) for (const event of told(decoder.feed(chunk))) yield event;
    for (let next = await body.rest.next(); !next.done; next = await body.rest.next())
      for (const event of told(decoder.feed(next.value))) yield event;
    for (const event of told(decoder.end())) yield event;
  } catch (error) {
    throw connectionError(operation, error, signal);
  } finally {
    // Also when the consumer left at the beginning.
    answer.body.destroy();
    const { invalid, oversized } = decoder.skipped;
    if (invalid + oversized > 0) log.warn({ operation, invalid, oversized }, "skipped frames of a turn");
  }
}

/** White space and the bytes of a byte order mark. */
const BLANK: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);
/** More blank bytes than that are a stream's. */
const MAX_BLANK_BYTES = 64 * 1024;

/** The first character that is not blank ("" when there is none), what was read up to it, and what follows. */
async function peek(
  answer: WireAnswer,
  operation: string,
  signal: AbortSignal,
): Promise<{ first: string; seen: Uint8Array[]; rest: AsyncIterator<Uint8Array> }> {
  const rest: AsyncIterator<Uint8Array> = answer.body[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let first = "";
  try {
    for (let sizeBytes = 0; first === "" && sizeBytes < MAX_BLANK_BYTES; ) {
      const next = await rest.next();
      if (next.done) break;
      const chunk: Uint8Array = next.value;
      seen.push(chunk);
      sizeBytes += chunk.byteLength;
      const byte = chunk.find((each) => !BLANK.has(each));
      if (byte !== undefined) first = String.fromCharCode(byte);
    }
  } catch (error) {
    throw connectionError(operation, error, signal);
  }
  return { first, seen, rest };
}

/** The whole body again; leaving it early hangs up. */
async function* joined(seen: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* seen;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/**
 * The bytes decide, since gateways send either under the type of the other: `{` never begins a stream. Where they
 * are neither, the type does.
 */
function isEventStream(answer: WireAnswer, first: string): boolean {
  const type = header(answer, "content-type")?.toLowerCase() ?? "";
  if (first === "{") return false;
  if (first === "") return !type.includes("json");
  // A comment, or one of the fields `data`, `event`, `id` and `retry`.
  return type.includes("event-stream") || ":deir".includes(first);
}
