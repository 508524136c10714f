/** Files to upload, whose bytes come as a test wants. */
import type { UploadFile } from "../../../src/core/ports/video-backend.ts";

/** Resolves once a condition holds; the test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export async function* endless(afterSome: () => void, closed: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (let index = 0; ; index++) {
      if (index === 20) afterSome();
      yield Buffer.alloc(1000);
    }
  } finally {
    closed();
  }
}

type Source = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export function fileOf(
  name: string,
  source: Source | AsyncIterable<Uint8Array>,
  sizeBytes: number,
  mimeType = "video/mp4",
): UploadFile {
  return {
    name,
    mimeType,
    sizeBytes,
    open: async () => {
      const opened = typeof source === "function" ? source() : source;
      return (async function* () {
        yield* opened;
      })();
    },
  };
}

export function fileWith(name: string, bytes: Uint8Array, mimeType?: string): UploadFile {
  return fileOf(name, () => [bytes], bytes.byteLength, mimeType);
}
