/** SQLite's passing troubles told from its refusals. Source: sqlite.org, "Result and Error Codes". */
import { StoreTroubleError } from "../../core/ports/store.ts";

/** Primary result codes of a disk or file that may work again later, in words for the operator. */
const PASSING: Record<number, string> = {
  5: "the data file is in use by another process",
  8: "the data folder is read-only",
  10: "the disk cannot be read or written",
  13: "the disk is full",
  14: "the data file cannot be opened",
};

/** Runs a call of SQLite; a passing trouble becomes a `StoreTroubleError` that names it. */
export function sqliteCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    // The low byte is the primary code.
    const code =
      error instanceof Error && "errcode" in error && typeof error.errcode === "number"
        ? error.errcode & 0xff
        : 0;
    const trouble = PASSING[code];
    throw trouble ? new StoreTroubleError(trouble, { cause: error }) : error;
  }
}
