/**
 * SIGINT and SIGTERM, heard from the first moment: as the first process of a container no other would act on
 * them. The first asks for an orderly stop, a second ends the process at once.
 */

/** Where the shell has given way to us, npm hands on the Ctrl+C that the terminal has sent already. */
const ECHO_MS = 300;
/** Between two looks at whether the shell that npm started us in is still there. */
const PARENT_LOOK_MS = 500;

export interface StopSignals {
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  /** Leaves the signals to the next listener; one that was sent already ends the process. */
  release(): void;
}

/** `isUnderNpm`: npm started the process, and its shell may stand between us and the signals. */
export function listenForStop(isUnderNpm: boolean): StopSignals {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let first: { signal: NodeJS.Signals; at: number } | null = null;
  const hear = (signal: NodeJS.Signals) => {
    if (!first) {
      first = { signal, at: performance.now() };
      resolve();
      return;
    }
    const isEcho = isUnderNpm && signal === first.signal && performance.now() - first.at < ECHO_MS;
    if (!isEcho) process.exit(exitCodeOf(signal));
  };
  process.on("SIGINT", hear).on("SIGTERM", hear);
  const watch = isUnderNpm ? watchParent(resolve) : undefined;
  return {
    stopped,
    release() {
      clearInterval(watch);
      process.off("SIGINT", hear).off("SIGTERM", hear);
      if (first) process.exit(exitCodeOf(first.signal));
    },
  };
}

/** npm gives a SIGTERM to its shell alone, which ends without handing it on: its end counts as the signal. */
function watchParent(onGone: () => void): NodeJS.Timeout {
  const parent = process.ppid;
  const look = () => {
    if (process.ppid !== parent) onGone();
  };
  return setInterval(look, PARENT_LOOK_MS).unref();
}

/** As a shell tells it. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return signal === "SIGINT" ? 130 : 143;
}
