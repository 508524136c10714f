/** Waiting that has an end. */

/** The result of `task`, or `otherwise` when it takes longer than `ms`; the task itself goes on, and may fail unheard. */
export async function within<T, U>(ms: number, task: Promise<T>, otherwise: U): Promise<T | U> {
  const { promise: late, resolve } = Promise.withResolvers<U>();
  const timer = setTimeout(() => resolve(otherwise), ms);
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
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
