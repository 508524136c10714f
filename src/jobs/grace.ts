/** A bound for what should end by itself. */

/** Resolves when `work` ends, however it does, or after `ms`. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([
    work.then(
      () => {},
      () => {},
    ),
    patience,
  ]);
  clearTimeout(timer);
}
