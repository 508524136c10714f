/**
 * The answer of `/run_sse` as events, read at the pace of whoever consumes them.
 * Source: nemo-api.md, "The SSE stream": the connection closing is the end, a broken one is not.
 */
import { BackendError } from "../core/backend-error.ts";
import type { Log, TurnEvent } from "../core/ports.ts";
import { openEnvelope } from "./envelope.ts";
import { connectionError, header, readText, type WireAnswer } from "./http.ts";
import type { NemoLimits } from "./limits.ts";
import { TurnDecoder } from "./turn-decoder.ts";

export interface TurnStreamOptions {
  operation: string;
  limits: Pick<NemoLimits, "maxEventBytes" | "maxAnswerBytes">;
  log: Pick<Log, "warn">;
  signal: AbortSignal;
}

/**
 * Resolves with the first event. Throws the refusal, in whichever form it came: a status, an envelope, or a
 * first frame that refuses the token (then nothing was done, and the caller may send again).
 */
export async function readTurn(
  answer: WireAnswer,
  options: TurnStreamOptions,
): Promise<AsyncGenerator<TurnEvent, void, undefined>> {
  const { operation, limits, signal } = options;
  const isJson = header(answer, "content-type")?.toLowerCase().includes("json") === true;
  if (answer.statusCode !== 200 || isJson) {
    const text = await readText(answer, operation, limits.maxAnswerBytes, signal);
    openEnvelope({ operation, subject: "session", answer, text });
    throw new BackendError({ kind: "bad-answer", operation, status: answer.statusCode });
  }
  const events = readEvents(answer, options);
  const first = await events.next();
  if (!first.done && first.value.type === "failure" && first.value.error.kind === "bad-token") {
    await events.return();
    throw first.value.error;
  }
  return resume(first, events);
}

async function* resume(
  first: IteratorResult<TurnEvent, void>,
  events: AsyncGenerator<TurnEvent, void, undefined>,
): AsyncGenerator<TurnEvent, void, undefined> {
  try {
    if (first.done) return;
    yield first.value;
    yield* events;
  } finally {
    await events.return();
  }
}

async function* readEvents(
  answer: WireAnswer,
  { operation, limits, log, signal }: TurnStreamOptions,
): AsyncGenerator<TurnEvent, void, undefined> {
  const decoder = new TurnDecoder(limits);
  try {
    for await (const chunk of answer.body) yield* decoder.feed(chunk);
    yield* decoder.end();
  } catch (error) {
    throw connectionError(operation, error, signal);
  } finally {
    const { invalid, oversized } = decoder.skipped;
    if (invalid + oversized > 0) log.warn({ operation, invalid, oversized }, "skipped frames of a turn");
  }
}
