/**
 * How every call of the backend is made: signed, attributed, repeated where that is right, its envelope opened.
 * Source: nemo-api.md, "Headers on every request", "Free token" and "Errors".
 */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { BackendError } from "../core/model/backend-error.ts";
import type { Clock } from "../core/ports/runtime.ts";
import type { BackendAccount, BackendCaller } from "../core/ports/video-backend.ts";
import type { ResolveHost } from "../lib/public-address.ts";
import { tokenAnswer } from "./answers/answers.ts";
import { Accounts } from "./transport/account.ts";
import { type JsonObject, openEnvelope, readFields } from "./transport/envelope.ts";
import type { CallSubject } from "./transport/errors.ts";
import { NemoHttp, readText, type WireAnswer } from "./transport/http.ts";
import type { NemoLimits } from "./transport/limits.ts";
import { type RepeatOptions, repeats, withRepeats } from "./transport/repeat.ts";

/** One call of the API, before it has a token. */
export interface ApiCall {
  operation: string;
  subject: CallSubject;
  method: "GET" | "POST";
  path: string;
  json?: unknown;
  /** True when a repeat does no harm even if the first was carried out. */
  isIdempotent?: boolean;
  /** Longest silence; `readTimeoutMs` when absent, 0 for none. */
  silenceMs?: number;
  accept?: string;
}

type Headers = Record<string, string>;

export interface NemoApiOptions {
  apiUrl: string;
  retryWaitMs: number;
  clock: Clock;
  limits: NemoLimits;
  resolveHost: ResolveHost;
}

/** Makes calls for any number of callers. All methods throw `BackendError`, or the signal's reason. */
export class NemoApi {
  readonly http: NemoHttp;
  readonly #options: NemoApiOptions;
  readonly #limits: NemoLimits;
  readonly #accounts: Accounts;

  constructor(options: NemoApiOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.http = new NemoHttp(options.limits, options.resolveHost);
    this.#accounts = new Accounts(
      (caller, clientId, signal) => this.#requestToken(caller, clientId, signal),
      options.clock,
    );
  }

  /** Ends running calls and closes all connections. */
  close(): Promise<void> {
    this.#accounts.close();
    return this.http.close();
  }

  /** Gets a token unless there is one that holds. */
  async signIn(caller: BackendCaller, signal: AbortSignal): Promise<void> {
    await this.#accounts.token(caller, "sign in", signal);
  }

  /** The fields of a JSON answer, read by a schema. */
  async answer<T>(
    caller: BackendCaller,
    call: ApiCall,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return readFields(schema, await this.fields(caller, call, signal), call.operation);
  }

  /** The fields of a JSON answer, as they came. */
  fields(caller: BackendCaller, call: ApiCall, signal: AbortSignal): Promise<JsonObject> {
    return this.repeat(caller, call, signal, async () => {
      const answer = await this.send(caller, call, signal);
      const text = await readText(answer, call.operation, this.#limits, signal);
      return openEnvelope({ ...call, answer, text });
    });
  }

  /** Makes the attempt, signed in, and again as `withRepeats` allows for this call. */
  async repeat<T>(
    caller: BackendCaller,
    call: ApiCall,
    signal: AbortSignal,
    attempt: () => Promise<T>,
  ): Promise<T> {
    const { signIn, options } = await this.#prepare(caller, call, signal);
    return withRepeats(async () => {
      await signIn();
      return attempt();
    }, options);
  }

  /**
   * The same for a call whose attempts its maker runs: `begin` signs each of them in, and `again` resolves when
   * another may be made after this error, or throws it.
   */
  async attempts(
    caller: BackendCaller,
    call: ApiCall,
    signal: AbortSignal,
  ): Promise<{ begin: () => Promise<void>; again: (error: unknown) => Promise<void> }> {
    const { signIn, options } = await this.#prepare(caller, call, signal);
    const again = repeats(options);
    return {
      async begin() {
        signal.throwIfAborted();
        await signIn();
      },
      again,
    };
  }

  /** How a call is repeated. Signed in before that, so that a failed sign-in is not multiplied by the repeats. */
  async #prepare(
    caller: BackendCaller,
    call: ApiCall,
    signal: AbortSignal,
  ): Promise<{ signIn: () => Promise<void>; options: RepeatOptions }> {
    let sent: string | null = null;
    const signIn = async () => {
      sent = await this.#token(caller, call, signal);
    };
    await signIn();
    const remedy = async (error: BackendError) => {
      if (error.kind !== "bad-token" || caller.account.owner !== "free") return false;
      await this.#accounts.renew(caller, sent, signal).catch(asUnsent);
      return true;
    };
    return {
      signIn,
      options: this.repeatOptions({ isIdempotent: call.isIdempotent === true, remedy }, signal),
    };
  }

  /** With the waits of the settings. */
  repeatOptions(call: Pick<RepeatOptions, "isIdempotent" | "remedy">, signal: AbortSignal): RepeatOptions {
    const { retryWaitMs, clock } = this.#options;
    return { ...call, retryWaitMs, backoffMs: this.#limits.backoffMs, clock, signal };
  }

  #token(caller: BackendCaller, call: ApiCall, signal: AbortSignal): Promise<string> {
    return this.#accounts.token(caller, call.operation, signal).catch(asUnsent);
  }

  /** One request, whatever its status; the caller reads the body. */
  async send(caller: BackendCaller, call: ApiCall, signal: AbortSignal): Promise<WireAnswer> {
    const headers = await this.headers(caller, call, signal);
    return this.http.send(
      {
        operation: call.operation,
        method: call.method,
        url: this.url(call.path),
        headers,
        ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
        silenceMs: call.silenceMs ?? this.#limits.readTimeoutMs,
        connection: call.isIdempotent === true ? "reused" : "once",
      },
      signal,
    );
  }

  /** What every request carries, with the account and the skill as they are now. */
  async headers(caller: BackendCaller, call: ApiCall, signal: AbortSignal): Promise<Headers> {
    const token = await this.#token(caller, call, signal);
    // What no header can carry was never given out by the backend; undici would quote it in its error.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new BackendError({ kind: "bad-token", operation: call.operation });
    return {
      ...attribution(caller),
      authorization: `Bearer ${token}`,
      accept: call.accept ?? "application/json",
      ...(call.json !== undefined && { "content-type": "application/json" }),
    };
  }

  /** The only call without a bearer. A client id that is refused is replaced, once. */
  async #requestToken(
    caller: BackendCaller,
    firstClientId: string,
    signal: AbortSignal,
  ): Promise<{ account: BackendAccount }> {
    const operation = "get free token";
    let clientId = firstClientId;
    const attempt = async () => {
      const answer = await this.http.send(
        {
          operation,
          method: "POST",
          url: this.url("/api/auth/anonymous-token"),
          headers: { ...attribution(caller), accept: "application/json", "x-client-id": clientId },
          silenceMs: this.#limits.readTimeoutMs,
          connection: "once",
        },
        signal,
      );
      const text = await readText(answer, operation, this.#limits, signal);
      const fields = openEnvelope({ operation, subject: "token", answer, text });
      return readFields(tokenAnswer(this.#options.clock.now()), fields, operation);
    };
    try {
      const remedy = async (error: BackendError) => {
        if (error.kind !== "missing-client-id") return false;
        clientId = randomUUID();
        return true;
      };
      const options = this.repeatOptions({ isIdempotent: false, remedy }, signal);
      const given = await withRepeats(attempt, options);
      return { account: { owner: "free", clientId, ...given } };
    } catch (error) {
      if (!(error instanceof BackendError) || error.kind !== "rate-limited") throw error;
      throw new BackendError({ ...factsOf(error), kind: "free-token-limit" });
    }
  }

  /** A path below `apiUrl`. */
  url(path: string): URL {
    return joinUrl(this.#options.apiUrl, path);
  }
}

/** The active skill's headers; without them a later export fails with 402. Read for each request. */
function attribution({ skill }: BackendCaller): Headers {
  return {
    "x-skill-source": headerText(skill.name),
    "x-skill-version": headerText(skill.version),
    "x-skill-platform": headerText(skill.platform),
  };
}

/** Skill files may hold any text, headers only ASCII. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/gu, encodeURIComponent);
}

/** A path below a base address; a path in the base is kept. */
export function joinUrl(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/, "") + path);
}

/** A call whose sign-in failed has not left, whatever became of the sign-in: its outcome needs no recovery. */
function asUnsent(error: unknown): never {
  if (!(error instanceof BackendError) || !error.isOutcomeUnknown) throw error;
  throw new BackendError({ ...factsOf(error), kind: "unreachable" });
}

function factsOf(error: BackendError) {
  return {
    operation: error.operation,
    ...(error.status !== undefined && { status: error.status }),
    ...(error.code !== undefined && { code: error.code }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    cause: error.cause,
  };
}
