/** The scripts of the queue on Redis as typed calls. Each throws `StoreTroubleError` while Redis is away. */
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Stored } from "../sealed-items.ts";
import type { RedisLink } from "./connection.ts";
import type { RedisQueueOptions } from "./options.ts";
import { QUEUE_SCRIPTS } from "./scripts.ts";

/** Everything of the queue in Redis stands under this name. */
export const QUEUE_KEYS = "nemobot:q:";

/** Why a person's work is stopped while it runs: the kinds of `StopError` that are not the process's own. */
const stopKindSchema = z.enum(["cancelled", "gone"]).catch("cancelled");
type StopKind = z.infer<typeof stopKindSchema>;

/** What is to be done in a lane next. */
export type Next =
  /** To be worked on; `stop`: somebody wanted it stopped before we had it. */
  | { kind: "item"; stored: Stored; stop: StopKind | null }
  /** The lane is nobody's; `isWaiting`: there is something in it. */
  | { kind: "released"; isWaiting: boolean }
  /** The lane is another process's. */
  | { kind: "taken" }
  /** Our own lease has run out; nothing was claimed. */
  | { kind: "stale" };

/** The word that goes to the owner of a lane. */
const cancelWordSchema = z.object({ lane: z.string(), id: z.string(), why: stopKindSchema });
export type CancelWord = z.infer<typeof cancelWordSchema>;

type ScriptName = keyof typeof QUEUE_SCRIPTS;
type Scripted = Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>>;

export class QueueCommands {
  readonly #link: RedisLink;
  readonly #options: RedisQueueOptions;
  /** Names this process, anew at each start. */
  readonly process: string;

  constructor(link: RedisLink, process: string, options: RedisQueueOptions) {
    this.#link = link;
    this.process = process;
    this.#options = options;
    for (const [name, lua] of Object.entries(QUEUE_SCRIPTS)) {
      link.redis.defineCommand(name, { numberOfKeys: 1, lua });
    }
  }

  /** `isAsleep`: the lane has no owner and must be woken. */
  async push(
    lane: string,
    { id, text }: Stored,
  ): Promise<{ kind: "known" | "full" | "accepted"; ahead: number; isAsleep: boolean }> {
    // As the script answers.
    const [kind, ahead, isAsleep] = (await this.#run(
      "queuePush",
      lane,
      id,
      text,
      this.#options.maxWaiting,
    )) as ["known" | "full" | "accepted", number, number];
    return { kind, ahead, isAsleep: isAsleep === 1 };
  }

  async claim(lane: string): Promise<Next> {
    return nextOf(await this.#run("queueClaim", this.process, lane));
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
    return nextOf(await this.#run("queueFinish", this.process, lane, id, how, rememberMs, leaving));
  }

  /** Renews our lease. `hadLease`: it had not run out. `stops`: how many running items are to be stopped. */
  async renew(): Promise<{ hadLease: boolean; stops: number }> {
    const { leaseMs, pauseMs } = this.#options;
    // As the script answers.
    const [hadLease, stops] = (await this.#run("queueRenew", this.process, leaseMs, pauseMs)) as [
      number,
      number,
    ];
    return { hadLease: hadLease === 1, stops };
  }

  /** Which of these lanes, each with what we run in it, are not ours any more. */
  async lost(running: { lane: string; id: string }[]): Promise<string[]> {
    return this.#names("queueKeep", this.process, ...running.flatMap(({ lane, id }) => [lane, id]));
  }

  /** Lanes that Redis counts as ours. */
  owned(): Promise<string[]> {
    return this.#link.call((redis) => redis.smembers(`${QUEUE_KEYS}owned:${this.process}`));
  }

  /** Takes at most `most` lanes from the dead and returns them: they must be woken. */
  reap(most: number): Promise<string[]> {
    return this.#names("queueReap", this.process, this.#options.pauseMs, this.#options.settleMs, most);
  }

  /** Lanes whose wake-up was lost. */
  overdue(most: number): Promise<string[]> {
    return this.#names("queueOverdue", this.#options.lostWakeUpMs, most);
  }

  /** Lets go of at most `most` of our lanes, then of our lease. `freed` must be woken. */
  async leave(most: number): Promise<{ left: number; freed: string[] }> {
    // As the script answers.
    const [left, freed] = (await this.#run("queueLeave", this.process, most)) as [number, string[]];
    return { left, freed };
  }

  /** Stops what runs in a lane, whoever runs it; false when nothing does. */
  async cancel(lane: string, why: StopKind): Promise<boolean> {
    return (await this.#run("queueCancel", lane, why)) !== null;
  }

  /** All running items that are to be stopped, by id. */
  async stops(): Promise<Map<string, StopKind>> {
    const found = await this.#link.call((redis) => redis.hgetall(`${QUEUE_KEYS}cancelled`));
    return new Map(Object.entries(found).map(([id, why]) => [id, stopKindSchema.parse(why)]));
  }

  /** What runs in a lane. */
  async running(lane: string): Promise<Stored | null> {
    return storedOf(await this.#names("queueRunning", lane))[0] ?? null;
  }

  /** What waits in a lane. */
  async waiting(lane: string): Promise<Stored[]> {
    return storedOf(await this.#names("queueWaiting", lane));
  }

  /** False when `old` does not wait any more as it was. */
  async replace(lane: string, old: Stored, by: Stored): Promise<boolean> {
    const { rememberMs } = this.#options;
    return (await this.#run("queueReplace", lane, old.id, old.text, by.id, by.text, rememberMs)) === 1;
  }

  /** Removes those that still wait as they were; returns their ids. */
  remove(lane: string, items: Stored[]): Promise<string[]> {
    const pairs = items.flatMap(({ id, text }) => [id, text]);
    return this.#names("queueRemove", lane, this.#options.rememberMs, ...pairs);
  }

  size(lane: string): Promise<number> {
    return this.#link.call((redis) => redis.llen(`${QUEUE_KEYS}lane:${lane}`));
  }

  depth(): Promise<number> {
    return this.#link.call((redis) => redis.hlen(`${QUEUE_KEYS}items`));
  }

  async check(): Promise<void> {
    await this.#link.call((redis) => redis.ping());
  }

  async #names(script: ScriptName, ...args: (string | number)[]): Promise<string[]> {
    // These scripts answer with a list of names.
    return (await this.#run(script, ...args)) as string[];
  }

  #run(script: ScriptName, ...args: (string | number)[]): Promise<unknown> {
    // `defineCommand` adds methods that the types do not know.
    return this.#link.call((redis) => (redis as Redis & Scripted)[script](QUEUE_KEYS, ...args));
  }
}

/** Where the owner of a lane hears of cancellations. */
export function cancelChannel(process: string): string {
  return `${QUEUE_KEYS}cancel:${process}`;
}

/** Null for what is no such word. */
export function readCancelWord(text: string): CancelWord | null {
  try {
    return cancelWordSchema.parse(JSON.parse(text));
  } catch {
    // Somebody else's, or a newer version's; the mark in Redis is found anyway.
    return null;
  }
}

function nextOf(answer: unknown): Next {
  // As the scripts answer.
  const [kind, ...facts] = answer as [Next["kind"], ...(string | number)[]];
  switch (kind) {
    case "item": {
      const [id = "", text = "", stop] = facts.map(String);
      return { kind, stored: { id, text }, stop: stop ? stopKindSchema.parse(stop) : null };
    }
    case "released":
      return { kind, isWaiting: facts[0] === 1 };
    case "taken":
    case "stale":
      return { kind };
  }
}

/** Ids and texts by turns, as the scripts answer. */
function storedOf(answer: string[]): Stored[] {
  return answer.flatMap((id, index) => {
    const text = answer[index + 1];
    return index % 2 === 0 && text !== undefined ? [{ id, text }] : [];
  });
}
