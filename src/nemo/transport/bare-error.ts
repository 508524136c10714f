/**
 * What is kept of an error from the network as the cause of ours. Errors of undici carry bytes of the
 * wire (`HTTPParserError.data` is the raw answer, which may echo our token); a log or a debugger shows it.
 * Source: DESIGN.md, rule 8.
 */

const MAX_MESSAGE_LENGTH = 200;
/** Any token, also one that a server echoed into its part of a message. */
const TOKEN = /\b(?:nmv|clm)_[^\s"']*/g;

/** Name, code and message of another error, and nothing else of it. */
export class BareError extends Error {
  /** Such as `ECONNRESET`; absent when there was none. */
  readonly code?: string;

  constructor(error: unknown) {
    const isError = error instanceof Error;
    super(
      isError ? error.message.replace(TOKEN, "…").slice(0, MAX_MESSAGE_LENGTH) : `thrown: ${typeof error}`,
    );
    this.name = isError ? error.name : "Error";
    if (isError && "code" in error && typeof error.code === "string") this.code = error.code;
  }
}
