/** What the operator counts. Source: the `Metrics` port. */
import type { Metrics } from "../core/ports/runtime.ts";

/** Counts nothing: for the terminal, which has no `/metrics`. */
export const NO_METRICS: Metrics = {
  turnEnded() {},
  firstReply() {},
  exportEnded() {},
  uploaded() {},
  streams() {},
  recovered() {},
  apiCall() {},
  eventSetAside() {},
  unexpectedError() {},
};
