/**
 * The file we were to pass on did not come as promised. Source: DESIGN.md, rule 6: the length is known in
 * advance, and the backend never takes a half file for a whole one.
 */
import { BackendError } from "../../core/model/backend-error.ts";
import { BareError } from "../transport/bare-error.ts";

/**
 * - `too-short`, `too-long`: the source ended early, or went on after the promised length
 * - `broken`: opening or reading it failed; `cause` says why
 */
export type UploadSourceProblem = "too-short" | "too-long" | "broken";

/** An upload given up because of its source; the request was broken off and nothing was charged. */
export class UploadSourceError extends BackendError {
  readonly problem: UploadSourceProblem;
  readonly promisedBytes: number;
  /** Bytes that were read, including the chunk that went too far. */
  readonly readBytes: number;

  constructor(problem: UploadSourceProblem, promisedBytes: number, readBytes: number, cause?: unknown) {
    super({
      kind: "connection-lost",
      operation: "read the file to upload",
      ...(cause !== undefined && { cause: new BareError(cause) }),
    });
    this.name = "UploadSourceError";
    this.problem = problem;
    this.promisedBytes = promisedBytes;
    this.readBytes = readBytes;
  }
}
