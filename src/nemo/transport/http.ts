/**
 * HTTP to the backend on undici: connections, deadlines of silence, bounded bodies, and the split between
 * "never left" and "outcome unknown". Source: DESIGN.md, "Rules that keep it sound" 4 and 9; performance.md.
 */
import { Agent, buildConnector, type Dispatcher } from "undici";
import { BackendError } from "../../core/model/backend-error.ts";
import { isNotPublic, publicConnector, type ResolveHost } from "../../lib/public-address.ts";
import { BareError } from "./bare-error.ts";
import type { NemoLimits } from "./limits.ts";

/** One request as it goes on the wire. */
export interface WireRequest {
  operation: string;
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body?: string | AsyncIterable<Uint8Array>;
  /** Longest silence before the head and between bytes of the answer, in ms; 0 for none. */
  silenceMs: number;
  /**
   * `once`: on a connection of its own, so that it cannot meet a kept-alive socket that the other side has
   * just closed; its outcome would be unknown. `reused` is for what may be repeated.
   * `public`: to a stranger's host, which is dialled at public addresses only.
   */
  connection: "once" | "reused" | "public";
}

export type WireAnswer = Dispatcher.ResponseData;

/** Raised inside undici when no connection came about, so that it cannot be taken for a broken one. */
class NotConnected extends Error {}

/** Connections to the backend. `close` waits for nothing: running requests are ended. */
export class NemoHttp {
  readonly #agents: Record<WireRequest["connection"], Agent>;

  constructor(limits: Pick<NemoLimits, "connectTimeoutMs" | "keepAliveMs">, resolve: ResolveHost) {
    // HTTP/2 stays off: in bursts 1–3 % of the streams of one connection failed (performance.md).
    const dialling = { timeout: limits.connectTimeoutMs, allowH2: false };
    const connect = marked(buildConnector(dialling));
    const kept = {
      allowH2: false,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveMaxTimeout: limits.keepAliveMs,
    };
    this.#agents = {
      once: new Agent({ connect, allowH2: false, pipelining: 0 }),
      reused: new Agent({ connect, ...kept }),
      public: new Agent({ connect: marked(publicConnector(dialling, resolve)), ...kept }),
    };
  }

  /**
   * The answer's head, whatever its status. Throws `unreachable`, `connection-lost`, `refused` for a public
   * connection that would not lead to a public address, or the signal's reason.
   */
  async send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    try {
      const answer = await this.#agents[request.connection].request({
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: request.headers,
        // undici takes any async iterable as a body; its types name a stream only.
        body: (request.body ?? null) as Dispatcher.DispatchOptions["body"] & string,
        headersTimeout: request.silenceMs,
        bodyTimeout: request.silenceMs,
        signal,
      });
      // A body may break before anyone reads it. Its reader is told then; unheard, it would end the process.
      answer.body.on("error", () => {});
      return answer;
    } catch (error) {
      throw connectionError(request.operation, error, signal);
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }
}

/** The connector, its failures told from those of a connection that was there. */
function marked(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new NotConnected("no connection", { cause: error }), null);
    });
}

/** The signal's reason, our own errors as they are, and the kind of a connection error otherwise. */
export function connectionError(operation: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof BackendError) return error;
  if (error instanceof NotConnected) {
    const kind = isNotPublic(error) ? "refused" : "unreachable";
    return new BackendError({ kind, operation, cause: new BareError(error.cause) });
  }
  return new BackendError({ kind: "connection-lost", operation, cause: new BareError(error) });
}

export type BodyLimits = Pick<
  NemoLimits,
  "maxAnswerBytes" | "answerMs" | "maxRefusalBytes" | "refusalBodyMs"
>;

/**
 * The body as text: of a good answer all of it (throws `bad-answer` beyond the bound and hangs up there,
 * `connection-lost` when it takes longer than `answerMs`), of any other what `readWords` gives.
 */
export async function readText(
  answer: WireAnswer,
  operation: string,
  limits: BodyLimits,
  signal: AbortSignal,
): Promise<string> {
  if (!isSuccess(answer)) return readWords(answer, limits, signal);
  const tooLong = () => new BackendError({ kind: "bad-answer", operation, status: answer.statusCode });
  if ((lengthOf(answer) ?? 0) > limits.maxAnswerBytes) {
    discard(answer);
    throw tooLong();
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // A byte now and then is no silence, and a person waits for the whole.
  const late = setTimeout(() => answer.body.destroy(new Error("the answer took too long")), limits.answerMs);
  try {
    for await (const chunk of answer.body) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limits.maxAnswerBytes) throw tooLong();
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(operation, error, signal);
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** True for 2xx. */
export function isSuccess(answer: WireAnswer): boolean {
  return answer.statusCode >= 200 && answer.statusCode <= 299;
}

/**
 * The beginning of a body that only explains a refusal, then it hangs up. The refusal stands without it, so a
 * huge, endless or broken body is no error. Throws the signal's reason.
 *
 * @param chunks the body, where its beginning was read before.
 */
export async function readWords(
  answer: WireAnswer,
  limits: Pick<BodyLimits, "maxRefusalBytes" | "refusalBodyMs">,
  signal: AbortSignal,
  chunks: AsyncIterable<Uint8Array> = answer.body,
): Promise<string> {
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  const late = setTimeout(() => answer.body.destroy(), limits.refusalBodyMs);
  try {
    for await (const chunk of chunks) {
      read.push(chunk);
      sizeBytes += chunk.byteLength;
      if (sizeBytes >= limits.maxRefusalBytes) break;
    }
  } catch {
    // What was read has to do, unless we were told to stop.
    signal.throwIfAborted();
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(read).subarray(0, limits.maxRefusalBytes).toString("utf8");
}

/** Bytes of a body, its errors in our words. Leaving the iteration early hangs up. */
export async function* readBytes(
  answer: WireAnswer,
  operation: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body;
  } catch (error) {
    throw connectionError(operation, error, signal);
  }
}

/** Hangs up on a body that is of no interest: it may have no end. */
export function discard(answer: WireAnswer): void {
  answer.body.destroy();
}

/** One header; the first of several. */
export function header(answer: WireAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `content-length`; null when the answer does not say. */
export function lengthOf(answer: WireAnswer): number | null {
  const length = header(answer, "content-length");
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/** Where a 3xx answer points; null for any other answer. */
export function redirectOf(answer: WireAnswer, base: URL): URL | null {
  const location = header(answer, "location");
  if (answer.statusCode < 300 || answer.statusCode > 399 || location === undefined) return null;
  return URL.canParse(location, base.href) ? new URL(location, base) : null;
}
