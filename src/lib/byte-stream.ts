/** Streams of bytes that were opened and may not be read to their end. */

/**
 * The same bytes as long as they are at most `maxBytes`. The chunk that goes too far is not handed on: the source
 * is closed and `tooMany` is thrown. Closing it (`closeBytes`, or leaving its iteration) closes the source.
 */
export function limitBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooMany: () => Error,
): AsyncIterable<Uint8Array> {
  let sizeBytes = 0;
  const bytes = source[Symbol.asyncIterator]();
  return iterable(
    async () => {
      const step = await bytes.next();
      if (step.done) return step;
      sizeBytes += step.value.byteLength;
      if (sizeBytes <= maxBytes) return step;
      await bytes.return?.();
      throw tooMany();
    },
    async () => {
      await bytes.return?.();
    },
  );
}

/** The chunks of `head`, then those of `rest`. `close` is called when it is left early, also before its beginning. */
export function joinBytes(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  close: () => void,
): AsyncIterable<Uint8Array> {
  const waiting = [...head];
  return iterable(
    async () => {
      const value = waiting.shift();
      return value === undefined ? rest.next() : { done: false, value };
    },
    async () => {
      waiting.length = 0;
      close();
      await rest.return?.();
    },
  );
}

/** Hangs up on bytes that are not read, or not to their end. */
export async function closeBytes(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await bytes[Symbol.asyncIterator]().return?.();
}

/** Unlike a generator's, its `return` works before the first step as well. It can be iterated once. */
function iterable(
  next: () => Promise<IteratorResult<Uint8Array>>,
  close: () => Promise<void>,
): AsyncIterable<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array> = {
    next,
    async return() {
      await close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
