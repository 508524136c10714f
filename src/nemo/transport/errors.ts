/**
 * From what the wire says to the kinds the core knows: codes, statuses and, where a body has neither, words.
 * Source: nemo-api.md, "Errors" and "Envelope".
 */
import { BackendError, type BackendErrorKind } from "../../core/model/backend-error.ts";

/** What the path of a call names; decides what a 404, a 409 and words mean. */
export type CallSubject = "token" | "session" | "upload" | "render" | "new-render" | "file" | "account";

/** Everything known of a refusal. The message is read for its meaning and then dropped: it may quote secrets. */
export interface Refusal {
  operation: string;
  subject: CallSubject;
  /** HTTP status. */
  status: number;
  code?: number | undefined;
  message?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** Codes of the envelope, of SSE frames and of `errorCode`. They win over the status. */
const CODE_KINDS: ReadonlyMap<number, BackendErrorKind> = new Map([
  [1001, "bad-token"],
  [1002, "session-lost"],
  [2001, "no-credits"],
  [4001, "unsupported-file"],
  [4002, "too-large"],
]);

/** HTTP statuses; an envelope's code may be one of them too. */
const STATUS_KINDS: ReadonlyMap<number, BackendErrorKind> = new Map([
  [401, "bad-token"],
  // The server gave up waiting: like the 5xx, it does not say what it did.
  [408, "unavailable"],
  [413, "too-large"],
  [415, "unsupported-file"],
  [429, "rate-limited"],
]);

/** Of a 402: said of anything but an export, which costs nothing, they mean credits and not a plan. */
const CREDITS = /credit|balance|insufficient|top[- ]?up|recharge|积分|余额|充值/i;
const PLAN = /\bplan\b|subscri|upgrade|会员|订阅|套餐/i;
const MISSING_CLIENT_ID = /client[-_ ]?id/i;
const DUPLICATE = /duplicate|already exists/i;
const ACTIVE =
  /already (?:active|running|rendering|in progress)|active render|render\b.{0,40}\b(?:is|still) (?:active|running|in progress)/i;
const UNKNOWN_SESSION = /session.{0,80}not found|unknown session/i;
const TOO_LARGE = /too (?:large|big)|file ?size|exceed.{0,40}\b(?:size|bytes|[MG]i?B)\b/i;
const UNSUPPORTED =
  /unsupported|not supported|(?:unknown|invalid|wrong) (?:(?:file|media) ?)?(?:type|format|codec)/i;

/** The kind of a refusal; `refused` when nothing better is known. */
export function kindOf(refusal: Refusal): BackendErrorKind {
  const { code, status, subject, message = "" } = refusal;
  const known = code === undefined ? undefined : CODE_KINDS.get(code);
  if (known !== undefined) return known;
  if (subject === "new-render" && ACTIVE.test(message)) return "render-active";
  if (subject === "new-render" && (status === 409 || code === 409 || DUPLICATE.test(message))) {
    return "duplicate-render";
  }
  return kindOfStatus(status, refusal) ?? kindOfStatus(code ?? 0, refusal) ?? kindOfWords(message, subject);
}

function kindOfStatus(status: number, { subject, message = "" }: Refusal): BackendErrorKind | undefined {
  if (status === 400 && (subject === "token" || MISSING_CLIENT_ID.test(message))) return "missing-client-id";
  if (status === 404 || status === 410) return kindOfMissing(subject, message);
  if (status >= 500 && status <= 599) return "unavailable";
  // The server of a finished file has no notion of our token: a link that ran out is a file that is gone.
  if (subject === "file" && (status === 401 || status === 403)) return "not-found";
  if (status === 402) return kindOfPayment(subject, message);
  return STATUS_KINDS.get(status);
}

function kindOfPayment(subject: CallSubject, message: string): BackendErrorKind {
  if (subject === "render" || subject === "new-render") return "export-blocked";
  return CREDITS.test(message) && !PLAN.test(message) ? "no-credits" : "plan-required";
}

function kindOfMissing(subject: CallSubject, message: string): BackendErrorKind {
  switch (subject) {
    case "session":
    case "upload":
    case "new-render":
      return "session-lost";
    case "render":
    case "file":
      return "not-found";
    case "token":
    case "account":
      return kindOfWords(message, subject);
  }
}

function kindOfWords(message: string, subject: CallSubject): BackendErrorKind {
  if (UNKNOWN_SESSION.test(message)) return "session-lost";
  if (subject === "upload" && TOO_LARGE.test(message)) return "too-large";
  if (subject === "upload" && UNSUPPORTED.test(message)) return "unsupported-file";
  return "refused";
}

/** The error for a refusal, without its words. */
export function refusalError(refusal: Refusal): BackendError {
  return new BackendError({
    kind: kindOf(refusal),
    operation: refusal.operation,
    ...(refusal.status !== 200 && { status: refusal.status }),
    ...(refusal.code !== undefined && { code: refusal.code }),
    ...(refusal.retryAfterMs !== undefined && { retryAfterMs: refusal.retryAfterMs }),
  });
}

/**
 * The error for a run that failed inside a stream of status 200. Only the backend's own codes, 402 and 429 are
 * read: an `errorCode` such as 401 speaks of the model behind the agent, not of our token.
 */
export function runError(operation: string, code: number | undefined, message = ""): BackendError {
  const known =
    code === undefined
      ? undefined
      : (CODE_KINDS.get(code) ??
        (code === 402 ? kindOfPayment("session", message) : code === 429 ? "rate-limited" : undefined));
  return new BackendError({
    kind: known ?? kindOfWords(message, "session"),
    operation,
    ...(code !== undefined && { code }),
  });
}

/** A number from `2001` or `"2001"`; undefined for anything else. */
export function readCode(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "string" && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}
