/** What every work queue promises, whatever keeps its items. Source: the `WorkQueue` port. */
import { describe, expect, it } from "vitest";
import { StopError } from "../../src/core/model/stop.ts";
import { StoreTroubleError } from "../../src/core/ports/store.ts";
import type { WorkQueue } from "../../src/core/ports/work-queue.ts";
import type { TestLog } from "../support/test-chat.ts";
import { Hands, item, startHands } from "../support/work-items.ts";

/** A queue, and the log it writes. */
export interface OpenQueue {
  queue: WorkQueue;
  log: TestLog;
}

/** Where queues keep what is owed. */
export interface QueueHome<Open extends OpenQueue = OpenQueue> {
  open(options?: { maxWaiting?: number }): Promise<Open>;
}

/** One where a queue that is opened later finds what an earlier one left. */
export interface DurableQueueHome<Open extends OpenQueue> extends QueueHome<Open> {
  /** The process of a queue dies: it tells the home nothing more. */
  kill(opened: Open): Promise<void>;
  /** From now on nothing can be stored, until `mend`. */
  breakDown(): Promise<void>;
  mend(): Promise<void>;
}

/** What could be taken for a separator, an escape or an end by a queue that puts names and texts together. */
const ODD_TEXTS = {
  separators: "a:b|||c::d,e;f/g\\h{i}j*k?l[m]",
  quotes: `'single' "double" \`back\` \\'\\"`,
  lines: "one\ntwo\r\nthree\u2028four\ttab\u0000null",
  emoji: "👩‍👩‍👧‍👦🎬 \u202eright to left\u202c 混剪",
  commands: '{"kind":"stop"}\r\n*1\r\n$8\r\nFLUSHALL\r\n',
  length: "long ".repeat(20_000),
};

/** A lease of a dead process runs out first. */
const TAKEOVER = { timeout: 15_000, interval: 20 };

/** `newHome` makes an empty one for each test. */
export function describeWorkQueue(name: string, newHome: () => Promise<QueueHome>): void {
  const openQueue = async (options?: { maxWaiting?: number }) => (await newHome()).open(options);

  /** A queue whose items wait for the test. */
  const startQueue = async (options?: { maxWaiting?: number }) => {
    const { queue, log } = await openQueue(options);
    const hands = await startHands(queue);
    return { queue, log, hands, events: hands.events };
  };

  /** What has happened; a queue may need a moment to get there. */
  const seen = (events: string[]) => expect.poll(() => events);

  describe(name, () => {
    it("works on one item of a lane at a time, in the order they came", async () => {
      const { queue, hands, events } = await startQueue();
      for (const id of ["a", "b", "c"]) await queue.push(item(id));
      await seen(events).toEqual(["a starts"]);
      hands.finish("c", "b", "a");
      await queue.idle();
      expect(events).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
    });

    it("works on lanes side by side", async () => {
      const { queue, hands, events } = await startQueue();
      await queue.push(item("a", "test:1"));
      await queue.push(item("b", "test:2"));
      await expect.poll(() => events.toSorted()).toEqual(["a starts", "b starts"]);
      hands.finish("a", "b");
      await queue.idle();
    });

    it("tells what waits in a lane, in order, without what runs", async () => {
      const { queue, hands } = await startQueue();
      expect(await queue.waiting("test:1")).toEqual([]);
      for (const id of ["a", "b", "c"]) await queue.push(item(id));
      await expect.poll(async () => (await queue.running("test:1"))?.id).toBe("a");
      expect((await queue.waiting("test:1")).map(({ id }) => id)).toEqual(["b", "c"]);
      hands.finish("a", "b", "c");
      await queue.idle();
    });

    it("tells how many items come first, the running one included, and how many there are", async () => {
      const { queue, hands } = await startQueue();
      expect(await queue.push(item("a"))).toEqual({ kind: "accepted", ahead: 0 });
      expect(await queue.push(item("b"))).toEqual({ kind: "accepted", ahead: 1 });
      expect(await queue.push(item("c"))).toEqual({ kind: "accepted", ahead: 2 });
      expect(await queue.push(item("d", "test:2"))).toEqual({ kind: "accepted", ahead: 0 });
      expect(await queue.size("test:1")).toBe(3);
      expect(await queue.depth()).toBe(4);
      hands.finish("a", "b", "c", "d");
      await queue.idle();
      expect(await queue.size("test:1")).toBe(0);
      expect(await queue.depth()).toBe(0);
    });

    it("takes no more than its limit into a lane, and again as soon as there is room", async () => {
      const { queue, hands, events } = await startQueue({ maxWaiting: 1 });
      await queue.push(item("a"));
      await queue.push(item("b"));
      expect(await queue.push(item("c"))).toEqual({ kind: "full", limit: 1 });
      expect(await queue.push(item("d", "test:2"))).toEqual({ kind: "accepted", ahead: 0 });
      hands.finish("a", "b", "d");
      await queue.idle();
      expect(await queue.push(item("e"))).toEqual({ kind: "accepted", ahead: 0 });
      hands.finish("e");
      await queue.idle();
      expect(events).not.toContain("c starts");
    });

    it("takes no more than its limit when many come at once, and keeps their order", async () => {
      const { queue, hands, events } = await startQueue({ maxWaiting: 3 });
      const ids = ["a", "b", "c", "d", "e", "f", "g"];
      const pushed = await Promise.all(ids.map((id) => queue.push(item(id))));
      expect(pushed.map(({ kind }) => kind)).toEqual([
        ...Array(4).fill("accepted"),
        ...Array(3).fill("full"),
      ]);
      hands.finish(...ids);
      await queue.idle();
      expect(events.filter((event) => event.endsWith("starts"))).toEqual([
        "a starts",
        "b starts",
        "c starts",
        "d starts",
      ]);
    });

    it("knows an item that waits or runs, and takes it once", async () => {
      const { queue, hands, events } = await startQueue();
      const [first] = await Promise.all([queue.push(item("a")), queue.push(item("a"))]);
      expect(first).toEqual({ kind: "accepted", ahead: 0 });
      await queue.push(item("b"));
      await seen(events).toEqual(["a starts"]);
      expect(await queue.push(item("a"))).toEqual({ kind: "known" });
      expect(await queue.push(item("b"))).toEqual({ kind: "known" });
      hands.finish("a", "b");
      await queue.idle();
      expect(events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
    });

    it("keeps items that were pushed before it was started", async () => {
      const { queue } = await openQueue();
      await queue.push(item("a"));
      await queue.push(item("b"));
      const hands = await startHands(queue);
      hands.finish("a", "b");
      await queue.idle();
      expect(hands.events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
    });

    it("goes on with the lane when an item ends in an error, and logs it", async () => {
      const { queue, log, hands, events } = await startQueue();
      await queue.push(item("a"));
      await queue.push(item("b"));
      hands.fail("a");
      hands.finish("b");
      await queue.idle();
      expect(events.at(-1)).toBe("b ends");
      expect(log.lines).toEqual([expect.stringMatching(/^error a work item ended in an error.*boom/)]);
    });

    it("tells what runs in a lane", async () => {
      const { queue, hands, events } = await startQueue();
      expect(await queue.running("test:1")).toBeNull();
      await queue.push(item("a"));
      await queue.push(item("b"));
      await seen(events).toContain("a starts");
      expect(await queue.running("test:1")).toEqual(item("a"));
      hands.finish("a", "b");
      await queue.idle();
      expect(await queue.running("test:1")).toBeNull();
    });

    it("cancels the running item with a reason, and goes on with the next", async () => {
      const { queue, hands, events } = await startQueue();
      await queue.push(item("a"));
      await queue.push(item("b"));
      await seen(events).toContain("a starts");
      const reason = new StopError("cancelled");
      expect(await queue.cancel("test:1", reason)).toBe(true);
      hands.finish("b");
      await queue.idle();
      expect(events).toEqual(["a starts", `a stops: ${reason.message}`, "b starts", "b ends"]);
      expect(await queue.cancel("test:1", reason)).toBe(false);
    });

    it("puts new words in the place of a message that waits, not of one that runs", async () => {
      const { queue, hands, events } = await startQueue();
      await queue.push(item("a", "test:1", { key: "1" }));
      await queue.push(item("b", "test:1", { key: "2" }));
      await queue.push(item("c", "test:1", { key: "3" }));
      await seen(events).toEqual(["a starts"]);
      expect(await queue.revise(item("new a", "test:1", { key: "1" }))).toBe(false);
      expect(await queue.revise(item("new b", "test:1", { key: "2" }))).toBe(true);
      expect(await queue.revise(item("new b", "test:1", { key: "2", text: "newest" }))).toBe(true);
      expect(await queue.revise(item("none", "test:1", { key: "4" }))).toBe(false);
      expect(await queue.revise(item("none", "test:1"))).toBe(false);
      expect(await queue.depth()).toBe(3);
      hands.finish("a");
      await seen(events).toContain("new b starts");
      expect(await queue.running("test:1")).toEqual(item("new b", "test:1", { key: "2", text: "newest" }));
      hands.finish("new b", "c");
      await queue.idle();
      expect(events.filter((event) => event.endsWith("starts"))).toEqual([
        "a starts",
        "new b starts",
        "c starts",
      ]);
    });

    it("takes one item out of the line if it may, never the one that runs", async () => {
      const { queue, hands, events } = await startQueue();
      for (const id of ["a", "b", "c"]) await queue.push(item(id));
      await seen(events).toEqual(["a starts"]);
      expect(await queue.remove("test:1", "b", ({ id }) => id !== "b")).toBe("refused");
      expect(await queue.remove("test:1", "b", ({ id }) => id === "b")).toBe("removed");
      expect(await queue.remove("test:1", "b", () => true)).toBe("absent");
      expect(await queue.remove("test:1", "a", () => true)).toBe("absent");
      expect(await queue.remove("test:2", "c", () => true)).toBe("absent");
      expect(await queue.size("test:1")).toBe(2);
      hands.finish("a", "c");
      await queue.idle();
      expect(events).toEqual(["a starts", "a ends", "c starts", "c ends"]);
    });

    it("clears what waits, and lets what runs go on", async () => {
      const { queue, hands, events } = await startQueue();
      for (const id of ["a", "b", "c", "d"]) await queue.push(item(id));
      await seen(events).toEqual(["a starts"]);
      expect(await queue.clear("test:1", ({ id }) => id === "c")).toEqual([item("c")]);
      expect((await queue.clear("test:1")).map(({ id }) => id)).toEqual(["b", "d"]);
      expect(await queue.clear("test:2")).toEqual([]);
      expect(await queue.depth()).toBe(1);
      hands.finish("a");
      await queue.idle();
      expect(events).toEqual(["a starts", "a ends"]);
    });

    it("stops: what runs is aborted with the reason, what waits is not begun, nothing more is taken", async () => {
      const { queue, events, hands } = await startQueue();
      await queue.push(item("a", "test:1"));
      await queue.push(item("b", "test:1"));
      await queue.push(item("c", "test:2"));
      await seen(events).toHaveLength(2);
      const reason = new StopError("shutdown");
      await Promise.all([queue.stop(reason), queue.stop(reason)]);
      expect(events.toSorted()).toEqual([
        "a starts",
        `a stops: ${reason.message}`,
        "c starts",
        `c stops: ${reason.message}`,
      ]);
      expect(hands.reasons.get("a")).toBe(reason);
      await expect(queue.push(item("d"))).rejects.toBe(reason);
      await queue.idle();
    });

    it.each(Object.entries(ODD_TEXTS))("takes any lane, id and text: %s", async (_what, odd) => {
      const { queue, log, hands, events } = await startQueue();
      const of = (name: string, lane: string) =>
        item(`${name} ${odd}`, lane, { text: odd, key: `${name} ${odd}` });
      const [a, b, c] = [of("a", odd), of("b", odd), of("c", odd)];
      for (const one of [a, b, c]) expect(await queue.push(one)).toMatchObject({ kind: "accepted" });
      await queue.push(item("other"));
      await expect.poll(() => events).toHaveLength(2);
      expect(await queue.running(a.lane)).toEqual(a);
      expect(await queue.waiting(a.lane)).toEqual([b, c]);
      expect(await queue.push(b)).toEqual({ kind: "known" });
      expect(await queue.revise({ ...c, message: { ...c.message, text: `${odd} ${odd}` } })).toBe(true);
      expect(await queue.remove(a.lane, b.id, () => true)).toBe("removed");
      expect(await queue.cancel(a.lane, new StopError("cancelled"))).toBe(true);
      hands.finish(c.id, "other");
      await queue.idle();
      expect(events.filter((event) => event.endsWith("ends")).toSorted()).toEqual([
        `${c.id} ends`,
        "other ends",
      ]);
      expect(log.lines).toEqual([]);
    });

    it("is idle at once when nothing is there, and stopping it then is fine", async () => {
      const { queue } = await startQueue();
      await queue.idle();
      await queue.stop(new StopError("shutdown"));
      await queue.idle();
    });
  });
}

/** What a queue promises besides whose items outlive their process. */
export function describeDurableWorkQueue<Open extends OpenQueue>(
  name: string,
  newHome: () => Promise<DurableQueueHome<Open>>,
): void {
  describeWorkQueue(name, newHome);

  describe(`${name}, across processes`, () => {
    it("owes what a stop has cut off, first in its lane, but nothing that has ended", async () => {
      const home = await newHome();
      const { queue } = await home.open();
      const hands = await startHands(queue);
      for (const id of ["a", "b", "c"]) await queue.push(item(id));
      await queue.push(item("d", "test:2"));
      await expect.poll(() => hands.events).toHaveLength(2);
      hands.finish("a");
      await expect.poll(() => hands.events).toContain("b starts");
      await queue.cancel("test:2", new StopError("cancelled"));
      await queue.stop(new StopError("shutdown"));

      const next = (await home.open()).queue;
      expect(await next.push(item("c"))).toEqual({ kind: "known" });
      const nextHands = await startHands(next);
      nextHands.finish("b", "c");
      await next.idle();
      expect(nextHands.events).toEqual(["b starts", "b ends", "c starts", "c ends"]);
    });

    it("lets what runs end within the grace of a stop, and keeps what follows from it", async () => {
      const home = await newHome();
      const { queue } = await home.open();
      const hands = await startHands(queue);
      for (const id of ["a", "b"]) await queue.push(item(id));
      await queue.push(item("c", "test:2"));
      await expect.poll(() => hands.events).toHaveLength(2);
      const stopped = queue.stop(new StopError("shutdown"), 60_000);
      expect(await queue.push(item("d", "test:3"))).toEqual({ kind: "accepted", ahead: 0 });
      hands.finish("a", "c");
      await stopped;
      expect(hands.events.toSorted()).toEqual(["a ends", "a starts", "c ends", "c starts"]);

      const nextHands = await startHands((await home.open()).queue);
      nextHands.finish("b", "d");
      await expect
        .poll(() => nextHands.events.toSorted())
        .toEqual(["b ends", "b starts", "d ends", "d starts"]);
    });

    it("says so when an item cannot be stored, and no trace of it is left", async () => {
      const home = await newHome();
      const { queue } = await home.open();
      const hands = await startHands(queue);
      await home.breakDown();
      await expect(queue.push(item("a"))).rejects.toBeInstanceOf(StoreTroubleError);
      await home.mend();
      await expect.poll(() => queue.size("test:1").catch(() => null), { timeout: 10_000 }).toBe(0);
      expect(await queue.push(item("a"))).toEqual({ kind: "accepted", ahead: 0 });
      hands.finish("a");
      await queue.idle();
      expect(hands.events).toEqual(["a starts", "a ends"]);
    });

    it.each(["before it has begun", "with an item in hand"])(
      "blocks no lane when a process dies while it takes up what another one left: %s",
      async (when) => {
        const home = await newHome();
        const first = await home.open();
        const hands = await startHands(first.queue);
        for (const id of ["a", "b"]) await first.queue.push(item(id));
        await first.queue.push(item("c", "test:2"));
        await expect.poll(() => hands.events.toSorted()).toEqual(["a starts", "c starts"]);
        await home.kill(first);

        const second = await home.open();
        const secondHands = new Hands();
        const started = second.queue.start(secondHands.work);
        if (when === "with an item in hand")
          await expect.poll(() => secondHands.events, TAKEOVER).not.toEqual([]);
        await home.kill(second);
        await started.catch(() => {
          // It may have died in its first step.
        });

        const third = await home.open();
        const thirdHands = await startHands(third.queue);
        await third.queue.push(item("d"));
        await third.queue.push(item("e", "test:3"));
        await expect.poll(() => thirdHands.events).toContain("e starts");
        thirdHands.finish("a", "b", "c", "d", "e");
        await expect.poll(() => third.queue.depth(), TAKEOVER).toBe(0);
        const ends = thirdHands.events.filter((event) => event.endsWith("ends"));
        expect(ends.toSorted()).toEqual(["a ends", "b ends", "c ends", "d ends", "e ends"]);
        expect(ends.filter((event) => /^[abd]/.test(event))).toEqual(["a ends", "b ends", "d ends"]);
      },
    );
  });
}
