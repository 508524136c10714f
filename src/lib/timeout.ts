/** Waiting that has an end. The work itself goes on, and may fail unheard; no timer and no listener is left behind. */

/** The result of `task`, or `otherwise` when it takes longer than `ms`. */
export async function within<T, U>(ms: number, task: Promise<T>, otherwise: U): Promise<T | U> {
  const { promise: late, resolve } = Promise.withResolvers<U>();
  let round: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // After a blocked event loop timers come first: a result that has arrived by then still counts.
    round = setImmediate(() => resolve(otherwise));
  }, ms);
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
    clearImmediate(round);
  }
}

/** Resolves when `work` ends, however it does, or after `ms`. */
export async function endsWithin(ms: number, work: Promise<unknown>): Promise<void> {
  const ended = work.then(
    () => {},
    () => {},
  );
  await within(ms, ended, undefined);
}

/** The result of `work`; throws the reason of `signal` as soon as that is aborted, also when it was before. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
