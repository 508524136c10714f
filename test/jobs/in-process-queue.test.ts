import { describe, expect, it } from "vitest";
import { type MessageItem, mailboxLane } from "../../src/core/work-item.ts";
import { InProcessQueue } from "../../src/jobs/in-process-queue.ts";
import { TestLog } from "../support/test-chat.ts";

/** A message item; its id is what tests look at. */
function item(id: string, lane = "test:1"): MessageItem {
  return {
    version: 1,
    id,
    kind: "message",
    lane: mailboxLane(lane),
    message: {
      version: 1,
      id,
      conversationId: lane,
      user: { id: "test:anna" },
      text: id,
      attachments: [],
      replyTo: { platform: "test", conversationId: lane, details: {} },
      receivedAt: 0,
    },
  };
}

/** A queue whose handler waits until the test lets each item go. */
async function startQueue(options?: { maxWaiting: number }) {
  const log = new TestLog();
  const queue = options ? new InProcessQueue(log, null, options) : new InProcessQueue(log);
  const events: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (id: string) => {
    const found = gates.get(id) ?? Promise.withResolvers<void>();
    gates.set(id, found);
    return found;
  };
  await queue.start(async ({ id }, signal) => {
    events.push(`${id} starts`);
    signal.addEventListener("abort", () => gate(id).reject(signal.reason), { once: true });
    try {
      await gate(id).promise;
      events.push(`${id} ends`);
    } catch (error) {
      events.push(`${id} stops: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  });
  return {
    queue,
    log,
    events,
    finish: (id: string) => gate(id).resolve(),
    fail: (id: string) => gate(id).reject(new Error("boom")),
  };
}

describe("the work queue of one process", () => {
  it("works on one item of a lane at a time, in the order they came", async () => {
    const { queue, events, finish } = await startQueue();
    await queue.push(item("a"));
    await queue.push(item("b"));
    await queue.push(item("c"));
    expect(events).toEqual(["a starts"]);
    for (const id of ["c", "b", "a"]) finish(id);
    await queue.idle();
    expect(events).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
  });

  it("works on lanes side by side", async () => {
    const { queue, events, finish } = await startQueue();
    await queue.push(item("a", "test:1"));
    await queue.push(item("b", "test:2"));
    expect(events).toEqual(["a starts", "b starts"]);
    finish("a");
    finish("b");
    await queue.idle();
  });

  it("tells how many items come first, the running one included", async () => {
    const { queue, finish } = await startQueue();
    expect(await queue.push(item("a"))).toEqual({ kind: "accepted", ahead: 0 });
    expect(await queue.push(item("b"))).toEqual({ kind: "accepted", ahead: 1 });
    expect(await queue.push(item("c"))).toEqual({ kind: "accepted", ahead: 2 });
    expect(await queue.push(item("d", "test:2"))).toEqual({ kind: "accepted", ahead: 0 });
    expect(await queue.size("test:1")).toBe(3);
    for (const id of ["a", "b", "c", "d"]) finish(id);
    await queue.idle();
    expect(await queue.size("test:1")).toBe(0);
  });

  it("takes no more than its limit into a lane, and again as soon as there is room", async () => {
    const { queue, events, finish } = await startQueue({ maxWaiting: 1 });
    await queue.push(item("a"));
    await queue.push(item("b"));
    expect(await queue.push(item("c"))).toEqual({ kind: "full", limit: 1 });
    expect(await queue.push(item("d", "test:2"))).toEqual({ kind: "accepted", ahead: 0 });
    for (const id of ["a", "b", "d"]) finish(id);
    await queue.idle();
    expect(await queue.push(item("e"))).toEqual({ kind: "accepted", ahead: 0 });
    finish("e");
    await queue.idle();
    expect(events).not.toContain("c starts");
  });

  it("keeps what came before it was started", async () => {
    const queue = new InProcessQueue(new TestLog());
    const seen: string[] = [];
    await queue.push(item("a"));
    await queue.push(item("b"));
    await queue.start(async ({ id }) => {
      seen.push(id);
    });
    await queue.idle();
    expect(seen).toEqual(["a", "b"]);
  });

  it("goes on with the lane when an item ends in an error, and logs it", async () => {
    const { queue, log, events, fail, finish } = await startQueue();
    await queue.push(item("a"));
    await queue.push(item("b"));
    fail("a");
    finish("b");
    await queue.idle();
    expect(events.at(-1)).toBe("b ends");
    expect(log.lines).toEqual([expect.stringMatching(/^error a work item ended in an error.*boom/)]);
  });

  it("cancels the running item with a reason, and goes on with the next", async () => {
    const { queue, events, finish } = await startQueue();
    await queue.push(item("a"));
    await queue.push(item("b"));
    expect(await queue.cancel("test:1", new Error("cancelled"))).toBe(true);
    finish("b");
    await queue.idle();
    expect(events).toEqual(["a starts", "a stops: cancelled", "b starts", "b ends"]);
    expect(await queue.cancel("test:1", new Error("cancelled"))).toBe(false);
  });

  it("clears what waits, and lets what runs go on", async () => {
    const { queue, events, finish } = await startQueue();
    await queue.push(item("a"));
    await queue.push(item("b"));
    await queue.push(item("c"));
    expect((await queue.clear("test:1")).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(await queue.clear("test:2")).toEqual([]);
    finish("a");
    await queue.idle();
    expect(events).toEqual(["a starts", "a ends"]);
  });

  it("stops: what runs is aborted with the reason, what waits is not begun", async () => {
    const { queue, events } = await startQueue();
    await queue.push(item("a", "test:1"));
    await queue.push(item("b", "test:1"));
    await queue.push(item("c", "test:2"));
    await queue.stop(new Error("the process ends"));
    expect(events.toSorted()).toEqual([
      "a starts",
      "a stops: the process ends",
      "c starts",
      "c stops: the process ends",
    ]);
  });

  it("is idle at once when nothing is there, and stopping it then is fine", async () => {
    const { queue } = await startQueue();
    await queue.idle();
    await queue.stop(new Error("the process ends"));
    await queue.idle();
  });
});
