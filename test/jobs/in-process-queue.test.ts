import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { StopError } from "../../src/core/model/stop.ts";
import type { WorkItem } from "../../src/core/model/work-item.ts";
import { StoreTroubleError } from "../../src/core/ports/store.ts";
import type { WorkJournal } from "../../src/core/ports/work-queue.ts";
import { InProcessQueue } from "../../src/jobs/in-process-queue.ts";
import { SqliteJournal } from "../../src/store/disk/sqlite-journal.ts";
import { describeDurableWorkQueue, describeWorkQueue } from "../contracts/work-queue.ts";
import { TEST_SEALING } from "../support/sealing.ts";
import { TestLog, temporaryFolder } from "../support/test-chat.ts";
import { item, startHands } from "../support/work-items.ts";

/** A journal whose disk can be full, or slow. */
class Disk implements WorkJournal {
  isFull = false;
  /** What is written waits for this. */
  gate: Promise<void> | null = null;
  readonly #journal: WorkJournal;

  constructor(journal: WorkJournal) {
    this.#journal = journal;
  }

  async add(one: WorkItem): Promise<boolean> {
    await this.#write();
    return this.#journal.add(one);
  }

  async replace(id: string, one: WorkItem): Promise<boolean> {
    await this.#write();
    return this.#journal.replace(id, one);
  }

  async remove(...ids: string[]): Promise<void> {
    await this.#write();
    return this.#journal.remove(...ids);
  }

  all(): Promise<WorkItem[]> {
    return this.#journal.all();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  async #write(): Promise<void> {
    if (this.gate) await this.gate;
    if (this.isFull) throw new StoreTroubleError("the disk is full");
  }
}

async function openDisk(log: TestLog, folder?: string): Promise<Disk> {
  const path = join(folder ?? (await temporaryFolder()), "work.sqlite");
  const disk = new Disk(new SqliteJournal(path, TEST_SEALING, log));
  onTestFinished(() => disk.close());
  return disk;
}

describeWorkQueue("the work queue of one process, in memory", async () => ({
  async open({ maxWaiting = 20 } = {}) {
    const log = new TestLog();
    return { queue: new InProcessQueue(log, null, { maxWaiting }), log };
  },
}));

describeDurableWorkQueue("the work queue of one process, on disk", async () => {
  const folder = await temporaryFolder();
  const disks: Disk[] = [];
  const setFull = async (isFull: boolean) => {
    for (const disk of disks) disk.isFull = isFull;
  };
  return {
    async open({ maxWaiting = 20 } = {}) {
      const log = new TestLog();
      const disk = await openDisk(log, folder);
      disks.push(disk);
      return { queue: new InProcessQueue(log, disk, { maxWaiting }), log, disk };
    },
    kill: async ({ disk }) => {
      disk.isFull = true;
    },
    breakDown: () => setFull(true),
    mend: () => setFull(false),
  };
});

describe("the work queue of one process, when its disk fails", () => {
  /** A queue in which "a" runs and "b" and "c" wait. */
  async function start() {
    const log = new TestLog();
    const disk = await openDisk(log);
    const queue = new InProcessQueue(log, disk);
    const hands = await startHands(queue);
    for (const id of ["a", "b", "c"]) await queue.push(item(id, "test:1", { key: id }));
    const owed = async () => (await disk.all()).map(({ id }) => id);
    return { queue, disk, hands, log, owed, events: hands.events };
  }

  it("crosses off what has ended as soon as the disk works again, and knows it until then", async () => {
    const { queue, disk, hands, log, owed } = await start();
    disk.isFull = true;
    hands.finish("a", "b", "c");
    await queue.idle();
    await expect.poll(() => log.lines).toHaveLength(3);
    expect(log.lines[0]).toMatch(/^error finished work could not be crossed off; trying again.*item="a"/);
    expect(await queue.depth()).toBe(0);
    expect(await queue.push(item("a"))).toEqual({ kind: "known" });
    expect(await owed()).toEqual(["a", "b", "c"]);
    disk.isFull = false;
    await expect.poll(owed, { timeout: 10_000 }).toEqual([]);
    expect(await queue.push(item("a"))).toEqual({ kind: "accepted", ahead: 0 });
    await queue.idle();
    expect(await owed()).toEqual([]);
    expect(log.lines).toHaveLength(3);
  });

  it("crosses off in its stop what could not be crossed off before", async () => {
    const { queue, disk, hands, log, owed, events } = await start();
    disk.isFull = true;
    hands.finish("a");
    await expect.poll(() => events).toContain("b starts");
    await expect.poll(() => log.lines).toHaveLength(1);
    disk.isFull = false;
    await queue.stop(new StopError("shutdown"));
    expect(await owed()).toEqual(["b", "c"]);
    expect(log.lines).toHaveLength(1);
  });

  it("waits in its stop for what is being crossed off", async () => {
    const { queue, disk, hands, owed, events } = await start();
    const { promise, resolve } = Promise.withResolvers<void>();
    disk.gate = promise;
    hands.finish("a");
    await expect.poll(() => events).toContain("b starts");
    const stopped = queue.stop(new StopError("shutdown"));
    resolve();
    await stopped;
    expect(await owed()).toEqual(["b", "c"]);
  });

  it("says in its stop what comes again", async () => {
    const { queue, disk, hands, log, owed, events } = await start();
    disk.isFull = true;
    hands.finish("a");
    await expect.poll(() => events).toContain("b starts");
    await queue.stop(new StopError("shutdown"));
    expect(log.lines.at(-1)).toMatch(/^error finished work comes again.*items=\["a"\]/);
    expect(await owed()).toEqual(["a", "b", "c"]);
  });

  it("keeps a message's old words when the new ones cannot be stored, and takes them the next time", async () => {
    const { queue, disk, hands, owed, events } = await start();
    const edited = item("new b", "test:1", { key: "b" });
    disk.isFull = true;
    await expect(queue.revise(edited)).rejects.toBeInstanceOf(StoreTroubleError);
    expect(await queue.push(item("b"))).toEqual({ kind: "known" });
    disk.isFull = false;
    expect(await queue.revise(edited)).toBe(true);
    expect(await queue.push(item("new b"))).toEqual({ kind: "known" });
    expect(await owed()).toEqual(["a", "new b", "c"]);
    hands.finish("a", "new b", "c");
    await queue.idle();
    expect(events.filter((event) => event.endsWith("ends"))).toEqual(["a ends", "new b ends", "c ends"]);
    expect(await owed()).toEqual([]);
  });

  it("owes a waiting message's new words even when the journal had lost the old ones", async () => {
    const { queue, disk, owed } = await start();
    await disk.remove("b");
    expect(await queue.revise(item("new b", "test:1", { key: "b" }))).toBe(true);
    expect(await owed()).toEqual(["a", "c", "new b"]);
    // As if a try had failed after it was written.
    await disk.replace("c", item("new c", "test:1", { key: "c", text: "new" }));
    const newest = item("new c", "test:1", { key: "c", text: "newest" });
    expect(await queue.revise(newest)).toBe(true);
    expect(await disk.all()).toContainEqual(newest);
    expect(await owed()).toEqual(["a", "new c", "new b"]);
  });

  it("keeps what waits when it cannot be taken out, and takes it out the next time", async () => {
    const { queue, disk, hands, owed, events } = await start();
    disk.isFull = true;
    await expect(queue.remove("test:1", "b", () => true)).rejects.toBeInstanceOf(StoreTroubleError);
    await expect(queue.clear("test:1")).rejects.toBeInstanceOf(StoreTroubleError);
    expect(await queue.size("test:1")).toBe(3);
    expect(await queue.depth()).toBe(3);
    disk.isFull = false;
    expect(await queue.remove("test:1", "b", () => true)).toBe("removed");
    expect((await queue.clear("test:1")).map(({ id }) => id)).toEqual(["c"]);
    expect(await owed()).toEqual(["a"]);
    hands.finish("a");
    await queue.idle();
    expect(events).toEqual(["a starts", "a ends"]);
  });

  it.each([
    {
      what: "new words are stored",
      change: (queue: InProcessQueue) => queue.revise(item("new b", "test:1", { key: "b" })),
      next: "new b",
    },
    {
      what: "it is taken out",
      change: (queue: InProcessQueue) => queue.remove("test:1", "b", () => true),
      next: "c",
    },
    {
      what: "it is cleared away",
      change: (queue: InProcessQueue) => queue.clear("test:1", ({ id }) => id === "b"),
      next: "c",
    },
  ])("does not begin a message while $what", async ({ change, next }) => {
    const { queue, disk, hands, events } = await start();
    const { promise, resolve } = Promise.withResolvers<void>();
    disk.gate = promise;
    const changed = change(queue);
    hands.finish("a");
    await expect.poll(() => queue.running("test:1")).toBeNull();
    expect(events).toEqual(["a starts", "a ends"]);
    disk.gate = null;
    resolve();
    await changed;
    expect(events).toEqual(["a starts", "a ends", `${next} starts`]);
    await queue.stop(new StopError("shutdown"));
  });
});

describe("the work queue of one process, without a journal", () => {
  it("begins an item before its push is answered, and is idle once the last has ended", async () => {
    const queue = new InProcessQueue(new TestLog());
    const hands = await startHands(queue);
    await queue.push(item("a"));
    expect(hands.events).toEqual(["a starts"]);
    hands.finish("a");
    await queue.idle();
    expect(hands.events).toEqual(["a starts", "a ends"]);
    await queue.stop(new StopError("shutdown"));
  });
});
