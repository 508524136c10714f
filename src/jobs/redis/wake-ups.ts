/**
 * Tells some process that a lane has work, through BullMQ. A wake-up says where to look and is over once a process
 * has looked, so no lock of BullMQ is held while an item runs. One that is lost costs time and nothing else: lanes
 * that nobody comes for are found. Source: performance.md, "BullMQ".
 */
import { Queue, Worker } from "bullmq";
import { z } from "zod";
import type { Log } from "../../core/ports/runtime.ts";
import { endsWithin } from "../../lib/timeout.ts";
import { QUEUE_KEYS } from "./commands.ts";
import { type RedisLink, withoutCommand } from "./connection.ts";

const NAME = "wake-ups";
const PREFIX = `${QUEUE_KEYS}bull`;
/** A wake-up takes milliseconds: who has it for longer has died with it. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_500;
/** However often its processes die, a wake-up is never given up. */
const MAX_STALLED = 1_000;
/** Between two tries while Redis is away. */
const RETRY_MS = 500;
/** BullMQ asks for work at least so often; it also bounds how long a closed connection lingers. */
const LONGEST_WAIT_S = 1;
/** Nobody reads BullMQ's own stream of events. */
const MAX_EVENTS = 100;
const CLOSE_MS = 1_000;

const wakeUpSchema = z.object({ lane: z.string() });

export class WakeUps {
  readonly #link: RedisLink;
  readonly #log: Log;
  readonly #queue: Queue;
  #worker: Worker | null = null;
  /** Wake-ups on their way. */
  readonly #adding = new Set<Promise<void>>();
  #isInTrouble = false;

  constructor(link: RedisLink, log: Log) {
    this.#link = link;
    this.#log = log;
    this.#queue = new Queue(NAME, {
      // One that waits: BullMQ asks Redis once who it is, and would keep a failed answer for good.
      connection: link.patientConnection(),
      prefix: PREFIX,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: MAX_EVENTS } },
    });
    this.#queue.on("error", (error) => this.#complain(error));
  }

  /** Wakes lanes, in the background. */
  add(lanes: string[]): void {
    if (lanes.length === 0) return;
    const adding = this.#add(lanes);
    this.#adding.add(adding);
    void adding.finally(() => this.#adding.delete(adding));
  }

  /** Calls `look` for each wake-up, at most `concurrency` at a time. */
  listen(look: (lane: string) => Promise<void>, concurrency: number): void {
    const worker = new Worker(
      NAME,
      async ({ data }) => {
        const wakeUp = wakeUpSchema.safeParse(data);
        if (wakeUp.success) await look(wakeUp.data.lane);
        this.#isInTrouble = false;
      },
      {
        connection: this.#link.patientConnection(),
        prefix: PREFIX,
        concurrency,
        lockDuration: LOCK_MS,
        // None is ever due, and its timer would outlive a `close` during which Redis goes away.
        skipLockRenewal: true,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: MAX_STALLED,
        runRetryDelay: RETRY_MS,
        drainDelay: LONGEST_WAIT_S,
      },
    );
    worker.on("error", (error) => this.#complain(error));
    this.#worker = worker;
  }

  /** Takes no more wake-ups; those that came are seen through, unless Redis is away: then they come again. */
  async stopListening(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = null;
    this.#link.dropPatience();
    await endsWithin(CLOSE_MS, worker.close(this.#link.isAway));
  }

  /** Sees to it that the last wake-ups have left, unless Redis is away. */
  async close(): Promise<void> {
    await endsWithin(CLOSE_MS, Promise.all(this.#adding));
    await endsWithin(CLOSE_MS, this.#queue.close());
  }

  async #add(lanes: string[]): Promise<void> {
    const jobs = lanes.map((lane) => ({ name: "wake-up", data: { lane } }));
    try {
      await this.#link.call(() => this.#queue.addBulk(jobs));
    } catch {
      // Reported by the link. The lanes are found without.
    }
  }

  /** One line until a wake-up comes through again. Broken connections are the link's to report. */
  #complain(error: Error): void {
    if (this.#isInTrouble || this.#link.isAway || "syscall" in error) return;
    this.#isInTrouble = true;
    this.#log.warn(
      { err: withoutCommand(error) },
      "wake-ups of the work queue fail; lanes are found without, a little later",
    );
  }
}
