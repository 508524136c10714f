/**
 * Every bound and wait of the backend client in one table. A test sets them to milliseconds.
 * Source: DESIGN.md, rule 9; nemo-api.md, "The SSE stream" for what must have no limit.
 */

/** Of one `ask_question`; more is left out. Discord's menus hold 25. */
export const MAX_QUESTIONS = 5;
export const MAX_OPTIONS = 20;
/** Characters. */
export const MAX_PROMPT_LENGTH = 600;
export const MAX_OPTION_LENGTH = 200;

export interface NemoLimits {
  /** Time to get a connection, TLS included. */
  connectTimeoutMs: number;
  /** Longest wait for an answer's head, and for the next bytes of its body. Never applied to `/run_sse`. */
  readTimeoutMs: number;
  /** An upload that moves no byte, or gets no answer after the last one, for this long is given up. */
  uploadStallMs: number;
  /** Waits between tries, one entry a repeat, when nothing was sent or the call is safe to repeat. */
  backoffMs: readonly number[];
  /** Longest SSE event, in decoded characters (never more than its bytes). A draft can be inside one. */
  maxEventBytes: number;
  /** Largest JSON answer; a state holds the whole draft. */
  maxAnswerBytes: number;
  /** Longest time from a JSON answer's head to its end, however steadily its bytes come. */
  answerMs: number;
  /** How much is read of a body that only explains a refusal; its status counts without it. */
  maxRefusalBytes: number;
  /** How long such a body is waited for. */
  refusalBodyMs: number;
  /** Redirects followed for a render's public URL. */
  maxRedirects: number;
  /** How long the host of a render's URL is looked up before the answer counts as none. */
  lookupTimeoutMs: number;
  /** How long an idle connection of the reading calls is kept. Short: see `http.ts`. */
  keepAliveMs: number;
}

export const DEFAULT_LIMITS: NemoLimits = {
  connectTimeoutMs: 10_000,
  readTimeoutMs: 60_000,
  uploadStallMs: 600_000,
  backoffMs: [500, 2_000],
  maxEventBytes: 4 * 1024 * 1024,
  maxAnswerBytes: 4 * 1024 * 1024,
  answerMs: 60_000,
  maxRefusalBytes: 64 * 1024,
  refusalBodyMs: 5_000,
  maxRedirects: 3,
  lookupTimeoutMs: 2_000,
  keepAliveMs: 4_000,
};

/** Values of one JSON text, counted by what begins or separates them: a draft of `maxAnswerBytes` has fewer. */
export const MAX_JSON_VALUES = 750_000;
/** Different keys of one JSON text. */
export const MAX_JSON_KEYS = 20_000;
export const MAX_JSON_DEPTH = 500;

/** What of a draft is read: the rest counts for its fingerprint alone. */
export const MAX_TRACKS = 100;
/** Of all tracks together. */
export const MAX_SEGMENTS = 1_000;
export const MAX_CLIPS = 200;
/** Characters of a name that are kept. */
export const MAX_NAME_LENGTH = 200;
