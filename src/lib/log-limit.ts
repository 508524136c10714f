/** What goes on for long is logged now and then, not each time it shows. */
import { BoundedMap } from "./bounded-map.ts";
import { innermostCause } from "./innermost-cause.ts";

const MAX_KEYS = 1_000;
const MINUTE_MS = 60_000;
const KEY = "outage";

/** At most one line a key within `everyMs`. */
export class LogLimit {
  readonly #told: BoundedMap<string | number, true>;

  constructor(everyMs: number, clock: { now(): number } = performance) {
    this.#told = new BoundedMap(MAX_KEYS, { maxAgeMs: everyMs, clock });
  }

  /** True when the line is to be written; the next one of `key` is due `everyMs` later. */
  isDue(key: string | number): boolean {
    if (this.#told.has(key)) return false;
    this.#told.set(key, true);
    return true;
  }

  /** It is over: the next line of `key` is due at once. */
  reset(key: string | number): void {
    this.#told.delete(key);
  }
}

type Write = (facts: object, message: string) => void;

/** An outage of something outside: its cause, at most once a minute, and when it is over. */
export class OutageLog {
  readonly #log: Record<"warn" | "info", Write>;
  readonly #limit = new LogLimit(MINUTE_MS);
  #isOn = false;

  constructor(log: Record<"warn" | "info", Write>) {
    this.#log = log;
  }

  /** Writes `message` with the cause, without a stack: it is no fault of the program. */
  tell(error: unknown, message: string): void {
    this.#isOn = true;
    if (this.#limit.isDue(KEY)) this.#log.warn({ cause: innermostCause(error) }, message);
  }

  /** Says that the outage is over, if there was one. */
  over(message: string): void {
    if (this.#isOn) this.#log.info({}, message);
    this.#isOn = false;
    this.#limit.reset(KEY);
  }
}
