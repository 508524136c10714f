/**
 * Tokens of callers: free accounts are made and renewed here, an operator's token is used as it is.
 * Source: nemo-api.md, "Free token" and "Errors" 1001 and 400.
 */
import { randomUUID } from "node:crypto";
import { BackendError } from "../core/backend-error.ts";
import type { BackendAccount, BackendCaller, Clock } from "../core/ports.ts";

/** Asks the backend for a free token. Throws `BackendError`. */
export type RequestToken = (
  caller: BackendCaller,
  clientId: string,
  signal: AbortSignal,
) => Promise<{ account: BackendAccount }>;

/** Keeps callers signed in. Callers with one client id share one request: the backend gives one token a week. */
export class Accounts {
  readonly #requestToken: RequestToken;
  readonly #clock: Pick<Clock, "now">;
  readonly #running = new Map<string, Promise<BackendAccount>>();

  constructor(requestToken: RequestToken, clock: Pick<Clock, "now">) {
    this.#requestToken = requestToken;
    this.#clock = clock;
  }

  /** A token to send, got or renewed first where needed. Throws `bad-token` when an operator has none. */
  async token(caller: BackendCaller, operation: string, signal: AbortSignal): Promise<string> {
    const { owner, token, expiresAt } = caller.account;
    const isExpired = owner === "free" && expiresAt !== null && expiresAt <= this.#clock.now();
    if (token !== null && !isExpired) return token;
    if (owner === "operator") throw new BackendError({ kind: "bad-token", operation });
    return this.renew(caller, token, signal);
  }

  /** A free token other than `refused`; the same client id gets the same account again. */
  async renew(caller: BackendCaller, refused: string | null, signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const { token, clientId } = caller.account;
      // Someone else renewed it since it was read.
      if (token !== null && token !== refused) return token;
      const running = this.#running.get(clientId);
      if (running === undefined) return this.#renewAlone(caller, clientId, signal);
      const account = await unlessAborted(running, signal);
      if (account === null) continue;
      if (caller.account.token !== account.token) await caller.saveAccount(account);
      return account.token ?? "";
    }
  }

  async #renewAlone(caller: BackendCaller, clientId: string, signal: AbortSignal): Promise<string> {
    const work = this.#requestToken(caller, usableClientId(clientId), signal).then(async ({ account }) => {
      await caller.saveAccount(account);
      return account;
    });
    this.#running.set(clientId, work);
    try {
      return (await work).token ?? "";
    } finally {
      this.#running.delete(clientId);
    }
  }
}

/** The client id, or a new one where the backend would not take it (empty, longer than 64). */
function usableClientId(clientId: string): string {
  return /^[\w-]{1,64}$/.test(clientId) ? clientId : randomUUID();
}

/** Another caller's work: its result, its refusal, or null when it was cancelled without us. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([
      aborted,
      work.catch((error: unknown) => {
        if (error instanceof BackendError) throw error;
        return null;
      }),
    ]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
