import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { StoreTroubleError, type WorkJournal } from "../../src/core/ports.ts";
import type { WorkItem } from "../../src/core/work-item.ts";
import { StopError } from "../../src/core/world.ts";
import { InProcessQueue } from "../../src/jobs/in-process-queue.ts";
import { SqliteJournal } from "../../src/store/sqlite-journal.ts";
import { describeWorkQueue } from "../contracts/work-queue.ts";
import { TestLog, temporaryFolder } from "../support/test-chat.ts";
import { item, startHands } from "../support/work-items.ts";

/** A journal whose disk can be full. */
class Disk implements WorkJournal {
  isFull = false;
  readonly #journal: WorkJournal;

  constructor(journal: WorkJournal) {
    this.#journal = journal;
  }

  async add(one: WorkItem): Promise<boolean> {
    if (this.isFull) throw new StoreTroubleError("the disk is full");
    return this.#journal.add(one);
  }

  replace(id: string, one: WorkItem): Promise<void> {
    return this.#journal.replace(id, one);
  }

  remove(id: string): Promise<void> {
    return this.#journal.remove(id);
  }

  all(): Promise<WorkItem[]> {
    return this.#journal.all();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

describeWorkQueue("the work queue of one process", async () => {
  const log = new TestLog();
  const disk = new Disk(new SqliteJournal(join(await temporaryFolder(), "work.sqlite"), log));
  onTestFinished(() => disk.close());
  return {
    open: async (options) => ({
      queue: options?.maxWaiting
        ? new InProcessQueue(log, disk, { maxWaiting: options.maxWaiting })
        : new InProcessQueue(log, disk),
      log,
    }),
    breakDown: async () => {
      disk.isFull = true;
    },
    mend: async () => {
      disk.isFull = false;
    },
  };
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
