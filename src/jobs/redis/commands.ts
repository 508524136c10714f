/** The scripts of the queue on Redis as typed calls. Each throws `StoreTroubleError` while Redis is away. */
import { z } from "zod";
import type { RedisConnection } from "../../store/redis/connection.ts";
import { queueKeys } from "../../store/redis/storage.ts";
import type { Stored } from "../sealed-items.ts";
import type { RedisQueueOptions } from "./options.ts";
import { SCRIPTS } from "./scripts.ts";

/** Why a person's work is stopped while it runs: the kinds of `StopError` that are not the process's own. */
const stopKindSchema = z.enum(["cancelled", "gone"]).catch("cancelled");
type StopKind = z.infer<typeof stopKindSchema>;

/** What is to be done in a lane next. */
export type Next =
  /** To be worked on; `stop`: it was cancelled before we had it. */
  | { kind: "item"; stored: Stored; stop: StopKind | null }
  /** The lane is let go. */
  | { kind: "released" }
  /** The lane is another process's. */
  | { kind: "taken" };

export class QueueCommands {
  readonly #redis: RedisConnection;
  readonly #options: RedisQueueOptions;
  /** What the names of all keys of the queue begin with. */
  readonly #lead: string;
  /** Names this process, another at each start. */
  readonly #process: string;

  constructor(redis: RedisConnection, process: string, options: RedisQueueOptions) {
    this.#redis = redis;
    this.#lead = queueKeys(redis);
    this.#process = process;
    this.#options = options;
  }

  /** Lists of words for this process: that it has cancellations to read, that a lane waits. */
  get words(): { inbox: string; wake: string } {
    return { inbox: `${this.#lead}inbox:${this.#process}`, wake: `${this.#lead}wake` };
  }

  async push(
    lane: string,
    { id, text }: Stored,
  ): Promise<{ kind: "known" | "full" | "accepted"; ahead: number }> {
    // As the script answers.
    const [kind, ahead] = (await this.#run("push", lane, id, text, this.#options.maxWaiting)) as [
      "known" | "full" | "accepted",
      number,
    ];
    return { kind, ahead };
  }

  /**
   * Claims the lane of a word that was taken, and a few more for which words lie there; or lanes that have waited for
   * longer than `waitedMs`. Null: our own lease has run out, and nothing was claimed.
   */
  async claim(most: number, waitedMs = 0): Promise<{ lane: string; next: Next }[] | null> {
    // As the script answers: lanes and their heads by turns.
    const answer = (await this.#run("claim", this.#process, most, waitedMs)) as (string | unknown[])[];
    if (answer[0] === "stale") return null;
    return pairs(answer).map(([lane, head]) => ({ lane: String(lane), next: nextOf(head) }));
  }

  /** The head of a lane that is ours, perhaps by a claim whose answer never came. */
  resume(lane: string): Promise<Next> {
    return this.finish(lane, "", "keep", false);
  }

  /** The end of an item: `keep` leaves it at the head. With `isLeaving` the lane is let go. */
  async finish(
    lane: string,
    id: string,
    how: "done" | "unreadable" | "keep",
    isLeaving: boolean,
  ): Promise<Next> {
    const { rememberMs } = this.#options;
    const leaving = isLeaving ? "1" : "0";
    return nextOf(await this.#run("finish", this.#process, lane, id, how, rememberMs, leaving));
  }

  /** Renews our lease. `hadLease`: it had not run out. `stops`: how many running items are to be stopped. */
  async renew(): Promise<{ hadLease: boolean; stops: number }> {
    const { leaseMs, pauseMs } = this.#options;
    // As the script answers.
    const [hadLease, stops] = (await this.#run("renew", this.#process, leaseMs, pauseMs)) as [number, number];
    return { hadLease: hadLease === 1, stops };
  }

  /** Which of these lanes, each with what we run in it, are not ours any more. */
  async lost(running: { lane: string; id: string }[]): Promise<string[]> {
    return this.#names("keep", this.#process, ...running.flatMap(({ lane, id }) => [lane, id]));
  }

  /** Lanes that Redis counts as ours. */
  owned(): Promise<string[]> {
    return this.#redis.call((client) => client.sMembers(`${this.#lead}owned:${this.#process}`));
  }

  /** Takes at most `most` lanes from dead processes and wakes them; returns how many. */
  async reap(most: number): Promise<number> {
    const { pauseMs, settleMs } = this.#options;
    return Number(await this.#run("reap", this.#process, pauseMs, settleMs, most));
  }

  /** Lets go of at most `most` of our lanes, then of our lease. Returns how many lanes are left. */
  async leave(most: number): Promise<number> {
    return Number(await this.#run("leave", this.#process, most));
  }

  /** Stops the item that runs in a lane, in whichever process; false when none does. */
  async cancel(lane: string, why: StopKind): Promise<boolean> {
    return (await this.#run("cancel", lane, why)) === 1;
  }

  /** All running items that are to be stopped, by id. */
  async stops(): Promise<Map<string, StopKind>> {
    const found = await this.#redis.call((client) => client.hGetAll(`${this.#lead}cancelled`));
    return new Map(Object.entries(found).map(([id, why]) => [id, stopKindSchema.parse(why)]));
  }

  /** What runs in a lane. */
  async running(lane: string): Promise<Stored | null> {
    return storedOf(await this.#names("running", lane))[0] ?? null;
  }

  /** What waits in a lane. */
  async waiting(lane: string): Promise<Stored[]> {
    return storedOf(await this.#names("waiting", lane));
  }

  /** False when `old` does not wait any more as it was. */
  async replace(lane: string, old: Stored, by: Stored): Promise<boolean> {
    const { rememberMs } = this.#options;
    return (await this.#run("replace", lane, old.id, old.text, by.id, by.text, rememberMs)) === 1;
  }

  /** Removes those that still wait as they were; returns their ids. */
  remove(lane: string, items: Stored[]): Promise<string[]> {
    const texts = items.flatMap(({ id, text }) => [id, text]);
    return this.#names("remove", lane, this.#options.rememberMs, ...texts);
  }

  size(lane: string): Promise<number> {
    return this.#redis.call((client) => client.lLen(`${this.#lead}lane:${lane}`));
  }

  depth(): Promise<number> {
    return this.#redis.call((client) => client.hLen(`${this.#lead}items`));
  }

  async #names(script: keyof typeof SCRIPTS, ...args: (string | number)[]): Promise<string[]> {
    // These scripts answer with a list of names.
    return (await this.#run(script, ...args)) as string[];
  }

  #run(script: keyof typeof SCRIPTS, ...args: (string | number)[]): Promise<unknown> {
    return this.#redis.run(SCRIPTS[script], [this.#lead], args);
  }
}

function nextOf(answer: unknown): Next {
  // As the scripts answer.
  const [kind, id, text, stop] = answer as [Next["kind"], ...string[]];
  if (kind !== "item") return { kind };
  return { kind, stored: { id: `${id}`, text: `${text}` }, stop: stop ? stopKindSchema.parse(stop) : null };
}

/** Ids and texts by turns, as the scripts answer. */
function storedOf(answer: string[]): Stored[] {
  return pairs(answer).map(([id, text]) => ({ id, text }));
}

function pairs<T>(list: T[]): [T, T][] {
  return list.flatMap((one, at) =>
    at % 2 === 0 && at + 1 < list.length ? [[one, list[at + 1] as T] as [T, T]] : [],
  );
}
