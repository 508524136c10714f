import { getEventListeners } from "node:events";
import { stat } from "node:fs/promises";
import { setImmediate as nextRound } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { abortable, endsWithin, within } from "../../src/lib/timeout.ts";

const never = new Promise<never>(() => {});

describe("waiting with an end", () => {
  it("gives the result, or the other one when it takes too long", async () => {
    expect(await within(10_000, Promise.resolve("done"), "late")).toBe("done");
    expect(await within(1, never, "late")).toBe("late");
    await expect(within(10_000, Promise.reject(new Error("failed")), "late")).rejects.toThrow("failed");
  });

  it("takes a result that has come while the event loop was blocked for longer", async () => {
    // From here on timers come before what has arrived.
    await nextRound();
    const waiting = within(
      20,
      stat(import.meta.filename).then(() => "done"),
      "late",
    );
    const blockedUntil = performance.now() + 200;
    while (performance.now() < blockedUntil);
    expect(await waiting).toBe("done");
  });

  it("waits for the end of work, however it ends", async () => {
    await endsWithin(10_000, Promise.reject(new Error("failed")));
    await endsWithin(1, never);
  });

  it("ends with the signal, whenever that is aborted, and leaves no listener behind", async () => {
    const stop = new AbortController();
    expect(await abortable(Promise.resolve("done"), stop.signal)).toBe("done");
    await expect(abortable(Promise.reject(new Error("failed")), stop.signal)).rejects.toThrow("failed");
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
    const waiting = abortable(never, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    await expect(abortable(Promise.resolve("done"), stop.signal)).rejects.toThrow("stopped");
    // Its failure is no unhandled rejection.
    await expect(abortable(Promise.reject(new Error("failed")), stop.signal)).rejects.toThrow("stopped");
  });
});
