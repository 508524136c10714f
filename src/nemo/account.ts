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
  /** Client ids whose token may have been given, but never arrived. */
  readonly #spent = new Set<string>();
  readonly #closed = new AbortController();

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
    await caller.reloadAccount();
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
    const work = this.#obtain(caller, clientId);
    this.#running.set(clientId, work);
    work.catch(() => {}).finally(() => this.#running.delete(clientId));
    const account = await unlessAborted(work, signal);
    if (account === null) throw new BackendError({ kind: "connection-lost", operation: "get free token" });
    return account.token ?? "";
  }

  /**
   * A token call that the person's cancel does not end: one client id gets one token a week, and an answer
   * nobody waits for is a week without. After a lost answer the id is spent, and a new one takes its place.
   */
  async #obtain(caller: BackendCaller, clientId: string): Promise<BackendAccount> {
    const { signal } = this.#closed;
    try {
      const { account } = await this.#requestToken(caller, usableClientId(clientId), signal);
      return await this.#keep(caller, account);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error.isOutcomeUnknown) this.#spent.add(clientId);
      if (error.kind !== "free-token-limit" || !this.#spent.delete(clientId)) throw error;
      const { account } = await this.#requestToken(caller, randomUUID(), signal);
      return this.#keep(caller, account);
    }
  }

  async #keep(caller: BackendCaller, account: BackendAccount): Promise<BackendAccount> {
    await caller.saveAccount(account);
    return account;
  }

  /** Ends the token calls that run. */
  close(): void {
    this.#closed.abort(new Error("the client is closed"));
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
