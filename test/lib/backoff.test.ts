import { describe, expect, it } from "vitest";
import { Backoff, backoffMs, retried } from "../../src/lib/backoff.ts";

/** Waits take no time and are written down. */
function recorder() {
  const waits: number[] = [];
  const clock = {
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  };
  return { waits, clock };
}

const { signal } = new AbortController();

describe("the wait before the next try", () => {
  it("doubles from the first to the longest, and stays there after any number of failures", () => {
    const options = { firstMs: 100, longestMs: 1_000 };
    expect([1, 2, 3, 4, 5, 5_000].map((failures) => backoffMs(failures, options))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it.each([
    [0, 400],
    [0.5, 300],
    [1, 200],
  ])("is shortened by up to a half: %d", (random, waitMs) => {
    expect(backoffMs(3, { firstMs: 100, longestMs: 1_000, jitter: () => random })).toBe(waitMs);
  });

  it("is the first again after a success, and no shorter than was asked", async () => {
    const { waits, clock } = recorder();
    const backoff = new Backoff({ firstMs: 10, longestMs: 100, clock });
    await backoff.wait(signal);
    await backoff.wait(signal, 50);
    await backoff.wait(signal, 5);
    backoff.reset();
    await backoff.wait(signal);
    expect(waits).toEqual([10, 50, 40, 10]);
  });
});

describe("a call that is tried again", () => {
  it("is over with its first success", async () => {
    const { waits, clock } = recorder();
    let calls = 0;
    const call = async () => {
      if (++calls < 4) throw new Error(`failure ${calls}`);
      return calls;
    };
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => {
      failures.push(String(error));
      return calls === 2 ? 70 : undefined;
    };
    expect(await retried(call, { firstMs: 10, longestMs: 100, clock, signal, onFailure })).toBe(4);
    expect(waits).toEqual([10, 70, 40]);
    expect(failures).toEqual(["Error: failure 1", "Error: failure 2", "Error: failure 3"]);
  });

  it("is over with a failure that is thrown on, and with the signal", async () => {
    const { clock } = recorder();
    const options = { firstMs: 10, longestMs: 100, clock };
    const call = () => Promise.reject(new Error("refused"));
    const onFailure = (error: unknown) => {
      throw error;
    };
    await expect(retried(call, { ...options, signal, onFailure })).rejects.toThrow("refused");
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(retried(call, { ...options, signal: stopped, onFailure: () => undefined })).rejects.toThrow(
      "stopped",
    );
  });
});
