/** Failures made to order: the server answers with an error or cuts the line, before or after the deed. */

import { type CallFilter, type CallRecord, fits } from "./calls.ts";
import type { JsonObject } from "./wire.ts";

/** A fault. */
export interface Fault {
  route: CallFilter;
  /** An HTTP status, or "cut" to close the connection without an answer. */
  status: number | "cut";
  times: number;
  /** True: the call takes effect before it fails, so that a retry may be a double. */
  afterEffect?: boolean;
  /** Body of the answer; by default what the server says for that status. */
  body?: JsonObject;
  /** Waits before it fails. */
  delayMs?: number;
}

/** Keeps the faults still to come. */
export class Faults {
  readonly #faults: Fault[] = [];

  /** Makes the next calls of a route fail. */
  add(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  /** The fault for this call, used up by asking. */
  take(call: CallRecord): Fault | undefined {
    const fault = this.#faults.find((one) => one.times > 0 && fits(call, one.route));
    if (fault !== undefined) fault.times -= 1;
    return fault;
  }
}

/** What the server says with a status when nothing else is known. */
export function plainError(status: number): JsonObject {
  const texts: Record<number, string> = {
    500: "500: Internal Server Error",
    502: "502: Bad Gateway",
    503: "upstream connect error",
    504: "504: Gateway Timeout",
  };
  return { message: texts[status] ?? `${status}: Error`, code: 0 };
}
