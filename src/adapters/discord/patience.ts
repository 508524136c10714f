/** Waiting that has an end. */

/** What `work` comes to, or the reason of `signal` as soon as that is aborted: then nobody hears of `work` again. */
export async function unlessStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const stop = Promise.withResolvers<never>();
  const end = () => stop.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work(), stop.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
