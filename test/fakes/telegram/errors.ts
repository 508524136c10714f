/**
 * Refusals, worded as the real server words them.
 * Source: tdlib/telegram-bot-api, `Client::fail_query_with_error`.
 */

/** `parameters` of a refusal. */
export interface ErrorParameters {
  retry_after?: number;
  migrate_to_chat_id?: number;
}

/** A refusal: the HTTP status is the error code. */
export class ApiError extends Error {
  readonly code: number;
  readonly parameters: ErrorParameters | undefined;

  constructor(code: number, description: string, parameters?: ErrorParameters) {
    super(description);
    this.name = "ApiError";
    this.code = code;
    this.parameters = parameters;
  }

  /** The body of the answer. */
  toJSON(): Record<string, unknown> {
    return {
      ok: false,
      error_code: this.code,
      description: this.message,
      ...(this.parameters === undefined ? {} : { parameters: this.parameters }),
    };
  }
}

/** 400 with the server's own prefix; like there, a plain sentence starts with a small letter. */
export function badRequest(reason: string, parameters?: ErrorParameters): ApiError {
  const second = reason.charAt(1);
  const isCode = second === "_" || (second >= "A" && second <= "Z");
  const text = isCode ? reason : reason.charAt(0).toLowerCase() + reason.slice(1);
  return new ApiError(400, `Bad Request: ${text}`, parameters);
}

/** 403. */
export function forbidden(reason: string): ApiError {
  return new ApiError(403, `Forbidden: ${reason}`);
}

/** 409. */
export function conflict(reason: string): ApiError {
  return new ApiError(409, `Conflict: ${reason}`);
}

/** 429; `seconds` is an integer on the wire, never below one. */
export function tooManyRequests(seconds: number): ApiError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new ApiError(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter });
}
