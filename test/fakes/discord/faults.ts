/**
 * Failures made to order: the server answers with an error or cuts the line, before or after the deed; or it
 * does the deed and keeps the answer to itself.
 */

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

/** A call that is kept waiting: before its effect, or after it, so that its caller does not know. */
export class Hold {
  readonly route: CallFilter;
  readonly stage: "before" | "after";
  /** True: not only the next call is kept, but every one until the release. */
  readonly isForAll: boolean;
  /** The call, once it came. */
  readonly reached: Promise<CallRecord>;
  readonly released: Promise<void>;
  #reach: (call: CallRecord) => void = () => {};
  #release: () => void = () => {};
  #isReached = false;

  constructor(route: CallFilter, stage: Hold["stage"], isForAll = false) {
    this.route = route;
    this.stage = stage;
    this.isForAll = isForAll;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets the answer go, or whatever comes later. */
  release(): void {
    this.#isReached = true;
    this.#release();
  }

  /** True when this call is the one to keep waiting. */
  take(call: CallRecord): boolean {
    if (this.#isReached || !fits(call, this.route)) return false;
    this.#isReached = !this.isForAll;
    this.#reach(call);
    return true;
  }
}

/** Keeps the faults still to come. */
export class Faults {
  readonly #faults: Fault[] = [];
  readonly #holds: Hold[] = [];

  /** Makes the next calls of a route fail. */
  add(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  /** Keeps the next call of a route waiting, or all of them. */
  hold(route: CallFilter, stage: Hold["stage"], isForAll = false): Hold {
    const hold = new Hold(route, stage, isForAll);
    this.#holds.push(hold);
    return hold;
  }

  /** The hold for a call that has come so far; null for all others. */
  holdFor(call: CallRecord, stage: Hold["stage"]): Hold | null {
    return this.#holds.find((one) => one.stage === stage && one.take(call)) ?? null;
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
