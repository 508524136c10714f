/**
 * Tokens of callers: free accounts are made and renewed here, an operator's token is used as it is.
 * Source: nemo-api.md, "Free token" and "Errors" 1001 and 400.
 */
import { randomUUID } from "node:crypto";
import { BackendError } from "../../core/model/backend-error.ts";
import type { Clock } from "../../core/ports/runtime.ts";
import type { BackendAccount, BackendCaller } from "../../core/ports/video-backend.ts";
import { BoundedSet } from "../../lib/bounded-map.ts";
import { abortable } from "../../lib/timeout.ts";

/** Asks the backend for a free token. Throws `BackendError`. */
export type RequestToken = (
  caller: BackendCaller,
  clientId: string,
  signal: AbortSignal,
) => Promise<{ account: BackendAccount }>;

/** Client ids remembered as spent; beyond it the oldest is forgotten. */
const MAX_SPENT = 1000;

/** Keeps callers signed in. Callers with one client id share one request: the backend gives one token a week. */
export class Accounts {
  readonly #requestToken: RequestToken;
  readonly #clock: Pick<Clock, "now">;
  readonly #running = new Map<string, Promise<BackendAccount>>();
  /** Client ids whose token was given, or may have been, and is not kept. */
  readonly #spent = new BoundedSet<string>(MAX_SPENT);
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

  /**
   * A free token other than `refused`; the same client id gets the same account again. Throws `BackendError`,
   * the signal's reason, or what the store throws.
   */
  async renew(caller: BackendCaller, refused: string | null, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    // A call that runs now may end while the account is reloaded, so it is looked for first.
    let running = this.#running.get(caller.account.clientId);
    if (running === undefined) {
      await caller.reloadAccount();
      signal.throwIfAborted();
      const { token, clientId } = caller.account;
      // Another call renewed it since it was read.
      if (token !== null && token !== refused) return token;
      running = this.#running.get(clientId) ?? this.#start(caller, clientId);
    }
    const account = await abortable(running, signal);
    if (caller.account.token !== account.token) await caller.saveAccount(account);
    return account.token ?? "";
  }

  #start(caller: BackendCaller, clientId: string): Promise<BackendAccount> {
    const work = this.#obtain(caller, clientId);
    this.#running.set(clientId, work);
    const forget = () => void this.#running.delete(clientId);
    // Handled here as well: its callers may all have left before it fails.
    work.then(forget, forget);
    return work;
  }

  /**
   * A token call that the person's cancel does not end: one client id gets one token a week, and an answer
   * that is dropped is a week without. When the answer is lost the id is spent, and once the backend refuses it
   * for that, a new one takes its place.
   */
  async #obtain(caller: BackendCaller, clientId: string): Promise<BackendAccount> {
    try {
      return await this.#request(caller, usableClientId(clientId));
    } catch (error) {
      // What is no `BackendError` comes from the store: the token was given, and not kept.
      if (!(error instanceof BackendError) || error.isOutcomeUnknown) this.#spent.add(clientId);
      const isSpent = this.#spent.has(clientId);
      if (!(error instanceof BackendError) || error.kind !== "free-token-limit" || !isSpent) throw error;
    }
    const account = await this.#request(caller, randomUUID());
    this.#spent.delete(clientId);
    return account;
  }

  async #request(caller: BackendCaller, clientId: string): Promise<BackendAccount> {
    const { account } = await this.#requestToken(caller, clientId, this.#closed.signal);
    await caller.saveAccount(account);
    return account;
  }

  /** Ends the token calls that run, and begins no more: they throw `connection-lost`. */
  close(): void {
    this.#closed.abort(new BackendError({ kind: "connection-lost", operation: "get free token" }));
  }
}

/** The client id, or a new one where the backend would not take it (empty, longer than 64). */
function usableClientId(clientId: string): string {
  return /^[\w-]{1,64}$/.test(clientId) ? clientId : randomUUID();
}
