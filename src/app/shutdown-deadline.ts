/** An end that always comes: what has to end is named, and what has not in time is told of and left behind. */
import type { Log } from "../core/ports/runtime.ts";

/** Connections that hang may keep the process for so long once everything has ended. */
const LEFTOVERS_MS = 500;

export class Deadline {
  readonly #log: Log;
  readonly #exit: (code?: number) => void;
  /** What is under way, for the line that says what did not end. */
  readonly #open = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** `exit` ends the process. */
  constructor(log: Log, exit: (code?: number) => void = process.exit) {
    this.#log = log;
    this.#exit = exit;
  }

  /** Ends the process with `exitCode` after `ms`, unless it has ended by then. The first call counts. */
  start(ms: number, exitCode: number): void {
    this.#timer ??= setTimeout(() => {
      const facts = { waitedFor: [...this.#open] };
      this.#log.error(facts, "the stop took too long; work that is not finished stays owed");
      this.#exit(exitCode);
    }, ms);
  }

  /** Waits for `task`, which is named while it is under way. Never throws: the rest has to end all the same. */
  async ended(what: string, task: Promise<unknown>): Promise<void> {
    this.#open.add(what);
    try {
      await task;
    } catch (error) {
      this.#log.warn({ err: error, what }, "something did not end as it should");
    } finally {
      this.#open.delete(what);
    }
  }

  /** Everything has ended: the process goes as soon as nothing holds it, or a moment later all the same. */
  met(): void {
    clearTimeout(this.#timer);
    setTimeout(() => this.#exit(), LEFTOVERS_MS).unref();
  }
}
