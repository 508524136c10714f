/**
 * Why a call to the video backend did not work, split by what happens next. The wire codes behind the
 * kinds are in `transport/errors.ts`; the sentences for people are in the locales. Source: nemo-api.md, "Errors".
 */

/**
 * - `bad-token`: the token was refused, and a new one could not help (an operator's own token)
 * - `session-lost`: the backend does not know the session any more
 * - `no-credits`: nothing was done because the account is empty
 * - `unsupported-file`, `too-large`: the upload was refused
 * - `export-blocked`, `plan-required`: the plan does not allow exports, or what else was asked for
 * - `rate-limited`: refused, also after the one retry
 * - `free-token-limit`: no free token for now, the per-IP or per-client limit was reached
 * - `duplicate-render`: the render id was used before
 * - `render-active`: the session has a render already, and only one may be active
 * - `not-found`: the thing asked for (a render, a file) is not there
 * - `refused`: any other refusal; nothing was done
 * - `unreachable`: no connection came about; the request never left
 * - `connection-lost`, `unavailable`, `bad-answer`: the request left, and it is not known whether it was carried out
 */
export type BackendErrorKind =
  | "bad-token"
  | "session-lost"
  | "no-credits"
  | "unsupported-file"
  | "too-large"
  | "missing-client-id"
  | "export-blocked"
  | "plan-required"
  | "rate-limited"
  | "free-token-limit"
  | "duplicate-render"
  | "render-active"
  | "not-found"
  | "refused"
  | "unreachable"
  | "connection-lost"
  | "unavailable"
  | "bad-answer";

const OUTCOME_UNKNOWN: readonly BackendErrorKind[] = ["connection-lost", "unavailable", "bad-answer"];

/** The facts of a failed call. Holds no token, no signed URL and no body. */
export interface BackendErrorFacts {
  kind: BackendErrorKind;
  /** What was tried, such as `create session`. */
  operation: string;
  /** HTTP status; absent when no answer came. */
  status?: number;
  /** The envelope's code; absent when there was none. */
  code?: number;
  /** How long the backend asked to wait. */
  retryAfterMs?: number;
  cause?: unknown;
}

export class BackendError extends Error {
  readonly kind: BackendErrorKind;
  readonly operation: string;
  readonly status: number | undefined;
  readonly code: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(facts: BackendErrorFacts) {
    const seen = [facts.status && `HTTP ${facts.status}`, facts.code && `code ${facts.code}`].filter(Boolean);
    super(`${facts.operation}: ${facts.kind}${seen.length > 0 ? ` (${seen.join(", ")})` : ""}`, {
      cause: facts.cause,
    });
    this.name = "BackendError";
    this.kind = facts.kind;
    this.operation = facts.operation;
    this.status = facts.status;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** True when the request may have been carried out: a call that costs credits must not be repeated. */
  get isOutcomeUnknown(): boolean {
    return OUTCOME_UNKNOWN.includes(this.kind);
  }
}
